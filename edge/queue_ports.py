"""The queue between service, pages and devices: values and Protocols. Read with `edge.domain.queue`.

Who has which ticket is known to nobody: a ticket is a number on paper.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from edge.domain.opening import Closed as Closed  # noqa: PLC0414 - pages know it from here
from edge.domain.queue import Refusal as Refusal  # noqa: PLC0414 - the same
from edge.domain.queue_report import DayReport as DayReport  # noqa: PLC0414 - the same
from edge.domain.ticket import ASKED_FOR as ASKED_FOR  # noqa: PLC0414 - the same
from edge.domain.ticket import Action as Action  # noqa: PLC0414 - the same
from edge.domain.ticket import Priority as Priority  # noqa: PLC0414 - the same
from edge.domain.ticket import TicketState as TicketState  # noqa: PLC0414 - the same


@dataclass(frozen=True, slots=True)
class ServiceInfo:
    """A service as configured. `names` by language."""

    service: str
    names: tuple[tuple[str, str], ...]
    letter: str
    counters: tuple[str, ...]
    guess_s: float

    def name(self, lang: str) -> str:
        found = dict(self.names)
        return found.get(lang) or next(iter(found.values()))


@dataclass(frozen=True, slots=True)
class CounterInfo:
    """`number` is what the voice says: "quầy ba"."""

    counter: str
    name: str
    number: int


@dataclass(frozen=True, slots=True)
class TicketView:
    """`waited_s` runs from its issue until now; at a counter, until it was first called."""

    label: str
    service: ServiceInfo
    priority: Priority
    state: TicketState
    issued: datetime
    waited_s: float
    calls: int
    misses: int


@dataclass(frozen=True, slots=True)
class ServiceView:
    """`wait_s` and `at` are for somebody who takes a number now; None when no counter serves it, or not today any more."""

    info: ServiceInfo
    waiting: int
    wait_s: float | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class CallView:
    """Somebody is called to a counter, or is served there. `call` counts: above 1 it is said again."""

    label: str
    counter: CounterInfo
    at: datetime
    call: int
    state: TicketState


@dataclass(frozen=True, slots=True)
class HallView:
    """What board and kiosk show: calls newest first; `closed` is None while numbers are given."""

    calls: tuple[CallView, ...]
    services: tuple[ServiceView, ...]
    closed: Closed | None


@dataclass(frozen=True, slots=True)
class PanelView:
    """One officer's queue. `next` is whom `call_next` would call. `waiting` stands in the order of its lanes."""

    counter: CounterInfo
    services: tuple[ServiceInfo, ...]
    current: TicketView | None
    next: str | None
    waiting: tuple[TicketView, ...]
    parked: tuple[TicketView, ...]
    transfer_to: tuple[ServiceInfo, ...]
    served: int
    no_shows: int


@dataclass(frozen=True, slots=True)
class Slip:
    """What is printed and shown to the citizen. `code` stands in the QR."""

    code: str
    label: str
    service: ServiceInfo
    has_priority: bool
    issued: datetime
    ahead: int
    wait_s: float | None
    at: datetime | None
    counters: tuple[CounterInfo, ...]


@dataclass(frozen=True, slots=True)
class Declined:
    """No number was given: the centre is closed, or `Refusal.FULL`."""

    why: Closed | Refusal


class Printing(StrEnum):
    """What became of a slip. UNKNOWN: it was given and nobody can say; it is never sent again."""

    PRINTED = "printed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    NO_PRINTER = "no_printer"


class TicketPrinter(Protocol):
    """Puts a slip on paper."""

    async def print_slip(self, slip: Slip, lang: str) -> Printing:
        """Once, in `lang`; what fails is an outcome."""


class QueueDesk(Protocol):
    """Raise `edge.ports.NotThere` for a counter or service that is not configured; every other outcome is a value."""

    def services(self) -> tuple[ServiceInfo, ...]: ...
    def counters(self) -> tuple[CounterInfo, ...]: ...
    def hall(self) -> HallView: ...
    def panel(self, counter: str) -> PanelView: ...
    def subscribe(self, callback: Callable[[CallView | None], None]) -> Callable[[], None]:
        """Call `callback` at every change: with the call when somebody is called (again), else with None."""

    async def issue(self, service: str, priority: Priority) -> Slip | Declined:
        """Durable when this returns; printing it is another step, which may fail without losing the number."""

    async def print_slip(self, slip: Slip, lang: str) -> Printing: ...

    async def call_next(self, counter: str) -> Refusal | None:
        """Finish whoever is served there, call whose turn it is."""

    async def press(self, counter: str, label: str, action: Action, to: str | None = None) -> Refusal | None: ...
    async def report(self, day: date) -> DayReport: ...
