"""The queue of one device: numbers, calls, the hall's view, the day's report. `edge.queue_ports.QueueDesk`.

The tables are the truth: every change reads the day from them inside its own transaction, so several counters at once, a
restart and midnight are nothing special. What pages see is the day as of the last change.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta

from edge.domain import queue as rules
from edge.domain import queue_report
from edge.domain.opening import closed
from edge.domain.queue import Day, Move, Press, Refusal, Told
from edge.domain.queue_calls import act_at, call_next
from edge.domain.queue_wait import Wait, expected
from edge.domain.ticket import Action, Priority
from edge.ports import Clock, Ledger, NotThere
from edge.queue_ports import (
    CallView,
    CounterInfo,
    DayReport,
    Declined,
    HallView,
    PanelView,
    Printing,
    ServiceInfo,
    Slip,
    TicketPrinter,
)
from edge.services import queue_changes as changes
from edge.services import queue_views as views
from edge.services.kept import kept_or_told
from edge.services.queue_views import QueueSetup
from edge.store import tickets as table
from sync.events import Payload

log = logging.getLogger(__name__)

FRESH = timedelta(seconds=3)
PRINT_WITHIN_S = 90.0  # a ticket takes 46 s on the slowest line, its printer 20 s more
Subscriber = Callable[[CallView | None], None]


class QueueService:
    """`load` before anything else; `run` keeps the day current; one transaction a change."""

    def __init__(
        self, ledger: Ledger, clock: Clock, setup: QueueSetup, printer: TicketPrinter | None = None,
        *, poll_s: float = 20.0, print_s: float = PRINT_WITHIN_S,
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._clock = clock
        self._setup = setup
        self._printer = printer
        self._poll_s = poll_s
        self._print_s = print_s
        self._day = Day(clock.now().date())
        self._seen = (self._day, clock.now(), views.hall(setup, self._day, clock.now()))
        self._changing = asyncio.Lock()  # so that what pages see never goes back
        self._subscribers: list[Subscriber] = []

    async def load(self) -> None:
        """What an earlier life left: today's tickets, or another day's to be closed; by `run`, when the journal takes nothing now."""
        await self._refresh()
        with kept_or_told(log, "queue: the day before is not closed yet"):
            await self.step()

    async def run(self) -> None:
        while True:
            await self.step()
            await asyncio.sleep(self._poll_s)

    async def step(self) -> None:
        """One look at the clock: after midnight yesterday's queue is closed."""
        now = self._clock.now()
        left = await self._ledger.read(table.open_day)
        if (left is not None and left < now.date()) or (left is None and self._day.day != now.date()):
            await self._change(lambda day, _: Move(day, ()))
            log.info("queue: a new day, %s", now.date())

    def services(self) -> tuple[ServiceInfo, ...]:
        return tuple(self._setup.services.values())

    def counters(self) -> tuple[CounterInfo, ...]:
        return tuple(self._setup.counters.values())

    def hall(self) -> HallView:
        """Played through once for all pages that ask within a few seconds of one day's state."""
        now = self._clock.now()
        day, at, view = self._seen
        if day is not self._day or not timedelta() <= now - at < FRESH:
            view = views.hall(self._setup, self._day, now)
            self._seen = (self._day, now, view)
        return view

    def panel(self, counter: str) -> PanelView:
        self._known(counter)
        return views.panel(self._setup, self._day, counter, self._clock.now())

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    async def issue(self, service: str, priority: Priority) -> Slip | Declined:
        if service not in self._setup.services:
            raise NotThere(service)
        now = self._clock.now()
        shut = closed(self._setup.opening, now)
        if shut is not None:
            return Declined(shut)
        waits: list[Wait | None] = []

        def taken(day: Day, now_s: float) -> Move | Refusal:
            waits.append(expected(day, self._setup.plan, service, priority, now_s))
            return rules.issue(day, self._setup.plan.services[service], priority, now_s)

        outcome = await self._change(taken, waits)
        if isinstance(outcome, Refusal):
            log.warning("queue: no number left for %s", service)
            return Declined(outcome)
        ((_, ticket, _),) = outcome.happened
        return views.slip(self._setup, outcome.day, ticket, waits[-1], now)

    async def print_slip(self, slip: Slip, lang: str) -> Printing:
        if self._printer is None:
            return Printing.NO_PRINTER
        try:
            async with asyncio.timeout(self._print_s):
                return await self._printer.print_slip(slip, lang)
        except TimeoutError:
            log.warning("queue: the printer did not answer in %s s", self._print_s)
            return Printing.UNKNOWN

    async def call_next(self, counter: str) -> Refusal | None:
        self._known(counter)
        plan = self._setup.plan
        return _refused(await self._change(lambda day, now_s: call_next(day, plan, counter, now_s)))

    async def press(self, counter: str, label: str, action: Action, to: str | None = None) -> Refusal | None:
        self._known(counter)
        plan, press = self._setup.plan, Press(counter, action, to)
        return _refused(await self._change(lambda day, now_s: act_at(day, plan, label, press, now_s)))

    async def report(self, day: date) -> DayReport:
        found = await self._ledger.read(lambda connection: table.load(connection, day))
        return queue_report.report(found, self._setup.plan)

    def _known(self, counter: str) -> None:
        if counter not in self._setup.counters:
            raise NotThere(counter)

    async def _change(
        self, move: Callable[[Day, float], Move | Refusal], waits: list[Wait | None] | None = None
    ) -> Move | Refusal:
        """Read, decide, save and tell in one transaction; then the pages."""
        now, outcomes = self._clock.now(), list[Move | Refusal]()

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            day, told = changes.present_day(connection, now)
            outcomes.append(move(day, now.timestamp()))
            return (*told, *changes.apply(connection, outcomes[-1], waits[-1] if waits else None))

        async with self._changing:
            await self._ledger.transact(change)
            await self._refresh()
        self._announce(outcomes[-1], now)
        return outcomes[-1]

    async def _refresh(self) -> None:
        """Reads what was committed; a day that somebody still waits on outranks a clock that went back."""
        today = self._clock.now().date()

        def query(connection: sqlite3.Connection) -> Day:
            return table.load(connection, table.open_day(connection) or today)

        self._day = await self._ledger.read(query)

    def _announce(self, outcome: Move | Refusal, now: datetime) -> None:
        if isinstance(outcome, Refusal):
            return
        called = [ticket for what, ticket, _ in outcome.happened if what is Told.CALLED]
        for news in [views.call_view(self._setup, ticket, now) for ticket in called] or [None]:
            for callback in tuple(self._subscribers):
                callback(news)


def _refused(outcome: Move | Refusal) -> Refusal | None:
    return outcome if isinstance(outcome, Refusal) else None
