from datetime import date, datetime, time, timedelta, timezone

import pytest

from edge.domain.opening import Closed, Holiday, Opening, Span, WhyClosed, after_working, closed

ZONE = timezone(timedelta(hours=7))
WORKDAY = (Span(time(7, 30), time(11, 30)), Span(time(13, 30), time(16, 30)))
SATURDAY = (Span(time(7, 30), time(11, 30)),)
TET = Holiday(date(2027, 2, 5), date(2027, 2, 11), "Tết Nguyên đán")
MADE_UP = date(2026, 12, 6)  # a Sunday that is worked
OPENING = Opening(
    (WORKDAY, WORKDAY, WORKDAY, WORKDAY, WORKDAY, SATURDAY, ()), (TET,), {MADE_UP: SATURDAY, date(2026, 12, 9): ()}
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-27T07:30", None),
        ("2026-11-27T11:29:59", None),
        ("2026-11-27T07:29:59", Closed(WhyClosed.BEFORE, at("2026-11-27T07:30"))),
        ("2026-11-27T11:30", Closed(WhyClosed.BREAK, at("2026-11-27T13:30"))),
        ("2026-11-27T16:30", Closed(WhyClosed.AFTER, at("2026-11-28T07:30"))),
        ("2026-11-28T11:30", Closed(WhyClosed.AFTER, at("2026-11-30T07:30"))),
        ("2026-11-29T09:00", Closed(WhyClosed.DAY_OFF, at("2026-11-30T07:30"))),
        ("2026-12-06T09:00", None),
        ("2026-12-09T09:00", Closed(WhyClosed.DAY_OFF, at("2026-12-10T07:30"))),
        ("2027-02-05T09:00", Closed(WhyClosed.HOLIDAY, at("2027-02-12T07:30"), "Tết Nguyên đán")),
        ("2027-02-11T23:59", Closed(WhyClosed.HOLIDAY, at("2027-02-12T07:30"), "Tết Nguyên đán")),
    ],
)
def test_why_it_is_closed_and_until_when(now: str, expected: Closed | None) -> None:
    assert closed(OPENING, at(now)) == expected


def test_a_centre_that_never_opens_says_so() -> None:
    assert closed(Opening(((), (), (), (), (), (), ())), at("2026-11-27T09:00")) == Closed(WhyClosed.DAY_OFF, None)


@pytest.mark.parametrize(
    ("now", "minutes", "then"),
    [
        ("2026-11-27T09:00", 20, "2026-11-27T09:20"),
        ("2026-11-27T11:20", 10, "2026-11-27T11:30"),
        ("2026-11-27T11:20", 20, "2026-11-27T13:40"),
        ("2026-11-27T12:00", 5, "2026-11-27T13:35"),
        ("2026-11-27T16:20", 20, None),
        ("2026-11-27T17:00", 5, None),
    ],
)
def test_a_wait_goes_on_after_the_gap_at_noon(now: str, minutes: int, then: str | None) -> None:
    assert after_working(OPENING, at(now), minutes * 60) == (at(then) if then else None)
