"""Whether a face lives: natural blinks, small movements, and a shape that stays a head's while it turns.

Pure numpy over landmark sequences; no picture and no network. A clip held still before the camera blinks as its person did: only
the challenge (models/challenge.py) answers that. What was measured, against which attacks, stands in models/README.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from models.geometry import five_points
from models.movements import movement_amounts
from models.pipeline import FaceObservation, FloatArray

# Landmarks that hardly move with the expression: corners of the eyes, bridge, tip and base of the nose, between the brows,
# forehead, under the eyes, cheeks.
_RIGID = [33, 133, 362, 263, 6, 168, 197, 5, 1, 4, 2, 98, 327, 9, 151, 117, 346, 50, 280]


class Verdict(StrEnum):
    """FLAT: it behaves like a picture. UNSURE is the answer to everything that was not seen."""

    LIVE = "live"
    UNSURE = "unsure"
    FLAT = "flat"


@dataclass(frozen=True, slots=True)
class Moment:
    """One frame of one face. Angles in degrees; yaw is positive when the person turns to their own left."""

    t_s: float
    points: FloatArray  # [19, 2], in distances between the eyes
    eyes_closed: float  # 0 open .. 1 closed
    mouth_open: float
    yaw: float
    pitch: float


@dataclass(frozen=True, slots=True)
class LivenessRules:
    """Amounts of eyes are the landmarker's blendshapes; `stirred` is in distances between the eyes, narrowings are logarithms."""

    closed: float = 0.45
    opened: float = 0.25
    blink_max_s: float = 0.6
    blink_max_turn: float = 6.0
    min_seconds: float = 2.0
    near_turn: float = 5.0
    stirred: float = 0.018
    narrowed_live: float = 0.12
    narrowed_flat: float = 0.14
    min_moments: int = 10


@dataclass(frozen=True, slots=True)
class LivenessReport:
    """What was seen: see `stir` and `narrowing`."""

    verdict: Verdict
    seconds: float
    blinks: int
    stir: float
    narrowing: float


def moment_of(seen: FaceObservation, t_s: float) -> Moment:
    """What liveness needs of an observation."""
    moved = movement_amounts(seen.blendshapes)
    right, left, *_ = five_points(seen.landmarks)
    between = max(float(np.hypot(left[0] - right[0], left[1] - right[1])), 1e-6)
    points = seen.landmarks[_RIGID, :2] / between
    return Moment(t_s, points, moved["eyeBlink"], moved["jawOpen"], seen.pose.yaw, seen.pose.pitch)


def judge_clip(moments: Sequence[Moment], rules: LivenessRules | None = None) -> LivenessReport:
    """FLAT: it grew narrow without turning. LIVE: it blinked or stirred, and did not. Everything else is UNSURE."""
    rules = rules or LivenessRules()
    seconds = moments[-1].t_s - moments[0].t_s if moments else 0.0
    blinks, stirs, narrowed = count_blinks(moments, rules), stir(moments, rules), narrowing(moments, rules)
    verdict = Verdict.UNSURE
    if narrowed >= rules.narrowed_flat:
        verdict = Verdict.FLAT
    elif _is_long(moments, seconds, rules) and narrowed <= rules.narrowed_live and (blinks or stirs >= rules.stirred):
        verdict = Verdict.LIVE
    return LivenessReport(verdict, seconds, blinks, stirs, narrowed)


def _is_long(moments: Sequence[Moment], seconds: float, rules: LivenessRules) -> bool:
    """Of a few frames nothing can be said, however far they lie apart."""
    return seconds >= rules.min_seconds and len(moments) >= rules.min_moments


def count_blinks(moments: Sequence[Moment], rules: LivenessRules) -> int:
    """Eyes open, closed for a moment, open again, while the head was still: a tilted picture also seems to close its eyes."""
    blinks, opened_at = 0, None
    was_closed = False
    for now in moments:
        if now.eyes_closed >= rules.closed:
            was_closed = opened_at is not None
        elif now.eyes_closed <= rules.opened:
            is_short = opened_at is not None and now.t_s - opened_at.t_s <= rules.blink_max_s
            if was_closed and is_short and opened_at is not None and _turned(opened_at, now) <= rules.blink_max_turn:
                blinks += 1
            opened_at, was_closed = now, False
    return blinks


def stir(moments: Sequence[Moment], rules: LivenessRules) -> float:
    """How much a face moves in itself while the head hardly does: 0 for paper, however it is carried about."""
    if not moments:
        return 0.0
    straight = min(moments, key=lambda one: abs(one.yaw) + abs(one.pitch))
    near = [off_plane(straight.points, one.points) for one in moments if _turned(straight, one) < rules.near_turn]
    return float(np.median(near))


def narrowing(moments: Sequence[Moment], rules: LivenessRules) -> float:
    """How much narrower a face becomes than its turning and nodding explain.

    A tilted sheet is foreshortened, but what is drawn on it looks on into the camera. The landmarks themselves do not tell: the
    network draws a head's depth into a sheet's picture too.
    """
    if len(moments) < rules.min_moments:
        return 0.0
    yaw, nod = (np.radians([getattr(one, angle) for one in moments]) for angle in ("yaw", "pitch"))
    shape = np.array([_width_to_height(one.points) for one in moments]) - np.log(np.cos(yaw))
    explained = np.column_stack([np.ones(len(nod)), nod])
    rest = shape - explained @ np.linalg.lstsq(explained, shape, rcond=None)[0]
    low, high = np.percentile(rest, [5, 95])
    return float(high - low)


def off_plane(one: npt.NDArray[np.floating], other: npt.NDArray[np.floating]) -> float:
    """Root mean square of what the best homography from `one` to `other` leaves over: 0 for points of a rigid flat sheet."""
    x, y = _centred(one), _centred(other)
    ones, zeros = np.ones(len(x)), np.zeros((len(x), 3))
    source = np.column_stack([x, ones])
    rows = np.vstack(
        [np.hstack([source, zeros, -y[:, :1] * source]), np.hstack([zeros, source, -y[:, 1:] * source])]
    )  # fmt: skip
    solution = np.linalg.svd(rows)[2][-1].reshape(3, 3)
    there = source @ solution.T
    there = there[:, :2] / np.where(np.abs(there[:, 2:]) < 1e-9, 1e-9, there[:, 2:])
    return float(np.sqrt(np.mean(np.sum((there - y) ** 2, axis=1))))


def _width_to_height(points: FloatArray) -> float:
    """The logarithm of: from corner to corner of the eyes, to: from the forehead to the nose."""
    outer_right, outer_left, forehead, nose = (points[_RIGID.index(mark)] for mark in (33, 263, 151, 2))
    width, height = np.linalg.norm(outer_right - outer_left), np.linalg.norm(forehead - nose)
    return float(np.log(max(float(width), 1e-6) / max(float(height), 1e-6)))


def _turned(one: Moment, other: Moment) -> float:
    return max(abs(one.yaw - other.yaw), abs(one.pitch - other.pitch))


def _centred(points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    return np.asarray(points - points.mean(0), dtype=np.float64)
