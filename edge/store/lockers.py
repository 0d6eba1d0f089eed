"""The tables of compartments and of authorised pulses. For the locker service, inside the journal's transactions."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from edge.domain.door import Pulse
from edge.domain.locker import Compartment, CompartmentState, OpenFor, Opening, Purpose
from edge.domain.locker_actions import Authorise, FaultWhy


@dataclass(frozen=True, slots=True)
class CompartmentRow:
    """`since_s`: in this state since, epoch seconds. `openings`: how often the door was seen open, for its wear."""

    compartment: Compartment
    since_s: float
    openings: int
    fault: FaultWhy | None


@dataclass(frozen=True, slots=True)
class AuthorisationRow:
    """`outcome` None: nobody knows whether the pulse left, because the agent stopped before it could say."""

    opening: str
    pulse: int
    compartment: str
    stay: str
    what_for: OpenFor
    by: str
    at_s: float
    outcome: Pulse | None


_COLUMNS = (
    "compartment, state, taken_from, stay, purpose, is_loaded, is_overdue, opening, what_for, by, back_to, pulses,"
    " is_seen_open, why, second"
)


def add_missing(connection: sqlite3.Connection, compartments: Iterable[str], now_s: float) -> None:
    """Compartments that were configured since the last start are free; the others stay what they are."""
    rows = [(name, CompartmentState.FREE, now_s) for name in compartments]
    connection.executemany(
        "INSERT INTO locker_compartments (compartment, state, since_s) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", rows
    )


def load(connection: sqlite3.Connection) -> dict[str, CompartmentRow]:
    """As the agent left them. Nothing of it may be acted upon before `Booted` was stepped and the door read."""
    found = connection.execute(f"SELECT since_s, openings, fault, {_COLUMNS} FROM locker_compartments")  # noqa: S608 - our own constant
    rows = (
        CompartmentRow(_compartment(row), since_s, openings, FaultWhy(fault) if fault else None)
        for since_s, openings, fault, *row in found
    )
    return {row.compartment.compartment: row for row in rows}


def save(connection: sqlite3.Connection, compartment: Compartment, now_s: float) -> None:
    """While UNKNOWN, what stood on the disk before stands there still. `since_s` moves only with the state."""
    values = _values(compartment)
    connection.execute(
        f"INSERT INTO locker_compartments ({_COLUMNS}, since_s) VALUES ({', '.join('?' * (len(values) + 1))})"  # noqa: S608 - our own constants
        " ON CONFLICT (compartment) DO UPDATE SET"
        " since_s = CASE WHEN state = excluded.state THEN since_s ELSE excluded.since_s END, state = excluded.state,"
        " taken_from = excluded.taken_from, stay = excluded.stay, purpose = excluded.purpose,"
        " is_loaded = excluded.is_loaded, is_overdue = excluded.is_overdue, opening = excluded.opening,"
        " what_for = excluded.what_for, by = excluded.by, back_to = excluded.back_to, pulses = excluded.pulses,"
        " is_seen_open = excluded.is_seen_open, why = excluded.why, second = excluded.second",
        (*values, now_s),
    )


def note_fault(connection: sqlite3.Connection, compartment: str, fault: FaultWhy | None) -> None:
    """What is shown beside a compartment; None when it is over."""
    connection.execute("UPDATE locker_compartments SET fault = ? WHERE compartment = ?", (fault, compartment))


def count_opening(connection: sqlite3.Connection, compartment: str) -> None:
    connection.execute("UPDATE locker_compartments SET openings = openings + 1 WHERE compartment = ?", (compartment,))


def authorise(connection: sqlite3.Connection, asked: Authorise, opening: Opening, now_s: float) -> None:
    """The row that must be durable before the pulse. Raise sqlite3.IntegrityError for a pulse that was authorised before."""
    connection.execute(
        "INSERT INTO locker_authorisations (opening, pulse, compartment, stay, what_for, by, at_s)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (asked.opening, asked.pulse, asked.compartment, asked.stay, opening.what_for, opening.by, now_s),
    )


def note_pulse(connection: sqlite3.Connection, opening: str, pulse: int, outcome: Pulse) -> None:
    values = (outcome, opening, pulse)
    connection.execute("UPDATE locker_authorisations SET outcome = ? WHERE opening = ? AND pulse = ?", values)


def authorisations(connection: sqlite3.Connection, stay: str) -> tuple[AuthorisationRow, ...]:
    """All pulses of a stay, oldest first."""
    found = connection.execute(
        "SELECT opening, pulse, compartment, stay, what_for, by, at_s, outcome FROM locker_authorisations"
        " WHERE stay = ? ORDER BY at_s, pulse",
        (stay,),
    )
    return tuple(
        AuthorisationRow(opening, pulse, name, stay, OpenFor(what_for), by, at_s, Pulse(outcome) if outcome else None)
        for opening, pulse, name, stay, what_for, by, at_s, outcome in found
    )


def purge_authorisations(connection: sqlite3.Connection, before_s: float) -> int:
    """How many rows went; those of a stay that is not over stay."""
    gone = connection.execute(
        "DELETE FROM locker_authorisations WHERE at_s < ?"
        " AND stay NOT IN (SELECT stay FROM locker_stays WHERE over_s IS NULL)",
        (before_s,),
    )
    return gone.rowcount


def _values(compartment: Compartment) -> tuple[str | int | None, ...]:
    is_unread = compartment.state is CompartmentState.UNKNOWN and compartment.before is not None
    state = compartment.before if is_unread else compartment.state
    opening = compartment.opening
    of_opening: tuple[str | int | None, ...] = (None,) * 8
    if opening is not None:
        of_opening = (
            opening.opening, opening.what_for, opening.by, opening.back_to, opening.pulses,
            int(opening.opened_s is not None), opening.why, opening.second,
        )  # fmt: skip
    return (
        compartment.compartment, state, compartment.taken_from, compartment.stay, compartment.purpose,
        int(compartment.is_loaded), int(compartment.is_overdue), *of_opening,
    )  # fmt: skip


def _compartment(row: Sequence[Any]) -> Compartment:
    name, state, taken_from, stay, purpose, is_loaded, is_overdue, *of_opening = row
    return Compartment(
        name,
        CompartmentState(state),
        before=None,
        taken_from=CompartmentState(taken_from) if taken_from else None,
        stay=stay,
        purpose=Purpose(purpose) if purpose else None,
        is_loaded=bool(is_loaded),
        is_overdue=bool(is_overdue),
        opening=_opening(of_opening) if of_opening[0] else None,
    )


def _opening(row: Sequence[Any]) -> Opening:
    """Its seconds are of a clock that is gone; `Booted` sets them anew."""
    opening, what_for, by, back_to, pulses, is_seen_open, why, second = row
    return Opening(
        opening, OpenFor(what_for), by, CompartmentState(back_to), 0.0, pulses=pulses,
        opened_s=0.0 if is_seen_open else None, why=why, second=second,
    )  # fmt: skip
