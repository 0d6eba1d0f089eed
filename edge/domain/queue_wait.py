"""How long somebody who takes a number now will wait: the counters' next hours played through with today's service times.

Playing is exact to the rule that calls (`queue_calls.choose`), so lanes, services that share counters and what is being
served now all count. Pure, and quick: one heap step for each waiting ticket.
"""

import heapq
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from edge.domain.queue import Day, Service
from edge.domain.queue_calls import QueuePlan, choose
from edge.domain.ticket import Priority, Ticket, TicketState

TRUST = 3  # today's served tickets weigh as much as the configured guess from this many on
RECENT = 20  # the last so many served tickets of a service say how long one takes
FORGOTTEN = 4.0  # a ticket that took so many times the guess was left open by mistake: it counts as no longer than this
STAFFED_S = 1800.0  # a counter that called nobody for so long is not counted on


@dataclass(frozen=True, slots=True)
class Wait:
    """`ahead`: of the same service, called before. `seconds`: until the call."""

    ahead: int
    seconds: float


def typical_s(day: Day, service: Service) -> float:
    """How long one ticket of the service takes: today's times, leaning on the guess while there are few."""
    served = [one for one in day.in_state(TicketState.SERVED) if one.service == service.key]
    recent = sorted(served, key=lambda one: one.over_s or 0.0)[-RECENT:]
    times = [min(one.served_s, FORGOTTEN * service.guess_s) for one in recent if one.served_s is not None]
    return (TRUST * service.guess_s + sum(times)) / (TRUST + len(times))


def expected(day: Day, plan: QueuePlan, service: str, priority: Priority, now_s: float) -> Wait | None:
    """For somebody who takes a number now. None for a service that no counter serves."""
    order = len(day.tickets) + 1
    asked = Ticket(order, plan.services[service].letter, 0, service, priority, now_s, place=order)
    hall, ahead = _Hall.of(day, plan, now_s, asked), 0
    for ticket, at_s in hall.calls():
        if ticket is asked:
            return Wait(ahead, at_s)
        ahead += ticket.service == service
    return None


def staffed(day: Day, plan: QueuePlan, now_s: float) -> frozenset[str]:
    """Counters at work; all of a service's counters where none of them is (before the first call of the morning)."""
    busy = {one.at for one in day.tickets.values() if one.at and _is_at_work(one, now_s)}
    idle = [service.counters for service in plan.services.values() if not busy & set(service.counters)]
    return frozenset(busy) | frozenset(counter for counters in idle for counter in counters)


def _is_at_work(ticket: Ticket, now_s: float) -> bool:
    seen_s = ticket.over_s or ticket.counter_s
    return ticket.state.is_at_counter or (seen_s is not None and now_s - seen_s <= STAFFED_S)


_Lane = dict[tuple[str, bool], deque[Ticket]]


@dataclass(slots=True)
class _Hall:
    """A copy of the hall that is played forward."""

    plan: QueuePlan
    lanes: _Lane
    free: list[tuple[float, str]]  # a heap: when which counter can call
    runs: dict[str, int]
    times_s: Mapping[str, float]
    mine: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, day: Day, plan: QueuePlan, now_s: float, asked: Ticket) -> "_Hall":
        times_s = {key: typical_s(day, service) for key, service in plan.services.items()}
        lanes: _Lane = {}
        for one in sorted((*day.in_state(TicketState.WAITING), asked), key=lambda one: one.standing):
            lanes.setdefault((one.service, one.is_priority), deque()).append(one)
        counters = staffed(day, plan, now_s)
        here = {one.at: one for one in day.tickets.values() if one.at and one.state.is_at_counter}
        free = [(_left_s(here.get(counter), times_s, now_s), counter) for counter in sorted(counters)]
        heapq.heapify(free)
        mine = {counter: tuple(service.key for service in plan.of_counter(counter)) for counter in counters}
        return cls(plan, lanes, free, dict(day.runs), times_s, mine)

    def calls(self) -> Iterator[tuple[Ticket, float]]:
        """Each call to come, with the seconds until then."""
        while self.free:
            at_s, counter = heapq.heappop(self.free)
            ticket = self._take(counter)
            if ticket is None:
                continue  # nobody left for this counter
            yield ticket, at_s
            heapq.heappush(self.free, (at_s + self.times_s[ticket.service], counter))

    def _take(self, counter: str) -> Ticket | None:
        ticket = choose(
            self._head(counter, is_priority=True), self._head(counter, is_priority=False),
            self.runs.get(counter, 0), self.plan.rules,
        )  # fmt: skip
        if ticket:
            self.lanes[ticket.service, ticket.is_priority].popleft()
            self.runs[counter] = self.runs.get(counter, 0) + 1 if ticket.is_priority else 0
        return ticket

    def _head(self, counter: str, *, is_priority: bool) -> Ticket | None:
        lanes = (self.lanes.get((service, is_priority)) for service in self.mine[counter])
        return min((lane[0] for lane in lanes if lane), key=lambda one: one.standing, default=None)


def _left_s(here: Ticket | None, times_s: Mapping[str, float], now_s: float) -> float:
    """What is left of the ticket at a counter, by the typical time."""
    if here is None:
        return 0.0
    began_s = here.came_s if here.came_s is not None else (here.counter_s or now_s)
    return max(0.0, times_s.get(here.service, 0.0) - (now_s - began_s))
