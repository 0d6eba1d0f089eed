"""From seconds per level to what is said about a whole visit: shares, peak, end, evidence, and the judged level.

Pure; `visit.py` keeps the tally and asks for the summary. The citizen's own rating always outranks the camera.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from edge.domain.level import Level
from edge.domain.reasons import telling
from edge.domain.satisfaction import Mood


class Evidence(StrEnum):
    ENOUGH = "enough"
    NOT_ENOUGH = "not_enough"


@dataclass(frozen=True, slots=True)
class VerdictRules:
    """When a visit is scored, and how: the whole visit, its peak and its end (people remember the last two most)."""

    evidence_s: float = 3.0  # usable seconds wanted
    evidence_share: float = 0.2  # and their share of the seconds present
    peak_s: float = 1.0  # a level that was held less in all is no peak
    whole_weight: float = 0.5
    peak_weight: float = 0.25
    end_weight: float = 0.25


@dataclass(frozen=True, slots=True)
class Tally:
    """Seconds a level was held and seconds a movement was seen with it. `waiting_s`: seconds whose level is not settled."""

    level_s: Mapping[Level, float] = field(default_factory=dict)
    reason_s: Mapping[Level, Mapping[str, float]] = field(default_factory=dict)
    waiting_s: Mapping[Level, float] = field(default_factory=dict)
    last: Level | None = None

    @property
    def scored_s(self) -> float:
        return sum(self.level_s.values())


@dataclass(frozen=True, slots=True)
class Summary:
    """One visit. `camera` is what the face alone says, None without enough evidence; `level` obeys the rating."""

    visit: str
    started_s: float
    ended_s: float
    seconds_usable: float
    evidence: Evidence
    shares: Mapping[Level, float]
    camera: Level | None
    level_at_end: Level | None
    peak: Level | None
    reasons: tuple[str, ...]
    rating: Level | None

    @property
    def seconds_present(self) -> float:
        return self.ended_s - self.started_s

    @property
    def level(self) -> Level | None:
        return self.rating or self.camera


def counted(tally: Tally, mood: Mood, seconds: float) -> Tally:
    """Add `seconds` during which `mood` held. Seconds before the first level are the resting face's, if it was learnt."""
    if mood.level is None:
        return replace(tally, waiting_s=_plus(tally.waiting_s, {mood.shown: seconds}))
    waited = tally.waiting_s
    if mood.resting.is_learnt and tally.last is None:
        waited = {Level.NEUTRAL: sum(waited.values())}
    level_s = _plus(_plus(tally.level_s, waited), {mood.level: seconds})
    seen = dict(tally.reason_s.get(mood.level, {}))
    for key, weight in mood.reasons.items():
        seen[key] = seen.get(key, 0.0) + weight * seconds
    return Tally(level_s, {**tally.reason_s, mood.level: seen}, {}, mood.level)


def summarise(
    visit: str,
    tally: Tally,
    rules: VerdictRules,
    *,
    started_s: float,
    ended_s: float,
    usable_s: float,
    rating: Level | None,
) -> Summary:
    """Without enough evidence nothing is said about the face: no level, no shares, no reasons."""
    if not _is_enough(tally, usable_s, ended_s - started_s, rules):
        nothing: dict[Level, float] = {}
        return Summary(
            visit, started_s, ended_s, usable_s, Evidence.NOT_ENOUGH, nothing, None, None, None, (), rating
        )  # fmt: skip
    shares = {level: seconds / tally.scored_s for level, seconds in tally.level_s.items()}
    peak, camera = _peak(tally, rules), _judged(shares, tally, rules)
    reasons = telling(tally.reason_s.get(camera, {}) or tally.reason_s.get(peak, {}), camera)
    return Summary(
        visit, started_s, ended_s, usable_s, Evidence.ENOUGH, shares, camera, tally.last, peak, reasons, rating
    )


def _is_enough(tally: Tally, usable_s: float, present_s: float, rules: VerdictRules) -> bool:
    return tally.scored_s > 0 and usable_s >= max(rules.evidence_s, rules.evidence_share * present_s)


def _peak(tally: Tally, rules: VerdictRules) -> Level:
    """The level farthest from neutral that was held long enough; of two as far, the displeased one."""
    held = [level for level, seconds in tally.level_s.items() if seconds >= rules.peak_s]
    return max(held or [Level.NEUTRAL], key=lambda level: (abs(level.rank), -level.rank))


def _judged(shares: Mapping[Level, float], tally: Tally, rules: VerdictRules) -> Level:
    whole = sum(level.rank * share for level, share in shares.items())
    end = tally.last.rank if tally.last else 0
    rank = rules.whole_weight * whole + rules.peak_weight * _peak(tally, rules).rank + rules.end_weight * end
    nearest = math.copysign(math.ceil(abs(rank) - 0.5), rank)  # a tie goes to the calmer level
    return next(level for level in Level if level.rank == nearest)


def _plus(one: Mapping[Level, float], other: Mapping[Level, float]) -> Mapping[Level, float]:
    return {level: one.get(level, 0.0) + other.get(level, 0.0) for level in {**one, **other}}
