"""What happens to the queue inside one transaction of the journal: tables and events together. For the queue desk."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Literal

from edge.domain.queue import Day, Move, Refusal, Told, close
from edge.domain.queue_wait import Wait
from edge.domain.ticket import Ticket
from edge.store import tickets as table
from sync.events import Payload, TicketCalled, TicketIssued, TicketServed, TicketSkipped

Skipped = Literal["not_there", "parked", "transferred", "no_show", "day_over"]
_SKIPPED: dict[Told, Skipped] = {
    Told.NOT_THERE: "not_there",
    Told.PARKED: "parked",
    Told.TRANSFERRED: "transferred",
    Told.NO_SHOW: "no_show",
    Told.DAY_OVER: "day_over",
}
WaitOf = Callable[[Day], Wait | None]


def ticket_id(day: date, ticket: Ticket) -> str:
    """`20261128-A012`: unique for ever on one site."""
    return f"{day:%Y%m%d}-{ticket.label}"


def present_day(connection: sqlite3.Connection, now: datetime) -> tuple[Day, list[Payload]]:
    """Today as it stands, and the events of older days that had to be closed first.

    The day goes back (a clock that was set wrong) only when nobody waits: else the numbers go on where they were.
    """
    told: list[Payload] = []
    while (left := table.open_day(connection)) is not None and left < now.date():
        ended = close(table.load(connection, left), now.timestamp())
        table.save(connection, ended)
        told += payloads(ended)
    return table.load(connection, left or now.date()), told


def apply(connection: sqlite3.Connection, outcome: Move | Refusal, wait: Wait | None = None) -> Sequence[Payload]:
    """Save a move and say what it was; nothing for a refusal."""
    if isinstance(outcome, Refusal):
        return ()
    table.save(connection, outcome)
    return payloads(outcome, wait)


def payloads(move: Move, wait: Wait | None = None) -> list[Payload]:
    """That a citizen came to the counter is told with the end of the work, as its duration."""
    told = (_payload(move, what, ticket, was, wait) for what, ticket, was in move.happened)
    return [payload for payload in told if payload is not None]


def _payload(move: Move, what: Told, ticket: Ticket, was: str | None, wait: Wait | None) -> Payload | None:
    key, service, counter = ticket_id(move.day.day, ticket), ticket.service, ticket.at or was
    if what is Told.ISSUED:
        return TicketIssued(
            ticket=key, number=ticket.label, service=service, has_priority=ticket.is_priority,
            ahead=wait.ahead if wait else 0, wait_s=wait.seconds if wait else None,
        )  # fmt: skip
    if what is Told.CALLED:
        return TicketCalled(
            ticket=key, number=ticket.label, service=service, counter=counter or "", call=ticket.calls,
            waited_s=ticket.waited_s or 0.0,
        )  # fmt: skip
    if what is Told.SERVED:
        return TicketServed(
            ticket=key, service=service, counter=counter or "", waited_s=ticket.waited_s or 0.0,
            served_s=ticket.served_s or 0.0,
        )  # fmt: skip
    if what is Told.CAME:
        return None
    to = service if what is Told.TRANSFERRED else None
    return TicketSkipped(ticket=key, service=service, counter=counter, why=_SKIPPED[what], to=to)
