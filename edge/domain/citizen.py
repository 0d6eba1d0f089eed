"""Which face in the zone is the citizen: the largest one at first, then the same one, by track or by place.

Pure; only `visit.py` calls it. Nobody is recognised here: a place in the picture is all that is kept.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeAlias

from edge.domain.level import Level
from edge.domain.resting import Scores

Box: TypeAlias = tuple[float, float, float, float]  # x, y, w, h

_NEAR = 0.75  # of the face's width between the centres
_ALIKE = 2.0  # the larger area at most this many times the smaller


class FaceSeen(Protocol):
    """What is asked of a face in the zone; `edge.ports.Face` is one."""

    @property
    def track(self) -> int: ...
    @property
    def box(self) -> Box: ...
    @property
    def usable(self) -> bool: ...
    @property
    def scores(self) -> Mapping[Level, float]: ...
    @property
    def reasons(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Citizen:
    """Who is meant: nothing but a place in the picture and when it was seen. `motion` in face widths a second."""

    track: int
    box: Box
    first_s: float
    last_s: float
    motion: float = 0.0


def largest(faces: Sequence[FaceSeen]) -> FaceSeen | None:
    return max(faces, key=lambda face: face.box[2] * face.box[3], default=None)


def find(citizen: Citizen | None, faces: Sequence[FaceSeen], at_s: float, within_s: float) -> FaceSeen | None:
    """The citizen's face: the same track, or a face in the place that the citizen left less than `within_s` ago."""
    if citizen is None:
        return None
    for face in faces:
        if face.track == citizen.track:
            return face
    if at_s - citizen.last_s > within_s:
        return None
    near = [face for face in faces if _apart(face.box, citizen.box) <= _NEAR and _is_alike(face.box, citizen.box)]
    return min(near, key=lambda face: _apart(face.box, citizen.box), default=None)


def moved_to(citizen: Citizen, face: FaceSeen, at_s: float) -> Citizen:
    gap_s = at_s - citizen.last_s
    motion = _apart(face.box, citizen.box) / gap_s if gap_s > 0 else 0.0
    return replace(citizen, track=face.track, box=face.box, last_s=max(at_s, citizen.last_s), motion=motion)


def scores_of(face: FaceSeen) -> Scores:
    v, s, n, d, a = (face.scores.get(level, 0.0) for level in Level)
    return v, s, n, d, a


def _apart(one: Box, other: Box) -> float:
    """Distance of the centres in widths of the larger face."""
    (x, y, w, h), (x2, y2, w2, h2) = one, other
    return math.hypot(x + w / 2 - x2 - w2 / 2, y + h / 2 - y2 - h2 / 2) / max(w, w2, 1e-6)


def _is_alike(one: Box, other: Box) -> bool:
    areas = sorted((max(one[2] * one[3], 1e-9), max(other[2] * other[3], 1e-9)))
    return areas[1] <= _ALIKE * areas[0]
