"""Telephone numbers, reasons, and the verdict over a visit."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.level import Level
from edge.domain.msisdn import Msisdn, NotAMobileNumber
from edge.domain.reasons import telling
from edge.domain.resting import Resting
from edge.domain.satisfaction import Mood
from edge.domain.verdict import Evidence, Tally, VerdictRules, counted, summarise

V, S, N, D, A = Level


@pytest.mark.parametrize(
    "text", ["0912345678", "+84912345678", "84912345678", "0912 345 678", "0912.345.678", "+84 (91) 234-5678"]
)
def test_one_number_in_many_spellings(text: str) -> None:
    assert Msisdn.parse(text) == Msisdn.parse("0912345678")
    assert Msisdn.parse(text).reveal() == "+84912345678"


@pytest.mark.parametrize(
    "text", ["", "0212345678", "091234567", "09123456789", "+85912345678", "VIETTEL", "9 1234 5678"]
)
def test_what_is_no_mobile_number(text: str) -> None:
    with pytest.raises(NotAMobileNumber) as caught:
        Msisdn.parse(text)
    assert not text or text not in str(caught.value)


@given(st.from_regex(r"0[35789][0-9]{8}", fullmatch=True))
def test_a_number_does_not_leak(text: str) -> None:
    number = Msisdn.parse(text)

    for shown in (str(number), repr(number), f"{number}"):
        assert text[1:] not in shown
        assert text[1:8] not in shown


def test_the_heaviest_movements_of_the_right_side_are_named() -> None:
    weights = {"smile": 9.0, "brow_lowered": 3.0, "lips_pressed": 5.0, "jaw_open": 1.0, "eyes_wide": 0.5}

    assert telling(weights, A) == ("lips_pressed", "brow_lowered", "jaw_open")
    assert telling(weights, S) == ("smile", "jaw_open", "eyes_wide")
    assert telling({}, N) == ()


@pytest.mark.parametrize(
    ("seconds", "last", "level"),
    [
        ({N: 60.0}, N, N),
        ({N: 2.0, S: 4.0}, S, S),
        ({N: 2.0, V: 8.0}, V, V),
        ({N: 2.0, D: 4.0}, D, D),
        ({N: 2.0, A: 4.0}, A, A),
        ({N: 60.0, A: 3.0}, N, D),  # a peak of anger is remembered
        ({N: 60.0, S: 3.0}, S, S),  # who leaves smiling was satisfied
        ({N: 60.0, D: 0.5}, N, N),  # half a second is no peak
        ({N: 30.0, A: 3.0, S: 10.0}, S, N),  # angry first, content in the end
    ],
)
def test_the_whole_the_peak_and_the_end_make_the_level(seconds: dict[Level, float], last: Level, level: Level) -> None:
    total = sum(seconds.values())
    summary = summarise(
        "1", Tally(seconds, last=last), VerdictRules(), started_s=0, ended_s=total, usable_s=total, rating=None
    )  # fmt: skip

    assert (Evidence.ENOUGH, level, last) == (summary.evidence, summary.level, summary.level_at_end)


def test_a_long_visit_seen_for_a_moment_is_not_enough() -> None:
    summary = summarise("1", Tally({N: 5.0}, last=N), VerdictRules(), started_s=0, ended_s=600, usable_s=5, rating=S)

    assert (summary.evidence, summary.camera, summary.level) == (Evidence.NOT_ENOUGH, None, S)


tallies = st.dictionaries(st.sampled_from(Level), st.floats(0.1, 1000), min_size=1)


@given(tallies, st.sampled_from(Level))
def test_the_verdict_lies_between_the_extremes(seconds: dict[Level, float], last: Level) -> None:
    seconds = {**seconds, last: seconds.get(last, 1.0), N: seconds.get(N, 1.0)}
    total = sum(seconds.values())
    summary = summarise("1", Tally(seconds, last=last), VerdictRules(evidence_s=0), started_s=0, ended_s=total, usable_s=total, rating=None)  # fmt: skip

    assert summary.camera is not None
    assert min(level.rank for level in seconds) <= summary.camera.rank <= max(level.rank for level in seconds)
    assert sum(summary.shares.values()) == pytest.approx(1)


def test_seconds_before_the_first_level_are_counted_for_what_they_were() -> None:
    calm, furious = Mood(shown=N), Mood(shown=A)
    waited = counted(counted(Tally(), calm, 1.0), furious, 0.5)

    moved = counted(waited, Mood(level=A, shown=A), 1.0)
    rested = counted(waited, Mood(level=N, shown=N, resting=Resting(is_settled=True, is_learnt=True)), 1.0)
    assert (moved.level_s, rested.level_s) == ({N: 1.0, A: 1.5}, {N: 2.5})
