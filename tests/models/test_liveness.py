"""Blinks, depth and the challenge, on made-up heads and made-up sheets of paper."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.liveness import (
    TURNS,
    Challenge,
    ChallengeRules,
    LivenessRules,
    Moment,
    Stage,
    Task,
    Verdict,
    advance,
    count_blinks,
    draw,
    judge_clip,
    narrowing,
    off_plane,
    stir,
)

Points = npt.NDArray[np.float64]
# x, y and depth towards the camera of the points that liveness follows, in distances between the eyes: a head roughly.
HEAD = np.array(
    [
        (-0.72, 0, -0.1), (-0.28, 0, 0), (0.28, 0, 0), (0.72, 0, -0.1), (0, 0, 0.22), (0, 0.2, 0.35), (0, 0.35, 0.48),
        (0, 0.45, 0.55), (0, 0.6, 0.6), (0, 0.55, 0.62), (0, 0.75, 0.4), (-0.16, 0.68, 0.38), (0.16, 0.68, 0.38),
        (0, -0.2, 0.2), (0, -0.5, 0.2), (-0.55, 0.3, 0.02), (0.55, 0.3, 0.02), (-0.6, 0.5, 0.05), (0.6, 0.5, 0.05),
    ]
)  # fmt: skip
SHEET = HEAD * (1, 1, 0)
RULES = LivenessRules()
ASKED = ChallengeRules()


def seen(solid: Points, yaw: float = 0.0, pitch: float = 0.0, far: float = 12.0) -> Points:
    """Turned by degrees, seen from `far` eye distances away."""
    a, b = math.radians(yaw), math.radians(pitch)
    x, y, z = solid.T
    x, z = x * math.cos(a) + z * math.sin(a), z * math.cos(a) - x * math.sin(a)
    y, z = y * math.cos(b) - z * math.sin(b), z * math.cos(b) + y * math.sin(b)
    return np.column_stack([x, y]) * (far / (far - z))[:, None]


def moment(t_s: float, solid: Points = HEAD, yaw: float = 0.0, **changed: float) -> Moment:
    return replace(Moment(t_s, seen(solid, yaw).astype(np.float32), 0.1, 0.0, yaw, 0.0), **changed)  # type: ignore[arg-type]


def film(
    solid: Points, yaw_at: Callable[[float], float], blink_at: Sequence[float] = (), seconds: float = 5.0
) -> list[Moment]:
    times = [number / 10 for number in range(round(seconds * 10))]
    return [
        moment(t, solid, yaw_at(t), eyes_closed=0.8 if any(0 <= t - start < 0.25 for start in blink_at) else 0.1)
        for t in times
    ]


def still(_: float) -> float:
    return 0.0


def turning(t_s: float) -> float:
    return 25 * math.sin(t_s * 1.5)


def tilted(blink_at: Sequence[float] = ()) -> list[Moment]:
    """A sheet turned to and fro by 35 degrees, as the landmarker sees it: the person on it hardly turns."""
    return [
        replace(one, points=seen(SHEET, 35 * math.sin(2 * one.t_s)).astype(np.float32), yaw=6 * math.sin(2 * one.t_s))
        for one in film(SHEET, still, blink_at)
    ]


def smiling() -> list[Moment]:
    """The cheeks rise and sink."""
    lift = np.zeros_like(HEAD)
    lift[15:, 1] = -0.15
    return [replace(one, points=seen(HEAD + lift * (one.t_s > 1)).astype(np.float32)) for one in film(HEAD, still)]


@pytest.mark.parametrize(
    ("moments", "verdict"),
    [
        (film(HEAD, still, [1.0]), Verdict.LIVE),
        (film(HEAD, turning, [1.0]), Verdict.LIVE),
        (smiling(), Verdict.LIVE),
        (film(HEAD, still), Verdict.UNSURE),  # no blink yet
        (film(HEAD, turning), Verdict.UNSURE),
        (film(HEAD, still, [0.5], seconds=1.5), Verdict.UNSURE),  # too short to say
        (tilted(), Verdict.FLAT),
        (tilted([1.0]), Verdict.FLAT),  # a clip on a tilted screen blinks
        (film(SHEET, still), Verdict.UNSURE),
        ([], Verdict.UNSURE),
    ],
)
def test_what_is_said_of_a_film(moments: list[Moment], verdict: Verdict) -> None:
    assert judge_clip(moments).verdict is verdict


@pytest.mark.parametrize(
    ("closed", "blinks"),
    [
        ([0.1, 0.8, 0.1], 1),
        ([0.1, 0.8, 0.8, 0.1, 0.1, 0.9, 0.1], 2),
        ([0.8, 0.8, 0.1], 0),  # was closed from the start
        ([0.1] + [0.8] * 9 + [0.1], 0),  # closed for a second: no blink
        ([0.1, 0.4, 0.1], 0),
        ([0.1, 0.8, 0.4, 0.8, 0.1], 1),  # not open in between
        ([], 0),
    ],
)
def test_a_blink_is_short_and_whole(closed: list[float], blinks: int) -> None:
    moments = [moment(number / 10, eyes_closed=amount) for number, amount in enumerate(closed)]
    assert count_blinks(moments, RULES) == blinks


def test_eyes_that_close_while_the_head_turns_say_nothing() -> None:
    moments = [moment(0.0), moment(0.1, yaw=15.0, eyes_closed=0.9), moment(0.2, yaw=25.0)]
    assert count_blinks(moments, RULES) == 0


@given(st.floats(-50, 50), st.floats(-30, 30), st.floats(4, 40))
def test_a_sheet_stays_a_sheet_from_everywhere(yaw: float, pitch: float, far: float) -> None:
    assert off_plane(seen(SHEET, far=far), seen(SHEET, yaw, pitch, far)) < 1e-6


@given(st.floats(18, 45), st.sampled_from([-1, 1]), st.integers(0, 2**32 - 1))
def test_a_head_does_not_even_where_landmarks_tremble(yaw: float, way: int, seed: int) -> None:
    tremble = np.random.default_rng(seed).normal(0, 0.004, HEAD[:, :2].shape)
    assert off_plane(seen(HEAD), seen(HEAD, way * yaw) + tremble) > ASKED.depth
    assert off_plane(seen(SHEET), seen(SHEET, way * yaw) + tremble) < ASKED.depth


@given(st.floats(0, 30), st.floats(0, 12), st.integers(0, 2**32 - 1))
def test_a_head_that_turns_and_nods_does_not_grow_narrow(turn: float, nod: float, seed: int) -> None:
    chance = np.random.default_rng(seed)
    moments = []
    for number in range(40):
        yaw, pitch = turn * math.sin(number / 5), nod * math.sin(number / 7)
        points = seen(HEAD, yaw, pitch) + chance.normal(0, 0.004, HEAD[:, :2].shape)
        moments.append(Moment(number / 10, points.astype(np.float32), 0.1, 0.0, yaw, pitch))
    assert narrowing(moments, RULES) < RULES.narrowed_flat


def test_a_sheet_that_is_carried_about_does_not_stir() -> None:
    carried = [replace(one, points=one.points * 1.3 + one.t_s) for one in film(SHEET, still)]
    assert stir(carried, RULES) < 1e-5
    assert stir(smiling(), RULES) > RULES.stirred


# --- the challenge ---


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
