"""A day of the queue: every number given, what may happen to one, how the day ends. Siblings: `ticket`, `queue_calls`.

Everything of a day is one value, `Day`; each change gives the next one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from edge.domain.ticket import TRANSITIONS, Action, Priority, Ticket, TicketState

NUMBERS_A_DAY = 999  # three digits on paper and board


class Refusal(StrEnum):
    """Why nothing was done; a sentence under `page.queue`."""

    FULL = "full"  # every number of the day is taken
    NOBODY = "nobody"  # nobody waits whom this counter could call
    BUSY = "busy"  # somebody is called at this counter already
    NOT_HERE = "not_here"  # the ticket is at another counter, or another service's
    GONE = "gone"  # no such ticket today
    NOT_NOW = "not_now"  # the ticket's state does not allow it


@dataclass(frozen=True, slots=True)
class Service:
    """`counters` may call its tickets. `guess_s` is believed until today has shown how long one takes."""

    key: str
    letter: str
    counters: tuple[str, ...]
    guess_s: float = 600.0


@dataclass(frozen=True, slots=True)
class QueueRules:
    """`priority_run`: priority tickets a counter calls in a row before somebody else's turn, when somebody else waits."""

    priority_run: int = 2
    calls_at_most: int = 3
    behind: int = 3  # how many of the same queue go first after one was skipped


@dataclass(frozen=True, slots=True)
class Day:
    """One day's tickets by their order, and how many priority tickets each counter called in a row."""

    day: date
    tickets: Mapping[int, Ticket] = field(default_factory=dict)
    runs: Mapping[str, int] = field(default_factory=dict)

    def find(self, label: str) -> Ticket | None:
        return next((ticket for ticket in self.tickets.values() if ticket.label == label), None)

    def at_counter(self, counter: str) -> Ticket | None:
        """Whoever is called or served there now: one at most."""
        return next((one for one in self.tickets.values() if one.at == counter and one.state.is_at_counter), None)

    def in_state(self, state: TicketState) -> Iterator[Ticket]:
        return (ticket for ticket in self.tickets.values() if ticket.state is state)

    def waiting(self, service: str) -> list[Ticket]:
        return sorted((one for one in self.in_state(TicketState.WAITING) if one.service == service), key=_standing)

    @property
    def is_idle(self) -> bool:
        """Nobody waits for anything."""
        return all(ticket.state.is_over for ticket in self.tickets.values())


@dataclass(frozen=True, slots=True)
class Press:
    """What the officer of a counter pressed; `to` is the service of a transfer."""

    counter: str
    action: Action
    to: str | None = None


class Told(StrEnum):
    """What a change was, for the journal and the board."""

    ISSUED = "issued"
    CALLED = "called"
    CAME = "came"
    SERVED = "served"
    NOT_THERE = "not_there"
    NO_SHOW = "no_show"
    PARKED = "parked"
    TRANSFERRED = "transferred"
    DAY_OVER = "day_over"


@dataclass(frozen=True, slots=True)
class Move:
    """The day after a change, and each ticket that changed with what happened to it, in order. `was` is its counter."""

    day: Day
    happened: tuple[tuple[Told, Ticket, str | None], ...]


def issue(day: Day, service: Service, priority: Priority, now_s: float) -> Move | Refusal:
    """A fresh number of the service; numbers of a letter are counted from 1 each day and none is ever given twice."""
    number = 1 + max((one.number for one in day.tickets.values() if one.letter == service.letter), default=0)
    if number > NUMBERS_A_DAY:
        return Refusal.FULL
    order = len(day.tickets) + 1
    ticket = Ticket(order, service.letter, number, service.key, priority, now_s, place=order)
    return Move(_with(day, ticket), ((Told.ISSUED, ticket, None),))


def act(day: Day, rules: QueueRules, ticket: Ticket, press: Press, now_s: float) -> Move | Refusal:
    """One action of a counter's officer on a ticket.

    Whether the counter serves the ticket's service is the caller's question: `queue_calls` asks it.
    """
    after = TRANSITIONS.get((ticket.state, press.action))
    if after is None:
        return Refusal.NOT_NOW
    if press.action is Action.CALL:
        return _call(day, ticket, press.counter, now_s)
    if ticket.state.is_at_counter and ticket.at != press.counter:
        return Refusal.NOT_HERE
    if press.action is Action.SKIP:
        changed, told = _skipped(day, rules, ticket, now_s)
    else:
        changed, told = _changed(replace(ticket, state=after), press, now_s)
    return Move(_with(day, changed), ((told, changed, ticket.at),))


def close(day: Day, now_s: float) -> Move:
    """The day is over: whoever still waited, was called or was parked keeps no claim to tomorrow's first place."""
    left = sorted((one for one in day.tickets.values() if not one.state.is_over), key=_standing)
    ended = [(_over(replace(one, state=TRANSITIONS[one.state, Action.CLOSE]), now_s), one.at) for one in left]
    tickets = {**day.tickets, **{one.order: one for one, _ in ended}}
    return Move(replace(day, tickets=tickets), tuple((Told.DAY_OVER, one, was) for one, was in ended))


def _call(day: Day, ticket: Ticket, counter: str, now_s: float) -> Move | Refusal:
    if day.at_counter(counter):
        return Refusal.BUSY
    called = replace(
        ticket, state=TicketState.CALLED, at=counter, calls=ticket.calls + 1, counter_s=now_s, came_s=None,
        called_s=now_s if ticket.called_s is None else ticket.called_s,
    )  # fmt: skip
    runs = day.runs
    if ticket.state is TicketState.WAITING:  # who was parked had their turn already
        runs = {**day.runs, counter: day.runs.get(counter, 0) + 1 if ticket.is_priority else 0}
    return Move(replace(_with(day, called), runs=runs), ((Told.CALLED, called, counter),))


def _changed(ticket: Ticket, press: Press, now_s: float) -> tuple[Ticket, Told]:
    """`ticket` stands in its next state already; everything else of it changes here."""
    if ticket.state.is_over:
        return _over(ticket, now_s), Told.SERVED if press.action is Action.FINISH else Told.NO_SHOW
    match press.action:
        case Action.RECALL:
            return replace(ticket, calls=ticket.calls + 1, counter_s=now_s), Told.CALLED
        case Action.COME:
            return replace(ticket, came_s=now_s), Told.CAME
        case Action.TRANSFER:
            elsewhere = replace(ticket, service=press.to or ticket.service, at=None, calls=0, misses=0)
            return elsewhere, Told.TRANSFERRED
        case _:
            return ticket, Told.PARKED


def _skipped(day: Day, rules: QueueRules, ticket: Ticket, now_s: float) -> tuple[Ticket, Told]:
    """Not there: behind the next few, until called so often that nobody will come."""
    misses = ticket.misses + 1
    if misses >= rules.calls_at_most:
        return _over(replace(ticket, state=TicketState.NO_SHOW, misses=misses), now_s), Told.NO_SHOW
    place = _place_behind(day, ticket, rules.behind)
    back = replace(ticket, state=TicketState.WAITING, misses=misses, at=None, place=place)
    return back, Told.NOT_THERE


def _over(ticket: Ticket, now_s: float) -> Ticket:
    """Why somebody had priority is nobody's business any more."""
    return replace(ticket, over_s=now_s, priority=Priority.UNSAID if ticket.is_priority else ticket.priority)


def _place_behind(day: Day, ticket: Ticket, behind: int) -> int:
    lane = [one for one in day.waiting(ticket.service) if one.is_priority == ticket.is_priority]
    return max(ticket.place, lane[:behind][-1].place) if lane else ticket.place


def _with(day: Day, ticket: Ticket) -> Day:
    return replace(day, tickets={**day.tickets, ticket.order: ticket})


def _standing(ticket: Ticket) -> tuple[int, int, int]:
    return ticket.standing
