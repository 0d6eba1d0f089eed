"""Unix sockets by which the command line asks the running agent, so that nobody fights for a port or the journal.

A socket stands in the data folder with mode 0600: only the agent's own user (and root) may talk. One JSON object a line; what the
lines mean is `locker_socket`'s and `desk_socket`'s.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol, Self

log = logging.getLogger(__name__)

TERMINALS_AT_MOST = 8  # one more is closed at once
LINE_BYTES = 256 * 1024  # a cabinet of 64 doors takes 20 kB, a face that enrols 15 kB
IDLE_S = 600.0  # a terminal that says nothing is closed


class AgentSilent(Exception):
    """The agent hung up or does not answer: look at its log."""


class LineTerminal(Protocol):
    """One terminal, for as long as it is connected."""

    def answer(self, line: bytes) -> AsyncIterator[bytes]:
        """What is answered to a line, newlines included."""


class LineSocket:
    """The agent's end; `run` until cancelled."""

    def __init__(self, path: Path, terminal: Callable[[], LineTerminal]) -> None:
        self._path = path
        self._terminal = terminal
        self._serving: set[asyncio.Task[None]] = set()
        self.ready = asyncio.Event()

    async def run(self) -> None:
        server = await asyncio.start_unix_server(self._serve, sock=self._bound(), limit=LINE_BYTES)
        try:
            self.ready.set()
            await (
                asyncio.Event().wait()
            )  # it serves; since Python 3.12 `serve_forever` ends only when every terminal has hung up
        finally:
            server.close()
            self.ready.clear()
            self._path.unlink(missing_ok=True)
            await self._hang_up()

    def _bound(self) -> socket.socket:
        """The journal's lock says that we are the only agent here: a socket that is left is a dead one's."""
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        os.fchmod(listening.fileno(), 0o600)  # before it has a name: nobody else can be faster
        listening.bind(str(self._path))
        return listening

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving = asyncio.current_task()
        assert serving is not None  # noqa: S101 - asyncio serves each terminal in a task
        self._serving.add(serving)
        try:
            if len(self._serving) <= TERMINALS_AT_MOST:
                await self._talk(reader, writer)
        except (ConnectionError, TimeoutError, ValueError):  # gone, asleep, or a line without an end
            log.info("%s: a terminal was closed", self._path.stem)
        finally:
            self._serving.discard(serving)
            writer.close()

    async def _hang_up(self) -> None:
        """On whoever is still connected: a server that closes leaves its connections open."""
        for serving in self._serving:
            serving.cancel()
        if self._serving:
            await asyncio.wait(self._serving)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        terminal = self._terminal()
        while line := await _line_of(reader, IDLE_S):
            async for answer in terminal.answer(line):
                writer.write(answer)
                await writer.drain()


class LineClient:
    """The command line's end."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    @contextlib.asynccontextmanager
    async def connect(cls, path: Path) -> AsyncIterator[Self | None]:
        """None when no agent listens there. Raise PermissionError for somebody else's."""
        try:
            reader, writer = await asyncio.open_unix_connection(str(path), limit=LINE_BYTES)
        except (FileNotFoundError, ConnectionRefusedError):
            yield None
            return
        try:
            yield cls(reader, writer)
        finally:
            writer.close()

    def send(self, line: bytes) -> None:
        self._writer.write(line)

    async def receive(self, within_s: float) -> bytes:
        """The agent's next line. Raise AgentSilent."""
        try:
            line = await _line_of(self._reader, within_s)
        except (TimeoutError, ConnectionError, ValueError) as error:
            raise silent() from error
        if not line:
            raise silent()
        return line


def silent() -> AgentSilent:
    return AgentSilent("the agent does not answer as it should; see its log, and that both are of one version")


async def _line_of(reader: asyncio.StreamReader, within_s: float) -> bytes:
    """b"" when the other end has hung up. Raise TimeoutError, ConnectionError, or ValueError for a line without an end."""
    async with asyncio.timeout(within_s):
        return await reader.readline()
