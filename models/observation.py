"""A face that was found as what the counter, the guide and the trainer look at: its aligned gray crop, quality and pose.

Imports cv2; only worker processes, command-line tools and tests use it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np

from models.geometry import CROP_PX, Real, alignment, pose_angles
from models.pipeline import Box, FaceObservation, FloatArray, GrayImage, RgbImage
from models.sharpness import sharpness_of


@dataclass(frozen=True, slots=True)
class Found:
    """A face as the landmarker gives it, in pixels of the frame."""

    points: FloatArray  # [478, 3]
    blendshapes: FloatArray  # [52]
    matrix: Real  # [4, 4]; its rotation, [3, 3], is enough


def observed(
    face: Found, frame: RgbImage, to_gray: int, crop_px: int = CROP_PX, margin: float = 0.0
) -> FaceObservation:
    """What a found face says, with its aligned crop out of uint8 [h, w, 3]."""
    height, width = frame.shape[:2]
    crop = aligned_crop(frame, face.points, crop_px, margin, to_gray)
    (left, top, _), (right, bottom, _) = face.points.min(0).tolist(), face.points.max(0).tolist()
    is_whole = min(left, top) >= 0 and right < width and bottom < height
    return FaceObservation(
        box=Box(left, top, right - left, bottom - top),
        landmarks=face.points,
        blendshapes=face.blendshapes,
        pose=pose_angles(face.matrix),
        sharpness=sharpness_of(crop),
        brightness=cv2.mean(crop)[0],
        inside=1.0 if is_whole else _share_inside(face.points, width, height),
        crop=crop,
    )


def _share_inside(points: FloatArray, width: int, height: int) -> float:
    flat = points[:, :2]
    return float(((flat >= 0) & (flat < (width, height))).all(1).mean())


def aligned_crop(
    frame: RgbImage,
    landmarks: FloatArray,
    side_px: int = CROP_PX,
    margin: float = 0.0,
    to_gray: int = cv2.COLOR_RGB2GRAY,
) -> GrayImage:
    """The face upright in `side_px` squared gray pixels, area-averaged first when it must shrink to half or less."""
    matrix = alignment(landmarks, side_px, margin)
    step = max(1, int(1 / max(math.hypot(matrix[0, 0], matrix[1, 0]), 1e-6)))
    gray, matrix = _under_crop(frame, to_gray, matrix, side_px, step)
    crop = cv2.warpAffine(gray, matrix, (side_px, side_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, dtype=np.uint8)


def _under_crop(frame: RgbImage, to_gray: int, matrix: Any, side_px: int, step: int) -> tuple[Any, Any]:
    """The part of the picture under the crop in gray, area-averaged by `step`, and the transform from there."""
    (a, b, c), (d, e, f) = _undone(matrix)
    ends = ((0, 0), (side_px, 0), (0, side_px), (side_px, side_px))
    left, right = _span([a * x + b * y + c for x, y in ends], frame.shape[1], step)
    top, bottom = _span([d * x + e * y + f for x, y in ends], frame.shape[0], step)
    if right - left < 2 * step or bottom - top < 2 * step:
        return cv2.cvtColor(frame, to_gray), matrix
    gray = cv2.cvtColor(frame[top:bottom, left:right], to_gray)
    if step > 1:
        gray = cv2.resize(gray, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    half = (step - 1) / 2  # centre of a small pixel among the `step` it averages
    x, y = left + half, top + half
    rows = ((a, b, a * x + b * y + c) for a, b, c in matrix.tolist())
    return gray, np.array([[a * step, b * step, shift] for a, b, shift in rows])


def _undone(matrix: Any) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """The similarity that leads back."""
    (a, b, c), (_, _, f) = matrix.tolist()
    a, b = a / (a * a + b * b), b / (a * a + b * b)
    return (a, -b, b * f - a * c), (b, a, -b * c - a * f)


def _span(ends: Sequence[float], limit: int, step: int) -> tuple[int, int]:
    """From where to where these lie within 0..`limit`, with a margin of one step, a whole number of steps long."""
    low = max(math.floor(min(ends)) - step, 0)
    high = min(math.ceil(max(ends)) + step, limit)
    return low, low + (high - low) // step * step
