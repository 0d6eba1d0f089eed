"""What MediaPipe's networks say of one face at a given spot of a frame: 478 points, 52 blendshapes, how the head is turned.

The steps, their constants and their order are those of MediaPipe's FaceLandmarker (1.2). Its wheel for ARM needs a processor of
ARMv8.1, which a Raspberry Pi 4 is not; LiteRT runs the same networks everywhere. Imports ai_edge_litert and cv2.
"""

from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Self

import numpy as np

from models.face_detector import FaceDetector
from models.head_rotation import HeadRotation
from models.observation import Found
from models.pipeline import Floats, RgbImage
from models.spot import Spot
from models.task_file import BLENDSHAPES, GEOMETRY, LANDMARKS, part_of
from models.tflite_network import TfliteNetwork

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


class FaceMesh:
    """The landmark and blendshape networks and the canonical face. One thread; remembers nothing."""

    def __init__(self, task: Path, *, is_blue_first: bool = False) -> None:
        """`task`: MediaPipe's landmarker file. `is_blue_first`: frames come as cameras hand them over, not red first."""
        self._marks = TfliteNetwork(part_of(task, LANDMARKS, is_blue_first=is_blue_first))
        self._shapes = TfliteNetwork(part_of(task, BLENDSHAPES))
        self._rotation = HeadRotation(part_of(task, GEOMETRY))

    def points(self, frame: RgbImage, spot: Spot, at_least: float = 0.5) -> Floats | None:
        """[478, 3] in pixels of uint8 [h, w, 3]; None when the network is less sure that a face is there."""
        crop = spot.crop(frame)
        if crop is None:
            return None
        np.multiply(crop, _TO_SHARE, out=self._marks.given[0])
        marks, presence, *_ = self._marks.run()
        return spot.in_frame(marks, frame.shape) if presence[0] > log(at_least / (1 - at_least)) else None

    def face(self, points: Floats, frame: RgbImage) -> Found:
        """What these points of a face show."""
        self._shapes.given[0] = points[_OF_BLENDSHAPES, :2]
        (shapes,) = self._shapes.run()
        return Found(points.astype(np.float32), shapes, self._rotation.of(points, frame.shape[1], frame.shape[0]))


@dataclass(frozen=True, slots=True)
class FaceNetworks:
    """Everything out of one landmarker file; may be shared by all who work in one thread."""

    detector: FaceDetector
    mesh: FaceMesh
    is_blue_first: bool

    @classmethod
    def load(cls, task: Path, *, is_blue_first: bool = False) -> Self:
        """Raise FileNotFoundError; `is_blue_first`: frames come as cameras hand them over, not red first."""
        if not task.is_file():
            raise FileNotFoundError(f"{task}: no face landmarker here; `motcua models pull` fetches it")
        detector = FaceDetector(task, is_blue_first=is_blue_first)
        return cls(detector, FaceMesh(task, is_blue_first=is_blue_first), is_blue_first)
