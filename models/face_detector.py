"""Where the faces of a frame are: the short-range BlazeFace network that lies inside MediaPipe's landmarker file.

Anchors, decoding and suppression are those of MediaPipe's face detector (face_detector_graph.cc and its calculators, MediaPipe
1.2; BlazeFace: Bazarevsky et al., 2019). Imports cv2 and ai_edge_litert; only the camera workers' processes, tools and tests use it.
"""

from dataclasses import dataclass
from math import atan2
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from models.pipeline import Box, RgbImage
from models.spot import AROUND, Spot
from models.task_file import DETECTOR, part_of
from models.tflite_network import TfliteNetwork

SURE = 0.5

_SIDE_PX = 128
"""Of the picture that the network sees: the whole frame, black where it is not square."""
_CELLS = (
    (16, 2),
    (8, 6),
)  # cells a side of the network's two maps, and how many anchors stand in the middle of each cell
_OVERLAP = 0.3  # intersection over union from which two answers are one face
_LAST_LOGIT = 100.0  # e to the power of more is no float any more

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Detection:
    """A face in pixels of the frame: the box around it from brow to chin, and both eyes, the person's right one first."""

    score: float
    box: Box
    eyes: tuple[tuple[float, float], tuple[float, float]]

    @property
    def spot(self) -> Spot:
        """Where the landmark network should look for it."""
        (ax, ay), (bx, by) = self.eyes
        middle = self.box.x + self.box.w / 2, self.box.y + self.box.h / 2
        return Spot(*middle, AROUND * max(self.box.w, self.box.h), atan2(by - ay, bx - ax))


class FaceDetector:
    """One loaded network; each frame is looked at for itself."""

    def __init__(self, task: Path, *, is_blue_first: bool = False) -> None:
        """`task`: MediaPipe's landmarker file. `is_blue_first`: frames come as cameras hand them over, not red first."""
        self._network = TfliteNetwork(part_of(task, DETECTOR, is_blue_first=is_blue_first))
        self._anchors = _anchors()

    def count(self, frame: RgbImage) -> int:
        """Faces in uint8 [h, w, 3]."""
        return len(self.detect(frame))

    def boxes(self, frame: RgbImage) -> list[Box]:
        """Where they are, in pixels, largest first."""
        return sorted((one.box for one in self.detect(frame)), key=lambda box: -box.w * box.h)

    def detect(self, frame: RgbImage, at_least: float = SURE) -> list[Detection]:
        """Every face that the network is so sure of, 0..1, surest first."""
        height, width = frame.shape[:2]
        side = max(height, width)
        corner = (width - side) / 2, (height - side) / 2
        np.multiply(_squared(frame, corner, side), 2 / 255, out=self._network.given[0])
        self._network.given[0] -= 1
        places, logits = self._network.run()
        scores = 1 / (1 + np.exp(-np.clip(logits.astype(np.float64), -_LAST_LOGIT, _LAST_LOGIT)))
        likely = scores >= at_least
        corners, eyes = self._decoded(places.reshape(len(scores), -1)[likely], likely)
        return [
            _in_frame(score, one, both, corner, side) for score, one, both in _suppressed(scores[likely], corners, eyes)
        ]

    def _decoded(self, places: npt.NDArray[np.float32], likely: npt.NDArray[np.bool_]) -> tuple[Numbers, Numbers]:
        """Left, top, right, bottom [n, 4] and x, y of both eyes [n, 4], as shares of the square."""
        anchors, shares = self._anchors[likely], places.astype(np.float64) / _SIDE_PX
        middle, half = anchors + shares[:, :2], shares[:, 2:4] / 2
        return np.hstack([middle - half, middle + half]), np.hstack([anchors, anchors]) + shares[:, 4:8]


def _anchors() -> Numbers:
    """[896, 2], in the order of the network's answers."""
    grids = []
    for cells, a_cell in _CELLS:
        row, column = np.divmod(np.arange(cells * cells), cells)
        grids.append(np.repeat((np.stack([column, row], axis=1) + 0.5) / cells, a_cell, axis=0))
    return np.concatenate(grids)


def _squared(frame: RgbImage, corner: tuple[float, float], side: float) -> RgbImage:
    scale = side / _SIDE_PX
    rows = np.array([[scale, 0, corner[0]], [0, scale, corner[1]]])
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(frame, rows, (_SIDE_PX, _SIDE_PX), flags=how), np.uint8)


def _suppressed(scores: Numbers, corners: Numbers, eyes: Numbers) -> list[tuple[float, Numbers, Numbers]]:
    """One answer a face, surest first: the mean of all that overlap the surest, weighted by how sure they are."""
    left = np.argsort(-scores, kind="stable")
    found = []
    while len(left):
        is_same = _overlap(corners[left], corners[left[0]]) > _OVERLAP
        is_same[0] = True
        same, weights = left[is_same], scores[left[is_same]]
        found.append((float(weights[0]), weights @ corners[same] / weights.sum(), weights @ eyes[same] / weights.sum()))
        left = left[~is_same]
    return found


def _overlap(several: Numbers, one: Numbers) -> Numbers:
    """Intersection over union of each with one, 0..1."""
    shared = np.clip(np.minimum(several[:, 2:], one[2:]) - np.maximum(several[:, :2], one[:2]), 0, None).prod(1)
    areas, area = (several[:, 2:] - several[:, :2]).prod(1), (one[2:] - one[:2]).prod()
    return np.asarray(shared / np.maximum(areas + area - shared, 1e-12))


def _in_frame(score: float, corners: Numbers, eyes: Numbers, corner: tuple[float, float], side: float) -> Detection:
    x, y = corner
    left, top, right, bottom = (corners * side).tolist()
    ax, ay, bx, by = (eyes * side).tolist()
    return Detection(score, Box(x + left, y + top, right - left, bottom - top), ((x + ax, y + ay), (x + bx, y + by)))
