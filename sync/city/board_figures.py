"""Figures over days, grouped by the database: satisfaction by counter and hour, lockers, waiting times. Only the board uses it.

Groups are small enough to be put together by ward, counter or hour in memory; nothing of one visit or ticket leaves this module.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, time, timedelta

from sync.city.board_terms import Figures, HandoverRow, OverdueRow, SatisfactionRow, Scope, WaitRow
from sync.city.facts import VIETNAM, milliseconds
from sync.city.transactions import Row, Transaction

LEVELS = ("very_satisfied", "satisfied", "neutral", "dissatisfied", "angry")
SPAN_S = 30  # waiting times are told to half a minute
OVERDUE_AT_MOST = 500
_SIDES = {"very_satisfied": 1, "satisfied": 1, "neutral": 0, "dissatisfied": -1, "angry": -1}
_Place = tuple[str, str, int]


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
        end = scope.last + timedelta(days=1)
        self.span = tuple(milliseconds(datetime.combine(day, time(), VIETNAM)) for day in (scope.first, end))

    def rows(self, sql: str, *values: object) -> list[Row]:
        """Nothing where no site is in the scope."""
        if self._sites is None:
            return self._reading.rows(sql.format(sites=""), values)
        if not self._sites:
            return []
        marks = ", ".join("?" * len(self._sites))
        return self._reading.rows(sql.format(sites=f" AND h.site IN ({marks})"), (*values, *self._sites))


# --- satisfaction ---


def _counted(condition: str) -> str:
    return f"CAST(sum(CASE WHEN {condition} THEN 1 ELSE 0 END) AS BIGINT)"


_SCORED = "v.evidence = 'enough' AND coalesce(v.dropped, 0) = 0"
_VISITS = (
    "SELECT h.site, v.counter, v.hour, "  # noqa: S608 - our own names
    + ", ".join(_counted(f"{_SCORED} AND v.camera = '{level}'") for level in LEVELS)
    + ", "
    + ", ".join(_counted(f"v.rating = '{level}'") for level in LEVELS)
    + ", "
    + _counted("v.evidence = 'not_enough' AND coalesce(v.dropped, 0) = 0")
    + ", "
    + _counted("v.dropped = 1")
    + " FROM city_visits v JOIN city_chains h ON h.id = v.device "
    "WHERE v.day >= ? AND v.day <= ? AND v.counter IS NOT NULL{sites} GROUP BY h.site, v.counter, v.hour"
)
_PAIRS = (
    "SELECT h.site, v.counter, v.hour, v.camera, v.rating, count(*) FROM city_visits v JOIN city_chains h ON h.id = v.device "  # noqa: S608
    "WHERE v.day >= ? AND v.day <= ? AND v.rating IS NOT NULL AND v.camera IS NOT NULL AND v.counter IS NOT NULL AND "
    + _SCORED
    + "{sites} GROUP BY h.site, v.counter, v.hour, v.camera, v.rating"
)
_LOOSE = (
    "SELECT h.site, r.counter, r.hour, r.level, count(*) FROM city_ratings r JOIN city_chains h ON h.id = r.device "
    "WHERE r.day >= ? AND r.day <= ? AND r.visit IS NULL AND r.counter IS NOT NULL{sites} "
    "GROUP BY h.site, r.counter, r.hour, r.level"
)
_ALERTS = (
    "SELECT h.site, a.counter, a.hour, CAST(sum(CASE WHEN a.contested_ms IS NULL THEN 1 ELSE 0 END) AS BIGINT), "
    "CAST(sum(CASE WHEN a.contested_ms IS NULL THEN 0 ELSE 1 END) AS BIGINT) "
    "FROM city_alerts a JOIN city_chains h ON h.id = a.device "
    "WHERE a.raised_ms >= ? AND a.raised_ms < ? AND a.counter IS NOT NULL{sites} GROUP BY h.site, a.counter, a.hour"
)


def _satisfaction(asked: _Asked) -> tuple[SatisfactionRow, ...]:
    """In order of site, counter, hour."""
    rows: dict[_Place, SatisfactionRow] = {}
    for row in asked.rows(_VISITS, *asked.days):
        numbers = row[3:]
        camera, ratings = (dict(zip(LEVELS, part, strict=True)) for part in (numbers[:5], numbers[5:10]))
        if any(numbers):
            rows[_place(row)] = SatisfactionRow(*_place(row), camera, ratings, *numbers[10:])
    for row in asked.rows(_LOOSE, *asked.days):
        rows[_place(row)] = _with_loose(_row_at(rows, row), row[3], row[4])
    for place, (both, same) in _agreement(asked.rows(_PAIRS, *asked.days)).items():
        rows[place] = replace(rows[place], both=both, same=same)
    for row in asked.rows(_ALERTS, *asked.span):
        rows[_place(row)] = replace(_row_at(rows, row), alerts=row[3], contested=row[4])
    return tuple(rows[place] for place in sorted(rows))


def _place(row: Row) -> _Place:
    return (row[0], row[1], row[2])


def _row_at(rows: Mapping[_Place, SatisfactionRow], row: Row) -> SatisfactionRow:
    nothing = dict.fromkeys(LEVELS, 0)
    return rows.get(_place(row)) or SatisfactionRow(*_place(row), dict(nothing), dict(nothing))


def _with_loose(row: SatisfactionRow, level: str, times: int) -> SatisfactionRow:
    """A rating pressed where no visit was."""
    return replace(row, ratings=row.ratings | {level: row.ratings.get(level, 0) + times})


def _agreement(rows: Iterable[Row]) -> dict[_Place, tuple[int, int]]:
    both, same = Counter[_Place](), Counter[_Place]()
    for row in rows:
        both[_place(row)] += row[5]
        same[_place(row)] += row[5] if _SIDES.get(row[3]) == _SIDES.get(row[4]) else 0
    return {place: (visits, same[place]) for place, visits in both.items()}


# --- lockers ---

_DONE = {name: f"{name}_ms" for name in ("loaded", "collected", "deposited", "recalled")}
_HANDED = (
    "SELECT h.site, count(*) FROM city_stays s JOIN city_chains h ON h.id = s.device "
    "WHERE s.{column} >= ? AND s.{column} < ?{{sites}} GROUP BY h.site"
)
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
    rows: dict[str, HandoverRow] = {}
    for name, column in _DONE.items():
        for site, times in asked.rows(_HANDED.format(column=column), *asked.span):
            rows[site] = replace(rows.get(site) or HandoverRow(site), **{name: times})
    for site, held, overdue in asked.rows(_HELD):
        rows[site] = replace(rows.get(site) or HandoverRow(site), held=held, overdue=overdue)
    return tuple(rows[site] for site in sorted(rows))


def _overdue(asked: _Asked) -> tuple[OverdueRow, ...]:
    return tuple(OverdueRow(*row) for row in asked.rows(_OVERDUE))


# --- queues ---

# In tenths of a second first: the two databases round a division of floats differently.
_WAITS = (
    "SELECT site, hour, span, count(*), CAST(sum(served) AS BIGINT), CAST(sum(gone) AS BIGINT) FROM ("  # noqa: S608
    f"SELECT h.site AS site, t.hour AS hour, CAST(t.waited_s * 10 AS BIGINT) / {SPAN_S * 10} AS span, "
    "CASE WHEN t.served_ms IS NULL THEN 0 ELSE 1 END AS served, CASE WHEN t.left_ms IS NULL THEN 0 ELSE 1 END AS gone "
    "FROM city_tickets t JOIN city_chains h ON h.id = t.device WHERE t.day >= ? AND t.day <= ?{sites}"
    ") AS each_one GROUP BY site, hour, span ORDER BY site, hour, span"
)


def _waits(asked: _Asked) -> tuple[WaitRow, ...]:
    return tuple(
        WaitRow(site, hour, None if span is None else span * SPAN_S, tickets, served, left)
        for site, hour, span, tickets, served, left in asked.rows(_WAITS, *asked.days)
    )
