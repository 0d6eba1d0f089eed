"""What overtakes, what a narrow line carries and what a metered one holds back: pure logic."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.manners import MEAN_EVENT_BYTES, PACKET_BYTES, Bucket, Hold
from sync.urgent import EarlyCopies, is_urgent

ALERT = (7, "alert.raised", b'{"data":{}}')


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("alert.raised", b"anything", True),
        ("locker.fault", b'{"data":{"why":"forced"}}', True),
        ("locker.fault", b'{"data":{"why":"wrong_door"}}', True),
        ("locker.fault", b'{"data":{"why":"left_open"}}', False),
        ("device.fault", b'{"data":{"part":"link","why":"receipt_mismatch"}}', True),
        ("device.fault", b'{"data":{"part":"camera/quay-01","why":"lost"}}', False),
        ("locker.fault", b"\xff{", False),
        ("visit.ended", b'{"data":{"why":"forced"}}', False),
    ],
)
def test_only_a_small_set_is_urgent(kind: str, body: bytes, expected: bool) -> None:
    assert is_urgent(kind, body) is expected


@pytest.mark.parametrize(
    ("sent", "reach", "expected"), [(0, 6, ALERT), (0, 7, None), (6, 1, None), (6, 0, ALERT), (7, 0, None)]
)
def test_what_can_go_in_its_turn_at_once_goes_in_its_turn_alone(sent: int, reach: int, expected: object) -> None:
    early = EarlyCopies(0)
    early.saw([ALERT], 10)
    assert early.next(sent, reach) == expected
    assert early.next(0, 0) is None  # and is never looked at again


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 100)), max_size=30))
def test_none_goes_early_twice_and_none_after_its_turn(turns: list[tuple[int, int]]) -> None:
    early, gone = EarlyCopies(0), list[int]()
    early.saw([(seq, "alert.raised", b"") for seq in range(1, 400, 3)], 400)
    for sent, reach in turns:
        while row := early.next(sent, reach):
            assert row[0] > sent + reach
            gone.append(row[0])
    assert len(gone) == len(set(gone))


def test_a_bucket_lets_a_second_through_and_then_the_rate() -> None:
    bucket = Bucket(1_000.0, 0.0)
    bucket.take(1_000 - PACKET_BYTES)
    assert bucket.wait_s(0.0) == pytest.approx(0.001)
    bucket.take(500 - PACKET_BYTES)  # a debt: an alert does not wait
    assert bucket.wait_s(0.0) == pytest.approx(0.501)
    assert bucket.wait_s(0.4) == pytest.approx(0.101)
    assert bucket.wait_s(0.6) == 0.0
    assert bucket.wait_s(100.0) == 0.0
    assert bucket.events == 1_000 // MEAN_EVENT_BYTES  # what was not used is not saved up


def test_without_a_cap_nothing_waits() -> None:
    bucket = Bucket(None, 0.0)
    bucket.take(10**9)
    assert (bucket.wait_s(0.0), bucket.events) == (0.0, math.inf)


def test_a_metered_line_goes_in_batches_and_what_proves_a_handover_takes_along_what_is_before_it() -> None:
    hold = Hold(900.0, 0.0)
    assert hold.limit(0.0, is_metered=True, last=10, at_once=0) == 10
    assert hold.limit(1.0, is_metered=True, last=20, at_once=0) == 10
    assert hold.limit(2.0, is_metered=True, last=20, at_once=15) == 15
    assert hold.limit(899.0, is_metered=True, last=30, at_once=15) == 15
    assert hold.limit(900.0, is_metered=True, last=31, at_once=15) == 31
    assert hold.limit(901.0, is_metered=False, last=40, at_once=15) == math.inf
    assert hold.limit(902.0, is_metered=True, last=41, at_once=15) == 41  # what waited while it was free
