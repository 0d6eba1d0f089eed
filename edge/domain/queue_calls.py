"""Who is called next, by which counter: the fair interleave of two lanes, and what a counter may do to which ticket.

A counter calls `QueueRules.priority_run` priority tickets in a row at most while others wait; then it is the turn of the
ordinary ticket that stands first. So an ordinary ticket with k others before it is called after at most
(k + 1) * (priority_run + 1) calls of the one counter that serves it, however many citizens with priority come; each
further counter may be in the middle of a run of its own, which adds `priority_run`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from edge.domain.queue import Day, Move, Press, QueueRules, Refusal, Service, act
from edge.domain.ticket import Action, Ticket, TicketState


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """The services of one device by their key, in the order of the configuration."""

    services: Mapping[str, Service]
    rules: QueueRules = field(default_factory=QueueRules)

    def of_counter(self, counter: str) -> tuple[Service, ...]:
        return tuple(service for service in self.services.values() if counter in service.counters)

    def serves(self, counter: str, ticket: Ticket) -> bool:
        service = self.services.get(ticket.service)
        return service is not None and counter in service.counters

    def may_go(self, ticket: Ticket, to: str | None) -> bool:
        """To another service, and one that somebody serves."""
        return to is not None and to != ticket.service and to in self.services and bool(self.services[to].counters)

    @property
    def counters(self) -> tuple[str, ...]:
        """Each once, in the order in which the services name them."""
        return tuple(dict.fromkeys(counter for service in self.services.values() for counter in service.counters))


def next_ticket(day: Day, plan: QueuePlan, counter: str) -> Ticket | None:
    """Whom the counter would call now."""
    mine = {service.key for service in plan.of_counter(counter)}
    waiting = [one for one in day.in_state(TicketState.WAITING) if one.service in mine]
    first = min((one for one in waiting if one.is_priority), key=_standing, default=None)
    other = min((one for one in waiting if not one.is_priority), key=_standing, default=None)
    return choose(first, other, day.runs.get(counter, 0), plan.rules)


def choose(first: Ticket | None, other: Ticket | None, run: int, rules: QueueRules) -> Ticket | None:
    """Between the heads of the priority lane and of the ordinary one."""
    if first is None or other is None:
        return first or other
    return first if run < rules.priority_run else other


def call_next(day: Day, plan: QueuePlan, counter: str, now_s: float) -> Move | Refusal:
    """Finish whoever is served at the counter and call the next; with nobody left, only finish."""
    here = day.at_counter(counter)
    if here is None:
        found = next_ticket(day, plan, counter)
        return act(day, plan.rules, found, Press(counter, Action.CALL), now_s) if found else Refusal.NOBODY
    if here.state is TicketState.CALLED:
        return Refusal.BUSY
    finished = act(day, plan.rules, here, Press(counter, Action.FINISH), now_s)
    if isinstance(finished, Refusal):
        return finished
    called = call_next(finished.day, plan, counter, now_s)
    return finished if isinstance(called, Refusal) else replace(called, happened=finished.happened + called.happened)


def act_at(day: Day, plan: QueuePlan, label: str, press: Press, now_s: float) -> Move | Refusal:
    """What the officer pressed on one ticket, checked against what the counter serves."""
    ticket = day.find(label)
    if ticket is None:
        return Refusal.GONE
    is_elsewhere = ticket.state.is_at_counter and ticket.at != press.counter
    is_mine = ticket.at == press.counter or plan.serves(press.counter, ticket)  # its service may be configured no more
    if is_elsewhere or not is_mine:
        return Refusal.NOT_HERE
    if press.action is Action.CLOSE or (press.action is Action.TRANSFER and not plan.may_go(ticket, press.to)):
        return Refusal.NOT_NOW
    return act(day, plan.rules, ticket, press, now_s)


def _standing(ticket: Ticket) -> tuple[int, int, int]:
    return ticket.standing
