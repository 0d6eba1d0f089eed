"""The tables of alerts and of the SMS outbox. For the alert service, inside the journal's transactions."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from edge.domain.chain import AlertState, Chain
from edge.domain.escalation import Why
from edge.domain.level import Level
from edge.store.times import STEP_BACK_S, hour_of


@dataclass(frozen=True, slots=True)
class AlertRow:
    """Times are epoch seconds. `level` and `reasons` are gone when the citizen opted out."""

    alert: str
    visit: str
    counter: str
    unit: str
    raised_s: float
    since_s: float
    why: Why
    level: Level | None
    reasons: tuple[str, ...]
    chain: Chain
    owner: str | None = None
    contested_by: str | None = None
    note: str | None = None


_COLUMNS = (
    "alert, visit, counter, unit, raised_s, since_s, why, level, reasons, contacts, told, state, due_s, owner,"
    " contested_by, note"
)


def insert(connection: sqlite3.Connection, row: AlertRow, raised: datetime) -> None:
    connection.execute(
        "INSERT INTO alerts (alert, visit, counter, unit, day, hour, raised_s, since_s, why, level, reasons, contacts,"
        " told, state, due_s) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            row.alert, row.visit, row.counter, row.unit, *hour_of(raised), row.raised_s, row.since_s, row.why, row.level,
            " ".join(row.reasons), " ".join(row.chain.contacts), row.chain.told, row.chain.state, row.chain.due_s,
        ),
    )  # fmt: skip


def find(connection: sqlite3.Connection, alert: str) -> AlertRow | None:
    return next(iter(_rows(connection, "WHERE alert = ?", (alert,))), None)


def recent(connection: sqlite3.Connection, limit: int, counter: str | None = None) -> tuple[AlertRow, ...]:
    """Newest first."""
    where = "WHERE counter = ?2" if counter else ""
    rows = _rows(connection, f"{where} ORDER BY raised_s DESC LIMIT ?1", (limit, counter) if counter else (limit,))
    return tuple(rows)


def of_visit(connection: sqlite3.Connection, visit: str) -> tuple[AlertRow, ...]:
    return tuple(_rows(connection, "WHERE visit = ? ORDER BY raised_s", (visit,)))


def due(connection: sqlite3.Connection, now_s: float, most_s: float) -> tuple[AlertRow, ...]:
    """Whose next contact should be told by now; `most_s` as in `times.is_over`."""
    return tuple(
        _rows(connection, "WHERE due_s <= ?1 OR due_s > ?1 + ?2 ORDER BY due_s", (now_s, most_s + STEP_BACK_S))
    )


def in_state(connection: sqlite3.Connection, state: AlertState) -> tuple[AlertRow, ...]:
    return tuple(_rows(connection, "WHERE state = ? ORDER BY raised_s", (state,)))


def raised_between(connection: sqlite3.Connection, counter: str, since_s: float, until_s: float) -> int:
    found = connection.execute(
        "SELECT count(*) FROM alerts WHERE counter = ? AND raised_s > ? AND raised_s <= ?", (counter, since_s, until_s)
    )
    return int(found.fetchone()[0])


def last_told(connection: sqlite3.Connection, visit: str) -> float | None:
    """When the visit's last alert was raised; one that was withdrawn before any SMS left has told nobody."""
    found = connection.execute(
        "SELECT max(raised_s) FROM alerts AS a WHERE visit = ? AND (state <> 'withdrawn'"
        " OR EXISTS (SELECT 1 FROM alert_sms AS s WHERE s.alert = a.alert AND s.status <> 'cancelled'))",
        (visit,),
    ).fetchone()
    return None if found[0] is None else float(found[0])


def first_free(connection: sqlite3.Connection, candidates: Iterable[str]) -> str | None:
    """The first id that no alert on this device carries."""
    taken = {alert for (alert,) in connection.execute("SELECT alert FROM alerts")}
    return next((candidate for candidate in candidates if candidate not in taken), None)


def save_chain(connection: sqlite3.Connection, alert: str, chain: Chain) -> None:
    values = (chain.told, chain.state, chain.due_s, alert)
    connection.execute("UPDATE alerts SET told = ?, state = ?, due_s = ? WHERE alert = ?", values)


def save_owner(connection: sqlite3.Connection, alert: str, owner: str) -> None:
    connection.execute("UPDATE alerts SET owner = ? WHERE alert = ?", (owner, alert))


def save_contest(connection: sqlite3.Connection, alert: str, by: str, role: str, note: str) -> None:
    values = (by, role, note, alert)
    connection.execute("UPDATE alerts SET contested_by = ?, contested_role = ?, note = ? WHERE alert = ?", values)


def erase_reading(connection: sqlite3.Connection, visit: str) -> None:
    """What the face showed goes; that people were told stays."""
    connection.execute("UPDATE alerts SET level = NULL, reasons = NULL WHERE visit = ?", (visit,))


def _rows(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> Iterable[AlertRow]:
    for row in connection.execute(f"SELECT {_COLUMNS} FROM alerts {where}", values):  # noqa: S608 - our own constants
        (alert, visit, counter, unit, raised_s, since_s, why, level, reasons, contacts, told, state, due_s, *rest) = row
        chain = Chain(tuple(contacts.split()), told, AlertState(state), due_s)
        yield AlertRow(
            alert, visit, counter, unit, raised_s, since_s, Why(why), Level(level) if level else None,
            tuple((reasons or "").split()), chain, *rest,
        )  # fmt: skip
