"""The socket of the cabinet: `motcua locker` asks the running agent. `Terminal` decides what it may."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import msgspec

from edge.adapters import locker_wire as wire
from edge.adapters.line_socket import LineClient, LineSocket, silent
from edge.adapters.locker_commands import LockerCommands, Terminal

NAME = "locker.socket"
ANSWER_S = 330.0  # longer than the agent follows one door
_MALFORMED = (msgspec.MsgspecError, UnicodeDecodeError)


class LockerSocket(LineSocket):
    """The agent's end; `run` until cancelled."""

    def __init__(self, folder: Path, commands: LockerCommands) -> None:
        super().__init__(folder / NAME, lambda: _Lines(Terminal(commands)))


class _Lines:
    """A terminal whose lines are JSON."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    async def answer(self, line: bytes) -> AsyncIterator[bytes]:
        try:
            ask = wire.decode_ask(line)
        except _MALFORMED:
            yield wire.encode(wire.Refusal(why=wire.MALFORMED))
            return
        async for say in self._terminal.answer(ask):
            yield wire.encode(say)


class AgentLine:
    """The command line's end."""

    def __init__(self, line: LineClient) -> None:
        self._line = line

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Self | None]:
        """None when no agent runs over this data folder. Raise PermissionError for somebody else's."""
        async with LineClient.connect(folder / NAME) as line:
            yield None if line is None else cls(line)

    async def answer(self, ask: wire.AnyAsk) -> AsyncIterator[wire.AnySay]:
        """The agent's lines, the last one a Done or a Refusal. Raise AgentSilent."""
        self._line.send(wire.encode(ask))
        while True:
            say = await self._say()
            yield say
            if isinstance(say, (wire.Done, wire.Refusal)):
                return

    async def _say(self) -> wire.AnySay:
        line = await self._line.receive(ANSWER_S)
        try:
            return wire.decode_say(line)
        except _MALFORMED as error:
            raise silent() from error
