"""Following faces from frame to frame: boxes in, a number for each face out that stays with it.

Pure arithmetic; the vision worker calls it. It knows positions only, never who somebody is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot, sqrt
from typing import NamedTuple

MAX_GAP_S = 1.0
"""A face may stay unseen this long (turned away, hand before it) and keep its number."""

_MIN_OVERLAP = 0.2
_MAX_SHIFT = 0.6  # of the face's size, for a head that moved a whole face width between two slow frames
_MAX_GROWTH = 1.8


class Rect(NamedTuple):
    """x, y, w, h in any one unit."""

    x: float
    y: float
    w: float
    h: float

    @property
    def centre(self) -> tuple[float, float]:
        return self.x + self.w / 2, self.y + self.h / 2

    @property
    def area(self) -> float:
        return max(self.w, 0.0) * max(self.h, 0.0)


@dataclass(frozen=True, slots=True)
class _Track:
    number: int
    rect: Rect
    seen_s: float


class Tracker:
    """Gives each face of a frame the number it had before; a new face gets the next number, never a used one."""

    def __init__(self, max_gap_s: float = MAX_GAP_S) -> None:
        self._max_gap_s = max_gap_s
        self._tracks: list[_Track] = []
        self._issued = 0

    def follow(self, rects: Sequence[Rect], now_s: float) -> list[int]:
        """Numbers for `rects`, in their order; `now_s` may not go backwards. Call it for empty frames too."""
        self._tracks = [track for track in self._tracks if now_s - track.seen_s <= self._max_gap_s]
        matched = _match(self._tracks, rects)
        return [self._keep(matched.get(place), rect, now_s) for place, rect in enumerate(rects)]

    def _keep(self, track: _Track | None, rect: Rect, now_s: float) -> int:
        if track is None:
            self._issued += 1
            track = _Track(self._issued, rect, now_s)
        else:
            self._tracks.remove(track)
        self._tracks.append(replace(track, rect=rect, seen_s=now_s))
        return track.number


def overlap(a: Rect, b: Rect) -> float:
    """Intersection over union, 0..1."""
    width = min(a.x + a.w, b.x + b.w) - max(a.x, b.x)
    height = min(a.y + a.h, b.y + b.h) - max(a.y, b.y)
    shared = max(width, 0.0) * max(height, 0.0)
    union = a.area + b.area - shared
    return shared / union if union > 0 else 0.0


def _match(tracks: Sequence[_Track], rects: Sequence[Rect]) -> dict[int, _Track]:
    """The likeliest pairs first, each track and each box once: box place -> track."""
    pairs = [
        (_likeness(track.rect, rect), i, place) for i, track in enumerate(tracks) for place, rect in enumerate(rects)
    ]
    taken: dict[int, _Track] = {}
    used: set[int] = set()
    for likeness, i, place in sorted(pairs, reverse=True):
        if likeness > 0 and i not in used and place not in taken:
            taken[place] = tracks[i]
            used.add(i)
    return taken


def _likeness(before: Rect, after: Rect) -> float:
    """Above 0 when both may be one face: 1..2 for overlapping boxes, 0..1 for near centres of like size."""
    shared = overlap(before, after)
    if shared >= _MIN_OVERLAP:
        return 1.0 + shared
    size = sqrt(sqrt(before.area * after.area))
    growth = max(before.area, after.area) / max(min(before.area, after.area), 1e-9)
    if size <= 0 or growth > _MAX_GROWTH**2:
        return 0.0
    (bx, by), (ax, ay) = before.centre, after.centre
    return max(0.0, 1.0 - hypot(ax - bx, ay - by) / size / _MAX_SHIFT)
