"""Where a face stands: pose angles, the aligned crop's transform. models.face and tests call it.

Handfuls of numbers are plain floats here: in a worker whose caches a network has just swept, every numpy call is dear.
"""

from collections.abc import Sequence
from math import atan2, degrees, hypot
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.pipeline import Pose

Real: TypeAlias = npt.NDArray[np.floating]

CROP_PX = 64
"""Side of the aligned gray crop that the expression network sees."""

YAW_GAIN = 1.3
"""MediaPipe's fit flattens turned faces: photographs taken from 15 and 45 degrees come out as 9.7 and 34.2."""

# Where right eye, left eye and nose base stand in the crop, as shares of its side; they hardly move with expression.
_TEMPLATE = (0.32 + 0.33j, 0.68 + 0.33j, 0.50 + 0.60j)
FACE_PX = 112
"""Side of the aligned colour crop that the embedding network sees."""

# Where right eye, left eye, nose tip and the corners of the mouth stand in that crop, in pixels: ArcFace's own template.
_FACE_TEMPLATE = (38.2946 + 51.6963j, 73.5318 + 51.5014j, 56.0252 + 71.7366j, 41.5493 + 92.3655j, 70.7299 + 92.2041j)
_PUPILS_NOSE_MOUTH = [468, 473, 4, 61, 291]

_RIGHT_EYE = [33, 133]
_LEFT_EYE = [362, 263]
_NOSE_BASE = 2
_ANCHORS = [*_RIGHT_EYE, *_LEFT_EYE, _NOSE_BASE]


def pose_angles(matrix: Real) -> Pose:
    """Yaw, pitch, roll in degrees of MediaPipe's 4x4 facial transformation matrix or its 3x3 rotation, yaw corrected by YAW_GAIN."""
    (xx, xy, xz, *_), (yx, yy, yz, *_), (zx, zy, zz, *_), *_ = matrix.tolist()
    yaw = atan2(xz, zz)
    pitch = atan2(-yz, hypot(xz, zz))
    roll = atan2(yx / max(hypot(xx, yx, zx), 1e-9), yy / max(hypot(xy, yy, zy), 1e-9))
    return Pose(degrees(yaw * YAW_GAIN), degrees(pitch), degrees(roll))


def alignment(landmarks: Real, side_px: int = CROP_PX, margin: float = 0.0) -> npt.NDArray[np.float64]:
    """2x3 similarity from frame pixels to an upright crop of `side_px`, least squares over both eyes and the nose base.

    `margin`, a share of the inner side, widens every edge: the trainer shifts and turns within it.
    """
    right_out, right_in, left_in, left_out, nose = (complex(x, y) for x, y in landmarks[_ANCHORS, :2].tolist())
    inner = side_px / (1 + 2 * margin)
    target = [(place + margin * (1 + 1j)) * inner for place in _TEMPLATE]
    return _similarity(((right_out + right_in) / 2, (left_in + left_out) / 2, nose), target)


def five_points(landmarks: Real) -> list[tuple[float, float]]:
    """Right pupil, left pupil, nose tip, right and left corner of the mouth, the order that YuNet gives them in too.

    Pupils rather than the middles of the corners: a tenth fewer misses on photographs.
    """
    return [(x, y) for x, y in landmarks[_PUPILS_NOSE_MOUTH, :2].tolist()]


def five_point_alignment(points: Sequence[Sequence[float]]) -> npt.NDArray[np.float64]:
    """2x3 similarity from frame pixels to the embedding's upright crop, least squares over the five points."""
    return _similarity([complex(x, y) for x, y in points], _FACE_TEMPLATE)


def _similarity(source: Sequence[complex], target: Sequence[complex]) -> npt.NDArray[np.float64]:
    """Rotation, scale and shift; points as complex numbers make it one division."""
    s0, t0 = sum(source) / len(source), sum(target) / len(target)
    spread = max(sum(abs(s - s0) ** 2 for s in source), 1e-9)
    a = sum((s - s0).conjugate() * (t - t0) for s, t in zip(source, target, strict=True)) / spread
    b = t0 - a * s0
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
