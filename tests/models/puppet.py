"""A photograph that does as it is told: its 478 landmarks turned in space, its lids and lips moved, the picture drawn along.

Test-only: a stand-in for somebody who does what is asked, made of one real frontal photograph. It is an attack, too, a puppet
worked out while it is asked; models/README.md says what comes of it.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from models.pipeline import FloatArray, RgbImage

Points = npt.NDArray[np.float64]

_OVAL = [10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150, 136,
         172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109]  # fmt: skip
# Each upper lid's points over the point of the lower lid that they meet, the lids' own row and the two rows above it.
_LIDS = [(161, 163), (160, 144), (159, 145), (158, 153), (157, 154), (173, 155), (246, 7), (388, 390), (387, 373), (386, 374),
         (385, 380), (384, 381), (398, 382), (466, 249)]  # fmt: skip
_INNER_UPPER = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308]
_INNER_LOWER = [308, 324, 318, 402, 317, 14, 87, 178, 88, 95, 78]
_TIP, _CHIN = 1, 152
_AROUND = 1.45  # the hair, which turns along; beyond it the picture stays
_MOUTH = (40, 18, 22)


@dataclass(frozen=True, slots=True)
class Pose:
    """Degrees to the person's own left; 0 open .. 1 closed; 0 closed .. 1 open."""

    yaw: float = 0.0
    closed: float = 0.0
    mouth: float = 0.0


class Puppet:
    """One photograph of one face, looking into the camera with its mouth closed; `landmarks` [478, 3] in its pixels."""

    def __init__(self, photograph: RgbImage, landmarks: FloatArray) -> None:
        self._photograph = photograph
        self._face = np.asarray(landmarks[:468], np.float64)
        height, width = photograph.shape[:2]
        middle = self._face[_OVAL].mean(0)
        hair = middle + (self._face[_OVAL] - middle) * _AROUND
        steps = np.linspace(0, 1, 6)
        edge = [(x * (width - 1), y * (height - 1), 0.0) for x in steps for y in steps if {x, y} & {0.0, 1.0}]
        inside = (hair[:, :2] > 1).all(1) & (hair[:, :2] < (width - 2, height - 2)).all(1)
        self._solid = np.vstack([self._face, hair[inside], np.array(edge)])
        self._still = len(self._solid) - len(edge)
        self._triangles = _triangles(self._solid[:, :2], width, height)

    def frame(self, pose: Pose) -> RgbImage:
        """The photograph in this pose."""
        there = self._posed(pose)
        drawn = self._photograph.copy()
        order = np.argsort([-there[list(one), 2].mean() for one in self._triangles])
        for place in order:
            _draw(self._photograph, drawn, self._solid, there, self._triangles[place])
        if pose.mouth > 0:
            hole = there[_INNER_UPPER + _INNER_LOWER, :2]
            cv2.fillPoly(drawn, [np.round(hole).astype(np.int32)], _MOUTH, cv2.LINE_AA)
        return drawn

    def _posed(self, pose: Pose) -> Points:
        solid = self._solid.copy()
        for upper, lower in _LIDS:
            solid[upper] += (solid[lower] - solid[upper]) * pose.closed
        self._open_mouth(solid, pose.mouth)
        return self._turned(solid, pose.yaw)

    def _open_mouth(self, solid: Points, amount: float) -> None:
        """What lies under the lips' line goes down, the chin most."""
        line, chin = solid[[13, 14], 1].mean(), self._face[_CHIN, 1]
        tall = chin - line
        for place in range(468):
            under = (solid[place, 1] - line) / tall
            is_lower = place in _INNER_LOWER[1:-1] or under > 0.02
            if is_lower and place not in _INNER_UPPER:
                solid[place, 1] += amount * 0.45 * tall * min(1.0, 0.8 + 0.2 * under)

    def _turned(self, solid: Points, yaw: float) -> Points:
        """About an axis behind the face; what is at the picture's edge stays."""
        a = math.radians(yaw)
        width = float(np.ptp(self._face[:, 0]))
        axis = np.array([self._face[_OVAL, 0].mean(), 0.0, self._face[_OVAL, 2].mean() + 0.25 * width])
        turned = solid - axis
        x, z = turned[:, 0].copy(), turned[:, 2].copy()
        turned[:, 0], turned[:, 2] = x * math.cos(a) - z * math.sin(a), z * math.cos(a) + x * math.sin(a)
        turned += axis
        turned[self._still :] = solid[self._still :]
        return np.asarray(turned, np.float64)


def _triangles(points: Points, width: int, height: int) -> list[tuple[int, int, int]]:
    net = cv2.Subdiv2D((0, 0, width, height))
    places: dict[tuple[float, float], int] = {}
    for place, (x, y) in enumerate(points):
        at = (float(np.float32(min(max(x, 0), width - 1e-3))), float(np.float32(min(max(y, 0), height - 1e-3))))
        net.insert(at)
        places.setdefault((round(at[0], 2), round(at[1], 2)), place)
    found = []
    for corners in np.asarray(net.getTriangleList()).reshape(-1, 3, 2):
        three = [places.get((round(float(x), 2), round(float(y), 2))) for x, y in corners]
        if None not in three:
            found.append((int(three[0] or 0), int(three[1] or 0), int(three[2] or 0)))
    return found


def _draw(photograph: RgbImage, drawn: RgbImage, here: Points, there: Points, triangle: tuple[int, int, int]) -> None:
    """One triangle; one that turned its back is not seen."""
    source, target = here[list(triangle), :2].astype(np.float32), there[list(triangle), :2].astype(np.float32)
    if np.allclose(source, target, atol=0.05) or _area(source) * _area(target) <= 0:
        return
    left, top = np.floor(target.min(0)).astype(int).clip(0)
    right = min(int(np.ceil(target[:, 0].max())) + 1, drawn.shape[1])
    bottom = min(int(np.ceil(target[:, 1].max())) + 1, drawn.shape[0])
    if right <= left or bottom <= top:
        return
    x, y = (np.floor(source.min(0)).astype(int) - 1).clip(0)
    under = photograph[y : int(source[:, 1].max()) + 3, x : int(source[:, 0].max()) + 3]
    here_px, there_px = source - np.array([x, y], np.float32), target - np.array([left, top], np.float32)
    size = (int(right - left), int(bottom - top))
    move = cv2.getAffineTransform(here_px, there_px)
    patch = cv2.warpAffine(under, move, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    mask = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillConvexPoly(mask, np.round(target - (left, top)).astype(np.int32), 1)
    window = drawn[top:bottom, left:right]
    window[mask > 0] = patch[mask > 0]


def _area(three: npt.NDArray[np.floating]) -> float:
    (ax, ay), (bx, by), (cx, cy) = three
    return float((bx - ax) * (cy - ay) - (cx - ax) * (by - ay))
