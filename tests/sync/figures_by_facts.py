"""The figures as a plain count over every single fact, the way they were made before there were sums. What the sums are held against."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, time, timedelta

from sync.city.board_terms import HandoverRow, SatisfactionRow, Scope, WaitRow
from sync.city.facts import VIETNAM, milliseconds
from sync.city.rollups import LEVELS
from sync.city.transactions import Database, Row, Transaction

_SIDE = {"very_satisfied": 1, "satisfied": 1, "neutral": 0, "dissatisfied": -1, "angry": -1}
_Place = tuple[str, str, int]


def satisfaction(database: Database, scope: Scope) -> tuple[SatisfactionRow, ...]:
    found: dict[_Place, SatisfactionRow] = {}
    with database.reading() as reading:
        for *place, evidence, camera, rating, dropped in _visits(reading, scope):
            row = found.setdefault(_place(place), _nothing(_place(place)))
            found[row.site, row.counter, row.hour] = _with_visit(row, evidence, camera, rating, dropped == 1)
        for *place, level in _loose(reading, scope):
            row = found.setdefault(_place(place), _nothing(_place(place)))
            row.ratings[level] += 1
        for *place, contested_ms in _alerts(reading, scope):
            row = found.setdefault(_place(place), _nothing(_place(place)))
            name = "alerts" if contested_ms is None else "contested"
            found[row.site, row.counter, row.hour] = replace(row, **{name: getattr(row, name) + 1})
    return tuple(found[place] for place in sorted(found) if _is_something(found[place]))


def handovers(database: Database, scope: Scope) -> tuple[HandoverRow, ...]:
    """What was done; nothing of what lies there now."""
    found: dict[str, HandoverRow] = {}
    with database.reading() as reading:
        for name in ("loaded", "collected", "deposited", "recalled"):
            sql = (
                "SELECT h.site FROM city_stays s JOIN city_chains h ON h.id = s.device "  # noqa: S608 - our own names
                f"WHERE s.{name}_ms >= ? AND s.{name}_ms < ?"
            )
            for (site,) in reading.rows(sql, _span(scope)):
                row = found.setdefault(site, HandoverRow(site))
                found[site] = replace(row, **{name: getattr(row, name) + 1})
    return tuple(found[site] for site in sorted(found))


def waits(database: Database, scope: Scope) -> tuple[WaitRow, ...]:
    sql = (
        "SELECT h.site, t.hour, t.waited_s, t.served_ms, t.left_ms FROM city_tickets t JOIN city_chains h ON h.id = t.device "
        "WHERE t.day >= ? AND t.day <= ?"
    )
    groups: dict[tuple[str, int], list[Row]] = {}
    with database.reading() as reading:
        for site, hour, *rest in reading.rows(sql, _days(scope)):
            groups.setdefault((site, hour), []).append(tuple(rest))
    return tuple(_wait(place, groups[place]) for place in sorted(groups))


def _wait(place: tuple[str, int], rows: list[Row]) -> WaitRow:
    spans = Counter(int(waited // 30) * 30 for waited, _, _ in rows if waited is not None)
    served, left = (sum(row[column] is not None for row in rows) for column in (1, 2))
    return WaitRow(*place, len(rows), served, left, dict(spans))


def _with_visit(
    row: SatisfactionRow, evidence: str, camera: str | None, rating: str | None, is_dropped: bool
) -> SatisfactionRow:
    if rating is not None:
        row.ratings[rating] += 1
    if is_dropped:
        return replace(row, dropped=row.dropped + 1)
    if evidence == "not_enough":
        return replace(row, not_enough=row.not_enough + 1)
    if evidence != "enough" or camera is None:
        return row
    row.camera[camera] += 1
    if rating is None:
        return row
    return replace(row, both=row.both + 1, same=row.same + (_SIDE[camera] == _SIDE[rating]))


def _visits(reading: Transaction, scope: Scope) -> list[Row]:
    sql = (
        "SELECT h.site, v.counter, v.hour, v.evidence, v.camera, v.rating, v.dropped FROM city_visits v "
        "JOIN city_chains h ON h.id = v.device WHERE v.day >= ? AND v.day <= ? AND v.counter IS NOT NULL"
    )
    return reading.rows(sql, _days(scope))


def _loose(reading: Transaction, scope: Scope) -> list[Row]:
    sql = (
        "SELECT h.site, r.counter, r.hour, r.level FROM city_ratings r JOIN city_chains h ON h.id = r.device "
        "WHERE r.day >= ? AND r.day <= ? AND r.visit IS NULL AND r.counter IS NOT NULL"
    )
    return reading.rows(sql, _days(scope))


def _alerts(reading: Transaction, scope: Scope) -> list[Row]:
    sql = (
        "SELECT h.site, a.counter, a.hour, a.contested_ms FROM city_alerts a JOIN city_chains h ON h.id = a.device "
        "WHERE a.raised_ms >= ? AND a.raised_ms < ? AND a.counter IS NOT NULL"
    )
    return reading.rows(sql, _span(scope))


def _nothing(place: _Place) -> SatisfactionRow:
    return SatisfactionRow(*place, dict.fromkeys(LEVELS, 0), dict.fromkeys(LEVELS, 0))


def _is_something(row: SatisfactionRow) -> bool:
    return row != _nothing((row.site, row.counter, row.hour))


def _place(found: list[object]) -> _Place:
    site, counter, hour = found
    return str(site), str(counter), int(str(hour))


def _days(scope: Scope) -> tuple[str, str]:
    return scope.first.isoformat(), scope.last.isoformat()


def _span(scope: Scope) -> tuple[int, int]:
    first, end = (datetime.combine(day, time(), VIETNAM) for day in (scope.first, scope.last + timedelta(days=1)))
    return milliseconds(first), milliseconds(end)
