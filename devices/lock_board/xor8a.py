"""The "8A/80" family: `HEAD ADDR LOCK FUNC XOR`, 9600 8N1. Guangzhou Shuoming and many clones.

Sources: the vendor's sheet (CSDN u012909822/147892413), a ROS 2 driver and a C# one ("485锁控板24路通讯协议2021"), which agree.
The reply to an unlock is the lock's switch, so it proves nothing: with the other kind of lock it means the opposite.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self

from devices.lock_board.codec import (
    Ask,
    BadChannel,
    Command,
    DoorPushed,
    DoorReply,
    DoorsReply,
    Heard,
    Parsed,
    Request,
    Scan,
    UnlockReply,
    bits,
    check_channel,
    matching,
    xor,
)

SHORTED, CUT = 0x11, 0x00
READ, FIRMWARE = 0x33, 0x22
ALL_LOCKS = 0x00
OWN_PULSE_MS = 300


class Head(IntEnum):
    UNLOCK = 0x8A
    READ = 0x80
    PUSH = 0x82  # also the head of a firmware query
    UNLOCK_MANY = 0x90
    HOLD = 0x9A
    RELEASE = 0x9B


@dataclass(frozen=True, slots=True)
class Xor8aFrame:
    """`rest` is what stands between board and checksum: lock and function, or the state bytes."""

    head: Head
    board: int
    rest: bytes

    def to_bytes(self) -> bytes:
        octets = bytes([self.head, self.board]) + self.rest
        return octets + bytes([xor(octets)])

    @classmethod
    def from_bytes(cls, octets: bytes) -> Self | None:
        """None for a checksum or head that is wrong."""
        if len(octets) < 4 or octets[0] not in set(Head) or xor(octets) != 0:
            return None
        return cls(Head(octets[0]), octets[1], octets[2:-1])


class Xor8aCodec:
    """The pulse is the board's own 300 ms, or whole seconds from 1 to 9."""

    name: ClassVar[str] = "xor8a"
    baud: ClassVar[int] = 9600
    boards: ClassVar[range] = range(1, 100)
    most_channels: ClassVar[int] = 50
    pushes: ClassVar[bool] = True
    answers_unlock: ClassVar[bool] = True

    def unlock(self, board: int, channel: int, pulse_ms: int | None = None) -> Request:
        check_channel(self, board, channel)
        rest = bytes([channel, SHORTED]) + _seconds(pulse_ms)
        return Request(Ask.UNLOCK, board, channel, Xor8aFrame(Head.UNLOCK, board, rest).to_bytes(), 0)

    def read_one(self, board: int, channel: int, channels: int) -> Request:
        check_channel(self, board, channel)
        frame = Xor8aFrame(Head.READ, board, bytes([channel, READ])).to_bytes()
        return Request(Ask.READ_ONE, board, channel, frame, channels)

    def read_all(self, board: int, channels: int) -> Request:
        check_channel(self, board, channels)
        frame = Xor8aFrame(Head.READ, board, bytes([ALL_LOCKS, READ])).to_bytes()
        return Request(Ask.READ_ALL, board, 0, frame, channels)

    def set_pulse(self, board: int, pulse_ms: int) -> Request | None:  # noqa: ARG002 - a pulse carries its own length
        return None

    def parse(self, octets: bytes, expecting: Request | None) -> Parsed:
        if octets[0] not in _HEADS:
            return Scan.NOT_HERE
        if octets[0] == Head.READ:
            return _parse_read(octets, expecting)
        for length in _LENGTHS[Head(octets[0])]:
            frame = Xor8aFrame.from_bytes(octets[:length]) if len(octets) >= length else None
            heard = None if frame is None else _meaning(frame)
            if heard is not None:
                return length, heard
        return Scan.INCOMPLETE if len(octets) < max(_LENGTHS[Head(octets[0])]) else Scan.NOT_HERE

    def answer(self, request: Request, heard: Heard) -> Heard | None:
        return matching(request, heard)


# --- every frame of the vendor's table. The write policy lets none of the next five out ---


def unlock_all(board: int) -> Xor8aFrame:
    """The answer comes after all doors were pulsed: up to 10 s later."""
    return Xor8aFrame(Head.UNLOCK, board, bytes([ALL_LOCKS, SHORTED]))


def unlock_many(board: int, locks: Iterable[int]) -> Xor8aFrame:
    """Locks 1 to 24, the low group first: the other way round than in a reply."""
    mask = sum(1 << (lock - 1) for lock in locks)
    return Xor8aFrame(Head.UNLOCK_MANY, board, mask.to_bytes(3, "little"))


def hold(board: int, lock: int) -> Xor8aFrame:
    """Power stays on (magnetic locks): it burns a solenoid."""
    return Xor8aFrame(Head.HOLD, board, bytes([lock, SHORTED]))


def release(board: int, lock: int) -> Xor8aFrame:
    return Xor8aFrame(Head.RELEASE, board, bytes([lock, SHORTED]))


def ask_firmware(board: int) -> Xor8aFrame:
    return Xor8aFrame(Head.PUSH, board, bytes([ALL_LOCKS, FIRMWARE]))


def unlock_reply(board: int, lock: int, *, shorted: bool) -> Xor8aFrame:
    return Xor8aFrame(Head.UNLOCK, board, bytes([lock, _state(shorted=shorted)]))


def door_reply(board: int, lock: int, *, shorted: bool) -> Xor8aFrame:
    return Xor8aFrame(Head.READ, board, bytes([lock, _state(shorted=shorted)]))


def doors_reply(board: int, shorted: Sequence[bool]) -> Xor8aFrame:
    """The high group comes first."""
    mask = sum(1 << place for place, one in enumerate(shorted) if one)
    return Xor8aFrame(Head.READ, board, mask.to_bytes((len(shorted) + 7) // 8, "big") + bytes([READ]))


def door_pushed(board: int, lock: int, *, shorted: bool) -> Xor8aFrame:
    """Not all products have it."""
    return Xor8aFrame(Head.PUSH, board, bytes([lock, _state(shorted=shorted)]))


_HEADS = frozenset(Head)
_LENGTHS = {
    Head.UNLOCK: (5, 6),  # 6 with the seconds
    Head.PUSH: (5,),
    Head.UNLOCK_MANY: (6,),
    Head.HOLD: (5,),
    Head.RELEASE: (5,),
}
_COMMANDS = {
    Head.UNLOCK: "unlock_all",
    Head.PUSH: "ask_firmware",
    Head.UNLOCK_MANY: "unlock_many",
    Head.HOLD: "hold",
    Head.RELEASE: "release",
}


def _state(*, shorted: bool) -> int:
    return SHORTED if shorted else CUT


def _meaning(frame: Xor8aFrame) -> Heard | None:
    """What a frame says that is no reading; None for a lock or function that no such frame has."""
    if frame.head in {Head.UNLOCK_MANY, Head.HOLD, Head.RELEASE}:
        return Command(frame.board, 0, _COMMANDS[frame.head])
    lock, function = frame.rest[0], frame.rest[1]
    if lock == ALL_LOCKS:
        all_doors = {Head.UNLOCK: SHORTED, Head.PUSH: FIRMWARE}[frame.head]
        return Command(frame.board, 0, _COMMANDS[frame.head]) if function == all_doors else None
    if len(frame.rest) == 3:
        return Command(frame.board, lock, "unlock") if function == SHORTED and 1 <= frame.rest[2] <= 9 else None
    if function not in {SHORTED, CUT}:
        return None
    if frame.head is Head.PUSH:
        return DoorPushed(frame.board, lock, function == SHORTED)
    return UnlockReply(frame.board, lock, None, function == SHORTED)


def _parse_read(octets: bytes, expecting: Request | None) -> Parsed:
    """A reading of all doors does not say how long it is, and may begin with the very bytes of a reading of one.

    So while all doors were asked for, the length they must have is tried first, and a shorter frame counts only where
    another one follows it; `Decoder.idle` asks again without expecting anything.
    """
    counts = _state_counts(expecting)
    for count in counts:
        frame = Xor8aFrame.from_bytes(octets[: 4 + count]) if len(octets) >= 4 + count else None
        if frame is not None and frame.rest[-1] == READ:
            return 4 + count, DoorsReply(frame.board, bits(frame.rest[-2::-1]))
    wants_all = expecting is not None and expecting.ask is Ask.READ_ALL
    frame = Xor8aFrame.from_bytes(octets[:5]) if len(octets) >= 5 else None
    heard = None if frame is None else _one_door(frame)
    if heard is not None and (isinstance(heard, Command) or not wants_all or octets[5:6] in _HEAD_BYTES):
        return 5, heard
    return Scan.INCOMPLETE if len(octets) < 4 + max(counts) else Scan.NOT_HERE


_HEAD_BYTES = frozenset(bytes([head]) for head in Head)


def _state_counts(expecting: Request | None) -> tuple[int, ...]:
    """How many state bytes to look for: of 24 and 32 channels always, as boards round up."""
    if expecting is None or expecting.ask is not Ask.READ_ALL:
        return 4, 3, 2
    asked = (expecting.channels + 7) // 8
    return asked, *(count for count in (3, 4) if count > asked)


def _one_door(frame: Xor8aFrame) -> Heard | None:
    lock, function = frame.rest[0], frame.rest[1]
    if function == READ:
        return Command(frame.board, lock, "read_one" if lock else "read_all")
    if lock == ALL_LOCKS or function not in {SHORTED, CUT}:
        return None
    return DoorReply(frame.board, lock, function == SHORTED)


def _seconds(pulse_ms: int | None) -> bytes:
    if pulse_ms in {None, OWN_PULSE_MS}:
        return b""
    if pulse_ms % 1000 or not 1000 <= pulse_ms <= 9000:
        msg = f"xor8a: {pulse_ms} ms is not a whole number of seconds from 1 to 9"
        raise BadChannel(msg)
    return bytes([pulse_ms // 1000])
