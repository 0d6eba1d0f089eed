"""How many faces a frame shows and where, by the detector that lies inside MediaPipe's landmarker file; no landmarks, little memory.

Imports mediapipe; only the camera workers' processes and tests use it.
"""

from math import atan2
from pathlib import Path
from types import TracebackType
from typing import Self

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

from models.pipeline import Box, RgbImage
from models.spot import AROUND, Spot
from models.task_file import DETECTOR, part_of

_SURE = 0.5


class FaceCounter:
    """A context manager around the detector."""

    def __init__(self, landmarker_path: Path, *, is_blue_first: bool = False) -> None:
        """`is_blue_first`: frames come as cameras hand them over, not red first."""
        network = part_of(landmarker_path, DETECTOR, is_blue_first=is_blue_first)
        options = vision.FaceDetectorOptions(
            base_options=BaseOptions(model_asset_buffer=network),
            running_mode=vision.RunningMode.IMAGE,
            min_detection_confidence=_SURE,
        )
        self._detector = vision.FaceDetector.create_from_options(options)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._detector.close()

    def count(self, frame_rgb: RgbImage) -> int:
        """Faces in uint8 [h, w, 3]."""
        return len(self._detect(frame_rgb).detections)

    def boxes(self, frame_rgb: RgbImage) -> list[Box]:
        """Where they are, in pixels, largest first."""
        found = [found.bounding_box for found in self._detect(frame_rgb).detections]
        boxes = [Box(box.origin_x, box.origin_y, box.width, box.height) for box in found]
        return sorted(boxes, key=lambda box: -box.w * box.h)

    def find(self, frame: RgbImage) -> Spot | None:
        """Where the landmark network should look for the surest face."""
        found = self._detect(frame).detections
        if not found:
            return None
        box, eyes = found[0].bounding_box, found[0].keypoints[:2]
        (ax, ay), (bx, by) = ((eye.x * frame.shape[1], eye.y * frame.shape[0]) for eye in eyes)
        side = AROUND * max(box.width, box.height)
        return Spot(box.origin_x + box.width / 2, box.origin_y + box.height / 2, side, atan2(by - ay, bx - ax))

    def _detect(self, frame_rgb: RgbImage) -> vision.FaceDetectorResult:
        return self._detector.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(frame_rgb)))
