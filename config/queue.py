"""The section `[queue]`: services that give out numbers, who calls them, and when the centre is open."""

import re
from datetime import date, time
from itertools import pairwise
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from config.fields import Key, Section

_SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")


class Span(Section):
    """Open from `start` up to, not including, `end`; written `"07:30-11:30"`, midnight as 24:00."""

    start: time
    end: time


def _spans(value: Any) -> Any:
    """Spans of one day, in order and apart."""
    if not isinstance(value, list | tuple):
        return value  # the schema says what it should be
    spans = [_span(one) for one in value]
    if any(one["end"] > other["start"] for one, other in pairwise(spans)):
        msg = "the spans of a day stand in order and do not overlap"
        raise ValueError(msg)
    return spans


def _span(text: Any) -> dict[str, time]:
    found = _SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        msg = f"{text!r}: write a span of a day as 07:30-11:30"
        raise ValueError(msg)
    first, past, last, over = map(int, found.groups())
    start = time(first, past)  # ValueError for an hour or a minute that is none
    end = time.max if (last, over) == (24, 0) else time(last, over)
    if start >= end:
        msg = f"{text!r}: a span ends later on the same day than it starts"
        raise ValueError(msg)
    return {"start": start, "end": end}


Spans = Annotated[tuple[Span, ...], BeforeValidator(_spans)]


class Hours(Section):
    """The centre's week; the gap at noon is the gap between two spans. Given a name, a weekday differs from the others."""

    weekdays: Spans = (Span(start=time(7, 30), end=time(11, 30)), Span(start=time(13, 30), end=time(16, 30)))
    saturday: Spans = ()
    sunday: Spans = ()
    monday: Spans | None = None
    tuesday: Spans | None = None
    wednesday: Spans | None = None
    thursday: Spans | None = None
    friday: Spans | None = None

    @property
    def week(self) -> tuple[tuple[Span, ...], ...]:
        """Monday to Sunday."""
        named = (self.monday, self.tuesday, self.wednesday, self.thursday, self.friday)
        return (*(self.weekdays if day is None else day for day in named), self.saturday, self.sunday)


class Holiday(Section):
    """Closed from `first` to `last`, both included; one day when `last` is not given. `name` is what the kiosk says."""

    name: str = Field(min_length=1, max_length=60)
    first: date
    last: date | None = None

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.last is not None and self.last < self.first:
            msg = "a holiday does not end before it begins (first <= last)"
            raise ValueError(msg)
        return self


class WorkingDay(Section):
    """A day with hours of its own: a Sunday that is worked, a Friday that ends early. Outranks holidays."""

    day: date
    hours: Spans


class QueueService(Section):
    """One kind of number. `minutes` is how long one takes, believed until today's own times are known."""

    name: str = Field(min_length=1, max_length=60)
    name_en: str | None = Field(default=None, min_length=1, max_length=60)
    letter: Annotated[str, Field(pattern=r"^[A-Z]$")]
    counters: Annotated[tuple[Key, ...], Field(min_length=1)]
    minutes: Annotated[float, Field(gt=0, le=240)] = 10.0


class QueueCounter(Section):
    """A counter without a camera on this device, or whose number is not the one its key ends in."""

    name: str = Field(min_length=1, max_length=40)
    number: Annotated[int, Field(ge=1, le=999)]


class Queue(Section):
    """`priority_run`: priority tickets in a row before somebody else's turn. `behind`: how many go first after a skip."""

    services: Annotated[dict[Key, QueueService], Field(min_length=1)]
    counters: dict[Key, QueueCounter] = Field(default={})
    hours: Hours = Hours()
    holidays: tuple[Holiday, ...] = ()
    working_days: tuple[WorkingDay, ...] = ()
    priority_run: Annotated[int, Field(ge=1, le=10)] = 2
    calls_at_most: Annotated[int, Field(ge=1, le=10)] = 3
    behind: Annotated[int, Field(ge=0, le=50)] = 3


def number_of(counter: str) -> int | None:
    """The number that a counter's key ends in: 3 of `quay-03`."""
    found = re.search(r"(\d{1,3})$", counter)
    return int(found[1]) if found and int(found[1]) else None
