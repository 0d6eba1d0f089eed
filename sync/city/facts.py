"""What an event says, as rows for the city's pages: visits, alerts, stays in lockers, tickets, machines. Pure.

A fact is a part of one row; parts of the same row are merged, later ones win. `recount` of a whole history gives the same rows
as taking it bit by bit, which is what `motcua city verify` compares.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from typing import Any

from sync import events as e
from sync.city.transactions import Bulk, Row, Transaction
from sync.marks import MAX_SEQ

VIETNAM = timezone(timedelta(hours=7))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LONGEST = 200  # letters; the contract's ids are far shorter, and an index has a limit
Value = str | int | float | None


@dataclass(frozen=True)
class FactTable:
    """One of `002_facts.sql`. `columns` as in `counter text, hour bigint`; the key is the device and, mostly, one more."""

    name: str
    key: str
    columns: str

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(column.split()[0] for column in self.columns.split(", "))

    @cached_property
    def bulk(self) -> Bulk:
        key_names = ", ".join(part.split()[0] for part in self.key.split(", "))
        news = ", ".join(f"{name} = COALESCE(excluded.{name}, {self.name}.{name})" for name in self.names)
        return Bulk(self.name, f"{self.key}, {self.columns}", f"ON CONFLICT ({key_names}) DO UPDATE SET {news}")

    @property
    def query(self) -> str:
        """Every row of one device."""
        names = ", ".join([*(part.split()[0] for part in self.key.split(", ")), *self.names])
        return f"SELECT {names} FROM {self.name} WHERE device = ?"  # noqa: S608 - our own names


WHEN = "day text, hour bigint"
VISITS = FactTable(
    "city_visits", "device bigint, visit text",
    f"counter text, unit text, {WHEN}, at_ms bigint, seconds_present double precision, seconds_usable double precision, "
    "evidence text, level text, camera text, rating text, dropped bigint",
)  # fmt: skip
RATINGS = FactTable(
    "city_ratings", "device bigint, seq bigint", f"counter text, visit text, level text, {WHEN}, at_ms bigint"
)
ALERTS = FactTable(
    "city_alerts", "device bigint, alert text",
    f"visit text, counter text, unit text, why text, level text, {WHEN}, since_ms bigint, raised_ms bigint, sms text, "
    "acknowledged_ms bigint, acknowledged_via text, closed_ms bigint, closed_why text, contested_ms bigint, "
    "contested_role text",
)  # fmt: skip
STAYS = FactTable(
    "city_stays", "device bigint, stay text",
    "compartment text, purpose text, procedure text, dossier text, reserved_ms bigint, loaded_ms bigint, "
    "deposited_ms bigint, collected_ms bigint, recalled_ms bigint, recalled_why text, released_ms bigint, "
    "released_why text, overdue_ms bigint, overdue_step text, overdue_days bigint",
)  # fmt: skip
LOCKER_FAULTS = FactTable("city_locker_faults", "device bigint, seq bigint", "compartment text, why text, at_ms bigint")
TICKETS = FactTable(
    "city_tickets", "device bigint, ticket text",
    f"service text, has_priority bigint, {WHEN}, issued_ms bigint, promised_s double precision, called_ms bigint, "
    "counter text, waited_s double precision, served_ms bigint, served_s double precision, left_ms bigint, left_why text",
)  # fmt: skip
MACHINES = FactTable(
    "city_machines", "device bigint",
    "version text, boot text, stations text, started_ms bigint, health_ms bigint, uptime_s double precision, "
    "memory_mb double precision, disk_free_mb double precision, backlog bigint, cameras_live bigint, config_sha256 text, "
    "config_ms bigint",
)  # fmt: skip
PART_FAULTS = FactTable(
    "city_part_faults", "device bigint, part text", "is_open bigint, why text, since_ms bigint, recovered_ms bigint"
)
ANSWERS = FactTable("city_answers", "device bigint, command text", "name text, outcome text, why text, at_ms bigint")
TABLES = (VISITS, RATINGS, ALERTS, STAYS, LOCKER_FAULTS, TICKETS, MACHINES, PART_FAULTS, ANSWERS)


@dataclass(frozen=True, slots=True)
class Moment:
    """Where in a device's history an event stands, and when it was: its own time, or the arrival's where that cannot be."""

    seq: int
    at: datetime

    @property
    def ms(self) -> int:
        return milliseconds(self.at)

    @property
    def when(self) -> dict[str, Value]:
        local = self.at.astimezone(VIETNAM)
        return {"day": local.date().isoformat(), "hour": local.hour}


@dataclass(frozen=True, slots=True)
class Fact:
    """`key` is what follows the device in the table's key, None where the device is the whole key."""

    table: FactTable
    key: str | int | None
    values: dict[str, Value]


def milliseconds(moment: datetime) -> int:
    """Since 1970, UTC. A time without an offset is Vietnam's."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)
    return (aware - _EPOCH) // timedelta(milliseconds=1)


def storable(value: Value) -> Value:
    """What both databases can hold: a text without NUL and not too long for an index, a number of 64 bits."""
    if isinstance(value, str):
        return value.replace("\0", "")[:_LONGEST]
    if isinstance(value, int):
        return max(-MAX_SEQ, min(int(value), MAX_SEQ))
    return value


class Merged:
    """Facts of many events, merged into rows."""

    def __init__(self) -> None:
        self._rows: dict[FactTable, dict[tuple[Value, ...], dict[str, Value]]] = {}

    def add(self, device: int, payload: e.Payload, moment: Moment) -> None:
        """What this event says, if it says anything for the pages."""
        teller = _TELLERS.get(type(payload))
        for fact in teller(payload, moment) if teller else ():
            key = (device,) if fact.key is None else (device, storable(fact.key))
            row = self._rows.setdefault(fact.table, {}).setdefault(key, {})
            row.update({name: storable(value) for name, value in fact.values.items() if value is not None})

    def rows(self, table: FactTable) -> list[Row]:
        """In order of their keys, so that two writers never wait for each other crosswise."""
        found = self._rows.get(table, {})
        return [(*key, *map(found[key].get, table.names)) for key in sorted(found)]

    def found(self, table: FactTable) -> Mapping[tuple[Value, ...], dict[str, Value]]:
        """What was said of the table's rows, by their keys."""
        return self._rows.get(table, {})

    def write(self, transaction: Transaction) -> None:
        for table in TABLES:
            if rows := self.rows(table):
                transaction.insert(table.bulk, rows)


# --- what each type says ---


def _visit_started(p: e.VisitStarted, m: Moment) -> Iterable[Fact]:
    yield Fact(VISITS, p.visit, {"counter": p.counter, **m.when, "at_ms": m.ms})


def _visit_ended(p: e.VisitEnded, m: Moment) -> Iterable[Fact]:
    values: dict[str, Value] = {
        "counter": p.counter, "unit": p.unit, **m.when, "at_ms": m.ms, "seconds_present": p.seconds_present,
        "seconds_usable": p.seconds_usable, "evidence": p.evidence, "level": p.level, "camera": p.camera,
        "rating": p.rating, "dropped": 0,
    }  # fmt: skip
    yield Fact(VISITS, p.visit, values)


def _visit_dropped(p: e.VisitDropped, m: Moment) -> Iterable[Fact]:
    yield Fact(VISITS, p.visit, {"counter": p.counter, **m.when, "at_ms": m.ms, "dropped": 1})


def _rating_given(p: e.RatingGiven, m: Moment) -> Iterable[Fact]:
    """A rating amends its visit, before or after the visit's end."""
    values: dict[str, Value] = {"counter": p.counter, "visit": p.visit, "level": p.level, **m.when, "at_ms": m.ms}
    yield Fact(RATINGS, m.seq, values)
    if p.visit is not None:
        yield Fact(VISITS, p.visit, {"counter": p.counter, "level": p.level, "rating": p.level})


def _alert_raised(p: e.AlertRaised, m: Moment) -> Iterable[Fact]:
    values: dict[str, Value] = {
        "visit": p.visit, "counter": p.counter, "unit": p.unit, "why": p.why, "level": p.level, **m.when,
        "since_ms": milliseconds(p.since), "raised_ms": m.ms,
    }  # fmt: skip
    yield Fact(ALERTS, p.alert, values)


def _alert_sms(p: e.AlertSms, _: Moment) -> Iterable[Fact]:
    yield Fact(ALERTS, p.alert, {"sms": p.status})


def _alert_acknowledged(p: e.AlertAcknowledged, m: Moment) -> Iterable[Fact]:
    yield Fact(ALERTS, p.alert, {"acknowledged_ms": m.ms, "acknowledged_via": p.via})


def _alert_closed(p: e.AlertClosed, m: Moment) -> Iterable[Fact]:
    yield Fact(ALERTS, p.alert, {"closed_ms": m.ms, "closed_why": p.why})


def _alert_contested(p: e.AlertContested, m: Moment) -> Iterable[Fact]:
    yield Fact(ALERTS, p.alert, {"contested_ms": m.ms, "contested_role": p.role})


def _locker_reserved(p: e.LockerReserved, m: Moment) -> Iterable[Fact]:
    values: dict[str, Value] = {"compartment": p.compartment, "purpose": p.purpose, "dossier": p.dossier}
    yield Fact(STAYS, p.stay, values | {"procedure": p.procedure, "reserved_ms": m.ms})


def _locker_loaded(p: e.LockerLoaded, m: Moment) -> Iterable[Fact]:
    yield Fact(STAYS, p.stay, {"compartment": p.compartment, "dossier": p.dossier, "loaded_ms": m.ms})


def _locker_deposited(p: e.LockerDeposited, m: Moment) -> Iterable[Fact]:
    values: dict[str, Value] = {"compartment": p.compartment, "purpose": "deposit", "procedure": p.procedure}
    yield Fact(STAYS, p.stay, values | {"deposited_ms": m.ms})


def _locker_collected(p: e.LockerCollected, m: Moment) -> Iterable[Fact]:
    values: dict[str, Value] = {"compartment": p.compartment, "purpose": p.purpose, "dossier": p.dossier}
    yield Fact(STAYS, p.stay, values | {"collected_ms": m.ms})


def _locker_overdue(p: e.LockerOverdue, m: Moment) -> Iterable[Fact]:
    values: dict[str, Value] = {"compartment": p.compartment, "dossier": p.dossier}
    yield Fact(STAYS, p.stay, values | {"overdue_ms": m.ms, "overdue_step": p.step, "overdue_days": p.days})


def _locker_recalled(p: e.LockerRecalled, m: Moment) -> Iterable[Fact]:
    if p.stay is not None:
        values: dict[str, Value] = {"compartment": p.compartment, "dossier": p.dossier}
        yield Fact(STAYS, p.stay, values | {"recalled_ms": m.ms, "recalled_why": p.why})


def _locker_released(p: e.LockerReleased, m: Moment) -> Iterable[Fact]:
    yield Fact(STAYS, p.stay, {"compartment": p.compartment, "released_ms": m.ms, "released_why": p.why})


def _locker_fault(p: e.LockerFault, m: Moment) -> Iterable[Fact]:
    yield Fact(LOCKER_FAULTS, m.seq, {"compartment": p.compartment, "why": p.why, "at_ms": m.ms})


def _ticket_issued(p: e.TicketIssued, m: Moment) -> Iterable[Fact]:
    values: dict[str, Value] = {"service": p.service, "has_priority": int(p.has_priority), **m.when}
    yield Fact(TICKETS, p.ticket, values | {"issued_ms": m.ms, "promised_s": p.wait_s})


def _ticket_called(p: e.TicketCalled, m: Moment) -> Iterable[Fact]:
    values: dict[str, Value] = {"service": p.service, "counter": p.counter, "waited_s": p.waited_s}
    yield Fact(TICKETS, p.ticket, values | {"called_ms": m.ms} if p.call == 1 else values)


def _ticket_served(p: e.TicketServed, m: Moment) -> Iterable[Fact]:
    values: dict[str, Value] = {"service": p.service, "counter": p.counter, "waited_s": p.waited_s}
    yield Fact(TICKETS, p.ticket, values | {"served_ms": m.ms, "served_s": p.served_s})


def _ticket_skipped(p: e.TicketSkipped, m: Moment) -> Iterable[Fact]:
    yield Fact(TICKETS, p.ticket, {"service": p.to or p.service, "left_ms": m.ms, "left_why": p.why})


def _device_started(p: e.DeviceStarted, m: Moment) -> Iterable[Fact]:
    values: dict[str, Value] = {"version": p.version, "boot": p.boot, "stations": ",".join(p.stations)}
    yield Fact(MACHINES, None, values | {"started_ms": m.ms})


def _device_health(p: e.DeviceHealth, m: Moment) -> Iterable[Fact]:
    values: dict[str, Value] = {
        "health_ms": m.ms, "uptime_s": p.uptime_s, "memory_mb": p.memory_mb, "disk_free_mb": p.disk_free_mb,
        "backlog": p.backlog, "cameras_live": p.cameras_live,
    }  # fmt: skip
    yield Fact(MACHINES, None, values)


def _config_changed(p: e.ConfigChanged, m: Moment) -> Iterable[Fact]:
    yield Fact(MACHINES, None, {"config_sha256": p.sha256, "config_ms": m.ms})


def _device_fault(p: e.DeviceFault, m: Moment) -> Iterable[Fact]:
    yield Fact(PART_FAULTS, p.part, {"is_open": 1, "why": p.why, "since_ms": m.ms})


def _device_recovered(p: e.DeviceRecovered, m: Moment) -> Iterable[Fact]:
    yield Fact(PART_FAULTS, p.part, {"is_open": 0, "recovered_ms": m.ms})


def _command_answered(p: e.CommandAnswered, m: Moment) -> Iterable[Fact]:
    yield Fact(ANSWERS, p.command, {"name": p.name, "outcome": p.outcome, "why": p.why, "at_ms": m.ms})


_TELLERS: dict[type[e.Payload], Callable[[Any, Moment], Iterable[Fact]]] = {
    e.VisitStarted: _visit_started, e.VisitEnded: _visit_ended, e.VisitDropped: _visit_dropped,
    e.RatingGiven: _rating_given, e.AlertRaised: _alert_raised, e.AlertSms: _alert_sms,
    e.AlertAcknowledged: _alert_acknowledged, e.AlertClosed: _alert_closed, e.AlertContested: _alert_contested,
    e.LockerReserved: _locker_reserved, e.LockerLoaded: _locker_loaded, e.LockerDeposited: _locker_deposited,
    e.LockerCollected: _locker_collected, e.LockerOverdue: _locker_overdue, e.LockerRecalled: _locker_recalled,
    e.LockerReleased: _locker_released, e.LockerFault: _locker_fault, e.TicketIssued: _ticket_issued,
    e.TicketCalled: _ticket_called, e.TicketServed: _ticket_served, e.TicketSkipped: _ticket_skipped,
    e.DeviceStarted: _device_started, e.DeviceHealth: _device_health, e.ConfigChanged: _config_changed,
    e.DeviceFault: _device_fault, e.DeviceRecovered: _device_recovered, e.CommandAnswered: _command_answered,
}  # fmt: skip
