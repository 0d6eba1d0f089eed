"""When the expression network looks at a face of a video again; between two looks what it said last holds.

The landmarker's blendshapes come with every frame and tell whether the face has changed since. Pure; models.face asks it.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from models.movements import Blendshapes
from models.pipeline import FaceObservation
from models.tracking import Rect, overlap

HOLD_MS = 400
"""The longest that an answer holds, however still the face."""

MOVED = 0.25
"""A face of which any blendshape has changed by more than this since the last look is looked at again at once."""

_SAME_PLACE = 0.5  # overlap of the boxes: a newcomer in the same place is taken for the other for HOLD_MS at most

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class _Held(Generic[Answer]):
    rect: Rect
    blendshapes: Blendshapes
    t_ms: int
    answer: Answer


class Cadence(Generic[Answer]):
    """The answers about the faces of one stream; times in milliseconds that do not go back."""

    def __init__(self, hold_ms: int = HOLD_MS, moved: float = MOVED) -> None:
        self._hold_ms, self._moved = hold_ms, moved
        self._held: list[_Held[Answer]] = []
        self._is_mirrored, self._turned_ms = True, -1

    def held(self, seen: FaceObservation, t_ms: int) -> Answer | None:
        """What still holds for this face, or None: ask."""
        self._held = [one for one in self._held if t_ms - one.t_ms < self._hold_ms]
        here = (one for one in self._held if overlap(one.rect, _rect(seen)) >= _SAME_PLACE)
        answers = (one.answer for one in here if np.abs(one.blendshapes - seen.blendshapes).max() <= self._moved)
        return next(answers, None)

    def hold(self, seen: FaceObservation, t_ms: int, answer: Answer) -> None:
        """Let an answer hold from now on, in place of what held before."""
        rect = _rect(seen)
        self._held = [one for one in self._held if overlap(one.rect, rect) < _SAME_PLACE]
        self._held.append(_Held(rect, seen.blendshapes, t_ms, answer))

    def is_mirrored(self, t_ms: int) -> bool:
        """Whether a look at this time is at the mirror image; it changes with each time that is asked about."""
        if t_ms != self._turned_ms:
            self._is_mirrored, self._turned_ms = not self._is_mirrored, t_ms
        return self._is_mirrored


def _rect(seen: FaceObservation) -> Rect:
    return Rect(seen.box.x, seen.box.y, seen.box.w, seen.box.h)
