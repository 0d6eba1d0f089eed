"""A visitor who walks away: what was on its way to them is short and silent, for somebody else may stand there by then."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.dialogue import step
from edge.domain.dialogue_events import (
    Came,
    Challenged,
    Event,
    Forget,
    Hush,
    Issued,
    Left,
    Looked,
    NotIssued,
    NotPrinted,
    NotUnderstood,
    Say,
    Tick,
    Touched,
    Unanswered,
)
from edge.domain.dialogue_state import State
from edge.domain.dialogue_terms import By, Intent, Prompt, Stage, Unheard
from edge.domain.dossier_status import NotFound
from edge.domain.naming import SittingTask
from tests.edge.domain.guide_stories import EVENTS, FOUND, HOUSE, NOW, at, play, press, say

NOISE = NotUnderstood(Unheard.NOISE)


def left(stage: Stage) -> State:
    return step(at(stage), Left(), NOW, HOUSE)[0]


@pytest.mark.parametrize(
    ("stage", "event", "there"),
    [
        (Stage.LOOKING, Looked(1, FOUND), Stage.ANSWER),
        (Stage.ISSUING, Issued(1), Stage.TICKET),
        (Stage.ISSUING, NotIssued(1), Stage.NO_TICKET),
    ],
)
def test_what_comes_for_somebody_who_left_is_short_and_silent(stage: Stage, event: Event, there: Stage) -> None:
    state, actions = step(left(stage), event, NOW + 2, HOUSE)
    assert (state.stage, state.until, state.is_warned) == (there, NOW + 2 + HOUSE.gone_s, True)
    assert actions == (Say(Prompt(there.value), is_aloud=False),)
    assert step(state, Tick(), state.until, HOUSE) == (State("vi", turn=state.turn), (Hush(), Forget()))


@pytest.mark.parametrize("stage", [Stage.LOOKING, Stage.ISSUING])
def test_nor_does_a_desk_that_never_answers_keep_the_screen(stage: Stage) -> None:
    state = left(stage)
    given_up_at = state.until
    state, actions = step(state, Tick(), given_up_at, HOUSE)
    assert state.answer in {None, NotFound.NO_ANSWER}
    assert state.until == given_up_at + HOUSE.gone_s
    assert not any(action.is_aloud for action in actions if isinstance(action, Say))


def test_a_slip_that_did_not_come_out_keeps_no_page_that_ends() -> None:
    state, _ = step(left(Stage.ISSUING), Issued(1), NOW + 2, HOUSE)
    again, actions = step(state, NotPrinted(1), NOW + 5, HOUSE)
    assert (again.prompt, again.until) == (Prompt.NO_SLIP, state.until)
    assert actions == (Say(Prompt.NO_SLIP, is_aloud=False),)


@pytest.mark.parametrize("stage", [Stage.LOOKING, Stage.ISSUING])
@pytest.mark.parametrize("sign", [Came(), Touched(), press(Intent.PICK, pick="gone")])
def test_who_comes_back_before_the_answer_gets_the_whole_of_it(stage: Stage, sign: Event) -> None:
    state, _ = step(left(stage), sign, NOW + 1, HOUSE)
    state, (said,) = step(state, Looked(1, FOUND) if stage is Stage.LOOKING else Issued(1), NOW + 2, HOUSE)
    assert (state.until, state.is_warned) == (NOW + 2 + HOUSE.limit_s(state.stage), False)
    assert said == Say(Prompt(state.stage.value), is_aloud=True)


@pytest.mark.parametrize("sign", [Came(), Touched(), say(Intent.REPEAT, By.VOICE)])
def test_who_comes_back_after_the_answer_has_time_to_read_it(sign: Event) -> None:
    state, _ = step(left(Stage.LOOKING), Looked(1, FOUND), NOW + 2, HOUSE)
    state, _ = step(state, sign, NOW + 4, HOUSE)
    assert (state.answer, state.until, state.is_gone) == (FOUND, NOW + 4 + HOUSE.idle_s, False)


def test_a_hall_that_is_loud_keeps_nobodys_page() -> None:
    assert step(left(Stage.ANSWER), NOISE, NOW + 3, HOUSE) == (left(Stage.ANSWER), ())
    shown = at(Stage.ANSWER)
    assert step(shown, NOISE, NOW + 30, HOUSE)[0].until == shown.until


def test_an_empty_hall_is_not_greeted() -> None:
    state, _ = play(Came(), Challenged(SittingTask.BLINK, is_first=True), Left())
    greeted, actions = step(state, Unanswered(), NOW + 4, HOUSE)
    assert (greeted.prompt, greeted.until) == (Prompt.GREETING, state.until)
    assert actions == (Say(Prompt.GREETING, is_aloud=False),)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(sorted(EVENTS)), max_size=25))
def test_nothing_outlasts_its_visitor_whatever_the_desks_answer(story: list[str]) -> None:
    """After LOOKING or ISSUING one page more, and never a word aloud."""
    state, _ = play(*(EVENTS[name] for name in story), Left())
    answered_at = NOW + len(story) + 1
    for event in (Looked(state.turn, FOUND), Issued(state.turn), NotPrinted(state.turn), Unanswered(), NOISE):
        state, actions = step(state, event, answered_at, HOUSE)
        assert not any(action.is_aloud for action in actions if isinstance(action, Say))
    state, _ = step(state, Tick(), answered_at + HOUSE.gone_s, HOUSE)
    assert state == State("vi", turn=state.turn)
