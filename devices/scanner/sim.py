"""A simulated scanner on a pty: `PtyScanner` in an asyncio program, or `python -m devices.scanner.sim --link PATH`, a scan a line."""

import argparse
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from devices.serial_port import PtyLine, open_pty


class PtyScanner:
    """`with PtyScanner(link) as scanner:` - the program under test opens the link like a serial port."""

    def __init__(self, link: Path, *, suffix: bytes = b"\r") -> None:
        self._link = link
        self._suffix = suffix
        self._line: PtyLine | None = None

    def __enter__(self) -> Self:
        self.plug_in()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.unplug()

    def plug_in(self) -> None:
        """Make the port appear."""
        self._line = open_pty(self._link)

    def unplug(self) -> None:
        """Make the port vanish under whoever has it open."""
        if self._line is not None:
            self._line.hang_up()
            self._line = None

    def scan(self, text: str) -> None:
        """Somebody holds a code under it."""
        self.send(text.encode() + self._suffix)

    def send(self, octets: bytes) -> None:
        """Any bytes; nothing happens while it is unplugged."""
        if self._line is not None:
            os.write(self._line.master_fd, octets)


def main() -> None:
    """Scan what is typed until the end of the input."""
    parser = argparse.ArgumentParser(
        prog="scanner.sim", description="A QR scanner on a pty; a line typed is a code scanned."
    )
    parser.add_argument("--link", type=Path, required=True, help="where the port appears")
    with PtyScanner(parser.parse_args().link) as scanner:
        for line in sys.stdin:
            scanner.scan(line.rstrip("\n"))


if __name__ == "__main__":
    main()
