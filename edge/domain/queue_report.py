"""One day of the queue in numbers: how long people waited and how long they were served, by service and by counter. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import fmean, median

from edge.domain.queue import Day
from edge.domain.queue_calls import QueuePlan
from edge.domain.ticket import Ticket, TicketState


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds of `n` tickets; all zero when there were none."""

    n: int = 0
    mean_s: float = 0.0
    median_s: float = 0.0
    p90_s: float = 0.0
    longest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class ReportRow:
    """Tickets of a service, or those that a counter called last. `left` of them are not over, or the day ended for them."""

    key: str
    tickets: int
    served: int
    no_shows: int
    left: int
    waiting: Spread
    serving: Spread


@dataclass(frozen=True, slots=True)
class DayReport:
    day: date
    by_service: tuple[ReportRow, ...]
    by_counter: tuple[ReportRow, ...]


def report(day: Day, plan: QueuePlan) -> DayReport:
    """Every service and counter of the plan, and those of the day that the plan no longer has."""
    tickets = tuple(day.tickets.values())
    services = dict.fromkeys((*plan.services, *(one.service for one in tickets)))
    counters = dict.fromkeys((*plan.counters, *(one.at for one in tickets if one.at)))
    return DayReport(
        day.day,
        tuple(_row(key, [one for one in tickets if one.service == key]) for key in services),
        tuple(_row(key, [one for one in tickets if one.at == key]) for key in counters),
    )


def spread(seconds: Iterable[float]) -> Spread:
    """The 90th percentile is the smallest value that at least nine in ten do not exceed."""
    ranked = sorted(seconds)
    if not ranked:
        return Spread()
    p90 = ranked[-(-9 * len(ranked) // 10) - 1]
    return Spread(len(ranked), fmean(ranked), median(ranked), p90, ranked[-1])


def _row(key: str, tickets: Sequence[Ticket]) -> ReportRow:
    served = sum(one.state is TicketState.SERVED for one in tickets)
    no_shows = sum(one.state is TicketState.NO_SHOW for one in tickets)
    return ReportRow(
        key, len(tickets), served, no_shows, len(tickets) - served - no_shows,
        spread(one.waited_s for one in tickets if one.waited_s is not None),
        spread(one.served_s for one in tickets if one.served_s is not None),
    )  # fmt: skip
