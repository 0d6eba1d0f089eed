"""The whole wire between the guide's camera worker (child) and the agent (parent): closed types that cannot carry a picture.

Who is recognised crosses as a place in the list of templates that the agent told last; no numbers of a face come up for it. Only a
sitting that the agent asked for, the enrolment of somebody who agreed, sends `SHOTS_AT_MOST` times the numbers that are to be sealed.
No `str`, no `bytes`, no open list; `tests/models/test_guide_wire.py` walks every type and proves it. Both ends import this file.
"""

from typing import Annotated, Literal

import msgspec

from models.framing import Deframer
from models.wire import Beat, CameraMessage, Count

WIRE_VERSION = 2
SHOTS_AT_MOST = 5
NUMBERS = 128  # of a face
KNOWN_AT_MOST = 1000  # templates

FacesSeen = Annotated[int, msgspec.Meta(ge=0, le=16)]
Place = Annotated[int, msgspec.Meta(ge=0, lt=KNOWN_AT_MOST)]
Tasks = Annotated[int, msgspec.Meta(ge=0, le=9)]
Cosine = Annotated[float, msgspec.Meta(ge=-1.001, le=1.001)]
Degrees = Annotated[float, msgspec.Meta(ge=-360.0, le=360.0)]
Pixels = Annotated[float, msgspec.Meta(ge=0.0, le=20_000.0)]
Measure = Annotated[float, msgspec.Meta(ge=0.0, le=1e6)]
OutcomeName = Literal["match", "nobody", "not_enough", "not_live"]
AlivenessName = Literal["live", "unsure", "not_live"]
TaskName = Literal["look_straight", "turn_left", "turn_right", "blink", "open_mouth"]
UnfitName = Literal["no_face", "several_faces", "too_small", "turned", "cut_off", "blurred", "bad_light"]


class GuideHello(msgspec.Struct, frozen=True, tag="hello", forbid_unknown_fields=True):
    """The first message: the detector is loaded, the camera is next."""

    wire: Count
    pid: Count


class NearMessage(msgspec.Struct, frozen=True, tag="near", forbid_unknown_fields=True):
    """Whether somebody stands before the guide; sent when it changes."""

    is_near: bool


class WhoMessage(msgspec.Struct, frozen=True, tag="who", forbid_unknown_fields=True):
    """What several frames of one face came to. `person` counts in the templates of tell number `tell`, and only with a match."""

    tell: Count
    outcome: OutcomeName
    person: Place | None
    similarity: Cosine | None  # of the best one
    looks: Count
    alive: AlivenessName


class AskMessage(msgspec.Struct, frozen=True, tag="ask", forbid_unknown_fields=True):
    """What the person before the camera is to do now; `done` of `tasks` are behind them."""

    sitting: Count
    task: TaskName
    done: Tasks
    tasks: Tasks


class HintMessage(msgspec.Struct, frozen=True, tag="hint", forbid_unknown_fields=True):
    """What is wrong with the picture just now, sent when it changes; None: nothing."""

    sitting: Count
    unfit: UnfitName | None


class ShotMessage(msgspec.Struct, frozen=True, tag="shot", forbid_unknown_fields=True):
    """One picture of a sitting, as `edge.domain.consent.Shot` has it."""

    sitting: Count
    faces: FacesSeen
    width_px: Pixels
    yaw: Degrees
    pitch: Degrees
    roll: Degrees
    sharpness: Measure
    brightness: Measure
    inside: Measure
    numbers: Annotated[tuple[Cosine, ...], msgspec.Meta(min_length=NUMBERS, max_length=NUMBERS)]

    def __repr__(self) -> str:
        return f"ShotMessage(sitting={self.sitting})"


class TaskMessage(msgspec.Struct, frozen=True, tag="task", forbid_unknown_fields=True):
    """What the person who was recognised is to do now, so that their name may be said; `done` of `tasks` are behind them."""

    challenge: Count
    task: TaskName
    done: Tasks
    tasks: Tasks


class AnsweredMessage(msgspec.Struct, frozen=True, tag="answered", forbid_unknown_fields=True):
    """The challenge has ended."""

    challenge: Count
    is_passed: bool


class OverMessage(msgspec.Struct, frozen=True, tag="over", forbid_unknown_fields=True):
    """The sitting has ended; its shots came before this."""

    sitting: Count
    alive: AlivenessName


GuideMessage = (
    GuideHello | NearMessage | WhoMessage | TaskMessage | AnsweredMessage | AskMessage | HintMessage | ShotMessage
    | OverMessage | CameraMessage | Beat
)  # fmt: skip


class GuideTell(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the agent wants of the eyes from now on: one JSON line on the worker's stdin, each replacing the one before.

    `templates`: 128 little-endian floats each, opened by the agent; nobody to know: none. `sitting` 0: no enrolment. `challenge`: a
    number not told before begins one for the face that was recognised last.
    """

    number: Count = 0
    templates: Annotated[
        tuple[Annotated[bytes, msgspec.Meta(min_length=4 * NUMBERS, max_length=4 * NUMBERS)], ...],
        msgspec.Meta(max_length=KNOWN_AT_MOST),
    ] = ()
    sitting: Count = 0
    challenge: Count = 0

    def __repr__(self) -> str:
        return f"GuideTell(number={self.number}, templates={len(self.templates)}, sitting={self.sitting}, challenge={self.challenge})"


class GuideUnpacker(Deframer[GuideMessage]):
    """Received bytes into messages; raises WireBroken and is then of no further use."""

    def __init__(self) -> None:
        super().__init__(_DECODER)


_DECODER: msgspec.msgpack.Decoder[GuideMessage] = msgspec.msgpack.Decoder(GuideMessage)
