"""The whole wire between the vision worker (child) and the agent (parent): closed types that cannot carry a picture.

No `str`, no `bytes`, no open list: numbers, booleans, named literals and short tuples only. `tests/models/test_wire.py`
walks every type and proves it; `MAX_MESSAGE` bounds what one message can hold.
"""

from typing import Annotated, Literal

import msgspec

WIRE_VERSION = 1
MAX_MESSAGE = 4096  # bytes; the largest message has 4 faces and stays under 2 KB
MAX_FACES = 4

LevelName = Literal["very_satisfied", "satisfied", "neutral", "dissatisfied", "angry"]
WhyNot = Literal["too_small", "turned", "tilted", "blurred", "dark", "overexposed", "half_hidden", "cut_off"]
Reason = Literal[
    "smile", "smile_strong", "brow_lowered", "brow_inner_up", "mouth_corners_down", "lips_pressed", "lips_pushed_up",
    "lips_stretched", "mouth_open", "eyes_narrowed", "eyes_wide", "eyes_down", "nose_wrinkled", "jaw_open",
]  # fmt: skip
CameraStateName = Literal["opening", "live", "lost", "black", "frozen", "corrupt"]
Share = Annotated[float, msgspec.Meta(ge=-1.0, le=2.0)]  # of the frame; a box may reach a little past its edge
Probability = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]


class FaceMessage(msgspec.Struct, frozen=True, tag=False):
    """One face in the zone. `scores` in the order of LevelName, all zero when not usable."""

    track: int
    box: tuple[Share, Share, Share, Share]
    usable: bool
    why_not: WhyNot | None
    level: LevelName | None
    scores: tuple[Probability, Probability, Probability, Probability, Probability]
    valence: Annotated[float, msgspec.Meta(ge=-1.0, le=1.0)]
    reasons: Annotated[tuple[Reason, ...], msgspec.Meta(max_length=6)]


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    wire: int
    pid: int
    params_version: int  # date of the expression parameters, as 20261121


class FrameMessage(msgspec.Struct, frozen=True, tag="frame"):
    """What one frame showed. `captured_ns` is CLOCK_MONOTONIC, which parent and child share."""

    frame: int
    captured_ns: int
    faces: Annotated[tuple[FaceMessage, ...], msgspec.Meta(max_length=MAX_FACES)]


class CameraMessage(msgspec.Struct, frozen=True, tag="camera"):
    state: CameraStateName


class Beat(msgspec.Struct, frozen=True, tag="beat"):
    """Once a second, also while the camera is lost: the parent takes silence for a hang."""

    frames: int
    skipped: int  # older frames the newest one replaced
    cpu_ms: float  # of this process since start
    rss_mb: float


Message = Hello | FrameMessage | CameraMessage | Beat
