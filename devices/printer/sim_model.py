"""A receipt printer's inside, for the simulator: bytes in, paper and answers out. Pure.

It understands what receipts are made of, whoever made them; what it does not know is kept in `unknown`. As with real printers,
DLE EOT is answered at once, everything else waits while there is no paper - and is printed when there is some again.
"""

import re
from dataclasses import dataclass, field

from PIL import Image

_REAL_TIME = re.compile(rb"\x10\x04([\x01-\x04])")
_FIXED = {  # commands without picture or code: their length by their first octets
    b"\x1b@": 2, b"\x1ba": 3, b"\x1bd": 3, b"\x1bt": 3, b"\x1bE": 3, b"\x1b!": 3, b"\x1bM": 3, b"\x1b-": 3, b"\x1b3": 3, b"\x1b2": 2,
    b"\x1bJ": 3, b"\x1b{": 3, b"\x1dB": 3, b"\x1d!": 3, b"\x1da": 3, b"\x1dr": 3, b"\x10\x04": 3,
}  # fmt: skip
_SIZED = {b"\x1dv": 8, b"\x1d(": 5, b"\x1dV": 3}  # and where those say it themselves, how many octets must be there


@dataclass(slots=True)
class Faults:
    """Turn them while it prints. `rows_left`: the roll ends after that many rows of dots. `is_silent`: it answers nothing."""

    has_paper: bool = True
    is_paper_low: bool = False
    is_cover_open: bool = False
    is_offline: bool = False
    is_silent: bool = False
    rows_left: int | None = None

    @property
    def is_stopped(self) -> bool:
        return not self.has_paper or self.is_cover_open or self.is_offline


@dataclass(slots=True)
class Paper:
    """What lies between two cuts: rows of dots (1 is ink), texts of QR codes, and any plain text somebody sent."""

    width: int = 0
    rows: list[bytes] = field(default_factory=list)
    qr_texts: list[str] = field(default_factory=list)
    text: bytearray = field(default_factory=bytearray)

    def image(self) -> Image.Image:
        """As it looks, black on white; codes are in `qr_texts`."""
        picture = Image.frombytes("1", (self.width or 8, max(1, len(self.rows))), b"".join(self.rows) or b"\x00")
        return picture.point(lambda dot: 0 if dot else 255)


class PrinterModel:
    """`feed` takes what arrives in pieces of any size and gives what the printer answers."""

    def __init__(self) -> None:
        self.faults = Faults()
        self.papers: list[Paper] = []
        self.unknown: list[bytes] = []
        self.bytes_taken = 0
        self._paper = Paper()
        self._waiting = bytearray()
        self._tail = b""
        self._stored_qr = b""
        self._answers = bytearray()

    def feed(self, octets: bytes) -> bytes:
        self.bytes_taken += len(octets)
        self._answer_at_once(self._tail + octets)
        self._tail = octets[-2:] if len(octets) > 1 else (self._tail + octets)[-2:]
        self._waiting += octets
        while not self.faults.is_stopped and self._waiting and self._take():
            pass
        answers = b"" if self.faults.is_silent else bytes(self._answers)
        self._answers.clear()
        return answers

    def disconnected(self) -> None:
        """Half a command is forgotten; whole ones that wait for paper are not."""
        self._tail = b""
        if not self.faults.is_stopped:
            self._waiting.clear()

    def _answer_at_once(self, octets: bytes) -> None:
        """As real ones do, also when the three octets are part of a picture."""
        for found in _REAL_TIME.finditer(octets):
            if found.end() > len(self._tail):
                self._answers.append(self._status(found.group(1)[0]))

    def _status(self, which: int) -> int:
        faults = self.faults
        match which:
            case 1:
                return 0x12 | (0x08 if faults.is_stopped else 0)
            case 2:
                return 0x12 | (0x04 if faults.is_cover_open else 0) | (0 if faults.has_paper else 0x20)
            case 4:
                return 0x12 | (0x0C if faults.is_paper_low else 0) | (0 if faults.has_paper else 0x60)
        return 0x12

    def _take(self) -> bool:
        """One command, when it is there in full."""
        waiting = bytes(self._waiting)
        length = self._length(waiting)
        if length is None or len(waiting) < length:
            return False
        command = waiting[:length]
        if command[:3] == b"\x1dv0" and not self._print_rows(command):
            return False  # the roll ended in it; what is left of it waits
        del self._waiting[:length]
        self._run(command)
        return True

    def _length(self, waiting: bytes) -> int | None:
        """None: not to be told yet."""
        head = waiting[:2]
        fixed = _FIXED.get(head) if head[:1] in {b"\x1b", b"\x1d", b"\x10"} else 1
        if fixed is not None:
            return fixed
        if len(waiting) < _SIZED.get(head, 2):
            return None
        match head:
            case b"\x1dv":
                return 8 + (waiting[4] + waiting[5] * 256) * (waiting[6] + waiting[7] * 256)
            case b"\x1d(":
                return 5 + waiting[3] + waiting[4] * 256
            case b"\x1dV":
                return 3 + (waiting[2] > 49)
        return 2

    def _run(self, command: bytes) -> None:
        match command[:2]:
            case b"\x1d(":
                self._qr(command)
            case b"\x1dV":
                self.papers.append(self._paper)
                self._paper = Paper()
            case b"\x1dr":
                self._answers.append(0x03 if self.faults.is_paper_low else 0x00)
            case head if head in _FIXED or command[:3] == b"\x1dv0":
                pass
            case _ if len(command) == 1:
                self._paper.text += command.strip(b"\x00")
            case _:
                self.unknown.append(command)

    def _print_rows(self, command: bytes) -> bool:
        """False when the roll ended before its last row."""
        row = command[4] + command[5] * 256
        rows = [command[start : start + row] for start in range(8, len(command), row)]
        left = self.faults.rows_left
        printed = rows if left is None else rows[:left]
        self._paper.width = row * 8
        self._paper.rows += printed
        if left is None:
            return True
        self.faults.rows_left = left - len(printed)
        if len(printed) == len(rows):
            return True
        self.faults.has_paper, self.faults.rows_left = False, None
        rest = rows[len(printed) :]
        self._waiting[: len(command)] = command[:6] + len(rest).to_bytes(2, "little") + b"".join(rest)
        return False

    def _qr(self, command: bytes) -> None:
        match command[5:7]:
            case b"1P":
                self._stored_qr = command[8:]
            case b"1Q":
                self._paper.qr_texts.append(self._stored_qr.decode("utf-8", "replace"))
            case b"1A" | b"1C" | b"1E":
                pass
            case _:
                self.unknown.append(command)
