"""Whose face it is, over several frames: no match beats a false match. Pure; the book of faces asks.

The rates behind the threshold are measured on photographs of the group that is confused most often (`models/params/faces.toml`).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from operator import mul
from typing import TypeAlias

Numbers: TypeAlias = tuple[float, ...]  # an embedding of length 1


@dataclass(frozen=True, slots=True)
class RatePoint:
    """At this threshold so many of two strangers' comparisons count as one person, in the group where they are most."""

    false_match_rate: float
    threshold: float


@dataclass(frozen=True, slots=True)
class RecognitionRules:
    """`curve`: at least two points. `false_greeting_rate`: how many strangers in front of the robot may be taken for somebody."""

    curve: tuple[RatePoint, ...]
    false_greeting_rate: float = 0.001
    margin: float = 0.08
    agreeing: float = 0.75
    min_looks: int = 4
    max_looks: int = 24
    min_width_px: float = 72.0
    full_width_px: float = 160.0
    min_sharpness: float = 0.02
    full_sharpness: float = 0.12


@dataclass(frozen=True, slots=True)
class Look:
    """One frame of one face."""

    numbers: Numbers = field(repr=False)
    width_px: float
    sharpness: float


class Aliveness(StrEnum):
    """What the liveness check says so far."""

    LIVE = "live"
    UNSURE = "unsure"
    NOT_LIVE = "not_live"


class Outcome(StrEnum):
    MATCH = "match"
    NOBODY = "nobody"
    NOT_ENOUGH = "not_enough"  # too few frames that are large and sharp enough: look on
    NOT_LIVE = "not_live"  # it looks like somebody, but not like a living face


@dataclass(frozen=True, slots=True)
class Decision:
    """`person` only with MATCH. `similarity` is the best one's, also when it was not enough."""

    outcome: Outcome
    looks: int
    threshold: float
    person: str | None = None
    similarity: float | None = None


def decide(
    looks: Sequence[Look], known: Mapping[str, Numbers], rules: RecognitionRules, alive: Aliveness = Aliveness.UNSURE
) -> Decision:
    """Somebody only when the weighted mean is over the threshold, far from the second best, most frames agree, and it lives."""
    weighed = [(weight(look, rules), look) for look in looks[-rules.max_looks :]]
    seen = [(by, look) for by, look in weighed if by > 0]
    threshold = threshold_for(len(known), rules)
    if len(seen) < rules.min_looks:
        return Decision(Outcome.NOT_ENOUGH, len(seen), threshold)
    ranking = sorted(((_mean(seen, template), person) for person, template in known.items()), reverse=True)
    if not ranking:
        return Decision(Outcome.NOBODY, len(seen), threshold)
    best, person = ranking[0]
    second = ranking[1][0] if len(ranking) > 1 else -1.0
    is_clear = best >= threshold and best - second >= rules.margin
    if not is_clear or _agreeing(seen, known, person) < rules.agreeing:
        return Decision(Outcome.NOBODY, len(seen), threshold, similarity=best)
    if alive is not Aliveness.LIVE:
        return Decision(Outcome.NOT_LIVE, len(seen), threshold, similarity=best)
    return Decision(Outcome.MATCH, len(seen), threshold, person, best)


def weight(look: Look, rules: RecognitionRules) -> float:
    """0 for a face that says nothing, 1 for a large and sharp one."""
    size = _ramp(look.width_px, rules.min_width_px, rules.full_width_px)
    return size * _ramp(look.sharpness, rules.min_sharpness, rules.full_sharpness)


def threshold_for(people: int, rules: RecognitionRules) -> float:
    """The stricter the more people are enrolled: a stranger is compared with each of them.

    Between two measured rates, and beyond them, the line through the two next points in the logarithm of the rate: towards rarer
    matches that asks for more than is needed, because the true curve falls off faster.
    """
    wanted = math.log10(rules.false_greeting_rate / max(people, 1))
    points = sorted((math.log10(one.false_match_rate), one.threshold) for one in rules.curve)
    low = max(
        range(len(points) - 1),
        key=lambda place: (points[place][0] <= wanted, place if points[place][0] <= wanted else -place),
    )
    (x1, y1), (x2, y2) = points[low], points[low + 1]
    return y1 + (wanted - x1) * (y2 - y1) / (x2 - x1)


def cosine(one: Numbers, other: Numbers) -> float:
    """Of two embeddings of length 1."""
    return math.fsum(map(mul, one, other))


def mean_of(several: Sequence[Numbers]) -> Numbers:
    """One template from several pictures: the middle direction, length 1."""
    total = [sum(values) for values in zip(*several, strict=True)]
    length = math.sqrt(sum(value * value for value in total)) or 1.0
    return tuple(value / length for value in total)


def _mean(seen: Sequence[tuple[float, Look]], template: Numbers) -> float:
    return sum(by * cosine(look.numbers, template) for by, look in seen) / sum(by for by, _ in seen)


def _agreeing(seen: Sequence[tuple[float, Look]], known: Mapping[str, Numbers], person: str) -> float:
    """The share of the weight whose nearest person this is."""
    agreeing = sum(
        by for by, look in seen if person == max(known, key=lambda one: cosine(look.numbers, known[one]))
    )  # fmt: skip
    return agreeing / sum(by for by, _ in seen)


def _ramp(value: float, least: float, full: float) -> float:
    """0 below `least`, a tenth there, 1 from `full` on."""
    return 0.0 if value < least else min(1.0, 0.1 + 0.9 * (value - least) / (full - least))
