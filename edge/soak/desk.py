"""Where orders go: the desks of an agent in this process, or in another one that may be killed at any moment."""

import asyncio
import itertools
from collections.abc import AsyncGenerator
from typing import Protocol

import msgspec

from edge.locker_ports import LockerDesks
from edge.soak.orders import AnyOrder, AnySaid, answer

LONGEST_ANSWER_S = 60.0


class AgentGone(Exception):
    """The agent died, or never came to be: nothing more is said to whoever asked."""


class Desk(Protocol):
    def ask(self, order: AnyOrder) -> AsyncGenerator[AnySaid, None]:
        """Everything said to this order. Raise AgentGone."""


class LocalDesk:
    def __init__(self, desks: LockerDesks) -> None:
        self._desks = desks

    def ask(self, order: AnyOrder) -> AsyncGenerator[AnySaid, None]:
        return answer(self._desks, order)


class Asked(msgspec.Struct, frozen=True):
    """One line to the agent."""

    number: int
    order: AnyOrder


class Answered(msgspec.Struct, frozen=True):
    """One line from it. The first one ever has number 0: the agent is there."""

    number: int
    said: AnySaid


class RemoteDesk:
    """The other end of an agent's socket. `run` reads until the agent is gone."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.is_gone = False
        self._reader = reader
        self._writer = writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Queue[AnySaid | None]] = {}
        self._decoder = msgspec.json.Decoder(Answered)

    async def run(self) -> None:
        try:
            while line := await self._reader.readline():
                if line.endswith(b"\n"):
                    answered = self._decoder.decode(line)
                    if answered.number in self._waiting:
                        self._waiting[answered.number].put_nowait(answered.said)
        except ConnectionError:
            pass  # what kill -9 does to a socket with something unread in it
        finally:
            self.is_gone = True
            for waiting in self._waiting.values():
                waiting.put_nowait(None)
            self._writer.close()

    async def ask(self, order: AnyOrder) -> AsyncGenerator[AnySaid, None]:
        if self.is_gone:
            raise AgentGone
        number = next(self._numbers)
        answers = self._waiting[number] = asyncio.Queue()
        try:
            self._writer.write(msgspec.json.encode(Asked(number, order)) + b"\n")
            while True:
                async with asyncio.timeout(LONGEST_ANSWER_S):
                    said = await answers.get()
                if said is None:
                    raise AgentGone
                yield said
                if said.is_last:
                    return
        finally:
            del self._waiting[number]


async def serve(desks: LockerDesks, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """The agent's end: carry out every order that comes, several at once, until nobody asks any more."""
    decoder = msgspec.json.Decoder(Asked)

    async def carry_out(asked: Asked) -> None:
        async for said in answer(desks, asked.order):
            writer.write(msgspec.json.encode(Answered(asked.number, said)) + b"\n")

    async with asyncio.TaskGroup() as group:
        while line := await reader.readline():
            group.create_task(carry_out(decoder.decode(line)), name="order")
