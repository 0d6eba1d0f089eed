"""The Unix socket by which `motcua locker` asks the running agent, so that nobody fights for the serial port.

It stands in the data folder with mode 0600: only the agent's own user (and root) may talk. `Terminal` decides the rest.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import msgspec

from edge.adapters import locker_wire as wire
from edge.adapters.locker_commands import LockerCommands, Terminal

log = logging.getLogger(__name__)

NAME = "locker.socket"
TERMINALS_AT_MOST = 8  # one more is closed at once
IDLE_S = 600.0  # a terminal that says nothing is closed
ANSWER_S = 330.0  # longer than the agent follows one door
_MALFORMED = (msgspec.MsgspecError, UnicodeDecodeError)


class AgentSilent(Exception):
    """The agent hung up or does not answer: look at its log."""


class LockerSocket:
    """The agent's end; `run` until cancelled."""

    def __init__(self, folder: Path, commands: LockerCommands) -> None:
        self._path = folder / NAME
        self._commands = commands
        self._open = 0
        self.ready = asyncio.Event()

    async def run(self) -> None:
        server = await asyncio.start_unix_server(self._serve, sock=self._bound(), limit=wire.LINE_BYTES)
        try:
            async with server:
                self.ready.set()
                await server.serve_forever()
        finally:
            self.ready.clear()
            self._path.unlink(missing_ok=True)

    def _bound(self) -> socket.socket:
        """The journal's lock says that we are the only agent here: a socket that is left is a dead one's."""
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        os.fchmod(listening.fileno(), 0o600)  # before it has a name: nobody else can be faster
        listening.bind(str(self._path))
        return listening

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open <= TERMINALS_AT_MOST:
                await self._talk(reader, writer)
        except (ConnectionError, TimeoutError, ValueError):  # gone, asleep, or a line without an end
            log.info("a locker terminal was closed")
        finally:
            self._open -= 1
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        terminal = Terminal(self._commands)
        while line := await _line_of(reader, IDLE_S):
            async for answer in _answers(terminal, line):
                writer.write(wire.encode(answer))
                await writer.drain()


async def _answers(terminal: Terminal, line: bytes) -> AsyncIterator[wire.AnySay]:
    try:
        ask = wire.decode_ask(line)
    except _MALFORMED:
        yield wire.Refusal(why=wire.MALFORMED)
        return
    async for answer in terminal.answer(ask):
        yield answer


class AgentLine:
    """The command line's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, folder: Path) -> AsyncIterator[Self | None]:
        """None when no agent runs over this data folder. Raise PermissionError for somebody else's."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(folder / NAME), limit=wire.LINE_BYTES)
        except (FileNotFoundError, ConnectionRefusedError):
            yield None
            return
        try:
            yield cls(reader, writer)
        finally:
            writer.close()

    async def answer(self, ask: wire.AnyAsk) -> AsyncIterator[wire.AnySay]:
        """The agent's lines, the last one a Done or a Refusal. Raise AgentSilent."""
        self._writer.write(wire.encode(ask))
        while True:
            line = await self._line()
            yield line
            if isinstance(line, (wire.Done, wire.Refusal)):
                return

    async def _line(self) -> wire.AnySay:
        try:
            return wire.decode_say(await _line_of(self._reader, ANSWER_S))
        except (TimeoutError, ConnectionError, ValueError, *_MALFORMED) as error:
            raise AgentSilent(
                "the agent does not answer as it should; see its log, and that both are of one version"
            ) from error


async def _line_of(reader: asyncio.StreamReader, within_s: float) -> bytes:
    """b"" when the other end has hung up. Raise TimeoutError, ConnectionError, or ValueError for a line without an end."""
    async with asyncio.timeout(within_s):
        return await reader.readline()
