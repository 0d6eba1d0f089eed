"""A day of the queue as pages show it. Pure: the day, the plan and the moment go in, a view comes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from edge.domain.opening import Opening, after_working, closed
from edge.domain.queue import Day
from edge.domain.queue_calls import QueuePlan, next_ticket
from edge.domain.queue_wait import Wait, expected
from edge.domain.ticket import Priority, Ticket, TicketState
from edge.queue_ports import CallView, CounterInfo, HallView, PanelView, ServiceInfo, ServiceView, Slip, TicketView
from edge.services.queue_changes import ticket_id

CODE = "SO-"  # what a scanner sees first of a ticket's QR


@dataclass(frozen=True, slots=True)
class QueueSetup:
    """The whole `[queue]` as the desk takes it."""

    plan: QueuePlan
    services: Mapping[str, ServiceInfo]
    counters: Mapping[str, CounterInfo]
    opening: Opening

    def info(self, service: str) -> ServiceInfo:
        """A service that the configuration no longer has is called by its key until its tickets are over."""
        return self.services.get(service) or ServiceInfo(service, (("vi", service),), "", (), 0.0)


def hall(setup: QueueSetup, day: Day, now: datetime) -> HallView:
    here = [one for one in day.tickets.values() if one.at in setup.counters and one.state.is_at_counter]
    newest = sorted(here, key=lambda one: one.counter_s or 0.0, reverse=True)
    calls = tuple(call for one in newest if (call := call_view(setup, one, now)))
    services = tuple(_service(setup, day, key, now) for key in setup.plan.services)
    return HallView(calls, services, closed(setup.opening, now))


def panel(setup: QueueSetup, day: Day, counter: str, now: datetime) -> PanelView:
    mine = setup.plan.of_counter(counter)
    own = {service.key for service in mine}
    lanes = sorted(
        (one for one in day.in_state(TicketState.WAITING) if one.service in own),
        key=lambda one: (not one.is_priority, *one.standing),
    )
    parked = (one for one in day.in_state(TicketState.PARKED) if one.service in own)
    current, following = day.at_counter(counter), next_ticket(day, setup.plan, counter)
    last_here = [one for one in day.tickets.values() if one.at == counter]
    return PanelView(
        counter=setup.counters[counter],
        services=tuple(setup.services[service.key] for service in mine),
        current=_ticket(setup, current, now) if current else None,
        next=following.label if following else None,
        waiting=tuple(_ticket(setup, one, now) for one in lanes),
        parked=tuple(_ticket(setup, one, now) for one in parked),
        transfer_to=tuple(info for info in setup.services.values() if not current or info.service != current.service),
        served=sum(one.state is TicketState.SERVED for one in last_here),
        no_shows=sum(one.state is TicketState.NO_SHOW for one in last_here),
    )


def call_view(setup: QueueSetup, ticket: Ticket, now: datetime) -> CallView | None:
    """None for a counter that the configuration no longer has."""
    counter = setup.counters.get(ticket.at or "")
    if counter is None:
        return None
    return CallView(ticket.label, counter, _moment(ticket.counter_s, now), ticket.calls, ticket.state)


def slip(setup: QueueSetup, day: Day, ticket: Ticket, wait: Wait | None, now: datetime) -> Slip:
    at = _called_at(setup, wait, now)
    service = setup.info(ticket.service)
    return Slip(
        code=CODE + ticket_id(day.day, ticket),
        label=ticket.label,
        service=service,
        has_priority=ticket.is_priority,
        issued=_moment(ticket.issued_s, now),
        ahead=wait.ahead if wait else 0,
        wait_s=(at - now).total_seconds() if at else None,
        at=at,
        counters=tuple(setup.counters[counter] for counter in service.counters),
    )


def _service(setup: QueueSetup, day: Day, key: str, now: datetime) -> ServiceView:
    at = _called_at(setup, expected(day, setup.plan, key, Priority.NONE, now.timestamp()), now)
    wait_s = (at - now).total_seconds() if at else None
    return ServiceView(setup.services[key], len(day.waiting(key)), wait_s, at)


def _called_at(setup: QueueSetup, wait: Wait | None, now: datetime) -> datetime | None:
    """Counters work in opening hours: a wait that meets the gap at noon goes on after it."""
    return after_working(setup.opening, now, wait.seconds) if wait else None


def _ticket(setup: QueueSetup, ticket: Ticket, now: datetime) -> TicketView:
    """Whoever waits again, or is parked, has waited since the number was taken."""
    until_s = ticket.called_s if ticket.called_s is not None and ticket.state.is_at_counter else now.timestamp()
    return TicketView(
        label=ticket.label,
        service=setup.info(ticket.service),
        priority=ticket.priority,
        state=ticket.state,
        issued=_moment(ticket.issued_s, now),
        waited_s=max(0.0, until_s - ticket.issued_s),
        calls=ticket.calls,
        misses=ticket.misses,
    )


def _moment(seconds: float | None, now: datetime) -> datetime:
    return now if seconds is None else datetime.fromtimestamp(0, now.tzinfo) + timedelta(seconds=seconds)
