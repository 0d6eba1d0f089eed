"""What one face shows: typed observations in, a quality verdict and a reading out.

Pure numpy, no camera and no network here; models.face, models.score, the trainer and tests call it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp
from types import MappingProxyType
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.movements import Amounts, Blendshapes, features_of, movement_amounts, reasons_for

FloatArray: TypeAlias = npt.NDArray[np.float32]
GrayImage: TypeAlias = npt.NDArray[np.uint8]
RgbImage: TypeAlias = npt.NDArray[np.uint8]
BgrImage: TypeAlias = npt.NDArray[np.uint8]
Floats: TypeAlias = npt.NDArray[np.float64]

MAX_YAW_DEG = 35.0
MAX_PITCH_DEG = 25.0


class Level(StrEnum):
    """The five words citizens know, best first."""

    VERY_SATISFIED = "very_satisfied"
    SATISFIED = "satisfied"
    NEUTRAL = "neutral"
    DISSATISFIED = "dissatisfied"
    ANGRY = "angry"


class WhyNot(StrEnum):
    """Why a face gives no reading."""

    TOO_SMALL = "too_small"
    CUT_OFF = "cut_off"
    TURNED = "turned"
    TILTED = "tilted"
    DARK = "dark"
    OVEREXPOSED = "overexposed"
    BLURRED = "blurred"
    HALF_HIDDEN = "half_hidden"


@dataclass(frozen=True, slots=True)
class Box:
    """A face in pixels of its frame; may reach past the frame's edge."""

    x: float
    y: float
    w: float
    h: float


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees; 0, 0, 0 looks into the camera."""

    yaw: float
    pitch: float
    roll: float


@dataclass(frozen=True, slots=True)
class FaceObservation:
    """What landmarker and picture say about one face; it stays in the process that saw the frame."""

    box: Box
    landmarks: FloatArray  # [478, 3], pixels of the frame
    blendshapes: Blendshapes  # [52], 0..1
    pose: Pose
    sharpness: float  # see sharpness_of
    brightness: float  # mean gray of the crop, 0..255
    inside: float  # share of the landmarks within the frame
    crop: GrayImage  # [64, 64], aligned


@dataclass(frozen=True, slots=True)
class QualityGate:
    """What a face must be to give a reading. The defaults are the live counter's."""

    min_width_px: float = 56.0
    min_inside: float = 0.97
    max_yaw_deg: float = MAX_YAW_DEG
    max_pitch_deg: float = MAX_PITCH_DEG
    max_roll_deg: float = 40.0
    min_brightness: float = 30.0
    max_brightness: float = 228.0
    min_sharpness: float = 0.02
    max_hidden: float = 0.5  # the network's probability that half the face is covered


STILL_GATE = QualityGate(
    min_width_px=20.0, min_inside=0.75, min_brightness=14.0, max_brightness=242.0, min_sharpness=0.004
)
"""Photographs and thumbnails: somebody chose them, so only what cannot be judged is refused; the pose limits stay."""


@dataclass(frozen=True, slots=True)
class SmileRule:
    """Very satisfied = happy, and the smile is broad. An intensity rule: no data at hand labels this level."""

    midpoint: float
    slope: float

    def share(self, now: Amounts) -> float:
        """How much of "happy" counts as very satisfied, 0..1."""
        return _step(self.slope * (smile_intensity(now) - self.midpoint))


@dataclass(frozen=True, slots=True)
class TearfulRule:
    """A smile with closed lips under closed eyes is no sign of joy: weeping faces make it as often as happy ones.

    `moved` of what counts as happy goes to unhappy then. The counts behind it stand in params/MODEL_CARD.md.
    """

    eyes_closed: float
    lip_raised: float
    moved: float

    def applied(self, classes: Sequence[float], now: Amounts) -> tuple[float, ...]:
        """`classes` with the doubtful part of happy moved."""
        closed = _step((now["eyeBlink"] - self.eyes_closed) / _SOFTNESS)
        lips_together = _step((self.lip_raised - now["mouthUpperUp"]) / _SOFTNESS)
        angry, unhappy, neutral, happy = classes
        part = happy * self.moved * closed * lips_together
        return angry, unhappy + part, neutral, happy - part


@dataclass(frozen=True, slots=True)
class ExpressionHead:
    """Linear head over named features: four classes, calibrated. Numbers come from models/params."""

    weights: Floats  # [4, features], rows in the order of CLASSES
    bias: Floats  # [4]
    temperature: float
    smile: SmileRule
    tearful: TearfulRule

    def classes(self, now: Amounts, emotions: npt.NDArray[np.floating]) -> tuple[float, ...]:
        """Probabilities of CLASSES from the movements and the emotion logits of the network, or of both."""
        z = ((self.weights @ features_of(now, emotions) + self.bias) / self.temperature).tolist()
        largest = max(z)
        e = [exp(one - largest) for one in z]
        total = sum(e)
        return self.tearful.applied([one / total for one in e], now)


@dataclass(frozen=True, slots=True)
class FaceReading:
    """One face: where, whether it can be read, and what it shows. Unusable: level None, no scores, valence 0."""

    box: Box
    usable: bool
    why_not: WhyNot | None
    level: Level | None
    scores: Mapping[Level, float]  # five, sum 1; empty when not usable
    valence: float  # -1 angry .. 1 very satisfied
    reasons: tuple[str, ...]  # movement keys, strongest first
    pose: Pose
    sharpness: float


CLASSES = ("angry", "unhappy", "neutral", "happy")
"""What the labels support: angry (with contempt and disgust), unhappy (sad, afraid), neutral, happy."""

_FLAT = 700.0  # exp of more is no float any more
_SOFTNESS = 0.03  # how gradually the rules set in, in blendshape units

_VALENCE = {
    Level.VERY_SATISFIED: 1.0,
    Level.SATISFIED: 0.6,
    Level.NEUTRAL: 0.0,
    Level.DISSATISFIED: -0.6,
    Level.ANGRY: -1.0,
}


def judge(seen: FaceObservation, gate: QualityGate) -> WhyNot | None:
    """The first reason why this face cannot be read, or None. Cheap: needs no network."""
    checks = (
        (seen.box.w < gate.min_width_px, WhyNot.TOO_SMALL),
        (seen.inside < gate.min_inside, WhyNot.CUT_OFF),
        (abs(seen.pose.yaw) > gate.max_yaw_deg or abs(seen.pose.pitch) > gate.max_pitch_deg, WhyNot.TURNED),
        (abs(seen.pose.roll) > gate.max_roll_deg, WhyNot.TILTED),
        (seen.brightness < gate.min_brightness, WhyNot.DARK),
        (seen.brightness > gate.max_brightness, WhyNot.OVEREXPOSED),
        (seen.sharpness < gate.min_sharpness, WhyNot.BLURRED),
    )
    return next((why for wrong, why in checks if wrong), None)


def refuse(seen: FaceObservation, why: WhyNot) -> FaceReading:
    """The reading of a face that gives none."""
    nothing: Mapping[Level, float] = MappingProxyType({})
    return FaceReading(
        box=seen.box,
        usable=False,
        why_not=why,
        level=None,
        scores=nothing,
        valence=0.0,
        reasons=(),
        pose=seen.pose,
        sharpness=seen.sharpness,
    )


def read(seen: FaceObservation, emotions: npt.NDArray[np.floating], head: ExpressionHead) -> FaceReading:
    """The reading of a face that passed the gate; `emotions` are the network's seven logits."""
    now = movement_amounts(seen.blendshapes)
    scores = level_scores(head.classes(now, emotions), head.smile.share(now))
    level = decide(scores)
    return FaceReading(
        box=seen.box,
        usable=True,
        why_not=None,
        level=level,
        scores=MappingProxyType(scores),
        valence=valence_of(scores),
        reasons=reasons_for(now, _side(level)),
        pose=seen.pose,
        sharpness=seen.sharpness,
    )


def level_scores(classes: Iterable[float], broad_smile: float) -> dict[Level, float]:
    """Five levels from four classes: happy is split by the smile's breadth, displeasure by anger against sorrow.

    The split inside displeasure is squared, so that the stronger of the two carries most of it: two halves of one
    displeasure must not lose to a smaller "neutral".
    """
    angry, unhappy, neutral, happy = (float(p) for p in classes)
    total = angry + unhappy
    share = angry**2 / max(angry**2 + unhappy**2, 1e-12)
    return {
        Level.VERY_SATISFIED: happy * broad_smile,
        Level.SATISFIED: happy * (1 - broad_smile),
        Level.NEUTRAL: neutral,
        Level.DISSATISFIED: total * (1 - share),
        Level.ANGRY: total * share,
    }


def decide(scores: Mapping[Level, float]) -> Level:
    """First the side (pleased, neutral, displeased) with the most weight, then the stronger level on it."""
    sides = {
        (Level.VERY_SATISFIED, Level.SATISFIED): 0.0,
        (Level.NEUTRAL,): 0.0,
        (Level.DISSATISFIED, Level.ANGRY): 0.0,
    }
    side = max(sides, key=lambda levels: sum(scores[level] for level in levels))
    return max(side, key=lambda level: scores[level])


def valence_of(scores: Mapping[Level, float]) -> float:
    """Expected pleasure, -1..1."""
    return float(sum(_VALENCE[level] * p for level, p in scores.items()))


def smile_intensity(now: Amounts) -> float:
    """Breadth of a smile, 0..1: mouth corners, and the upper lip that bares teeth."""
    return 0.6 * now["mouthSmile"] + 0.4 * min(1.0, now["mouthUpperUp"] * 1.5)


def _step(x: float) -> float:
    return 1 / (1 + exp(-x)) if x > -_FLAT else 0.0


def _side(level: Level) -> int:
    return {Level.VERY_SATISFIED: 1, Level.SATISFIED: 1, Level.NEUTRAL: 0}.get(level, -1)
