"""Counts for the pages: the camera's levels and the citizens' ratings side by side, never mixed. For `edge.web`."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date

from edge.domain.level import Level
from edge.ports import Agreement, Distribution, HourRow, Ledger
from edge.store import counts
from edge.store.counts import Count


class StatisticsService:
    """`edge.ports.Statistics` over the tables."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def day(self, day: date, counter: str | None = None) -> Distribution:
        found = await self._ledger.read(lambda connection: _Day(connection, day.isoformat()))
        return found.distribution(lambda count: counter is None or count.counter == counter)

    async def hours(self, day: date) -> tuple[HourRow, ...]:
        """One row for each counter and hour in which anything was counted."""
        found = await self._ledger.read(lambda connection: _Day(connection, day.isoformat()))
        return tuple(found.row(counter, hour) for counter, hour in found.places())

    async def agreement(self, since: date, until: date) -> Agreement:
        pairs = await self._ledger.read(
            lambda connection: counts.camera_and_rating(connection, since.isoformat(), until.isoformat())
        )
        table = {(Level(camera), Level(rating)): visits for camera, rating, visits in pairs}
        same = sum(visits for (camera, rating), visits in table.items() if camera.side == rating.side)
        return Agreement(both=sum(table.values()), same=same, table=table)


class _Day:
    """All counts of one day, read at one moment."""

    def __init__(self, connection: sqlite3.Connection, day: str) -> None:
        self._camera = counts.camera(connection, day)
        self._ratings = counts.ratings(connection, day)
        self._not_enough = counts.not_enough(connection, day)
        self._dropped = counts.dropped(connection, day)
        self._alerts = counts.alerts(connection, day, contested=False)
        self._contested = counts.alerts(connection, day, contested=True)

    def places(self) -> list[tuple[str, int]]:
        everything = (self._camera, self._ratings, self._not_enough, self._dropped, self._alerts, self._contested)
        return sorted({(count.counter, count.hour) for table in everything for count in table})

    def row(self, counter: str, hour: int) -> HourRow:
        def is_here(count: Count) -> bool:
            return (count.counter, count.hour) == (counter, hour)

        alerts, contested = _total(filter(is_here, self._alerts)), _total(filter(is_here, self._contested))
        return HourRow(counter, hour, self.distribution(is_here), alerts, contested)

    def distribution(self, wanted: Callable[[Count], bool]) -> Distribution:
        return Distribution(
            camera=_by_level(filter(wanted, self._camera)),
            ratings=_by_level(filter(wanted, self._ratings)),
            not_enough=_total(filter(wanted, self._not_enough)),
            dropped=_total(filter(wanted, self._dropped)),
        )


def _by_level(found: Iterable[Count]) -> dict[Level, int]:
    """Every level has a number, zero too, best first."""
    totals: dict[str | None, int] = defaultdict(int)
    for count in found:
        totals[count.what] += count.visits
    return {level: totals[level.value] for level in Level}


def _total(found: Iterable[Count]) -> int:
    return sum(count.visits for count in found)
