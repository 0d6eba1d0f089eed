"""Follows one face with the landmark and blendshape networks alone, without MediaPipe's graph around them.

The steps, their constants and their order are those of that graph for a single face in a video (MediaPipe 1.2, FaceLandmarker);
a detector says where to begin. Imports ai_edge_litert and cv2; only the vision worker's process and tests use it.
"""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from models.face import Found, observed
from models.head_rotation import HeadRotation
from models.one_euro import OneEuro
from models.pipeline import BgrImage, FaceObservation, Floats
from models.spot import Spot, around
from models.task_file import BLENDSHAPES, GEOMETRY, LANDMARKS, part_of
from models.tflite_network import TfliteNetwork

_PRESENT = 0.0  # the logit of a half
_TO_SHARE = np.float32(1 / 255)
# fmt: off
_OF_BLENDSHAPES = [
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65, 66, 67, 70, 78, 80, 81, 82, 84, 87, 88,
    91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136, 144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162,
    163, 168, 172, 173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283, 284, 285, 288, 291,
    293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324, 332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375,
    377, 378, 379, 380, 381, 382, 384, 385, 386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471,
    472, 473, 474, 475, 476, 477,
]
# fmt: on

Find = Callable[[BgrImage], Spot | None]


class Follower:
    """Frames of one stream in, at most one face out: the surest that the detector finds, then that one until it is gone."""

    def __init__(self, task: Path, find: Find) -> None:
        """`task`: MediaPipe's landmarker file; `find` looks for a face anywhere. Frames are blue first."""
        self._marks = TfliteNetwork(part_of(task, LANDMARKS, is_blue_first=True))
        self._shapes = TfliteNetwork(part_of(task, BLENDSHAPES))
        self._rotation = HeadRotation(part_of(task, GEOMETRY))
        self._find = find
        self._filter = OneEuro()
        self._spot: Spot | None = None

    def close(self) -> None:
        """Forget the face."""
        self._spot = None

    def observe(self, frame: BgrImage, t_ms: int) -> list[FaceObservation]:
        """The face of uint8 [h, w, 3], or none; `t_ms` must grow from call to call."""
        points = self._look(frame)
        if points is None:
            self._filter, self._spot = OneEuro(), self._find(frame)
            points = self._look(frame)
        if points is None:
            self._spot = None
            return []
        self._spot, size = around(points)
        smooth = self._filter.smoothed(points, size, t_ms / 1000)
        self._shapes.given[0] = smooth[_OF_BLENDSHAPES, :2]
        (shapes,) = self._shapes.run()
        rotation = self._rotation.of(smooth, frame.shape[1], frame.shape[0])
        return [observed(Found(smooth.astype(np.float32), shapes, rotation), frame, cv2.COLOR_BGR2GRAY)]

    def _look(self, frame: BgrImage) -> Floats | None:
        """The points of the face at the spot, in pixels of the frame; None: there is no spot, or no face there."""
        crop = self._spot.crop(frame) if self._spot else None
        if self._spot is None or crop is None:
            return None
        np.multiply(crop, _TO_SHARE, out=self._marks.given[0])
        marks, presence, *_ = self._marks.run()
        return self._spot.in_frame(marks, frame.shape) if presence[0] > _PRESENT else None
