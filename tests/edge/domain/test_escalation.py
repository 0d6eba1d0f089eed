"""Nudge first, then the alert: every stage with every event, and the waits in between."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.escalation import (
    Action,
    ClearNudge,
    Escalation,
    EscalationRules,
    Event,
    Felt,
    Left,
    OptedOut,
    RaiseAlert,
    Rated,
    ShowNudge,
    Stage,
    Why,
    step,
)
from edge.domain.level import Level

RULES = EscalationRules(window_s=20, nudge_rest_s=30, cool_down_s=600)
CALM = Level.NEUTRAL
DISPLEASED, FURIOUS = Level.DISSATISFIED, Level.ANGRY


def felt(at_s: float, level: Level | None, negative_for_s: float = 0.0, angry_for_s: float = 0.0) -> Felt:
    return Felt(at_s, level, negative_for_s, angry_for_s)


def play(*events: Event) -> tuple[Escalation, list[Action]]:
    state = Escalation()
    did: list[Action] = []
    for event in events:
        state, actions = step(state, event, RULES)
        did += actions
    return state, did


def test_displeasure_is_first_shown_to_the_officer_only() -> None:
    state, did = play(felt(1, DISPLEASED, 0.6), felt(1.1, DISPLEASED, 0.7), felt(1.2, DISPLEASED, 0.8))

    assert (Stage.NUDGED, [ShowNudge()]) == (state.stage, did)


def test_a_mended_nudge_stays_between_the_officer_and_the_citizen() -> None:
    _, did = play(felt(1, DISPLEASED, 1), felt(5, CALM), felt(7, CALM), felt(30, CALM))

    assert [ShowNudge(), ClearNudge()] == did


def test_the_officer_is_left_in_peace_after_a_mended_nudge() -> None:
    rest_over = 7 + RULES.nudge_rest_s
    _, did = play(
        felt(1, DISPLEASED, 1), felt(5, CALM), felt(7, CALM), felt(9, DISPLEASED, 1), felt(rest_over, DISPLEASED, 9)
    )

    assert [ShowNudge(), ClearNudge(), ShowNudge()] == did


def test_what_the_nudge_did_not_mend_is_escalated_once() -> None:
    later = [felt(1 + at_s, DISPLEASED, 1 + at_s) for at_s in range(1, 200)]
    _, did = play(felt(1, DISPLEASED, 1), *later)

    assert [ShowNudge(), RaiseAlert(Why.NOT_MENDED)] == did


def test_anger_is_escalated_at_once() -> None:
    _, did = play(felt(1, FURIOUS, 0.7, 0.5), felt(1.5, FURIOUS, 1.2, 1.0), felt(1.6, FURIOUS, 1.3, 1.1))

    assert [ShowNudge(), RaiseAlert(Why.ANGER)] == did


def test_anger_during_the_rest_after_a_nudge_is_escalated_too() -> None:
    _, did = play(felt(1, DISPLEASED, 1), felt(5, CALM), felt(7, CALM), felt(9, FURIOUS, 2, 2))

    assert RaiseAlert(Why.ANGER) == did[-1]


def test_one_visit_is_escalated_again_only_after_the_cool_down() -> None:
    _, did = play(*(felt(at_s, FURIOUS, at_s, at_s) for at_s in range(1, 1300)))

    assert [RaiseAlert(Why.ANGER)] * 3 == [action for action in did if isinstance(action, RaiseAlert)]


@pytest.mark.parametrize("stop", [OptedOut(), Rated(Level.SATISFIED), Rated(Level.NEUTRAL)])
def test_the_citizens_own_word_ends_it(stop: Event) -> None:
    state, did = play(felt(1, DISPLEASED, 1), stop, *(felt(at_s, FURIOUS, at_s, at_s) for at_s in range(2, 100)))

    assert (Stage.STOPPED, [ShowNudge(), ClearNudge()]) == (state.stage, did)


def test_no_information_neither_mends_nor_escalates() -> None:
    state, did = play(felt(1, DISPLEASED, 1), *(felt(at_s, None) for at_s in range(2, 100)))

    assert (Stage.NUDGED, [ShowNudge()]) == (state.stage, did)


def test_who_leaves_before_the_window_is_over_raises_nothing() -> None:
    state, did = play(felt(1, DISPLEASED, 1), felt(15, DISPLEASED, 15), Left())

    assert (Escalation(), [ShowNudge(), ClearNudge()]) == (state, did)


Q, N, A, X = Stage.QUIET, Stage.NUDGED, Stage.ALERTED, Stage.STOPPED
BEFORE = {
    Q: Escalation(),
    N: Escalation(N, since_s=70.0, calm_since_s=97.5, has_nudge=True),
    A: Escalation(A, since_s=70.0, has_nudge=True),
    X: Escalation(X),
}
EVENTS: dict[str, Event] = {
    "nothing": felt(100, None),
    "calm": felt(100, CALM),
    "a moment of displeasure": felt(100, DISPLEASED, 0.1),
    "displeased": felt(100, DISPLEASED, 1.0),
    "furious": felt(100, FURIOUS, 1.0, 1.0),
    "after the cool-down": felt(670, DISPLEASED, 0.1),
    "rated badly": Rated(Level.ANGRY),
    "rated well": Rated(Level.SATISFIED),
    "opted out": OptedOut(),
    "left": Left(),
}
TABLE: dict[str, dict[Stage, tuple[Stage, list[Action]]]] = {
    "nothing": {Q: (Q, []), N: (N, []), A: (A, []), X: (X, [])},
    "calm": {Q: (Q, []), N: (Q, [ClearNudge()]), A: (A, []), X: (X, [])},
    "a moment of displeasure": {Q: (Q, []), N: (N, []), A: (A, []), X: (X, [])},
    "displeased": {Q: (N, [ShowNudge()]), N: (A, [RaiseAlert(Why.NOT_MENDED)]), A: (A, []), X: (X, [])},
    "furious": {Q: (A, [RaiseAlert(Why.ANGER)]), N: (A, [RaiseAlert(Why.ANGER)]), A: (A, []), X: (X, [])},
    "after the cool-down": {Q: (Q, []), N: (N, []), A: (Q, [ClearNudge()]), X: (X, [])},
    "rated badly": {Q: (Q, []), N: (N, []), A: (A, []), X: (Q, [])},
    "rated well": {Q: (X, []), N: (X, [ClearNudge()]), A: (X, [ClearNudge()]), X: (X, [])},
    "opted out": {Q: (X, []), N: (X, [ClearNudge()]), A: (X, [ClearNudge()]), X: (X, [])},
    "left": {Q: (Q, []), N: (Q, [ClearNudge()]), A: (Q, [ClearNudge()]), X: (Q, [])},
}


@pytest.mark.parametrize(("name", "stage"), list(itertools.product(EVENTS, Stage)))
def test_every_stage_with_every_event(name: str, stage: Stage) -> None:
    after, did = step(BEFORE[stage], EVENTS[name], RULES)

    assert TABLE[name][stage] == (after.stage, list(did))


moods = st.tuples(st.sampled_from([None, *Level]), st.floats(0, 30), st.floats(0, 30), st.floats(0.05, 60))


@given(st.lists(moods, max_size=60))
def test_whatever_is_felt_alerts_of_a_visit_keep_their_distance(
    stream: list[tuple[Level | None, float, float, float]],
) -> None:
    state, now_s = Escalation(), 0.0
    raised: list[float] = []
    for level, negative_for_s, angry_for_s, gap_s in stream:
        now_s += gap_s
        state, actions = step(state, felt(now_s, level, negative_for_s, angry_for_s), RULES)
        raised += [now_s for action in actions if isinstance(action, RaiseAlert)]

    assert all(later - earlier >= RULES.cool_down_s for earlier, later in itertools.pairwise(raised))
