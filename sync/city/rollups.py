"""What facts come to, a device, day and hour: visits and alerts by counter, handovers, waiting times. Pure.

A fact that changes is taken off as it was and put on as it is, so sums grow with the events and equal the sum of the facts at any
time. `sync.city.rolling` keeps them in the database. Days are Vietnam's.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sync.city.facts import ALERTS, RATINGS, STAYS, TICKETS, VIETNAM, VISITS, FactTable, Value
from sync.city.transactions import Row

LEVELS = ("very_satisfied", "satisfied", "neutral", "dissatisfied", "angry")
HOUR_NAMES = (
    *(f"camera_{level}" for level in LEVELS), *(f"rated_{level}" for level in LEVELS),
    "not_enough", "dropped", "both_marks", "same_side", "alerts", "contested",
)  # fmt: skip
DONE = ("loaded", "collected", "deposited", "recalled")
SPAN_S = 30  # waiting times are told to half a minute
SPANS_AT_MOST = 2_880  # who waits for a day waits no longer
_SPAN_BYTES = 4  # of its count: a histogram is one little-endian number, so that two are added in one step
_CAMERA, _RATED = 0, len(LEVELS)
_NOT_ENOUGH, _DROPPED, _BOTH, _SAME, _ALERTS, _CONTESTED = range(2 * len(LEVELS), len(HOUR_NAMES))
_PLACE = {level: place for place, level in enumerate(LEVELS)}
_SIDES = {"very_satisfied": 1, "satisfied": 1, "neutral": 0, "dissatisfied": -1, "angry": -1}
Fact = Mapping[str, Value]


@dataclass(slots=True)
class Sums:
    """Of some facts, or what a batch changes; numbers may then be negative."""

    hours: dict[tuple[int, str, str, int], list[int]] = field(
        default_factory=dict
    )  # device, day, counter, hour: HOUR_NAMES
    handovers: dict[tuple[int, str], list[int]] = field(default_factory=dict)  # device, day: DONE
    waits: dict[tuple[int, str, int], list[int]] = field(
        default_factory=dict
    )  # tickets, served, gone, spans as a number

    def add(self, table: FactTable, device: int, fact: Fact, times: int = 1) -> None:
        """`times` -1 takes it off. Facts of other tables are in no sum."""
        if teller := _TELLERS.get(table.name):
            teller(self, device, fact, times)

    def changed(self, table: FactTable, device: int, before: Fact | None, after: Fact) -> None:
        if before is not None:
            self.add(table, device, before, -1)
        self.add(table, device, after)

    def hour_rows(self) -> list[Row]:
        """In order of their keys, without those that come to nothing; so the other two."""
        return [(*key, *self.hours[key]) for key in sorted(self.hours) if any(self.hours[key])]

    def handover_rows(self) -> list[Row]:
        return [(*key, *self.handovers[key]) for key in sorted(self.handovers) if any(self.handovers[key])]

    def wait_rows(self) -> list[Row]:
        """With the spans as they are stored; only of whole facts, not of changes."""
        found = ((key, self.waits[key]) for key in sorted(self.waits) if any(self.waits[key]))
        return [(*key, *numbers[:-1], packed(numbers[-1])) for key, numbers in found]

    def _at_hour(self, device: int, fact: Fact) -> list[int] | None:
        day, hour, counter = fact.get("day"), fact.get("hour"), fact.get("counter")
        if day is None or hour is None or counter is None:
            return None
        return self.hours.setdefault((device, str(day), str(counter), int(hour)), [0] * len(HOUR_NAMES))


READ: Mapping[FactTable, tuple[str, ...]] = {
    VISITS: ("counter", "day", "hour", "evidence", "camera", "rating", "dropped"),
    RATINGS: ("counter", "day", "hour", "visit", "level"),
    ALERTS: ("counter", "day", "hour", "contested_ms"),
    STAYS: tuple(f"{name}_ms" for name in DONE),
    TICKETS: ("day", "hour", "waited_s", "served_ms", "left_ms"),
}
"""What of a fact its sums are made of."""


def packed(spans: int) -> bytes:
    """A histogram as it is stored: counts of 32 bits, the shortest wait first."""
    return spans.to_bytes(-(-spans.bit_length() // 8), "little")


def unpacked(stored: bytes) -> int:
    return int.from_bytes(stored, "little")


def spans_of(histogram: int) -> dict[int, int]:
    """How many waited so many seconds (and up to half a minute more)."""
    whole = packed(histogram)
    counts = (
        int.from_bytes(whole[start : start + _SPAN_BYTES], "little") for start in range(0, len(whole), _SPAN_BYTES)
    )
    return {place * SPAN_S: count for place, count in enumerate(counts) if count}


# --- private: what each fact comes to ---


def _visit(sums: Sums, device: int, fact: Fact, times: int) -> None:
    found = sums._at_hour(device, fact)  # noqa: SLF001 - this module's own
    if found is None:
        return
    camera, rating, is_dropped = fact.get("camera"), fact.get("rating"), fact.get("dropped") == 1
    if rating in _PLACE:
        found[_RATED + _PLACE[str(rating)]] += times
    if is_dropped:
        found[_DROPPED] += times
    elif fact.get("evidence") == "not_enough":
        found[_NOT_ENOUGH] += times
    elif fact.get("evidence") == "enough" and camera in _PLACE:
        found[_CAMERA + _PLACE[str(camera)]] += times
        if rating is not None:
            found[_BOTH] += times
            found[_SAME] += times * (_SIDES.get(str(camera)) == _SIDES.get(str(rating)))


def _rating(sums: Sums, device: int, fact: Fact, times: int) -> None:
    """One pressed where no visit was; the others stand in their visits."""
    found = None if fact.get("visit") is not None else sums._at_hour(device, fact)  # noqa: SLF001
    if found is not None and fact.get("level") in _PLACE:
        found[_RATED + _PLACE[str(fact["level"])]] += times


def _alert(sums: Sums, device: int, fact: Fact, times: int) -> None:
    found = sums._at_hour(device, fact)  # noqa: SLF001
    if found is not None:
        found[_ALERTS if fact.get("contested_ms") is None else _CONTESTED] += times


def _stay(sums: Sums, device: int, fact: Fact, times: int) -> None:
    for place, name in enumerate(DONE):
        ms = fact.get(f"{name}_ms")
        if ms is not None:
            sums.handovers.setdefault((device, day_of(int(ms))), [0] * len(DONE))[place] += times


def _ticket(sums: Sums, device: int, fact: Fact, times: int) -> None:
    day, hour, waited = fact.get("day"), fact.get("hour"), fact.get("waited_s")
    if day is None or hour is None:
        return
    found = sums.waits.setdefault((device, str(day), int(hour)), [0] * 4)
    found[0] += times
    found[1] += times * (fact.get("served_ms") is not None)
    found[2] += times * (fact.get("left_ms") is not None)
    if waited is not None:
        span = max(0, min(int(float(waited) // SPAN_S), SPANS_AT_MOST - 1))
        found[3] += times << (8 * _SPAN_BYTES * span)


_TELLERS: Mapping[str, Callable[[Sums, int, Fact, int], None]] = {
    VISITS.name: _visit, RATINGS.name: _rating, ALERTS.name: _alert, STAYS.name: _stay, TICKETS.name: _ticket,
}  # fmt: skip


def day_of(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).astimezone(VIETNAM).date().isoformat()


def summed(facts: Iterable[tuple[FactTable, int, dict[str, Any]]]) -> Sums:
    """Of whole facts: (table, device, fact)."""
    found = Sums()
    for table, device, fact in facts:
        found.add(table, device, fact)
    return found
