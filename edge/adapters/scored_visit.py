"""Plays the readings of a video through the visit rules, as the counter would: for `motcua score VIDEO`.

Imports no vision library itself: the readings are handed in by `edge.cli_score`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from edge.domain.level import Level
from edge.domain.verdict import Summary, VerdictRules
from edge.domain.visit import Action, Ended, Frame, MoodMoved, Tick, VisitRules, VisitState, step
from models.tracking import Rect, Tracker

GONE = 1e6  # seconds after the last frame at which whoever was there has certainly left
CLIP_RULES = VisitRules(settle_s=0.3, verdict=VerdictRules(evidence_s=2.0))  # a clip is cut tighter than a visit


class FoundFace(Protocol):
    """`models.pipeline.FaceReading`, as far as a visit asks."""

    @property
    def box(self) -> Any: ...
    @property
    def usable(self) -> bool: ...
    @property
    def scores(self) -> Mapping[Any, float]: ...
    @property
    def reasons(self) -> Sequence[Any]: ...


class TimedFaces(Protocol):
    """`models.score.TimedReading`."""

    @property
    def t_s(self) -> float: ...
    @property
    def faces(self) -> Sequence[FoundFace]: ...


@dataclass(frozen=True, slots=True)
class SeenFace:
    """A face as `edge.domain.visit` asks for it. The box is in the unit of the video, which the visit does not mind."""

    track: int
    box: tuple[float, float, float, float]
    usable: bool
    scores: dict[Level, float] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()


def summarise(readings: Iterable[TimedFaces], rules: VisitRules | None = None) -> dict[str, Any]:
    """The longest visit in the video as `visit.ended` says it, and the smoothed levels with the second each began."""
    actions = _play(readings, rules or CLIP_RULES)
    visits = [action.summary for action in actions if isinstance(action, Ended)]
    if not visits:
        return {"evidence": "not_enough", "seconds_present": 0.0, "seconds_usable": 0.0, "level": None, "moods": []}
    longest = max(visits, key=lambda visit: visit.seconds_present)
    moods = [
        {"t": round(moved.at_s, 3), "level": moved.level.value}
        for moved in actions
        if isinstance(moved, MoodMoved) and moved.visit == longest.visit
    ]
    return summary_json(longest) | {"moods": moods, "visits": len(visits)}


def with_shown_levels(result: dict[str, Any]) -> dict[str, Any]:
    """Let each `level` of the timeline be the smoothed one that a counter would show; what the frame alone said is `frame_level`."""
    moods = result["summary"]["moods"]
    for entry in result["timeline"]:
        shown = [mood["level"] for mood in moods if mood["t"] <= entry["t"]]
        entry["frame_level"] = entry["level"]
        entry["level"] = shown[-1] if shown else entry["level"]
    return result


def summary_json(summary: Summary) -> dict[str, Any]:
    """The fields of `visit.ended` that do not depend on a site."""
    return {
        "seconds_present": round(summary.seconds_present, 3),
        "seconds_usable": round(summary.seconds_usable, 3),
        "evidence": summary.evidence.value,
        "shares": {level.value: round(share, 4) for level, share in summary.shares.items()},
        "level": summary.level,
        "level_at_end": summary.level_at_end,
        "peak": summary.peak,
        "reasons": list(summary.reasons),
        "rating": summary.rating,
    }


def _play(readings: Iterable[TimedFaces], rules: VisitRules) -> list[Action]:
    state, actions, tracker, number = VisitState(), list[Action](), Tracker(), 0

    def fresh() -> str:
        nonlocal number
        number += 1
        return f"visit-{number}"

    last_s = 0.0
    for reading in readings:
        last_s = reading.t_s
        state, told = step(state, Frame(last_s, _faces(reading, tracker)), rules, fresh)
        actions += told
    _, told = step(state, Tick(last_s + GONE), rules, fresh)
    return [*actions, *told]


def _faces(reading: TimedFaces, tracker: Tracker) -> tuple[SeenFace, ...]:
    boxes = [Rect(face.box.x, face.box.y, face.box.w, face.box.h) for face in reading.faces]
    tracks = tracker.follow(boxes, reading.t_s)
    return tuple(_seen(face, track) for face, track in zip(reading.faces, tracks, strict=True))


def _seen(face: FoundFace, track: int) -> SeenFace:
    box = (face.box.x, face.box.y, face.box.w, face.box.h)
    if not face.usable:
        return SeenFace(track, box, usable=False)
    scores = {Level(str(level)): share for level, share in face.scores.items()}
    return SeenFace(track, box, usable=True, scores=scores, reasons=tuple(str(reason) for reason in face.reasons))
