"""What a simulated cabinet is plugged into: a pty under a stable name, or a serial converter in the network."""

import asyncio
import os
import termios
from contextlib import suppress
from pathlib import Path

from devices.lock_board.sim_line import Garble, SimLine
from devices.serial_port import PtyLine, open_pty

READ_SIZE = 4096
OUTPUT_SPEED = 5  # where tcgetattr keeps it


class PtySocket:
    """A pty under a stable name. `minds_baud`: who opens it at another speed hears and says garbage, as on a real line."""

    def __init__(self, line: SimLine, link: Path, *, minds_baud: bool = False) -> None:
        self.port = str(link)
        self._line = line
        self._link = link
        self._pty: PtyLine | None = None
        self._minds_baud = minds_baud

    async def start(self) -> None:
        self.plug_in()

    async def stop(self) -> None:
        self.hang_up()

    def plug_in(self) -> None:
        if self._pty is None:
            self._pty = open_pty(self._link)
            asyncio.get_running_loop().add_reader(self._pty.master_fd, self._read)

    def hang_up(self) -> None:
        if self._pty is not None:
            asyncio.get_running_loop().remove_reader(self._pty.master_fd)
            self._pty.hang_up()
            self._pty = None

    def write(self, octets: bytes) -> None:
        """A full buffer means that nobody reads: the bytes are lost on a real line too."""
        if self._pty is not None:
            with suppress(BlockingIOError):
                os.write(self._pty.master_fd, octets)

    def _read(self) -> None:
        if self._pty is None:
            return
        if self._minds_baud:
            is_right = termios.tcgetattr(self._pty.far_fd)[OUTPUT_SPEED] == getattr(termios, f"B{self._line.baud}")
            self._line.faults.garble = None if is_right else Garble.WRONG_BAUD
        self._line.from_port(os.read(self._pty.master_fd, READ_SIZE))


class TcpSocket:
    """A serial converter in the network: one client at a time, the newest wins, as the cheap ones do."""

    def __init__(self, line: SimLine) -> None:
        self.port = ""
        self._line = line
        self._server: asyncio.Server | None = None
        self._client: asyncio.StreamWriter | None = None
        self._is_plugged = True

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self._server.sockets[0].getsockname()
        self.port = f"tcp://{host}:{port}"

    async def stop(self) -> None:
        self.hang_up()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def plug_in(self) -> None:
        self._is_plugged = True

    def hang_up(self) -> None:
        self._is_plugged = False
        if self._client is not None:
            self._client.transport.abort()
            self._client = None

    def write(self, octets: bytes) -> None:
        if self._client is not None:
            self._client.write(octets)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._is_plugged:
            writer.transport.abort()
            return
        if self._client is not None:
            self._client.transport.abort()
        self._client = writer
        with suppress(ConnectionError):
            while octets := await reader.read(READ_SIZE):
                self._line.from_port(octets)
        if self._client is writer:
            self._client = None
        writer.close()
