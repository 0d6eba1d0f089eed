"""The board: what the city's pages show, read out of its database in one picture a question, SQLite and PostgreSQL alike.

Every question is a handful of statements however many devices there are. Figures over days are `sync.city.board_figures`.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sync.city.board_figures import figures_of
from sync.city.board_terms import (
    AlertRow,
    DeviceFile,
    DeviceRow,
    Figures,
    Fleet,
    HistoryRow,
    PartFault,
    QuarantineRow,
    Scope,
    StreamFault,
)
from sync.city.facts import ALERTS, Merged, milliseconds
from sync.city.judge import moment_of, payload_of, read
from sync.city.terms import Arrival, DeviceState
from sync.city.transactions import Database, Row, Transaction
from sync.topics import Topics

T = TypeVar("T")
ALERT_LIFE = timedelta(days=2)  # an alert nobody closed is history afterwards
ALERTS_AT_MOST = 500
_LAST = 100  # rows of each list about one device


class Board:
    """Blocking. Give it a database of its own, so that no reading waits for the ingest. May raise DatabaseLost, DatabaseUnusable."""

    def __init__(self, database: Database, clock: Callable[[], datetime] | None = None) -> None:
        self._database = database
        self._clock = clock or _utc

    def fleet(self) -> Fleet:
        """Every device and every live alert, now."""
        now = self._clock()
        with self._database.reading() as reading:
            devices = _devices(reading)
            alerts = _alerts(reading, milliseconds(now - ALERT_LIFE))
            known = {device.source for device in devices}
            faulty = reading.rows("SELECT DISTINCT source FROM city_faults WHERE closed_ms IS NULL")
        strangers = sum(source not in known for (source,) in faulty)
        return Fleet(milliseconds(now), devices, alerts, strangers)

    def device(self, source: str) -> DeviceFile | None:
        """None for a device that the city does not know."""
        with self._database.reading() as reading:
            row = next(iter(_devices(reading, source)), None)
            if row is None:
                return None
            return DeviceFile(
                row, _faults_of(reading, source), _quarantine_of(reading, source), _histories_of(reading, source)
            )

    def figures(self, scope: Scope) -> Figures:
        """Satisfaction, lockers and queues of some days."""
        with self._database.reading() as reading:
            return figures_of(reading, scope)


def _utc() -> datetime:
    return datetime.now(UTC)


# --- devices ---

_CHAINS = (
    "SELECT h.source, h.site, h.device, h.seq, h.signed_upto, h.last_event_ms, h.last_taken_ms, p.state, p.since_ms, r.told_ms, "
    "m.version, m.stations, m.started_ms, m.health_ms, m.memory_mb, m.disk_free_mb, m.backlog "
    "FROM city_chains h LEFT JOIN city_presence p ON p.source = h.source LEFT JOIN city_receipts r ON r.source = h.source "
    "LEFT JOIN city_machines m ON m.device = h.id WHERE h.retired_ms IS NULL"
)
_ENROLLED = (
    "SELECT e.source, e.site, e.device, e.state, e.certificate_ends, p.state, p.since_ms "
    "FROM enrolled_devices e LEFT JOIN city_presence p ON p.source = e.source WHERE 1 = 1"
)
_FAULT = "kind, seq, seconds, since_ms, last_ms, times, closed_ms, closed_by"
_PARTS = (
    "SELECT h.source, f.part, f.why, f.since_ms FROM city_part_faults f JOIN city_chains h ON h.id = f.device "
    "WHERE f.is_open = 1 AND h.retired_ms IS NULL"
)


def _devices(reading: Transaction, source: str | None = None) -> tuple[DeviceRow, ...]:
    """All of them, or one; in order of their names. Those that enrolled and never sent anything, too."""
    values = () if source is None else (source,)

    def chosen(sql: str, name: str, ending: str = "") -> list[Row]:
        return reading.rows(sql + ("" if source is None else f" AND {name} = ?") + ending, values)

    enrolled = {row[0]: row for row in chosen(_ENROLLED, "e.source")}
    faults = _grouped(
        (row[0], StreamFault(*row[1:]))
        for row in chosen(f"SELECT source, {_FAULT} FROM city_faults WHERE closed_ms IS NULL", "source", " ORDER BY id")  # noqa: S608 - our own names
    )
    parts = _grouped((row[0], PartFault(*row[1:])) for row in chosen(_PARTS, "h.source", " ORDER BY f.part"))
    put_away: Counter[str] = Counter(
        dict(chosen("SELECT source, sum(times) FROM city_quarantine WHERE 1 = 1", "source", " GROUP BY source"))
    )
    chains = {row[0]: row for row in chosen(_CHAINS, "h.source")}
    return tuple(
        replace(
            _device(chains.get(one), enrolled.get(one)),
            faults=faults.get(one, ()), parts=parts.get(one, ()), quarantined=int(put_away[one]),
        )
        for one in sorted(chains.keys() | enrolled.keys())
    )  # fmt: skip


def _device(chain: Row | None, enrolled: Row | None) -> DeviceRow:
    """What is in its chain, in the registry, or in both."""
    is_revoked, ends_ms = (enrolled[3] == DeviceState.REVOKED.value, enrolled[4]) if enrolled else (False, None)
    if chain is None:
        assert enrolled is not None  # noqa: S101 - a device is in one of the two
        source, site, device, _, _, state, since_ms = enrolled
        row = DeviceRow(source, site, device, _is_online(state), since_ms)
        return replace(row, is_revoked=is_revoked, certificate_ends_ms=ends_ms)
    source, site, device, seq, signed, event_ms, taken_ms, state, since_ms, told_ms, version, stations, *rest = chain
    started_ms, health_ms, memory, disk, backlog = rest
    return DeviceRow(
        source, site, device, _is_online(state), since_ms, seq, signed, event_ms, taken_ms, told_ms, version,
        tuple(stations.split(",")) if stations else (), started_ms, health_ms, memory, disk, backlog, is_revoked, ends_ms,
    )  # fmt: skip


def _is_online(state: str | None) -> bool | None:
    return None if state is None else state == "online"


def _grouped(pairs: Iterable[tuple[str, T]]) -> Mapping[str, tuple[T, ...]]:
    found: dict[str, list[T]] = {}
    for source, value in pairs:
        found.setdefault(source, []).append(value)
    return {source: tuple(values) for source, values in found.items()}


def _faults_of(reading: Transaction, source: str) -> tuple[StreamFault, ...]:
    sql = f"SELECT {_FAULT} FROM city_faults WHERE source = ? ORDER BY since_ms DESC, id DESC LIMIT ?"  # noqa: S608 - our own names
    return tuple(StreamFault(*row) for row in reading.rows(sql, (source, _LAST)))


def _quarantine_of(reading: Transaction, source: str) -> tuple[QuarantineRow, ...]:
    sql = (
        "SELECT why, seq, size, first_ms, last_ms, times FROM city_quarantine WHERE source = ? "
        "ORDER BY last_ms DESC, id DESC LIMIT ?"
    )
    return tuple(QuarantineRow(*row) for row in reading.rows(sql, (source, _LAST)))


def _histories_of(reading: Transaction, source: str) -> tuple[HistoryRow, ...]:
    sql = (
        "SELECT generation, seq, signed_upto, last_taken_ms, retired_ms, retired_by FROM city_chains "
        "WHERE source = ? ORDER BY generation DESC LIMIT ?"
    )
    return tuple(HistoryRow(*row) for row in reading.rows(sql, (source, _LAST)))


# --- alerts ---

_SHOWN = "counter, unit, why, level, since_ms, raised_ms, sms, acknowledged_ms, closed_ms, contested_ms"
_LIVE = (
    "SELECT h.source, h.site, a.alert, "  # noqa: S608 - our own names
    + ", ".join(f"a.{name.strip()}" for name in _SHOWN.split(","))
    + " FROM city_alerts a JOIN city_chains h ON h.id = a.device"
    " WHERE a.raised_ms >= ? AND a.closed_ms IS NULL AND h.retired_ms IS NULL"
    " ORDER BY a.raised_ms DESC, h.source, a.alert LIMIT ?"
)
_EARLY = "SELECT source, type, taken_ms, body FROM city_early WHERE type LIKE 'alert.%' AND taken_ms >= ? ORDER BY source, seq"


def _alerts(reading: Transaction, since_ms: int) -> tuple[AlertRow, ...]:
    """Newest first. What an urgent copy says ahead of its turn is laid over what is confirmed."""
    confirmed = {
        (row[0], row[2]): dict(zip(_SHOWN.split(", "), row[3:], strict=True))
        for row in reading.rows(_LIVE, (since_ms, ALERTS_AT_MOST))
    }
    said = _said_early(reading.rows(_EARLY, (since_ms,)))
    rows = []
    for source, alert in confirmed.keys() | said.keys():
        base, news = confirmed.get((source, alert)), said.get((source, alert), {})
        values = (base or {}) | {name: value for name, value in news.items() if value is not None}
        if values.get("raised_ms") is not None and values.get("closed_ms") is None:
            shown: dict[str, Any] = {name: values.get(name) for name in _SHOWN.split(", ")}
            rows.append(AlertRow(source, source.split("/")[2], alert, is_confirmed=base is not None, **shown))
    return tuple(sorted(rows, key=lambda row: (-row.raised_ms, row.source, row.alert))[:ALERTS_AT_MOST])


def _said_early(rows: Iterable[Row]) -> dict[tuple[str, str], dict[str, Any]]:
    """By device and alert. The sources stand in for the chains' ids, which a new device does not have yet."""
    sources: dict[str, int] = {}
    merged = Merged()
    for source, kind, taken_ms, body in rows:
        _, _, site, _, device = source.split("/")
        taken = datetime.fromtimestamp(taken_ms / 1000, UTC)
        event = read(Arrival(Topics(site, device), kind, bytes(body), taken, is_early=True)).event
        payload = payload_of(event) if event else None
        if event is not None and payload is not None:
            merged.add(sources.setdefault(source, len(sources)), payload, moment_of(event, taken))
    names = list(sources)
    found = (dict(zip(("place", "alert", *ALERTS.names), row, strict=True)) for row in merged.rows(ALERTS))
    return {(names[one.pop("place")], one.pop("alert")): one for one in found}
