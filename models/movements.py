"""Facial movements: MediaPipe's 52 blendshapes as head features and as reasons a person can read.

Pure; models.pipeline and the trainer call it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Blendshapes: TypeAlias = npt.NDArray[np.float32]
Amounts: TypeAlias = Mapping[str, float]
"""Amount of every movement, 0..1, in the order of MOVEMENTS; see movement_amounts."""

# The order of MediaPipe's face_blendshapes output.
BLENDSHAPES = [
    "_neutral",
    "browDownLeft",
    "browDownRight",
    "browInnerUp",
    "browOuterUpLeft",
    "browOuterUpRight",
    "cheekPuff",
    "cheekSquintLeft",
    "cheekSquintRight",
    "eyeBlinkLeft",
    "eyeBlinkRight",
    "eyeLookDownLeft",
    "eyeLookDownRight",
    "eyeLookInLeft",
    "eyeLookInRight",
    "eyeLookOutLeft",
    "eyeLookOutRight",
    "eyeLookUpLeft",
    "eyeLookUpRight",
    "eyeSquintLeft",
    "eyeSquintRight",
    "eyeWideLeft",
    "eyeWideRight",
    "jawForward",
    "jawLeft",
    "jawOpen",
    "jawRight",
    "mouthClose",
    "mouthDimpleLeft",
    "mouthDimpleRight",
    "mouthFrownLeft",
    "mouthFrownRight",
    "mouthFunnel",
    "mouthLeft",
    "mouthLowerDownLeft",
    "mouthLowerDownRight",
    "mouthPressLeft",
    "mouthPressRight",
    "mouthPucker",
    "mouthRight",
    "mouthRollLower",
    "mouthRollUpper",
    "mouthShrugLower",
    "mouthShrugUpper",
    "mouthSmileLeft",
    "mouthSmileRight",
    "mouthStretchLeft",
    "mouthStretchRight",
    "mouthUpperUpLeft",
    "mouthUpperUpRight",
    "noseSneerLeft",
    "noseSneerRight",
]

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""The network's seven outputs, as FER2013 names them."""

_DEAD = {"_neutral", "cheekPuff", "cheekSquint", "jawForward", "noseSneer"}
MAX_REASONS = 6


def _base(name: str) -> str:
    return name.removesuffix("Left").removesuffix("Right")


MOVEMENTS = tuple(dict.fromkeys(_base(name) for name in BLENDSHAPES if _base(name) not in _DEAD))
"""Blendshapes that live, left and right as one: a mirrored face must read the same."""

FEATURES = MOVEMENTS + tuple(f"net_{name}" for name in EMOTIONS)

_AVERAGE = np.array([[float(_base(b) == m) for b in BLENDSHAPES] for m in MOVEMENTS])
_AVERAGE /= _AVERAGE.sum(1, keepdims=True)


def feature_vector(blendshapes: Blendshapes, emotions: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """[..., len(FEATURES)]: movements 0..1, then the network's log-probabilities; the inputs may carry leading axes."""
    z = np.asarray(emotions, dtype=np.float64)
    z = z - z.max(-1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(-1, keepdims=True))
    return np.concatenate([np.asarray(blendshapes, dtype=np.float64) @ _AVERAGE.T, log_p], axis=-1)


def features_of(now: Amounts, emotions: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """The same for one face whose movements are known already. Two dozen numpy calls on a handful of numbers are dear."""
    z = emotions.tolist()
    largest = max(z)
    total = largest + log(sum(exp(one - largest) for one in z))
    return np.array([*now.values(), *(one - total for one in z)])


@dataclass(frozen=True, slots=True)
class _Sign:
    """A reason: shown when the movement passes its threshold and speaks for this side (1 pleased, -1 displeased)."""

    key: str
    movement: str
    threshold: float
    side: int


_SIGNS = (
    _Sign("smile_strong", "mouthSmile", 0.75, 1),
    _Sign("smile", "mouthSmile", 0.3, 1),
    _Sign("mouth_open", "mouthUpperUp", 0.35, 1),
    _Sign("brow_lowered", "browDown", 0.25, -1),
    _Sign("brow_inner_up", "browInnerUp", 0.35, -1),
    _Sign("mouth_corners_down", "mouthFrown", 0.12, -1),
    _Sign("lips_pressed", "mouthPress", 0.25, -1),
    _Sign("lips_pushed_up", "mouthShrugLower", 0.35, -1),
    _Sign("lips_stretched", "mouthStretch", 0.2, -1),
    _Sign("eyes_narrowed", "eyeSquint", 0.5, -1),
    _Sign("eyes_wide", "eyeWide", 0.2, -1),
    _Sign("jaw_open", "jawOpen", 0.4, -1),
)


def movement_amounts(blendshapes: Blendshapes) -> dict[str, float]:
    """Amount of every movement of MOVEMENTS, 0..1."""
    return dict(zip(MOVEMENTS, (_AVERAGE @ np.asarray(blendshapes, dtype=np.float64)).tolist(), strict=True))


def reasons_for(now: Amounts, side: int) -> tuple[str, ...]:
    """Message keys of the movements that speak for `side`, most marked first; a neutral face has none."""
    found = [s for s in _SIGNS if s.side == side and now[s.movement] >= s.threshold]
    strongest: dict[str, _Sign] = {}
    for sign in found:  # of two signs of one movement only the stronger (listed first) is told
        strongest.setdefault(sign.movement, sign)
    ranked = sorted(strongest.values(), key=lambda s: -now[s.movement] / s.threshold)
    return tuple(s.key for s in ranked[:MAX_REASONS])
