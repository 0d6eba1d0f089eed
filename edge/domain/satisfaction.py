"""From the scores of one citizen's face, frame after frame, to a calm level: resting face, smoothing, hysteresis.

Pure: `observe` takes a mood and a sample and gives the next mood. `visit.py` calls it; nobody else needs to.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from edge.domain.level import Level
from edge.domain.resting import Resting, RestingRules, Scores, learn, shifted

Weights: TypeAlias = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SatisfactionRules:
    """How fast and how firmly a level follows the face. Shares are of the smoothed scores.

    With these values a clear change of expression (0.65 of the scores and more) has been negative for 0.7 s at most
    1.3 s after its onset, while half a second of anything is over before that.
    """

    smoothing_s: float = 0.35  # time constant, whatever the frame rate
    side_enter: float = 0.55  # both displeased (or both pleased) levels together
    side_leave: float = 0.40
    strong_enter: float = 0.50  # the outer level alone
    strong_leave: float = 0.35
    dwell_s: float = 0.2
    longest_step_s: float = 0.5  # one frame never counts for more, however long the gap before it
    stale_s: float = 2.0
    resting: RestingRules = field(default_factory=RestingRules)


@dataclass(frozen=True, slots=True)
class Sample:
    """One usable reading of the citizen. `scores` in the order of Level; `motion` in face widths a second."""

    at_s: float
    scores: Scores
    reasons: tuple[str, ...] = ()
    motion: float = 0.0


@dataclass(frozen=True, slots=True)
class Mood:
    """What is known about one citizen so far. `level` is None while the resting face is learnt and when readings are stale.

    `negative_for_s` and `angry_for_s` count seconds that were seen, not seconds that passed.
    """

    level: Level | None = None
    valence: float = 0.0  # -1 angry .. 1 very satisfied
    reasons: Weights = field(default_factory=dict)
    usable_s: float = 0.0
    negative_for_s: float = 0.0
    negative_since_s: float | None = None
    angry_for_s: float = 0.0
    at_s: float | None = None
    resting: Resting = field(default_factory=Resting)
    smooth: Scores | None = None
    shown: Level = Level.NEUTRAL  # what the thresholds say, before the dwell
    shown_for_s: float = 0.0


def observe(mood: Mood, sample: Sample, rules: SatisfactionRules) -> Mood:
    """The mood after one usable sample; a sample that is not newer than the last one is ignored."""
    if mood.at_s is not None and sample.at_s <= mood.at_s:
        return mood
    mood = expire(mood, sample.at_s, rules)
    gap_s = sample.at_s - mood.at_s if mood.at_s is not None else 0.0
    seen_s = gap_s if gap_s <= rules.longest_step_s else 0.0  # what happened in a longer gap nobody saw
    resting = learn(mood.resting, sample.scores, rules.resting, smooth=mood.smooth, motion=sample.motion, seen_s=seen_s)
    smooth = _smoothed(mood.smooth, shifted(sample.scores, mood.resting.shift), gap_s, rules)
    reasons = _weighed(mood.reasons, sample.reasons, gap_s, rules)
    has_settled = resting.is_settled and not mood.resting.is_settled
    mood = replace(mood, at_s=sample.at_s, usable_s=mood.usable_s + seen_s, resting=resting, reasons=reasons)
    if not has_settled:
        return _judged(mood, smooth, seen_s, rules)
    smooth = shifted(smooth, resting.shift)
    return _at_rest(mood, smooth) if resting.is_learnt else _judged(mood, smooth, seen_s, rules)


def expire(mood: Mood, now_s: float, rules: SatisfactionRules) -> Mood:
    """Forget the present expression when nothing usable came for `stale_s`. The resting face stays."""
    if mood.at_s is None or now_s - mood.at_s <= rules.stale_s:
        return mood
    return Mood(usable_s=mood.usable_s, resting=mood.resting)


def _at_rest(mood: Mood, smooth: Scores) -> Mood:
    """The resting face has just been learnt: what it looks like is this person's neutral."""
    return replace(
        mood, level=Level.NEUTRAL, shown=Level.NEUTRAL, shown_for_s=0.0, smooth=smooth, valence=_valence(smooth),
        negative_for_s=0.0, negative_since_s=None, angry_for_s=0.0,
    )  # fmt: skip


def _judged(mood: Mood, smooth: Scores, seen_s: float, rules: SatisfactionRules) -> Mood:
    shown = _shown(mood.shown, smooth, rules)
    shown_for_s = mood.shown_for_s + seen_s if shown is mood.shown else 0.0
    is_firm = mood.resting.is_settled and shown_for_s >= rules.dwell_s
    was_negative, was_angry = mood.shown.is_negative, mood.shown is Level.ANGRY
    since_s = mood.at_s if mood.negative_since_s is None else mood.negative_since_s
    return replace(
        mood,
        level=shown if is_firm else mood.level,
        valence=_valence(smooth),
        smooth=smooth,
        shown=shown,
        shown_for_s=shown_for_s,
        negative_for_s=mood.negative_for_s + seen_s if shown.is_negative and was_negative else 0.0,
        negative_since_s=since_s if shown.is_negative else None,
        angry_for_s=mood.angry_for_s + seen_s if shown is Level.ANGRY and was_angry else 0.0,
    )


def _shown(before: Level, smooth: Scores, rules: SatisfactionRules) -> Level:
    """Two thresholds a side: one to enter, a lower one to leave."""
    very_pleased, pleased, _, displeased, angry = smooth
    negative, positive = displeased + angry, pleased + very_pleased
    is_negative = negative >= (rules.side_leave if before.is_negative else rules.side_enter)
    is_positive = positive >= (rules.side_leave if before.is_positive else rules.side_enter)
    if is_negative and negative >= positive:
        limit = rules.strong_leave if before is Level.ANGRY else rules.strong_enter
        return Level.ANGRY if angry >= limit else Level.DISSATISFIED
    if is_positive:
        limit = rules.strong_leave if before is Level.VERY_SATISFIED else rules.strong_enter
        return Level.VERY_SATISFIED if very_pleased >= limit else Level.SATISFIED
    return Level.NEUTRAL


def _smoothed(before: Scores | None, scores: Scores, gap_s: float, rules: SatisfactionRules) -> Scores:
    if before is None:
        return scores
    share = _share(gap_s, rules)
    v, s, n, d, a = (old + share * (new - old) for old, new in zip(before, scores, strict=True))
    return v, s, n, d, a


def _weighed(before: Weights, reasons: tuple[str, ...], gap_s: float, rules: SatisfactionRules) -> Weights:
    share = _share(gap_s, rules) if before else 1.0
    after = {key: weight * (1 - share) for key, weight in before.items() if weight * (1 - share) > 0.01}
    for key in reasons:
        after[key] = after.get(key, 0.0) + share
    return after


def _share(gap_s: float, rules: SatisfactionRules) -> float:
    return 1 - math.exp(-min(gap_s, rules.longest_step_s) / rules.smoothing_s)


def _valence(smooth: Scores) -> float:
    return sum(level.rank * share for level, share in zip(Level, smooth, strict=True)) / 2
