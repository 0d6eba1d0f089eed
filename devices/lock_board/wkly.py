"""WKLY boards: `57 4B 4C 59 LEN BOARD CMD DATA XOR`, 9600 8N1; LEN counts the whole frame. The firmware seen in Viet Nam.

Sources: the expected values of a Kotlin unit-test suite, and Java, Python and C drivers that agree with them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self

from devices.lock_board.codec import (
    Ask,
    Command,
    Done,
    DoorPushed,
    DoorReply,
    DoorsReply,
    Heard,
    Parsed,
    Refused,
    Request,
    Scan,
    UnlockReply,
    check_channel,
    check_own_pulse,
    matching,
    xor,
)

MAGIC = b"WKLY"
OVERHEAD = 8  # magic, length, board, command, checksum
OK, FAILED = 0x00, 0xFF
OPEN, CLOSED = 0x00, 0x01
LONGEST = OVERHEAD + 2 + 64


class Cmd(IntEnum):
    OPEN_MANY = 0x80
    FLASH_LED = 0x81
    OPEN_ONE = 0x82
    READ_ONE = 0x83
    READ_ALL = 0x84
    DOOR_CHANGED = 0x85
    OPEN_ALL = 0x86
    OPEN_ONE_BY_ONE = 0x87
    HOLD = 0x88
    RELEASE = 0x89


@dataclass(frozen=True, slots=True)
class WklyFrame:
    board: int
    cmd: Cmd
    contents: bytes = b""

    def to_bytes(self) -> bytes:
        octets = MAGIC + bytes([OVERHEAD + len(self.contents), self.board, self.cmd]) + self.contents
        return octets + bytes([xor(octets)])

    @classmethod
    def from_bytes(cls, octets: bytes) -> Self | None:
        """None for a magic, length, command or checksum that is wrong."""
        if len(octets) < OVERHEAD or octets[:4] != MAGIC or octets[4] != len(octets) or octets[6] not in _CMDS:
            return None
        return cls(octets[5], Cmd(octets[6]), octets[7:-1]) if xor(octets) == 0 else None


class WklyCodec:
    """The board decides how long its pulse is."""

    name: ClassVar[str] = "wkly"
    baud: ClassVar[int] = 9600
    boards: ClassVar[range] = range(32)
    most_channels: ClassVar[int] = 64
    pushes: ClassVar[bool] = True
    answers_unlock: ClassVar[bool] = True

    def unlock(self, board: int, channel: int, pulse_ms: int | None = None) -> Request:
        check_channel(self, board, channel)
        check_own_pulse(self, pulse_ms)
        frame = WklyFrame(board, Cmd.OPEN_ONE, bytes([channel])).to_bytes()
        return Request(Ask.UNLOCK, board, channel, frame, 0)

    def read_one(self, board: int, channel: int, channels: int) -> Request:
        check_channel(self, board, channel)
        frame = WklyFrame(board, Cmd.READ_ONE, bytes([channel])).to_bytes()
        return Request(Ask.READ_ONE, board, channel, frame, channels)

    def read_all(self, board: int, channels: int) -> Request:
        check_channel(self, board, channels)
        return Request(Ask.READ_ALL, board, 0, WklyFrame(board, Cmd.READ_ALL).to_bytes(), channels)

    def set_pulse(self, board: int, pulse_ms: int) -> Request | None:  # noqa: ARG002
        return None

    def parse(self, octets: bytes, expecting: Request | None) -> Parsed:  # noqa: ARG002 - every frame says its length
        if not MAGIC.startswith(octets[:4]):
            return Scan.NOT_HERE
        length = octets[4] if len(octets) > 4 else OVERHEAD
        if not OVERHEAD <= length <= LONGEST:
            return Scan.NOT_HERE
        if len(octets) < length:
            return Scan.INCOMPLETE
        frame = WklyFrame.from_bytes(octets[:length])
        heard = None if frame is None else _meaning(frame)
        return Scan.NOT_HERE if heard is None else (length, heard)

    def answer(self, request: Request, heard: Heard) -> Heard | None:
        return matching(request, heard)


# --- every frame of the table ---


def open_reply(board: int, channel: int, door: int, status: int = OK) -> WklyFrame:
    return WklyFrame(board, Cmd.OPEN_ONE, bytes([status, channel, door]))


def door_reply(board: int, channel: int, door: int, status: int = OK) -> WklyFrame:
    return WklyFrame(board, Cmd.READ_ONE, bytes([status, channel, door]))


def doors_reply(board: int, doors: Sequence[int]) -> WklyFrame:
    return WklyFrame(board, Cmd.READ_ALL, bytes([OK, len(doors), *doors]))


def door_changed(board: int, channel: int, door: int) -> WklyFrame:
    """Sent by the board unasked."""
    return WklyFrame(board, Cmd.DOOR_CHANGED, bytes([channel, door]))


def open_all(board: int) -> WklyFrame:
    """Never let out, as the next three."""
    return WklyFrame(board, Cmd.OPEN_ALL)


def open_many(board: int, channels: Iterable[int]) -> WklyFrame:
    listed = bytes(channels)
    return WklyFrame(board, Cmd.OPEN_MANY, bytes([len(listed)]) + listed)


def open_one_by_one(board: int, channels: Iterable[int]) -> WklyFrame:
    listed = bytes(channels)
    return WklyFrame(board, Cmd.OPEN_ONE_BY_ONE, bytes([len(listed)]) + listed)


def status_reply(board: int, cmd: Cmd, status: int = OK) -> WklyFrame:
    """What answers a command that names no door."""
    return WklyFrame(board, cmd, bytes([status]))


_CMDS = frozenset(Cmd)


def _meaning(frame: WklyFrame) -> Heard | None:  # noqa: PLR0911 - a table of frames
    """None for contents that no such frame has."""
    contents = frame.contents
    match frame.cmd, len(contents):
        case (Cmd.OPEN_ONE | Cmd.READ_ONE, 3):
            return _one_door(frame)
        case (Cmd.READ_ALL, count) if count >= 2:
            return _all_doors(frame)
        case (Cmd.DOOR_CHANGED, 2):
            return DoorPushed(frame.board, contents[0], contents[1] == CLOSED) if _is_door(contents[1]) else None
        case (Cmd.OPEN_ONE | Cmd.READ_ONE, 1):
            return Command(frame.board, contents[0], frame.cmd.name.lower())
        case (Cmd.READ_ALL, 1):
            return Refused(frame.board, 0, "failed", Ask.READ_ALL)
        case (Cmd.OPEN_ALL, 1):
            return Done(frame.board, frame.cmd.name.lower())
        case (Cmd.OPEN_ONE | Cmd.READ_ONE | Cmd.DOOR_CHANGED, _):
            return None
    return Command(frame.board, 0, frame.cmd.name.lower())


def _one_door(frame: WklyFrame) -> Heard | None:
    status, channel, door = frame.contents
    if status not in {OK, FAILED} or not _is_door(door):
        return None
    if frame.cmd is Cmd.OPEN_ONE:
        return UnlockReply(frame.board, channel, status == OK, door == CLOSED)
    if status == FAILED:
        return Refused(frame.board, channel, "failed", Ask.READ_ONE)
    return DoorReply(frame.board, channel, door == CLOSED)


def _all_doors(frame: WklyFrame) -> Heard | None:
    status, count, doors = frame.contents[0], frame.contents[1], frame.contents[2:]
    if status != OK:
        return Refused(frame.board, 0, "failed", Ask.READ_ALL)
    if count != len(doors) or not all(map(_is_door, doors)):
        return None
    return DoorsReply(frame.board, tuple(door == CLOSED for door in doors))


def _is_door(octet: int) -> bool:
    return octet in {OPEN, CLOSED}
