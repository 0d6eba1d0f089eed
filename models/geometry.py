"""Where a face stands: pose angles, the aligned crop's transform, sharpness. Pure numpy; models.face and tests call it."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.pipeline import Pose

Real: TypeAlias = npt.NDArray[np.floating]

CROP_PX = 64
"""Side of the aligned gray crop that the expression network sees."""

YAW_GAIN = 1.3
"""MediaPipe's fit flattens turned faces: photographs taken from 15 and 45 degrees come out as 9.7 and 34.2."""

# Where eyes and nose base stand in the crop, as shares of its side; eyes and nose hardly move with expression.
_TEMPLATE = np.array([[0.32, 0.33], [0.68, 0.33], [0.50, 0.60]])
_RIGHT_EYE = [33, 133]
_LEFT_EYE = [362, 263]
_NOSE_BASE = 2


def pose_angles(matrix: Real) -> Pose:
    """Yaw, pitch, roll in degrees of MediaPipe's 4x4 facial transformation matrix, yaw corrected by YAW_GAIN."""
    r = np.asarray(matrix, dtype=np.float64)[:3, :3]
    r = r / np.maximum(np.linalg.norm(r, axis=0, keepdims=True), 1e-9)
    yaw = np.arctan2(r[0, 2], r[2, 2])
    pitch = np.arctan2(-r[1, 2], np.hypot(r[0, 2], r[2, 2]))
    roll = np.arctan2(r[1, 0], r[1, 1])
    return Pose(*(float(v) for v in np.degrees([yaw * YAW_GAIN, pitch, roll])))


def alignment(landmarks: Real, side_px: int = CROP_PX, margin: float = 0.0) -> npt.NDArray[np.float64]:
    """2x3 similarity from frame pixels to an upright crop of `side_px`, least squares over both eyes and the nose base.

    `margin`, a share of the inner side, widens every edge: the trainer shifts and turns within it.
    """
    points = np.asarray(landmarks, dtype=np.float64)[:, :2]
    source = np.stack([points[_RIGHT_EYE].mean(0), points[_LEFT_EYE].mean(0), points[_NOSE_BASE]])
    inner = side_px / (1 + 2 * margin)
    return _similarity(source, (_TEMPLATE + margin) * inner)


def sharpness_of(crop: npt.NDArray[np.uint8]) -> float:
    """Mean squared Laplacian of the crop by its variance: contrast drops out, so a dim sharp face stays sharp."""
    g = crop.astype(np.float32)
    inner = g[1:-1, 1:-1]
    laplacian = g[:-2, 1:-1] + g[2:, 1:-1] + g[1:-1, :-2] + g[1:-1, 2:] - 4 * inner
    return float((laplacian**2).mean() / (inner.var() + 25.0))


def _similarity(source: npt.NDArray[np.float64], target: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rotation, scale and shift; points as complex numbers make it one division."""
    s, t = source @ np.array([1, 1j]), target @ np.array([1, 1j])
    s0, t0 = s.mean(), t.mean()
    spread = max(float((np.abs(s - s0) ** 2).sum()), 1e-9)
    a = complex((np.conj(s - s0) * (t - t0)).sum()) / spread
    b = complex(t0 - a * s0)
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
