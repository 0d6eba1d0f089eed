"""The whole wire between the vision worker (child) and the agent (parent): closed types that cannot carry a picture.

No `str`, no `bytes`, no open list: numbers, booleans, named literals and short tuples only. `tests/models/test_wire.py`
walks every type and proves it; `MAX_MESSAGE` bounds what one message can hold. Both ends import this file, nobody else.
"""

from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

WIRE_VERSION = 1
MAX_MESSAGE = 4096  # bytes; the largest message has 4 faces and stays under 2 KB
MAX_FACES = 4
MAX_REASONS = 6

LevelName = Literal["very_satisfied", "satisfied", "neutral", "dissatisfied", "angry"]
WhyNot = Literal["too_small", "turned", "tilted", "blurred", "dark", "overexposed", "half_hidden", "cut_off"]
Reason = Literal[
    "smile", "smile_strong", "brow_lowered", "brow_inner_up", "mouth_corners_down", "lips_pressed", "lips_pushed_up",
    "lips_stretched", "mouth_open", "eyes_narrowed", "eyes_wide", "eyes_down", "nose_wrinkled", "jaw_open",
]  # fmt: skip
CameraStateName = Literal["opening", "live", "lost", "black", "frozen", "corrupt"]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
Share = Annotated[float, msgspec.Meta(ge=-1.0, le=2.0)]  # of the frame; a box may reach a little past its edge
Probability = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Amount = Annotated[float, msgspec.Meta(ge=0.0, le=1e12)]


class FaceMessage(msgspec.Struct, frozen=True, tag=False, forbid_unknown_fields=True):
    """One face in the zone. `scores` in the order of LevelName, all zero when not usable."""

    track: Count
    box: tuple[Share, Share, Share, Share]
    usable: bool
    why_not: WhyNot | None
    level: LevelName | None
    scores: tuple[Probability, Probability, Probability, Probability, Probability]
    valence: Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)]
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=MAX_REASONS)]


class Hello(msgspec.Struct, frozen=True, tag="hello", forbid_unknown_fields=True):
    """The first message: networks are loaded, the camera is next."""

    wire: Count
    pid: Count
    params_version: Count  # date of the expression parameters, as 20261121


class FrameMessage(msgspec.Struct, frozen=True, tag="frame", forbid_unknown_fields=True):
    """What one frame showed. `captured_ns` is CLOCK_MONOTONIC, which parent and child share."""

    frame: Count
    captured_ns: Count
    faces: Annotated[tuple[FaceMessage, ...], msgspec.Meta(max_length=MAX_FACES)]


class CameraMessage(msgspec.Struct, frozen=True, tag="camera", forbid_unknown_fields=True):
    """The camera's state, sent when it changes."""

    state: CameraStateName


class Beat(msgspec.Struct, frozen=True, tag="beat", forbid_unknown_fields=True):
    """Once a second, also while the camera is lost: the parent takes silence for a hang."""

    frames: Count
    skipped: Count  # older frames the newest one replaced
    cpu_ms: Amount  # of this process since start
    rss_mb: Amount


Message = Hello | FrameMessage | CameraMessage | Beat


class WireBroken(Exception):
    """The other end does not speak this wire; close it and start a new worker."""


def pack(message: Message) -> bytes:
    """One message ready to send: its length in 4 bytes, big endian, then MessagePack."""
    body = _ENCODER.encode(message)
    if len(body) > MAX_MESSAGE:
        raise WireBroken(f"a message of {len(body)} bytes is larger than {MAX_MESSAGE}")
    return len(body).to_bytes(_PREFIX, "big") + body


class Unpacker:
    """Turns received bytes, in pieces of any size, into messages; raises WireBroken and is then of no further use."""

    def __init__(self) -> None:
        self._pending = bytearray()

    def feed(self, received: bytes) -> Iterator[Message]:
        """Every message completed by `received`, in order; never keeps more than one unfinished message."""
        self._pending += received
        while (end := self._end()) is not None:
            body = bytes(self._pending[_PREFIX:end])
            del self._pending[:end]
            yield _decode(body)

    def _end(self) -> int | None:
        """Where the first pending message ends, or None while it is not complete."""
        if len(self._pending) < _PREFIX:
            return None
        size = int.from_bytes(self._pending[:_PREFIX], "big")
        if not 0 < size <= MAX_MESSAGE:
            raise WireBroken(f"a message of {size} bytes was announced; at most {MAX_MESSAGE} are allowed")
        end = _PREFIX + size
        return end if len(self._pending) >= end else None


def _decode(body: bytes) -> Message:
    try:
        return _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireBroken(f"not a message of this wire: {error}") from error


_PREFIX = 4
_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
