"""KERONG KR-CU16 and CU12: `02 ADDR CMD [DATA] 03 SUM`, 19200 8N1. ADDR is board<<4 | lock, both from 0.

Sources: the maker's documents (GitHub 8lal8/kerongDocs), a Python client (GitHub jin0949/KR-CU16_locker) and a Rust one
(GitHub julio-alv/lkaas-kerong). What answers an unlock is not specified: one reads 9 bytes, two do not wait for any.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self

from devices.lock_board.codec import (
    Ask,
    BadChannel,
    Command,
    Done,
    DoorsReply,
    Heard,
    Parsed,
    Request,
    Scan,
    bits,
    check_channel,
    matching,
)

START, END = 0x02, 0x03
LOCKS = 16
EVERY_BOARD = 0xF0
UNLOCK_TIME_UNIT_MS = 10


class Cmd(IntEnum):
    STATUS = 0x30
    UNLOCK = 0x31
    STATUS_OF_ALL = 0x32
    UNLOCK_ALL = 0x33
    STATUS_REPLY = 0x35
    STATUS_OF_ALL_REPLY = 0x36
    SET_UNLOCK_TIME = 0x37
    UNLOCK_TIME_REPLY = 0x38
    DELAYED_UNLOCK = 0x39
    SET_BAUD = 0x40


DATA_LENGTH = {
    Cmd.STATUS: 0,
    Cmd.UNLOCK: 0,
    Cmd.STATUS_OF_ALL: 0,
    Cmd.UNLOCK_ALL: 0,
    Cmd.STATUS_REPLY: 4,
    Cmd.STATUS_OF_ALL_REPLY: 4,
    Cmd.SET_UNLOCK_TIME: 2,
    Cmd.UNLOCK_TIME_REPLY: 2,
    Cmd.DELAYED_UNLOCK: 1,
    Cmd.SET_BAUD: 1,
}
BAUDS = (9600, 19200, 57600, 115200)  # by the index of SET_BAUD


@dataclass(frozen=True, slots=True)
class KerongFrame:
    """`addr` as it is on the wire."""

    addr: int
    cmd: Cmd
    contents: bytes = b""

    def to_bytes(self) -> bytes:
        octets = bytes([START, self.addr, self.cmd]) + self.contents + bytes([END])
        return octets + bytes([sum(octets) & 0xFF])

    @classmethod
    def from_bytes(cls, octets: bytes) -> Self | None:
        """None for a start, command, length, end or checksum that is wrong."""
        if len(octets) < 5 or octets[0] != START or octets[2] not in _CMDS:
            return None
        cmd = Cmd(octets[2])
        is_whole = len(octets) == 5 + DATA_LENGTH[cmd] and octets[-2] == END
        return cls(octets[1], cmd, octets[3:-2]) if is_whole and sum(octets[:-1]) & 0xFF == octets[-1] else None


class KerongCodec:
    """The pulse length is stored in the board (`set_pulse`): solenoids 500 ms, servo locks 1000 ms."""

    name: ClassVar[str] = "kerong-cu16"
    baud: ClassVar[int] = 19200
    boards: ClassVar[range] = range(10)
    most_channels: ClassVar[int] = LOCKS
    pushes: ClassVar[bool] = False
    answers_unlock: ClassVar[bool] = False

    def unlock(self, board: int, channel: int, pulse_ms: int | None = None) -> Request:  # noqa: ARG002 - see set_pulse
        check_channel(self, board, channel)
        frame = KerongFrame(board << 4 | channel - 1, Cmd.UNLOCK).to_bytes()
        return Request(Ask.UNLOCK, board, channel, frame, LOCKS)

    def read_one(self, board: int, channel: int, channels: int) -> Request:
        check_channel(self, board, channel)
        return self.read_all(board, channels)

    def read_all(self, board: int, channels: int) -> Request:
        check_channel(self, board, channels)
        return Request(Ask.READ_ALL, board, 0, KerongFrame(board << 4, Cmd.STATUS).to_bytes(), channels)

    def set_pulse(self, board: int, pulse_ms: int) -> Request | None:
        check_channel(self, board, 1)
        if pulse_ms % UNLOCK_TIME_UNIT_MS or not 0 < pulse_ms // UNLOCK_TIME_UNIT_MS <= 0xFFFF:
            msg = f"{self.name}: {pulse_ms} ms is not a multiple of {UNLOCK_TIME_UNIT_MS}"
            raise BadChannel(msg)
        frame = set_unlock_time(board, pulse_ms).to_bytes()
        return Request(Ask.SET_PULSE, board, 0, frame, 0)

    def parse(self, octets: bytes, expecting: Request | None) -> Parsed:  # noqa: ARG002 - every frame says its length
        if octets[0] != START or (len(octets) >= 3 and octets[2] not in _CMDS):
            return Scan.NOT_HERE
        length = 5 + DATA_LENGTH[Cmd(octets[2])] if len(octets) >= 3 else 5
        if len(octets) < length:
            return Scan.INCOMPLETE
        frame = KerongFrame.from_bytes(octets[:length])
        return Scan.NOT_HERE if frame is None else (length, _meaning(frame))

    def answer(self, request: Request, heard: Heard) -> Heard | None:
        """A status frame of the board answers an unlock too: some firmware sends one."""
        if request.ask is Ask.UNLOCK and isinstance(heard, DoorsReply) and heard.board == request.board:
            return heard
        return matching(request, heard)


# --- every frame of the documents ---


def status_reply(board: int, hooks: Sequence[bool], inside: Sequence[bool] = ()) -> KerongFrame:
    """`hooks`: True is closed. `inside`: the infrared sensors, True where something lies."""
    return KerongFrame(board << 4, Cmd.STATUS_REPLY, _mask(hooks) + _mask(inside))


def status_of_all(addr: int = EVERY_BOARD) -> KerongFrame:
    """One 9-byte frame a board comes back, with another command byte. Drivers differ in `addr`: 0xF0 or 0."""
    return KerongFrame(addr, Cmd.STATUS_OF_ALL)


def unlock_all(board: int) -> KerongFrame:
    """Never let out."""
    return KerongFrame(board << 4, Cmd.UNLOCK_ALL)


def set_unlock_time(board: int, pulse_ms: int) -> KerongFrame:
    return KerongFrame(board << 4, Cmd.SET_UNLOCK_TIME, (pulse_ms // UNLOCK_TIME_UNIT_MS).to_bytes(2, "big"))


def delayed_unlock(board: int, lock: int, delay_s: int) -> KerongFrame:
    """Never let out: a door that opens later opens unwatched."""
    return KerongFrame(board << 4 | lock - 1, Cmd.DELAYED_UNLOCK, bytes([delay_s]))


def set_baud(board: int, baud: int) -> KerongFrame:
    return KerongFrame(board << 4, Cmd.SET_BAUD, bytes([BAUDS.index(baud)]))


_CMDS = frozenset(Cmd)


def _mask(flags: Sequence[bool]) -> bytes:
    return sum(1 << place for place, flag in enumerate(flags) if flag).to_bytes(2, "little")


def _meaning(frame: KerongFrame) -> Heard:
    board, lock = frame.addr >> 4, (frame.addr & 0x0F) + 1
    match frame.cmd:
        case Cmd.STATUS_REPLY | Cmd.STATUS_OF_ALL_REPLY:
            return DoorsReply(board, bits(frame.contents[:2]))
        case Cmd.UNLOCK_TIME_REPLY:
            return Done(board, "unlock_time")
        case Cmd.UNLOCK | Cmd.DELAYED_UNLOCK:
            return Command(board, lock, frame.cmd.name.lower())
    return Command(board, 0, frame.cmd.name.lower())
