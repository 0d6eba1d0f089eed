"""Faces in a frame: MediaPipe's landmarker, the aligned crop, and the whole way from a frame to readings.

Imports cv2, mediapipe and onnxruntime; only worker processes, command-line tools and tests import it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

import cv2
import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

from models.expression import ExpressionModel
from models.geometry import CROP_PX, alignment, pose_angles, sharpness_of
from models.landmark_arrays import FaceArrays, use_arrays
from models.pipeline import (
    STILL_GATE,
    Box,
    FaceObservation,
    FaceReading,
    FloatArray,
    GrayImage,
    QualityGate,
    RgbImage,
    WhyNot,
    judge,
    read,
    refuse,
)

use_arrays()

Mode = Literal["video", "image"]

_SURE = 0.5
_LENIENT = 0.25
# A face that fills its picture is found only with some background around it: borders to try, as shares of the side.
_BORDERS = (0.25, 0.6, 0.15, 1.0)
_ENLARGE_TO_PX = 256
_AS_IT_IS_FROM_PX = 160


class FaceReader:
    """Frames in, readings out. One reader a stream: video mode remembers faces from frame to frame."""

    def __init__(
        self,
        landmarker_path: Path,
        mode: Mode = "video",
        max_faces: int = 4,
        gate: QualityGate | None = None,
        model: ExpressionModel | None = None,
    ) -> None:
        """Default gate: the counter's for video, the lenient one for single images."""
        self.gate = gate or (QualityGate() if mode == "video" else STILL_GATE)
        self.model = model or ExpressionModel()
        self._landmarker = Landmarker(landmarker_path, mode, max_faces)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the native graph; the reader is of no use afterwards."""
        self._landmarker.close()

    def read(self, frame_rgb: RgbImage, t_ms: int = 0) -> list[FaceReading]:
        """Every face of uint8 [h, w, 3], largest first; in video mode `t_ms` must grow from call to call."""
        seen = self._landmarker.observe(frame_rgb, t_ms)
        return sorted((self._read_one(one) for one in seen), key=lambda r: -r.box.w * r.box.h)

    def _read_one(self, seen: FaceObservation) -> FaceReading:
        if why := judge(seen, self.gate):
            return refuse(seen, why)
        looked = self.model.look(seen.crop)
        if looked.hidden > self.gate.max_hidden:
            return refuse(seen, WhyNot.HALF_HIDDEN)
        return read(seen, looked.emotions, self.model.head)


class Landmarker:
    """MediaPipe FaceLandmarker: frame in, observations out."""

    def __init__(self, model: Path, mode: Mode = "video", max_faces: int = 4) -> None:
        if not model.is_file():
            raise FileNotFoundError(f"{model}: no face landmarker here; `motcua models pull` fetches it")
        self._sure = _task(model, mode, max_faces, _SURE)
        self._lenient = _task(model, mode, max_faces, _LENIENT) if mode == "image" else None
        self._last_ms = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the native graphs."""
        self._sure.close()
        if self._lenient:
            self._lenient.close()

    def observe(
        self, frame_rgb: RgbImage, t_ms: int = 0, crop_px: int = CROP_PX, margin: float = 0.0
    ) -> list[FaceObservation]:
        """Every face of the frame; a single image is tried again with borders when nothing is found."""
        gray: GrayImage = np.asarray(cv2.cvtColor(frame_rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        return [_observation(face, gray, crop_px, margin) for face in self._faces(frame_rgb, t_ms)]

    def _faces(self, frame: RgbImage, t_ms: int) -> list["_Found"]:
        if self._lenient is None:
            self._last_ms = max(t_ms, self._last_ms + 1)
            return _found(self._sure.detect_for_video(_mp_image(frame), self._last_ms), _View(frame))
        if min(frame.shape[:2]) >= _AS_IT_IS_FROM_PX:
            faces = _found(self._sure.detect(_mp_image(frame)), _View(frame))
            if faces:
                return faces
        tries = (_found(self._lenient.detect(_mp_image(view.picture)), view) for view in _bordered(frame))
        return next((faces for faces in tries if faces), [])


def aligned_crop(gray: GrayImage, landmarks: FloatArray, side_px: int = CROP_PX, margin: float = 0.0) -> GrayImage:
    """The face upright in `side_px` squared gray pixels, area-averaged first when it must shrink to half or less."""
    matrix = alignment(landmarks, side_px, margin)
    step = int(1 / max(math.hypot(matrix[0, 0], matrix[1, 0]), 1e-6))
    if step > 1:
        gray, matrix = _shrunk(gray, matrix, side_px, step)
    crop = cv2.warpAffine(gray, matrix, (side_px, side_px), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(crop, dtype=np.uint8)


@dataclass(frozen=True, slots=True)
class _Found:
    """A face as the landmarker gives it, in pixels of the frame."""

    points: FloatArray  # [478, 3]
    blendshapes: FloatArray  # [52]
    matrix: FloatArray  # [4, 4]


@dataclass(frozen=True, slots=True)
class _View:
    """A picture derived from the frame: frame pixel = (view pixel - border) / scale."""

    picture: RgbImage
    border_px: int = 0
    scale: float = 1.0


def _bordered(frame: RgbImage) -> Iterator[_View]:
    scale = max(1.0, _ENLARGE_TO_PX / max(frame.shape[:2]))
    big = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale > 1 else frame
    for share in _BORDERS:
        pad = round(share * max(big.shape[:2]))
        wide = cv2.copyMakeBorder(big, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        yield _View(np.asarray(wide, dtype=np.uint8), pad, scale)


def _shrunk(gray: GrayImage, matrix: Any, side_px: int, step: int) -> tuple[GrayImage, Any]:
    """The part of the picture under the crop, area-averaged by `step`, and the transform from there."""
    inverse = cv2.invertAffineTransform(matrix)
    corners = np.array([[0, 0, 1], [side_px, 0, 1], [0, side_px, 1], [side_px, side_px, 1]]) @ inverse.T
    x0, y0 = np.maximum(np.floor(corners.min(0)).astype(int) - step, 0)
    limit = np.minimum(np.ceil(corners.max(0)).astype(int) + step, gray.shape[::-1])
    w, h = (limit - (x0, y0)) // step * step
    if w < 2 * step or h < 2 * step:
        return gray, matrix
    small = cv2.resize(gray[y0 : y0 + h, x0 : x0 + w], None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    half = (step - 1) / 2  # centre of a small pixel among the `step` it averages
    return np.asarray(small, dtype=np.uint8), matrix @ np.array([[step, 0, x0 + half], [0, step, y0 + half], [0, 0, 1]])


def _task(model: Path, mode: Mode, max_faces: int, confidence: float) -> Any:
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)),
        running_mode=vision.RunningMode.VIDEO if mode == "video" else vision.RunningMode.IMAGE,
        num_faces=max_faces,
        min_face_detection_confidence=confidence,
        min_face_presence_confidence=confidence,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    return vision.FaceLandmarker.create_from_options(options)


def _mp_image(frame_rgb: RgbImage) -> Any:
    return mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(frame_rgb))


def _found(result: FaceArrays, view: _View) -> list[_Found]:
    h, w = view.picture.shape[:2]
    faces = []
    for marks, shapes, matrix in zip(
        result.face_landmarks, result.face_blendshapes, result.facial_transformation_matrixes, strict=True
    ):
        points = (marks * np.array([w, h, w], dtype=np.float64)).astype(np.float32)
        points[:, :2] -= view.border_px
        faces.append(_Found(points / view.scale, shapes, np.asarray(matrix, np.float32)))
    return faces


def _observation(face: _Found, gray: GrayImage, crop_px: int, margin: float) -> FaceObservation:
    flat = face.points[:, :2]
    low, high = flat.min(0), flat.max(0)
    inside = ((flat >= 0) & (flat < gray.shape[::-1])).all(1).mean()
    crop = aligned_crop(gray, face.points, crop_px, margin)
    return FaceObservation(
        box=Box(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])),
        landmarks=face.points,
        blendshapes=face.blendshapes,
        pose=pose_angles(face.matrix),
        sharpness=sharpness_of(crop),
        brightness=float(crop.mean()),
        inside=float(inside),
        crop=crop,
    )
