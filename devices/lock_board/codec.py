"""What every family of boards can say, and the `Codec` that turns it into bytes and back. Pure: no clock, no port.

Channels count from 1 on every board, as they are printed on it; a codec shifts them where its protocol counts from 0.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar, Protocol, TypeAlias, runtime_checkable

from devices.errors import DeviceError

LONGEST_FRAME = 264  # Modbus; whatever claims to be longer is noise


class FrameCorrupt(DeviceError):
    """Something came that is no frame: reading may be asked again now."""


class NoAnswer(DeviceError, TimeoutError):
    """Nothing came in time. After an unlock this says nothing about the door: read it."""


class BoardRefused(DeviceError):
    """The board understood and will not. Do not retry."""

    def __init__(self, board: int, why: str) -> None:
        super().__init__(f"board {board}: {why}")
        self.board = board
        self.why = why


class BadChannel(DeviceError, ValueError):
    """No such board or channel in this protocol, or a pulse it cannot make."""


class Ask(Enum):
    UNLOCK = "unlock"
    READ_ONE = "read_one"
    READ_ALL = "read_all"
    SET_PULSE = "set_pulse"


@dataclass(frozen=True, slots=True)
class Request:
    """One frame that we may send. `channel` is 0 for all doors; `channels` is how many doors the board is said to have."""

    ask: Ask
    board: int
    channel: int
    frame: bytes
    channels: int


# --- what may be heard. `shorted` is the raw contact: True is a closed switch, 0x11 or a set bit ---


@dataclass(frozen=True, slots=True)
class UnlockReply:
    """`accepted` is None where the protocol cannot tell: only the door can, and then only when it is read."""

    board: int
    channel: int
    accepted: bool | None
    shorted: bool | None


@dataclass(frozen=True, slots=True)
class DoorReply:
    board: int
    channel: int
    shorted: bool


@dataclass(frozen=True, slots=True)
class DoorsReply:
    """`shorted[0]` is channel 1. Boards round up to whole bytes, so there may be more of them than doors."""

    board: int
    shorted: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class DoorPushed:
    """A door changed and the board said so unasked."""

    board: int
    channel: int
    shorted: bool


@dataclass(frozen=True, slots=True)
class Refused:
    """`channel` 0: the frame names none. `ask`: what was refused, where the frame says it."""

    board: int
    channel: int
    why: str
    ask: Ask | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The answer to a setting."""

    board: int
    what: str


@dataclass(frozen=True, slots=True)
class Command:
    """A frame that only a master sends: our own echo, or another master on the line."""

    board: int
    channel: int
    what: str


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that belong to no frame."""

    octets: bytes


Heard: TypeAlias = UnlockReply | DoorReply | DoorsReply | DoorPushed | Refused | Done | Command
Frame: TypeAlias = tuple[Heard | Noise, bytes]


class Scan(Enum):
    """Why no frame stands at a place."""

    NOT_HERE = auto()
    INCOMPLETE = auto()


Parsed: TypeAlias = tuple[int, Heard] | Scan


@runtime_checkable
class Codec(Protocol):
    """One family. All methods are pure; building raises BadChannel."""

    name: ClassVar[str]
    baud: ClassVar[int]
    boards: ClassVar[range]  # addresses that can be set
    most_channels: ClassVar[int]
    pushes: ClassVar[bool]  # some boards of the family report a door unasked
    answers_unlock: ClassVar[bool]  # False: a lost reply is the rule, do not count it as a fault

    def unlock(self, board: int, channel: int, pulse_ms: int | None = None) -> Request:
        """Open exactly one door. `pulse_ms` None: what the board does by itself."""

    def read_one(self, board: int, channel: int, channels: int) -> Request:
        """Ask for one door; a family that can only tell them all asks for all."""

    def read_all(self, board: int, channels: int) -> Request: ...

    def set_pulse(self, board: int, pulse_ms: int) -> Request | None:
        """The frame that stores a pulse length in the board; None where pulses have no length or carry it themselves."""

    def parse(self, octets: bytes, expecting: Request | None) -> Parsed:
        """The frame at the start of `octets`, in either direction. `expecting` decides where lengths are ambiguous."""

    def answer(self, request: Request, heard: Heard) -> Heard | None:
        """`heard`, when it answers `request`."""


class Decoder:
    """Cuts a stream into frames and noise. Whatever stands between two frames is noise, and no frame is lost to it."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self._buffer = b""

    @property
    def is_waiting(self) -> bool:
        """Part of a frame is here: the rest should follow within a few byte times, then call `idle`."""
        return bool(self._buffer)

    def feed(self, octets: bytes, expecting: Request | None = None) -> list[Frame]:
        self._buffer += octets
        return list(self._take(expecting, is_idle=False))

    def idle(self) -> list[Frame]:
        """The line has been silent: what is incomplete now will stay so."""
        return list(self._take(None, is_idle=True))

    def _take(self, expecting: Request | None, *, is_idle: bool) -> Iterator[Frame]:
        skipped, at = 0, 0
        while at < len(self._buffer):
            parsed = self._codec.parse(self._buffer[at:], expecting)
            if parsed is Scan.INCOMPLETE and not is_idle and len(self._buffer) - at < LONGEST_FRAME:
                break
            if isinstance(parsed, Scan):
                at += 1
                continue
            if at > skipped:
                yield Noise(self._buffer[skipped:at]), self._buffer[skipped:at]
            length, heard = parsed
            yield heard, self._buffer[at : at + length]
            at += length
            skipped = at
        if at > skipped:
            yield Noise(self._buffer[skipped:at]), self._buffer[skipped:at]
        self._buffer = self._buffer[at:]


def check_channel(codec: Codec, board: int, channel: int) -> None:
    """Raise BadChannel for what cannot be addressed: a wrapped number would open another door."""
    if board not in codec.boards or not 1 <= channel <= codec.most_channels:
        msg = f"{codec.name}: no channel {channel} on board {board}"
        raise BadChannel(msg)


def check_own_pulse(codec: Codec, pulse_ms: int | None) -> None:
    """Raise BadChannel for a family whose boards make one pulse only: a length that nobody obeys must not be configured."""
    if pulse_ms is not None:
        msg = f"{codec.name}: the board decides how long its pulse is, not {pulse_ms} ms"
        raise BadChannel(msg)


def matching(request: Request, heard: Heard) -> Heard | None:
    """What answers a request in every family: same board, same question, same door."""
    if heard.board != request.board:
        return None
    match request.ask, heard:
        case (Ask.UNLOCK, UnlockReply(channel=channel)) | (Ask.READ_ONE, DoorReply(channel=channel)):
            return heard if channel == request.channel else None
        case (_, Refused(channel=channel, ask=ask)):
            return heard if channel in {0, request.channel} and ask in {None, request.ask} else None
        case (Ask.READ_ALL, DoorsReply()) | (Ask.SET_PULSE, Done()):
            return heard
    return None


def xor(octets: bytes) -> int:
    result = 0
    for octet in octets:
        result ^= octet
    return result


def bits(octets: bytes) -> tuple[bool, ...]:
    """Lowest bit of the first byte first: that is channel 1."""
    return tuple(bool(octet >> place & 1) for octet in octets for place in range(8))
