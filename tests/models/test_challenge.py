"""Whoever does what is asked passes; a sheet, a recording and whoever is late do not."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.challenge import MOVEMENTS, TURNS, Challenge, Stage, Task, advance, draw, draw_short
from models.liveness import Moment
from tests.models.heads import HEAD, SHEET, Points, moment


def act(task: Task, t_s: float, solid: Points = HEAD) -> Moment:
    return {
        Task.TURN_LEFT: moment(t_s, solid, 25.0),
        Task.TURN_RIGHT: moment(t_s, solid, -25.0),
        Task.BLINK: moment(t_s, solid, eyes_closed=0.9),
        Task.OPEN_MOUTH: moment(t_s, solid, mouth_open=0.7),
    }[task]


def answered(challenge: Challenge, tasks: Sequence[Task], solid: Points = HEAD) -> Challenge:
    t_s = challenge.since_s
    for task in tasks:
        for shown in (moment(t_s + 0.5, solid), act(task, t_s + 1.0, solid)):
            challenge = advance(challenge, shown)
        t_s += 1.0
    return challenge


ROWS = [(a, b, c) for a in Task for b in Task for c in Task if a is not b and b is not c and {a, b, c} & set(TURNS)]


@pytest.mark.parametrize("tasks", ROWS)
def test_whoever_does_what_is_asked_passes(tasks: tuple[Task, ...]) -> None:
    assert answered(Challenge(tasks, 0.0), tasks).stage is Stage.PASSED


@pytest.mark.parametrize("tasks", ROWS)
def test_a_sheet_never_passes(tasks: tuple[Task, ...]) -> None:
    assert answered(Challenge(tasks, 0.0), tasks, SHEET).stage is Stage.FAILED


def test_a_recorded_answer_fits_only_its_own_tasks() -> None:
    passed = [asked for asked in ROWS if answered(Challenge(asked, 0.0), ROWS[0]).stage is Stage.PASSED]
    assert passed == [ROWS[0]]


@given(st.integers(0, 2**32 - 1))
def test_what_is_drawn(seed: int) -> None:
    tasks = draw(random.Random(seed).choice, 5.0).tasks
    assert tasks in ROWS


def test_every_row_can_be_drawn() -> None:
    chance = random.Random(1)
    assert {draw(chance.choice, 0.0).tasks for _ in range(3000)} == set(ROWS)
    assert len(ROWS) == 34


def test_before_a_greeting_a_turn_and_a_movement_are_drawn_in_either_order() -> None:
    chance = random.Random(1)
    pairs = {(a, b) for a in TURNS for b in MOVEMENTS} | {(b, a) for a in TURNS for b in MOVEMENTS}
    assert {draw_short(chance.choice, 0.0).tasks for _ in range(500)} == pairs
    assert len(pairs) == 8


@pytest.mark.parametrize(
    ("moments", "stage"),
    [
        ([moment(0.5)], Stage.ACTING),
        ([moment(0.5, yaw=20.0)], Stage.RESTING),  # not yet straight
        ([moment(0.5), moment(1.0, yaw=-25.0)], Stage.FAILED),  # the other way
        ([moment(0.5), moment(1.0, mouth_open=0.7)], Stage.ACTING),  # not what was asked, but no turn: waits
        ([moment(0.5), moment(6.5)], Stage.FAILED),  # too late
        ([moment(0.5), moment(1.0, yaw=25.0)], Stage.RESTING),  # done, straight again for the next
    ],
)
def test_one_step_of_turn_left(moments: list[Moment], stage: Stage) -> None:
    challenge = Challenge((Task.TURN_LEFT, Task.BLINK), 0.0)
    for shown in moments:
        challenge = advance(challenge, shown)
    assert challenge.stage is stage


@given(st.lists(st.tuples(st.floats(-40, 40), st.floats(0, 1), st.floats(0, 1)), max_size=40))
def test_it_ends_and_stays_ended(shown: list[tuple[float, float, float]]) -> None:
    challenge = draw(random.Random(0).choice, 0.0)
    for number, (yaw, closed, mouth) in enumerate(shown):
        after = advance(challenge, moment(number / 5, HEAD, yaw, eyes_closed=closed, mouth_open=mouth))
        assert after.done >= challenge.done
        if challenge.stage in {Stage.PASSED, Stage.FAILED}:
            assert after == challenge
        challenge = after
    assert (challenge.stage is Stage.PASSED) == (challenge.task is None)
    assert advance(challenge, moment(1000.0)).stage in {Stage.PASSED, Stage.FAILED}
