"""What a citizen's face makes of the level, in seconds that could be checked with a stop-watch."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.level import Level
from edge.domain.resting import Scores
from edge.domain.satisfaction import Mood, Sample, SatisfactionRules, expire, observe

RULES = SatisfactionRules()
CALM: Scores = (0.03, 0.09, 0.78, 0.08, 0.02)
GRUMPY: Scores = (0.01, 0.02, 0.42, 0.50, 0.05)
DISPLEASED: Scores = (0.01, 0.04, 0.20, 0.60, 0.15)
ANGRY: Scores = (0.01, 0.02, 0.07, 0.20, 0.70)
PLEASED: Scores = (0.20, 0.60, 0.15, 0.04, 0.01)
DELIGHTED: Scores = (0.80, 0.15, 0.03, 0.01, 0.01)
BUDGET_NUDGE_S, NUDGE_AFTER_S, ANGER_AFTER_S, FRAME_S = 1.5, 0.7, 1.0, 0.1


def play(*scenes: tuple[Scores, float], fps: float = 10.0, mood: Mood | None = None) -> list[Mood]:
    """Every mood of a film: each scene is an expression and its seconds."""
    mood = mood or Mood()
    start = 0.0 if mood.at_s is None else mood.at_s + 1 / fps
    frames = list(itertools.chain.from_iterable([scores] * round(seconds * fps) for scores, seconds in scenes))
    moods = []
    for place, scores in enumerate(frames):
        mood = observe(mood, Sample(start + place / fps, scores, ("brow_lowered",)), RULES)
        moods.append(mood)
    return moods


@pytest.mark.parametrize(
    ("scores", "level"),
    [
        (CALM, Level.NEUTRAL),
        (PLEASED, Level.SATISFIED),
        (DELIGHTED, Level.VERY_SATISFIED),
        (DISPLEASED, Level.DISSATISFIED),
        (ANGRY, Level.ANGRY),
    ],
)
@pytest.mark.parametrize("fps", [4.0, 10.0, 30.0])
def test_expression_after_a_calm_start_is_named(scores: Scores, level: Level, fps: float) -> None:
    assert level is play((CALM, 4), (scores, 3), fps=fps)[-1].level


def test_nothing_is_said_while_the_resting_face_is_learnt() -> None:
    moods = play((CALM, 1.9))

    assert {None} == {mood.level for mood in moods}


def test_a_face_that_rests_in_a_frown_is_neutral() -> None:
    moods = play((GRUMPY, 6))

    assert {None, Level.NEUTRAL} == {mood.level for mood in moods}


def test_a_resting_frown_still_shows_real_displeasure() -> None:
    assert play((GRUMPY, 4), ((0.0, 0.01, 0.04, 0.75, 0.20), 3))[-1].level is Level.DISSATISFIED


@pytest.mark.parametrize(("scores", "level"), [(ANGRY, Level.ANGRY), (DELIGHTED, Level.VERY_SATISFIED)])
def test_a_strong_arrival_is_not_normalised_away(scores: Scores, level: Level) -> None:
    moods = play((scores, 4))

    assert moods[-1].level is level
    assert moods[-1].resting.shift == (0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("scores", "calm_s"),
    [
        *itertools.product([ANGRY], [0.0, 1.0, 1.5, 2.5, 5.0]),
        # milder than that in the first seconds may be this person's resting face
        *itertools.product([DISPLEASED, (0.02, 0.08, 0.25, 0.45, 0.20)], [2.5, 5.0]),
    ],
)
def test_onset_is_known_within_the_budget(calm_s: float, scores: Scores) -> None:
    moods = play((CALM, calm_s), (scores, 4))

    sustained = next(
        m for m in moods if m.level is not None and m.level.is_negative and m.negative_for_s >= NUDGE_AFTER_S - 1e-9
    )

    assert sustained.at_s is not None
    assert sustained.at_s - calm_s <= BUDGET_NUDGE_S - FRAME_S


def test_anger_is_sustained_two_seconds_after_its_onset() -> None:
    moods = play((CALM, 4), (ANGRY, 3))

    sustained = next(m for m in moods if m.angry_for_s >= ANGER_AFTER_S - 1e-9)

    assert sustained.at_s is not None
    assert sustained.at_s - 4 <= 2.0


@pytest.mark.parametrize("scores", [DISPLEASED, ANGRY, (0.0, 0.0, 0.0, 0.0, 1.0), (0.0, 0.0, 0.0, 1.0, 0.0)])
@pytest.mark.parametrize("odd_s", [0.1, 0.2, 0.5])
def test_an_odd_frame_or_half_a_second_of_talking_is_not_sustained(scores: Scores, odd_s: float) -> None:
    moods = play((CALM, 4), (scores, odd_s), (CALM, 3))

    assert max(mood.negative_for_s for mood in moods) < NUDGE_AFTER_S
    assert moods[-1].level is Level.NEUTRAL


def test_flicker_around_a_threshold_does_not_flip_the_level() -> None:
    low, high = (0.02, 0.03, 0.45, 0.40, 0.10), (0.01, 0.02, 0.35, 0.50, 0.12)
    start = play((CALM, 4), (DISPLEASED, 2))

    moods = play(*[(low, 0.1), (high, 0.1)] * 30, mood=start[-1])

    assert {Level.DISSATISFIED} == {mood.level for mood in moods}


def test_frames_without_information_change_nothing_until_the_reading_is_stale() -> None:
    mood = play((CALM, 4), (DISPLEASED, 2))[-1]
    assert mood.at_s is not None

    assert mood == expire(mood, mood.at_s + RULES.stale_s, RULES)
    gone = expire(mood, mood.at_s + RULES.stale_s + 0.1, RULES)
    assert (None, 0.0, mood.usable_s) == (gone.level, gone.negative_for_s, gone.usable_s)


def test_seconds_nobody_saw_count_for_nothing() -> None:
    mood = play((CALM, 4), (ANGRY, 0.3))[-1]
    assert mood.at_s is not None

    later = observe(mood, Sample(mood.at_s + 1.5, ANGRY), RULES)

    assert (mood.usable_s, mood.negative_for_s) == (later.usable_s, later.negative_for_s)


def test_an_older_sample_is_ignored() -> None:
    mood = play((CALM, 4))[-1]

    assert mood == observe(mood, Sample(1.0, ANGRY), RULES)


def test_the_level_does_not_depend_on_the_frame_rate() -> None:
    ends = {fps: play((CALM, 4), (DISPLEASED, 1.0), (PLEASED, 1.5), fps=fps)[-1] for fps in (10.0, 20.0, 40.0)}

    assert {Level.SATISFIED} == {mood.level for mood in ends.values()}
    assert ends[10.0].valence == pytest.approx(ends[40.0].valence, abs=0.03)


shares = st.lists(st.floats(0.0, 1.0), min_size=5, max_size=5).filter(lambda values: sum(values) > 0.01)


@given(st.lists(st.tuples(shares, st.floats(0.01, 3.0)), max_size=80))
def test_whatever_comes_the_mood_stays_sane(stream: list[tuple[list[float], float]]) -> None:
    mood, at_s = Mood(), 0.0
    for values, gap_s in stream:
        at_s += gap_s
        total = sum(values)
        scores = tuple(value / total for value in values)
        mood = observe(mood, Sample(at_s, scores), RULES)  # type: ignore[arg-type]

        assert mood.smooth is not None
        assert sum(mood.smooth) == pytest.approx(1)
        assert -1 <= mood.valence <= 1
        assert mood.angry_for_s <= mood.negative_for_s + 1e-9
        assert mood.usable_s <= at_s
        assert all(0 <= away <= RULES.resting.shift_limit for away in mood.resting.shift)
