"""The tables of the queue. For the queue desk, inside the journal's transactions."""

import sqlite3
from collections.abc import Sequence
from datetime import date
from typing import Any

from edge.domain.queue import Day, Move
from edge.domain.ticket import Priority, Ticket, TicketState

_COLUMNS = (
    "nth, letter, serial, service, priority, issued_s, state, place, calls, misses, counter, called_s, counter_s, came_s,"
    " over_s"
)


def load(connection: sqlite3.Connection, day: date) -> Day:
    """One day as it stands; empty for a day on which no number was given."""
    key = (day.isoformat(),)
    rows = connection.execute(f"SELECT {_COLUMNS} FROM tickets WHERE day = ? ORDER BY nth", key)  # noqa: S608 - constants
    tickets = {row[0]: _ticket(row) for row in rows}
    return Day(day, tickets, dict(connection.execute("SELECT counter, run FROM ticket_runs WHERE day = ?", key)))


def open_day(connection: sqlite3.Connection) -> date | None:
    """The latest day on which somebody still waits."""
    (found,) = connection.execute("SELECT max(day) FROM tickets WHERE over_s IS NULL").fetchone()
    return None if found is None else date.fromisoformat(found)


def save(connection: sqlite3.Connection, move: Move) -> None:
    """Every ticket that a move changed, and the counters' runs."""
    day = move.day.day.isoformat()
    changed = {ticket.order for _, ticket, _ in move.happened}
    marks = ", ".join("?" * 16)
    connection.executemany(
        f"INSERT OR REPLACE INTO tickets (day, {_COLUMNS}) VALUES ({marks})",  # noqa: S608 - our own constants
        [(day, *_row(move.day.tickets[order])) for order in sorted(changed)],
    )
    connection.executemany(
        "INSERT OR REPLACE INTO ticket_runs (day, counter, run) VALUES (?, ?, ?)",
        [(day, counter, run) for counter, run in move.day.runs.items()],
    )


def _row(one: Ticket) -> tuple[object, ...]:
    return (
        one.order, one.letter, one.number, one.service, one.priority, one.issued_s, one.state, one.place, one.calls,
        one.misses, one.at, one.called_s, one.counter_s, one.came_s, one.over_s,
    )  # fmt: skip


def _ticket(row: Sequence[Any]) -> Ticket:
    """The columns stand in the order of the fields."""
    nth, letter, number, service, priority, issued_s, state, *rest = row
    return Ticket(nth, letter, number, service, Priority(priority), issued_s, TicketState(state), *rest)
