"""KERONG CU48: `02 BOARD LOCK CMD 03 SUM` out, `02 BOARD LOCK STATUS LENGTH [DATA] SUM` back; 19200 8N1.

Source: a TypeScript driver. Boards and locks count from 0 on the wire; a reply has no end byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

from devices.lock_board.codec import (
    Ask,
    Command,
    DoorsReply,
    Heard,
    Parsed,
    Request,
    Scan,
    UnlockReply,
    bits,
    check_channel,
    check_own_pulse,
    matching,
)

START, END = 0x02, 0x03
QUERY, OPEN = 0x60, 0x61
OK, FAILED = 0x75, 0x00
LOCKS = 48
STATE_BYTES = 6


@dataclass(frozen=True, slots=True)
class Cu48Request:
    board: int
    lock: int
    cmd: int

    def to_bytes(self) -> bytes:
        return _summed(bytes([START, self.board, self.lock, self.cmd, END]))

    @classmethod
    def from_bytes(cls, octets: bytes) -> Self | None:
        is_whole = len(octets) == 6 and octets[0] == START and octets[3] in {QUERY, OPEN} and octets[4] == END
        return cls(octets[1], octets[2], octets[3]) if is_whole and _is_summed(octets) else None


@dataclass(frozen=True, slots=True)
class Cu48Reply:
    """`states` is empty after an unlock."""

    board: int
    lock: int
    status: int
    states: bytes = b""

    def to_bytes(self) -> bytes:
        return _summed(bytes([START, self.board, self.lock, self.status, len(self.states)]) + self.states)

    @classmethod
    def from_bytes(cls, octets: bytes) -> Self | None:
        is_whole = len(octets) in {6, 6 + STATE_BYTES} and octets[0] == START and octets[3] in {OK, FAILED}
        if not is_whole or octets[4] != len(octets) - 6 or not _is_summed(octets):
            return None
        return cls(octets[1], octets[2], octets[3], octets[5:-1])


class Kerong48Codec:
    """The board decides how long its pulse is."""

    name: ClassVar[str] = "kerong-cu48"
    baud: ClassVar[int] = 19200
    boards: ClassVar[range] = range(256)
    most_channels: ClassVar[int] = LOCKS
    pushes: ClassVar[bool] = False
    answers_unlock: ClassVar[bool] = True

    def unlock(self, board: int, channel: int, pulse_ms: int | None = None) -> Request:
        check_channel(self, board, channel)
        check_own_pulse(self, pulse_ms)
        return Request(Ask.UNLOCK, board, channel, Cu48Request(board, channel - 1, OPEN).to_bytes(), 0)

    def read_one(self, board: int, channel: int, channels: int) -> Request:
        check_channel(self, board, channel)
        return self.read_all(board, channels)

    def read_all(self, board: int, channels: int) -> Request:
        check_channel(self, board, channels)
        return Request(Ask.READ_ALL, board, 0, Cu48Request(board, 0, QUERY).to_bytes(), channels)

    def set_pulse(self, board: int, pulse_ms: int) -> Request | None:  # noqa: ARG002
        return None

    def parse(self, octets: bytes, expecting: Request | None) -> Parsed:  # noqa: ARG002 - every frame says its length
        if octets[0] != START or (len(octets) > 3 and octets[3] not in {QUERY, OPEN, OK, FAILED}):
            return Scan.NOT_HERE
        if len(octets) < 6:
            return Scan.INCOMPLETE
        if (request := Cu48Request.from_bytes(octets[:6])) is not None:
            return 6, Command(request.board, request.lock + 1, "unlock" if request.cmd == OPEN else "read_all")
        length = 6 + octets[4]
        if octets[3] not in {OK, FAILED} or octets[4] not in {0, STATE_BYTES}:
            return Scan.NOT_HERE
        if len(octets) < length:
            return Scan.INCOMPLETE
        reply = Cu48Reply.from_bytes(octets[:length])
        return Scan.NOT_HERE if reply is None else (length, _meaning(reply))

    def answer(self, request: Request, heard: Heard) -> Heard | None:
        return matching(request, heard)


def doors_reply(board: int, closed: Sequence[bool]) -> Cu48Reply:
    """`closed`: 48 of them at most, True is closed."""
    mask = sum(1 << place for place, one in enumerate(closed) if one)
    return Cu48Reply(board, 0, OK, mask.to_bytes(STATE_BYTES, "little"))


def _meaning(reply: Cu48Reply) -> Heard:
    if reply.states:
        return DoorsReply(reply.board, bits(reply.states))
    return UnlockReply(reply.board, reply.lock + 1, reply.status == OK, None)


def _summed(octets: bytes) -> bytes:
    return octets + bytes([sum(octets) & 0xFF])


def _is_summed(octets: bytes) -> bool:
    return sum(octets[:-1]) & 0xFF == octets[-1]
