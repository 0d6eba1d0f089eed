"""What is in flight, and when to send again: pure logic."""

import random

from hypothesis import given
from hypothesis import strategies as st

from sync.reconnect import Pace
from sync.resend import Resend, ResendRules
from sync.window import Window

RULES = ResendRules(patience_s=10.0, max_patience_s=40.0, pause_s=1.0)


@given(st.integers(1, 60), st.integers(0, 1000), st.randoms(use_true_random=False))
def test_the_watermark_never_passes_an_unacknowledged_event(events: int, start: int, chance: random.Random) -> None:
    window = Window(100, start)
    for seq in range(start + 1, start + events + 1):
        window.sent(mid=seq % 7919, seq=seq)
    order = list(range(start + 1, start + events + 1))
    chance.shuffle(order)
    for done, seq in enumerate(order, 1):
        assert window.acknowledged(seq % 7919) == seq
        unacknowledged = order[done:]
        assert window.watermark == min(unacknowledged, default=start + events + 1) - 1
    assert window.in_flight == 0


def test_a_mid_that_is_no_event_changes_nothing() -> None:
    window = Window(2, 0)
    window.sent(1, 1)
    assert window.acknowledged(9) is None
    assert (window.watermark, window.room) == (0, 1)


def test_the_watermark_does_not_go_back_when_events_are_sent_again() -> None:
    window = Window(10, 5)
    window.sent(1, 6)
    window.acknowledged(1)
    window.sent(2, 3)
    assert window.watermark == 6
    window.acknowledged(2)
    assert window.watermark == 6


def test_a_city_that_never_confirmed_is_not_waited_for() -> None:
    resend = Resend(RULES, city=0, now=0.0)
    assert [resend.due(now, broker=100) for now in (0.0, 1_000.0, 100_000.0)] == [None, None, None]


def test_patience_runs_out_doubles_and_comes_back_with_a_receipt() -> None:
    resend = Resend(RULES, city=5, now=0.0)
    due = [now for now in range(200) if resend.due(float(now), broker=100) is not None]
    assert due == [11, 32, 73, 114, 155, 196]  # after 10, 20, then never more than 40 seconds
    resend.city_has(50)
    assert resend.due(200.0, broker=100) is None
    assert resend.due(211.0, broker=100) == 50


def test_nothing_is_resent_while_the_city_has_everything() -> None:
    resend = Resend(RULES, city=5, now=0.0)
    assert resend.due(1_000.0, broker=5) is None
    assert resend.due(1_009.0, broker=6) is None


def test_a_city_that_asks_is_served_at_most_once_a_pause() -> None:
    resend = Resend(RULES, city=5, now=0.0)
    served = []
    for tenths in range(30):
        resend.ask(7 + tenths)
        served.append(resend.due(tenths / 10, broker=100))
    assert served == [7 + tenths if tenths in {0, 10, 20} else None for tenths in range(30)]


def test_a_city_that_asks_for_the_same_again_and_again_is_served_ever_less_often() -> None:
    """What is deleted here cannot come, however often it is sent; once the city has moved on, it is quick again."""
    resend = Resend(RULES, city=5, now=0.0)
    served = []
    for now in range(120):
        resend.ask(7)
        if resend.due(float(now), broker=5) is not None:
            served.append(now)
    assert served == [0, 1, 3, 7, 15, 31, 63, 103]  # never more than 40 seconds
    resend.ask(8)
    assert resend.due(112.0, broker=5) == 8
    resend.ask(8)
    assert resend.due(113.0, broker=5) == 8


def test_what_came_in_the_meantime_is_not_asked_for_any_more() -> None:
    resend = Resend(RULES, city=5, now=0.0)
    resend.ask(7)
    resend.city_has(9)
    assert resend.due(0.0, broker=9) is None


def test_attempts_slow_down_to_a_cap_and_scatter() -> None:
    assert [Pace(chance=lambda: 1.0).delay_s(n) for n in (1, 2, 3, 7, 1_000)] == [1.0, 2.0, 4.0, 60.0, 60.0]
    assert Pace(chance=lambda: 0.0).delay_s(1) == 0.5
