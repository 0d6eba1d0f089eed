"""Blinks, stirring and narrowing, on made-up heads and made-up sheets of paper."""

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.challenge import ChallengeRules
from models.liveness import (
    LivenessRules,
    Moment,
    Verdict,
    count_blinks,
    judge_clip,
    narrowing,
    off_plane,
    stir,
)
from tests.models.heads import HEAD, SHEET, Points, moment, seen

RULES = LivenessRules()


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
    assert off_plane(seen(HEAD), seen(HEAD, way * yaw) + tremble) > ChallengeRules().depth
    assert off_plane(seen(SHEET), seen(SHEET, way * yaw) + tremble) < ChallengeRules().depth


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
