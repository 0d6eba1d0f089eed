"""Orders, clocks, trials and metered hours: pure rules."""

from datetime import datetime, timedelta, timezone
from itertools import product

import pytest

from edge.domain.clock_skew import ClockSkew
from edge.domain.command import CommandRefusal, Order, Rules, refuse
from edge.domain.config_trial import STARTS, Health, Trial, TrialPace, TrialStep, Watch, at_start
from edge.domain.metered import is_within

ZONE = timezone(timedelta(hours=7))
NOW = datetime(2026, 11, 21, 8, 0, tzinfo=ZONE)
RULES = Rules("/sites/s/devices/d", {"locker.recall", "device.identify"}, {"locker.recall"})


def order(name: str = "device.identify", source: str = RULES.source, issued_s: float = -5, good_s: float = 60) -> Order:
    return Order("id-1", name, source, NOW + timedelta(seconds=issued_s), NOW + timedelta(seconds=good_s), "an")


@pytest.mark.parametrize(
    ("asked", "is_clock_wrong", "expected"),
    [
        (order(), False, None),
        (order(), True, None),
        (order("locker.recall"), False, None),
        (order("locker.recall"), True, CommandRefusal.CLOCK_UNTRUSTED),
        (order("locker.recall", issued_s=61), False, CommandRefusal.CLOCK_UNTRUSTED),
        (order("locker.recall", issued_s=59), False, None),
        (order(issued_s=3600, good_s=7200), False, None),
        (order(good_s=0), False, None),
        (order(good_s=-0.001), False, CommandRefusal.TOO_LATE),
        (order("locker.recall", good_s=-1), True, CommandRefusal.TOO_LATE),
        (order("locker.open"), False, CommandRefusal.UNKNOWN_COMMAND),
        (order("locker.open", source="/sites/s/devices/e"), False, CommandRefusal.FOREIGN),
    ],
)
def test_an_order_is_carried_out_in_time_by_whom_it_is_for(
    asked: Order, is_clock_wrong: bool, expected: CommandRefusal | None
) -> None:
    assert refuse(asked, RULES, NOW, is_clock_wrong=is_clock_wrong) is expected


def test_one_receipt_that_was_long_on_its_way_makes_no_clock_wrong() -> None:
    skew = ClockSkew().seen(NOW, NOW - timedelta(seconds=61))
    assert (skew.is_wrong, skew.is_right, skew.skew_s) == (False, False, 61.0)
    assert skew.seen(NOW, NOW + timedelta(seconds=5)).is_right
    again = skew.seen(NOW, NOW + timedelta(days=400))
    assert (again.is_wrong, again.skew_s) == (True, -400 * 86_400.0)
    assert again.seen(NOW, NOW).is_right
    assert not ClockSkew().is_right  # nobody said anything yet


@pytest.mark.parametrize(
    ("hours", "moment", "expected"),
    [
        ("07:00-18:00", "07:00", True), ("07:00-18:00", "18:00", False), ("07:00-18:00", "06:59", False),
        ("22:00-05:00", "23:30", True), ("22:00-05:00", "04:59", True), ("22:00-05:00", "12:00", False),
    ],
)  # fmt: skip
def test_metered_hours_may_go_over_midnight(hours: str, moment: str, expected: bool) -> None:
    assert is_within(hours, datetime.fromisoformat(f"2026-11-21T{moment}:00+07:00")) is expected


OLD, NEW, OTHER = "old", "new", "other"


@pytest.mark.parametrize(
    ("present", "has_new", "verdict", "starts"),
    list(product((OLD, NEW, OTHER), (True, False), (None, CommandRefusal.CONFIG_UNHEALTHY), range(STARTS + 1))),
)
def test_a_killed_trial_ends_in_one_of_the_two_files_and_with_an_answer(
    present: str, has_new: bool, verdict: CommandRefusal | None, starts: int
) -> None:
    after, step = at_start(Trial("id-1", OLD, NEW, starts, verdict), present, has_new=has_new)
    if step in {TrialStep.SWAP, TrialStep.TRY}:
        assert (after.verdict, verdict) == (None, None)
        assert after.starts == (1 if step is TrialStep.SWAP else starts + 1) <= STARTS
    else:
        assert after.verdict is (verdict or after.verdict) is not None
    assert (step is TrialStep.ROLL_BACK) == (present == NEW and (verdict is not None or starts == STARTS))
    assert (step is TrialStep.SWAP) == (present == OLD and has_new and verdict is None)
    if present == OTHER:
        assert step is TrialStep.REPORT  # what a person wrote stays
        assert after.verdict is (verdict or CommandRefusal.SUPERSEDED)


def test_only_health_without_a_break_keeps_a_configuration() -> None:
    pace = TrialPace(confirm_s=60.0, give_up_s=300.0)
    watch = Watch(0.0).seen(10.0, is_well=True)
    assert watch.health(69.0, pace) is Health.WAIT
    watch = watch.seen(30.0, is_well=False).seen(40.0, is_well=True)
    assert watch.health(99.0, pace) is Health.WAIT
    assert watch.health(100.0, pace) is Health.KEEP
    ill = Watch(0.0).seen(299.0, is_well=True)
    assert ill.health(299.5, pace) is Health.WAIT
    assert ill.health(300.0, pace) is Health.GIVE_UP
