"""A face that never moves is a picture of one: a poster in the zone, or a camera whose picture stands still under a sensor's noise.

Pure numpy; the vision worker asks. Nobody alive holds every part of the face still to a few gray values for so long: on films of people
some part differed by 15 or more within half a second, while noise of 6 gray values never moved one by more than 6.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from models.pipeline import BgrImage, FloatArray
from models.tracking import Rect, overlap

STILL_S = 15.0
EVERY_S = 0.5
_CELLS = 12  # on either side; the mean of each cell is compared, which averages the noise away
_MOVED = 6.0  # gray values by which one cell must differ
_SAME_PLACE = 0.6  # overlap of two boxes of one face; a box that noise moves by a pixel stays far above
_THIN = 4  # pixels; every 4th is enough for the picture as a whole
_WHOLE = Rect(0.0, 0.0, 1.0, 1.0)

Cells: TypeAlias = FloatArray


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in the picture (shares of it), what it showed when it last moved, and when that was."""

    rect: Rect
    cells: Cells | None
    since_s: float

    def is_still(self, now_s: float) -> bool:
        return now_s - self.since_s >= STILL_S


class Stillness:
    """Of one camera. `see` every frame in the order of their time, `forget` when the camera was lost."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._faces: list[_Spot] = []
        self._whole: _Spot | None = None
        self._due_s = float("-inf")
        self.is_frozen = False

    def see(self, bgr: BgrImage, rects: Sequence[Rect], now_s: float) -> list[bool]:
        """Whether each face has stood still for STILL_S. `is_frozen` afterwards: so have all of them, and the rest."""
        if now_s >= self._due_s:
            self._due_s = now_s + EVERY_S
            self._faces = [_follow(_at(self._faces, rect) or rect, bgr, now_s) for rect in rects]
            self._whole = _follow(self._whole or _WHOLE, bgr[::_THIN, ::_THIN], now_s)
        still = [(spot := _at(self._faces, rect)) is not None and spot.is_still(now_s) for rect in rects]
        self.is_frozen = bool(still) and all(still) and self._whole is not None and self._whole.is_still(now_s)
        return still


def _at(spots: Sequence[_Spot], rect: Rect) -> _Spot | None:
    return next((spot for spot in spots if overlap(spot.rect, rect) >= _SAME_PLACE), None)


def _follow(spot: "_Spot | Rect", bgr: BgrImage, now_s: float) -> _Spot:
    """The spot as it was when nothing in it has moved; else it begins anew."""
    rect = spot.rect if isinstance(spot, _Spot) else spot
    cells = _cells(bgr, rect)
    if isinstance(spot, _Spot) and _is_same(cells, spot.cells):
        return spot
    return _Spot(rect, cells, now_s)


def _is_same(now: Cells | None, before: Cells | None) -> bool:
    return now is not None and before is not None and float(np.abs(now - before).max()) < _MOVED


def _cells(bgr: BgrImage, rect: Rect) -> Cells | None:
    """Mean green of each cell less that of all, so that a change of exposure is no movement; None: too few pixels to say."""
    height, width = bgr.shape[:2]
    left, top = max(0, round(rect.x * width)), max(0, round(rect.y * height))
    part = bgr[top : round((rect.y + rect.h) * height), left : round((rect.x + rect.w) * width), 1]
    h, w = part.shape[0] // _CELLS, part.shape[1] // _CELLS
    if h < 2 or w < 2:
        return None
    cells = part[: h * _CELLS, : w * _CELLS].reshape(_CELLS, h, _CELLS, w).mean(axis=(1, 3))
    return np.asarray(cells - cells.mean(), np.float32)
