"""Figures over days, out of the sums that are kept of the facts (`sync.city.rollups`): satisfaction, lockers, waiting times.

Only the board uses it. Groups are small enough to be put together by ward, counter or hour in memory. A device whose sums are behind
is summed up from its facts, so that figures are right at any time. Nothing of one visit or ticket leaves this module.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from sync.city.board_terms import Figures, HandoverRow, OverdueRow, SatisfactionRow, Scope, WaitRow
from sync.city.rolling import sums_of
from sync.city.rollups import DONE, HOUR_NAMES, LEVELS, Sums, spans_of, unpacked
from sync.city.transactions import Row, Transaction

OVERDUE_AT_MOST = 500
_SIDE = len(LEVELS)
K = TypeVar("K")


def figures_of(reading: Transaction, scope: Scope) -> Figures:
    """Everything of these days and sites."""
    asked = _Asked(reading, scope)
    return Figures(_satisfaction(asked), _handovers(asked), _overdue(asked), _waits(asked))


class _Asked:
    """Runs a statement for the scope's sites and days. `{sites}` in it becomes a condition on `h.site`."""

    def __init__(self, reading: Transaction, scope: Scope) -> None:
        self._reading = reading
        self._sites = scope.sites
        self.days = (scope.first.isoformat(), scope.last.isoformat())
        behind = self.rows("SELECT h.id, h.site FROM city_chains h WHERE h.rolled <> h.seq{sites}")
        self.behind: list[tuple[str, Sums]] = [(site, sums_of(reading, device, self.days)) for device, site in behind]

    def rows(self, sql: str, *values: object) -> list[Row]:
        """Nothing where no site is in the scope."""
        if self._sites is None:
            return self._reading.rows(sql.format(sites=""), values)
        if not self._sites:
            return []
        marks = ", ".join("?" * len(self._sites))
        return self._reading.rows(sql.format(sites=f" AND h.site IN ({marks})"), (*values, *self._sites))

    def is_asked(self, day: str) -> bool:
        return self.days[0] <= day <= self.days[1]


# Device by device along the table's key: CROSS JOIN has SQLite keep this order, PostgreSQL takes its own.
_OF_THESE_DAYS = (
    "FROM city_chains h CROSS JOIN {table} t "
    "WHERE t.device = h.id AND t.day >= ? AND t.day <= ? AND h.rolled = h.seq{{sites}}"
)


def _summed(names: Iterable[str]) -> str:
    return ", ".join(f"CAST(sum(t.{name}) AS BIGINT)" for name in names)


# --- satisfaction ---

_HOURS = (
    f"SELECT h.site, t.counter, t.hour, {_summed(HOUR_NAMES)} {_OF_THESE_DAYS.format(table='city_hours')} "
    "GROUP BY h.site, t.counter, t.hour"
)


def _satisfaction(asked: _Asked) -> tuple[SatisfactionRow, ...]:
    """In order of site, counter, hour."""
    found: dict[tuple[str, str, int], list[int]] = {
        (row[0], row[1], row[2]): list(row[3:]) for row in asked.rows(_HOURS, *asked.days)
    }
    for site, sums in asked.behind:
        for (_, day, counter, hour), numbers in sums.hours.items():
            if asked.is_asked(day):
                _more(found, (site, counter, hour), numbers)
    return tuple(_hour_row(place, found[place]) for place in sorted(found) if any(found[place]))


def _hour_row(place: tuple[str, str, int], numbers: list[int]) -> SatisfactionRow:
    camera, ratings = (dict(zip(LEVELS, part, strict=True)) for part in (numbers[:_SIDE], numbers[_SIDE : 2 * _SIDE]))
    return SatisfactionRow(*place, camera, ratings, *numbers[2 * _SIDE :])


# --- lockers ---

_HANDED = f"SELECT h.site, {_summed(DONE)} {_OF_THESE_DAYS.format(table='city_handovers')} GROUP BY h.site"
_OPEN = "s.collected_ms IS NULL AND s.recalled_ms IS NULL AND s.released_ms IS NULL"
_HELD = (
    "SELECT h.site, count(*), CAST(sum(CASE WHEN s.overdue_ms IS NULL THEN 0 ELSE 1 END) AS BIGINT) "  # noqa: S608
    "FROM city_stays s JOIN city_chains h ON h.id = s.device "
    f"WHERE {_OPEN} AND (s.loaded_ms IS NOT NULL OR s.deposited_ms IS NOT NULL) AND h.retired_ms IS NULL{{sites}} "
    "GROUP BY h.site"
)
_OVERDUE = (
    "SELECT h.site, h.device, s.compartment, s.dossier, coalesce(s.loaded_ms, s.overdue_ms), s.overdue_days, s.overdue_step "  # noqa: S608
    "FROM city_stays s JOIN city_chains h ON h.id = s.device "
    f"WHERE {_OPEN} AND s.overdue_ms IS NOT NULL AND h.retired_ms IS NULL{{sites}} "
    f"ORDER BY s.overdue_ms, h.site, s.stay LIMIT {OVERDUE_AT_MOST}"
)


def _handovers(asked: _Asked) -> tuple[HandoverRow, ...]:
    done: dict[str, list[int]] = {row[0]: list(row[1:]) for row in asked.rows(_HANDED, *asked.days)}
    for site, sums in asked.behind:
        for (_, day), numbers in sums.handovers.items():
            if asked.is_asked(day):
                _more(done, site, numbers)
    rows = {site: HandoverRow(site, *numbers) for site, numbers in done.items() if any(numbers)}
    for site, held, overdue in asked.rows(_HELD):
        rows[site] = replace(rows.get(site) or HandoverRow(site), held=held, overdue=overdue)
    return tuple(rows[site] for site in sorted(rows))


def _overdue(asked: _Asked) -> tuple[OverdueRow, ...]:
    return tuple(OverdueRow(*row) for row in asked.rows(_OVERDUE))


# --- queues ---

_WAITS = f"SELECT h.site, t.hour, t.tickets, t.served, t.gone, t.spans {_OF_THESE_DAYS.format(table='city_waits')}"


def _waits(asked: _Asked) -> tuple[WaitRow, ...]:
    """In order of site and hour."""
    found: dict[tuple[str, int], list[int]] = {}
    for site, hour, tickets, served, gone, spans in asked.rows(_WAITS, *asked.days):
        _more(found, (site, hour), (tickets, served, gone, unpacked(spans)))
    for site, sums in asked.behind:
        for (_, day, hour), numbers in sums.waits.items():
            if asked.is_asked(day):
                _more(found, (site, hour), numbers)
    return tuple(_wait_row(place, found[place]) for place in sorted(found) if any(found[place]))


def _wait_row(place: tuple[str, int], numbers: list[int]) -> WaitRow:
    tickets, served, left, histogram = numbers
    return WaitRow(*place, tickets, served, left, spans_of(histogram))


def _more(found: dict[K, list[int]], key: K, numbers: Iterable[int]) -> None:
    before = found.get(key)
    found[key] = list(numbers) if before is None else [one + more for one, more in zip(before, numbers, strict=True)]
