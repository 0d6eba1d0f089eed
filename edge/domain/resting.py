"""A visitor's own resting face: learnt in the first calm seconds, then every score is compared with it.

Pure; only `satisfaction.py` calls it. The comparison only ever damps: it can take a frown away from somebody whose face
rests in one, never add one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from edge.domain.level import Level

Scores: TypeAlias = tuple[float, float, float, float, float]  # shares in the order of Level, sum 1

NO_SHIFT: Scores = (0.0, 0.0, 0.0, 0.0, 0.0)
_NEUTRAL = list(Level).index(Level.NEUTRAL)
_FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class RestingRules:
    """What counts as calm, and how much a resting face may explain away."""

    learn_s: float = 2.0  # calm seconds wanted
    emotional_s: float = 0.8  # seconds of a strong expression after which nobody waits for calm
    longest_s: float = 6.0  # usable seconds after which learning ends either way
    calm_neutral: float = 0.25  # at least
    calm_other: float = 0.65  # at most, for each other level; more is a strong expression
    calm_change: float = 0.35  # largest share of the scores that may move away from the smoothed ones
    calm_motion: float = 0.5  # face widths a second
    shift_limit: float = 1.5  # log-odds; e^1.5 = 4.5 times, so that an angry arrival stays angry
    expected: Scores = (0.02, 0.08, 0.80, 0.08, 0.02)  # what an average resting face reads


@dataclass(frozen=True, slots=True)
class Resting:
    """What was learnt so far. `shift` (log-odds against neutral) stays zero until then, and for good without calm seconds."""

    calm_s: float = 0.0
    emotional_s: float = 0.0
    watched_s: float = 0.0
    calm_sum: Scores = NO_SHIFT  # log-odds against neutral, times seconds
    shift: Scores = NO_SHIFT
    is_settled: bool = False
    is_learnt: bool = False  # settled in calm; without it the person was moved, or the calm was short


def learn(
    resting: Resting, scores: Scores, rules: RestingRules, *, smooth: Scores | None, motion: float, seen_s: float
) -> Resting:
    """One more usable sample, `seen_s` after the one before; `smooth` are the smoothed scores so far."""
    if resting.is_settled:
        return resting
    others = max(share for place, share in enumerate(scores) if place != _NEUTRAL)
    is_emotional = others > rules.calm_other
    is_steady = motion <= rules.calm_motion and (smooth is None or _distance(scores, smooth) <= rules.calm_change)
    is_calm = is_steady and not is_emotional and scores[_NEUTRAL] >= rules.calm_neutral
    calm_s = seen_s if is_calm else 0.0
    v, s, n, d, a = (total + calm_s * odds for total, odds in zip(resting.calm_sum, _log_odds(scores), strict=True))
    seen = replace(
        resting,
        calm_s=resting.calm_s + calm_s,
        emotional_s=resting.emotional_s + (seen_s if is_emotional else 0.0),
        watched_s=resting.watched_s + seen_s,
        calm_sum=(v, s, n, d, a),
    )
    return _settled(seen, rules)


def shifted(scores: Scores, shift: Scores) -> Scores:
    """The scores as they would be if this face rested like the average one. Sum 1."""
    if shift == NO_SHIFT:
        return scores
    weights = [max(share, _FLOOR) * math.exp(-away) for share, away in zip(scores, shift, strict=True)]
    total = sum(weights)
    v, s, n, d, a = (weight / total for weight in weights)
    return v, s, n, d, a


def _settled(resting: Resting, rules: RestingRules) -> Resting:
    is_enough = resting.calm_s >= rules.learn_s
    if not (is_enough or resting.emotional_s >= rules.emotional_s or resting.watched_s >= rules.longest_s):
        return resting
    if resting.calm_s < rules.learn_s / 2:
        return replace(resting, is_settled=True)
    excess = [
        total / resting.calm_s - average
        for total, average in zip(resting.calm_sum, _log_odds(rules.expected), strict=True)
    ]
    v, s, n, d, a = (min(max(away, 0.0), rules.shift_limit) for away in excess)
    return replace(resting, is_settled=True, is_learnt=is_enough, shift=(v, s, n, d, a))


def _log_odds(scores: Sequence[float]) -> tuple[float, ...]:
    neutral = max(scores[_NEUTRAL], _FLOOR)
    return tuple(math.log(max(share, _FLOOR) / neutral) for share in scores)


def _distance(one: Scores, other: Scores) -> float:
    return sum(abs(a - b) for a, b in zip(one, other, strict=True)) / 2
