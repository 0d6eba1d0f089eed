"""MediaPipe's own FaceLandmarker and FaceDetector as a peer: what their graphs say of the pictures that our own running of their networks reads."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
import pytest

from models.observation import Found
from models.pipeline import RgbImage

if platform.machine() == "aarch64" and "atomics" not in Path("/proc/cpuinfo").read_text(encoding="utf-8"):
    pytest.skip("MediaPipe's wheel needs ARMv8.1: on a Raspberry Pi 4 it ends the process", allow_module_level=True)

import mediapipe as mp
from mediapipe.tasks.python import BaseOptions, vision

TASK = "face_landmarker.task"
Find = Callable[[str], Path]


@dataclass(frozen=True, slots=True)
class Detected:
    """Box from the upper left corner and both eyes, in pixels."""

    score: float
    box: tuple[float, float, float, float]
    eyes: npt.NDArray[np.float64]  # [2, 2]


class PeerLandmarker:
    """Frames red first. Of a video when `is_video`."""

    def __init__(self, task: Path, max_faces: int, at_least: float = 0.5, *, is_video: bool = False) -> None:
        self._is_video = is_video
        self._task = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(
                base_options=BaseOptions(model_asset_path=str(task)),
                running_mode=vision.RunningMode.VIDEO if is_video else vision.RunningMode.IMAGE,
                num_faces=max_faces,
                min_face_detection_confidence=at_least,
                min_face_presence_confidence=at_least,
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
            )
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.close()

    def faces(self, frame_rgb: RgbImage, t_ms: int = 0) -> list[Found]:
        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(frame_rgb))
        result = self._task.detect_for_video(image, t_ms) if self._is_video else self._task.detect(image)
        height, width = frame_rgb.shape[:2]
        return [
            Found(
                np.array([(mark.x * width, mark.y * height, mark.z * width) for mark in marks], np.float32),
                np.array([shape.score for shape in shapes], np.float32),
                matrix,
            )
            for marks, shapes, matrix in zip(
                result.face_landmarks, result.face_blendshapes, result.facial_transformation_matrixes, strict=True
            )
        ]


def detected(network: bytes, frame_rgb: RgbImage, at_least: float = 0.5) -> list[Detected]:
    """What MediaPipe's FaceDetector finds, surest first."""
    options = vision.FaceDetectorOptions(
        base_options=BaseOptions(model_asset_buffer=network), min_detection_confidence=at_least
    )
    with vision.FaceDetector.create_from_options(options) as detector:
        found = detector.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(frame_rgb)))
    height, width = frame_rgb.shape[:2]
    return [
        Detected(
            one.categories[0].score,
            (one.bounding_box.origin_x, one.bounding_box.origin_y, one.bounding_box.width, one.bounding_box.height),
            np.array([(eye.x * width, eye.y * height) for eye in one.keypoints[:2]]),
        )
        for one in found.detections
    ]
