"""The whole wire between the vision worker (child) and the agent (parent): closed types that cannot carry a picture.

No `str`, no `bytes`, no open list: numbers, booleans, named literals and short tuples only. `tests/models/test_wire.py`
walks every type and proves it; `MAX_MESSAGE` bounds what one message can hold. Both ends import this file, nobody else.
"""

from typing import Annotated, Literal

import msgspec

from models.framing import MAX_MESSAGE as MAX_MESSAGE  # noqa: PLC0414 - both ends know the wire from here
from models.framing import Deframer
from models.framing import WireBroken as WireBroken  # noqa: PLC0414 - same

WIRE_VERSION = 1
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


class Unpacker(Deframer[Message]):
    """Turns received bytes, in pieces of any size, into messages; raises WireBroken and is then of no further use."""

    def __init__(self) -> None:
        super().__init__(_DECODER)


_DECODER: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
