"""The part of a frame in which the landmark network looks for a face, and its picture there. Pure but for OpenCV's arithmetic."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import atan2, ceil, cos, floor, hypot, sin

import cv2
import numpy as np
import numpy.typing as npt

from models.pipeline import BgrImage, Floats

SIDE_PX = 256
"""Of the picture that the landmark network sees."""

POINTS = 478
AROUND = 1.5
"""Side of the part looked at to the longer side of the face in it."""

_EYES = [33, 263]  # outer corners


@dataclass(frozen=True, slots=True)
class Spot:
    """A square part of a frame: its middle and side in pixels, how far it is turned to the right in radians."""

    x: float
    y: float
    side: float
    turn: float

    def crop(self, frame: BgrImage) -> BgrImage | None:
        """uint8 [256, 256, 3] upright; None when it lies outside the frame. Beyond an edge the edge goes on."""
        reach = (abs(cos(self.turn)) + abs(sin(self.turn))) * self.side / 2
        left, right = max(0, floor(self.x - reach) - 1), min(frame.shape[1], ceil(self.x + reach) + 2)
        top, bottom = max(0, floor(self.y - reach) - 1), min(frame.shape[0], ceil(self.y + reach) + 2)
        if left >= right or top >= bottom:
            return None
        # OpenCV turns four channels in a third of the time that three take it, copies included.
        four = cv2.cvtColor(frame[top:bottom, left:right], cv2.COLOR_BGR2BGRA)
        (a, b, x), (c, d, y) = self._rows
        turned = cv2.warpAffine(
            four,
            np.array([[a, b, x - left], [c, d, y - top]]),
            (SIDE_PX, SIDE_PX),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return np.asarray(cv2.cvtColor(turned, cv2.COLOR_BGRA2BGR), np.uint8)

    def in_frame(self, marks: npt.NDArray[np.float32], shape: Sequence[int]) -> Floats:
        """[478, 3] in pixels of a frame of this shape from numbers in pixels of the crop."""
        (a, b, x), (c, d, y) = self._rows
        # MediaPipe measures depth along the spot's upper edge as a share of the frame's width, in a frame it takes for square.
        turn = np.array([[a, c, 0.0], [b, d, 0.0], [0.0, 0.0, hypot(a, c * shape[1] / shape[0])]])
        return np.asarray(marks.reshape(POINTS, 3) @ turn + (x, y, 0.0))

    def is_of(self, other: "Spot", share: float) -> bool:
        """Whether both are of one face: their middles lie nearer than this share of the smaller face's size."""
        return hypot(self.x - other.x, self.y - other.y) < share * min(self.side, other.side) / AROUND

    @property
    def _rows(self) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """From pixels of the crop to pixels of the frame; the corner 0, 0 is a corner of the spot, as MediaPipe has it."""
        scale, half = self.side / SIDE_PX, SIDE_PX / 2
        c, s = cos(self.turn) * scale, sin(self.turn) * scale
        return (c, -s, self.x + (s - c) * half), (s, c, self.y - (s + c) * half)


def around(points: Floats) -> tuple[Spot, float]:
    """Where to look in the next frame for the face with these points [478, 3], and its size in pixels."""
    (left, top, _), (right, bottom, _) = points.min(0).tolist(), points.max(0).tolist()
    (ax, ay, _), (bx, by, _) = points[_EYES].tolist()
    width, height = right - left, bottom - top
    side = AROUND * max(width, height)
    return Spot((left + right) / 2, (top + bottom) / 2, side, atan2(by - ay, bx - ax)), (width + height) / 2
