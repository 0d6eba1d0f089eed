"""Faces in a frame: MediaPipe's landmarker, the aligned crop, and the whole way from a frame to readings.

Imports cv2, mediapipe and onnxruntime; only worker processes, command-line tools and tests import it.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Self

import cv2
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

from models.cadence import Cadence
from models.expression import ExpressionModel, NetworkOutput
from models.geometry import CROP_PX, Real, alignment, pose_angles
from models.landmark_arrays import FaceArrays, LandmarkerCalls
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
from models.sharpness import sharpness_of
from models.task_file import changed_task

Mode = Literal["video", "image"]

_CONFIDENCES: Mapping[Mode, Sequence[float]] = {"video": (0.5,), "image": (0.5, 0.25)}  # the second is lenient
# A face that fills its picture is found only with some background around it: borders to try, as shares of the side.
_BORDERS = (0.25, 0.6, 0.15, 1.0)
_ENLARGE_TO_PX = 256
_AS_IT_IS_FROM_PX = 160


class Observer(Protocol):
    """Frames of one stream in, what is seen of faces out."""

    def observe(self, frame: RgbImage, t_ms: int) -> list[FaceObservation]: ...
    def close(self) -> None: ...


class FaceReader:
    """Frames in, readings out. One reader a stream: video mode remembers faces from frame to frame."""

    def __init__(
        self,
        landmarker_path: Path,
        mode: Mode = "video",
        max_faces: int = 4,
        gate: QualityGate | None = None,
        model: ExpressionModel | None = None,
        *,
        is_blue_first: bool = False,
        follower: Observer | None = None,
    ) -> None:
        """Default gate: the counter's for video, the lenient one for single images. `is_blue_first`: see Landmarker.

        `follower` takes the landmarker's place.
        """
        self.gate = gate or (QualityGate() if mode == "video" else STILL_GATE)
        self.model = model or ExpressionModel()
        self._observer = follower or Landmarker(landmarker_path, mode, max_faces, is_blue_first=is_blue_first)
        self._is_video = mode == "video"
        self._cadence: Cadence[NetworkOutput] = Cadence()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the native graph; the reader is of no use afterwards."""
        self._observer.close()

    def read(self, frame: RgbImage, t_ms: int = 0) -> list[FaceReading]:
        """Every face of uint8 [h, w, 3], largest first; in video mode `t_ms` must grow from call to call."""
        seen = self._observer.observe(frame, t_ms)
        return sorted((self._read_one(one, t_ms) for one in seen), key=lambda r: -r.box.w * r.box.h)

    def _read_one(self, seen: FaceObservation, t_ms: int) -> FaceReading:
        if why := judge(seen, self.gate):
            return refuse(seen, why)
        looked = self._glanced(seen, t_ms) if self._is_video else self.model.look(seen.crop)
        if looked.hidden > self.gate.max_hidden:
            return refuse(seen, WhyNot.HALF_HIDDEN)
        return read(seen, looked.emotions, self.model.head)

    def _glanced(self, seen: FaceObservation, t_ms: int) -> NetworkOutput:
        """What the network says, or said lately of a face that has not moved since; a hidden face is asked about again."""
        held = self._cadence.held(seen, t_ms)
        if held is not None:
            return held
        looked = self.model.glance(seen.crop, is_mirrored=self._cadence.is_mirrored(t_ms))
        if looked.hidden <= self.gate.max_hidden:
            self._cadence.hold(seen, t_ms, looked)
        return looked


class Landmarker:
    """MediaPipe FaceLandmarker: frame in, observations out.

    Frames are red first, or blue first as cameras hand them over: a worker that says so need not turn every one round.
    """

    def __init__(self, model: Path, mode: Mode = "video", max_faces: int = 4, *, is_blue_first: bool = False) -> None:
        if not model.is_file():
            raise FileNotFoundError(f"{model}: no face landmarker here; `motcua models pull` fetches it")
        network = changed_task(model, is_blue_first=is_blue_first)
        self._tasks = [_task(network, mode, max_faces, at_least) for at_least in _CONFIDENCES[mode]]
        self._sure, *lenient = (LandmarkerCalls(task) for task in self._tasks)
        self._lenient = lenient[0] if lenient else None
        self._to_gray = cv2.COLOR_BGR2GRAY if is_blue_first else cv2.COLOR_RGB2GRAY
        self._last_ms = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the native graphs."""
        for task in self._tasks:
            task.close()

    def observe(
        self, frame: RgbImage, t_ms: int = 0, crop_px: int = CROP_PX, margin: float = 0.0
    ) -> list[FaceObservation]:
        """Every face of the frame; a single image is tried again with borders when nothing is found."""
        return [observed(face, frame, self._to_gray, crop_px, margin) for face in self._faces(frame, t_ms)]

    def _faces(self, frame: RgbImage, t_ms: int) -> list["Found"]:
        if self._lenient is None:
            self._last_ms = max(t_ms, self._last_ms + 1)
            return _found(self._sure.detect_for_video(frame, self._last_ms), _View(frame))
        if min(frame.shape[:2]) >= _AS_IT_IS_FROM_PX:
            faces = _found(self._sure.detect(frame), _View(frame))
            if faces:
                return faces
        tries = (_found(self._lenient.detect(view.picture), view) for view in _bordered(frame))
        return next((faces for faces in tries if faces), [])


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


@dataclass(frozen=True, slots=True)
class Found:
    """A face as the landmarker gives it, in pixels of the frame."""

    points: FloatArray  # [478, 3]
    blendshapes: FloatArray  # [52]
    matrix: Real  # [4, 4]; its rotation, [3, 3], is enough


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


def _task(network: bytes, mode: Mode, max_faces: int, confidence: float) -> vision.FaceLandmarker:
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_buffer=network),
        running_mode=vision.RunningMode.VIDEO if mode == "video" else vision.RunningMode.IMAGE,
        num_faces=max_faces,
        min_face_detection_confidence=confidence,
        min_face_presence_confidence=confidence,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    return vision.FaceLandmarker.create_from_options(options)


def _found(result: FaceArrays, view: _View) -> list[Found]:
    h, w = view.picture.shape[:2]
    pixels = np.array([w, h, w], np.float64)
    faces = []
    for marks, shapes, matrix in zip(
        result.face_landmarks, result.face_blendshapes, result.facial_transformation_matrixes, strict=True
    ):
        points = np.multiply(marks, pixels, dtype=np.float64).astype(np.float32)
        if view.border_px:
            points[:, :2] -= view.border_px
            points /= view.scale
        faces.append(Found(points, shapes, matrix))
    return faces


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
