"""From the section `[queue]` to the desk behind the pages. For `edge.compose`, the demo and the command line."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.queue import Queue, Span, number_of
from config.schema import Config
from config.strings import StringTable
from edge.domain import opening
from edge.domain.queue import QueueRules, Service
from edge.domain.queue_calls import QueuePlan
from edge.ports import Clock, Ledger
from edge.queue_ports import CounterInfo, ServiceInfo, TicketPrinter
from edge.services.queue import QueueService
from edge.services.queue_views import QueueSetup

if TYPE_CHECKING:
    from edge.adapters.receipt_printer import SlipPrinter


@dataclass(frozen=True, slots=True)
class QueueStation:
    """The desk, loaded, and what has to run for it."""

    desk: QueueService
    parts: tuple[tuple[str, Callable[[], Awaitable[None]]], ...]


async def open_station(
    config: Config, ledger: Ledger, clock: Clock, strings: StringTable, printer: "SlipPrinter | None"
) -> QueueStation | None:
    """None for a device without a queue."""
    if config.queue is None:
        return None
    desk = QueueService(ledger, clock, queue_setup(config, config.queue), _tickets(config, strings, printer))
    await desk.load()
    return QueueStation(desk, (("queue", desk.run),))


def _tickets(config: Config, strings: StringTable, printer: "SlipPrinter | None") -> TicketPrinter | None:
    if printer is None:
        return None
    from edge.adapters.ticket_printer import PaperTickets  # noqa: PLC0415 - it loads Pillow, which a hall without one never needs

    return PaperTickets(printer, strings, config.centre.name if config.centre else "")


def queue_setup(config: Config, queue: Queue) -> QueueSetup:
    services = {key: Service(key, one.letter, one.counters, one.minutes * 60) for key, one in queue.services.items()}
    plan = QueuePlan(services, QueueRules(queue.priority_run, queue.calls_at_most, queue.behind))
    infos = {key: _info(queue, key) for key in services}
    counters = {key: _counter(config, queue, key) for key in plan.counters}
    return QueueSetup(plan, infos, counters, _opening(queue))


def _info(queue: Queue, key: str) -> ServiceInfo:
    one = queue.services[key]
    names = (("vi", one.name), ("en", one.name_en or one.name))
    return ServiceInfo(key, names, one.letter, one.counters, one.minutes * 60)


def _counter(config: Config, queue: Queue, key: str) -> CounterInfo:
    """The queue's own entry outranks the counter of the camera; `config.load` has seen to it that there is a number."""
    own = queue.counters.get(key)
    return CounterInfo(key, own.name if own else config.counters[key].name, own.number if own else number_of(key) or 0)


def _opening(queue: Queue) -> opening.Opening:
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = map(_spans, queue.hours.week)
    return opening.Opening(
        (monday, tuesday, wednesday, thursday, friday, saturday, sunday),
        tuple(opening.Holiday(one.first, one.last or one.first, one.name) for one in queue.holidays),
        {one.day: _spans(one.hours) for one in queue.working_days},
    )


def _spans(spans: tuple[Span, ...]) -> opening.Spans:
    return tuple(opening.Span(one.start, one.end) for one in spans)
