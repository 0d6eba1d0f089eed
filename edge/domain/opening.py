"""When the centre is open: weekly hours with their gap at noon, holidays, days that are worked after all. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum

_DAYS_AHEAD = 60  # Tết is the longest gap there is; beyond that nobody needs to be told


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Open from `start` up to, not including, `end`."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class Holiday:
    """`first` and `last` are both closed."""

    first: date
    last: date
    name: str


Spans = Sequence[Span]


@dataclass(frozen=True, slots=True)
class Opening:
    """`week` is Monday to Sunday, spans in order. `special` days outrank holidays, holidays outrank the week."""

    week: tuple[Spans, Spans, Spans, Spans, Spans, Spans, Spans]
    holidays: tuple[Holiday, ...] = ()
    special: Mapping[date, Spans] = field(default_factory=dict)

    def spans(self, day: date) -> Spans:
        if day in self.special:
            return self.special[day]
        return () if self.holiday(day) else self.week[day.weekday()]

    def holiday(self, day: date) -> Holiday | None:
        return next((one for one in self.holidays if one.first <= day <= one.last), None)


class WhyClosed(StrEnum):
    HOLIDAY = "holiday"
    DAY_OFF = "day_off"
    BEFORE = "before"  # the day's first hour has not come
    BREAK = "break"  # the gap at noon
    AFTER = "after"


@dataclass(frozen=True, slots=True)
class Closed:
    """Why, and when it opens next (None: not within two months). `holiday` is its name as configured."""

    why: WhyClosed
    opens: datetime | None
    holiday: str | None = None


def closed(opening: Opening, now: datetime) -> Closed | None:
    """None while it is open. `now` is aware, in the site's zone."""
    spans, at = opening.spans(now.date()), now.time()
    if any(span.start <= at < span.end for span in spans):
        return None
    holiday = opening.holiday(now.date())
    opens = next_opening(opening, now)
    if not spans:
        return Closed(WhyClosed.HOLIDAY if holiday else WhyClosed.DAY_OFF, opens, holiday.name if holiday else None)
    if at < spans[0].start:
        return Closed(WhyClosed.BEFORE, opens)
    return Closed(WhyClosed.AFTER if at >= spans[-1].end else WhyClosed.BREAK, opens)


def next_opening(opening: Opening, now: datetime) -> datetime | None:
    """The next moment at which it opens, after `now`."""
    for ahead in range(_DAYS_AHEAD):
        day = now.date() + timedelta(days=ahead)
        for span in opening.spans(day):
            start = datetime.combine(day, span.start, now.tzinfo)
            if start > now:
                return start
    return None


def after_working(opening: Opening, now: datetime, seconds: float) -> datetime | None:
    """When that much open time has passed, the gap at noon not counted. None: not today any more."""
    left = timedelta(seconds=seconds)
    for span in opening.spans(now.date()):
        start = max(now, datetime.combine(now.date(), span.start, now.tzinfo))
        end = datetime.combine(now.date(), span.end, now.tzinfo)
        if start >= end:
            continue
        if left <= end - start:
            return start + left
        left -= end - start
    return None
