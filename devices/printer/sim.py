"""A simulated receipt printer on TCP or a pty: `PrinterSim` in an asyncio program, or `python -m devices.printer.sim --port 9100`.

Any ESC/POS program may print to it; what came out is read from `model.papers` or kept as PNG files.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from devices.printer.sim_model import Paper, PrinterModel
from devices.serial_port import PtyLine, open_pty


class PrinterSim:
    """`async with PrinterSim() as sim:` - a printer at `sim.port`, one client at a time as real ones; `on_paper` hears each cut."""

    def __init__(self, port: int = 0, *, on_paper: Callable[[Paper], None] = lambda _paper: None) -> None:
        self.model = PrinterModel()
        self.port = port
        self.connections = 0
        self.hangs_up_after: int | None = None  # octets of the next connection
        self._on_paper = on_paper
        self._told = 0
        self._server: asyncio.Server | None = None
        self._busy = asyncio.Lock()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def reload(self) -> None:
        """Somebody puts a new roll in: what was waiting is printed now."""
        self.model.faults.has_paper, self.model.faults.rows_left = True, None
        self.model.feed(b"")
        self._tell()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            async with self._busy:
                await self._talk(reader, writer)
        except ConnectionError:
            pass  # the client's end is not ours to judge
        finally:
            self.model.disconnected()
            writer.transport.abort()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        limit, self.hangs_up_after = self.hangs_up_after, None
        while octets := await reader.read(4096 if limit is None else min(limit, 4096)):
            writer.write(self.model.feed(octets))
            await writer.drain()
            self._tell()
            if limit is not None:
                limit -= len(octets)
                if limit <= 0:
                    return

    def _tell(self) -> None:
        for paper in self.model.papers[self._told :]:
            self._on_paper(paper)
        self._told = len(self.model.papers)


class PtyPrinter:
    """The same printer behind a serial cable, or a node like `/dev/usb/lp0`."""

    def __init__(self, link: Path) -> None:
        self.model = PrinterModel()
        self.answers_after_s = 0.0
        self._link = link
        self._line: PtyLine | None = None

    async def __aenter__(self) -> Self:
        self._line = open_pty(self._link)
        asyncio.get_running_loop().add_reader(self._line.master_fd, self._read)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pull()

    def say(self, octets: bytes) -> None:
        """What nobody asked, or nobody waits for any more."""
        if self._line is not None and octets:
            os.write(self._line.master_fd, octets)

    def pull(self) -> None:
        """The cable comes out."""
        if self._line is not None:
            asyncio.get_running_loop().remove_reader(self._line.master_fd)
            self._line.hang_up()
            self._line = None

    def _read(self) -> None:
        if self._line is not None:
            answers = self.model.feed(os.read(self._line.master_fd, 4096))
            asyncio.get_running_loop().call_later(self.answers_after_s, self.say, answers)


async def serve(port: int, folder: Path | None) -> None:
    """Print for ever; each paper becomes one PNG file, and its codes one line on the standard output."""

    def keep(paper: Paper) -> None:
        number = len(sim.model.papers)
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            paper.image().save(folder / f"{number:04}.png")
        sys.stdout.write(f"paper {number}: {paper.width}x{len(paper.rows)} dots, QR {paper.qr_texts}\n")
        sys.stdout.flush()

    sim = PrinterSim(port, on_paper=keep)
    async with sim:
        sys.stdout.write(f"ready on 127.0.0.1:{sim.port}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="printer.sim", description="A receipt printer on TCP.")
    parser.add_argument("--port", type=int, default=9100)
    parser.add_argument("--folder", type=Path, help="where each paper is kept as PNG")
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.folder))
