"""A hall with three counters over a real journal: what the queue's tests drive."""

from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from typing import Self

from edge.domain.opening import Opening, Span
from edge.domain.queue import Service
from edge.domain.queue_calls import QueuePlan
from edge.domain.ticket import Action, Ticket
from edge.ports import Ledger
from edge.queue_ports import CounterInfo, Priority, ServiceInfo, Slip, TicketPrinter
from edge.services.queue import QueueService
from edge.services.queue_views import QueueSetup
from edge.store.migrations import scripts
from sync.events import Payload
from sync.journal import Journal
from tests.edge.services.fakes import FakeClock

ZONE = timezone(timedelta(hours=7))
FRIDAY = datetime(2026, 11, 27, 8, 0, tzinfo=ZONE)
WORKDAY = (Span(time(7, 30), time(11, 30)), Span(time(13, 30), time(16, 30)))
CIVIL = Service("ho-tich", "A", ("q1", "q2"), 600.0)
LAND = Service("dat-dai", "B", ("q2", "q3"), 1200.0)
PLAN = QueuePlan({"ho-tich": CIVIL, "dat-dai": LAND})
NAMES = {"ho-tich": "Hộ tịch", "dat-dai": "Đất đai"}
SETUP = QueueSetup(
    PLAN,
    {
        key: ServiceInfo(key, (("vi", NAMES[key]),), one.letter, one.counters, one.guess_s)
        for key, one in PLAN.services.items()
    },
    {f"q{number}": CounterInfo(f"q{number}", f"Quầy {number}", number) for number in (1, 2, 3)},
    Opening((WORKDAY, WORKDAY, WORKDAY, WORKDAY, WORKDAY, (), ())),
)


def desk(
    ledger: Ledger, clock: FakeClock, printer: TicketPrinter | None = None, setup: QueueSetup = SETUP
) -> QueueService:
    return QueueService(ledger, clock, setup, printer, poll_s=0.01, print_s=0.05)


class Hall:
    """One agent's life; `killed` opens the same journal again."""

    def __init__(self, folder: Path, journal: Journal, clock: FakeClock, printer: TicketPrinter | None) -> None:
        self.folder, self.journal, self.clock, self.printer = folder, journal, clock, printer
        self.desk = desk(journal, clock, printer)

    @classmethod
    async def open(cls, folder: Path, clock: FakeClock | None = None, printer: TicketPrinter | None = None) -> Self:
        journal = await Journal.open(folder, site="phuong-mau", device="kiosk-01", migrations=scripts())
        hall = cls(folder, journal, clock or FakeClock(FRIDAY), printer)
        await hall.desk.load()
        return hall

    async def killed(self) -> Self:
        await self.journal.close()
        return await self.open(self.folder, self.clock, self.printer)

    async def take(self, service: str = "ho-tich", priority: Priority = Priority.NONE) -> Slip:
        slip = await self.desk.issue(service, priority)
        assert isinstance(slip, Slip), slip
        return slip

    async def serve(self, counter: str, minutes: float) -> str:
        """The next one is called, comes and is served for that long."""
        assert await self.desk.call_next(counter) is None
        current = self.desk.panel(counter).current
        assert current is not None
        assert await self.desk.press(counter, current.label, Action.COME) is None
        self.clock.advance(minutes * 60)
        assert await self.desk.press(counter, current.label, Action.FINISH) is None
        return current.label

    def tickets(self) -> dict[str, Ticket]:
        return {ticket.label: ticket for ticket in self.desk._day.tickets.values()}

    async def events(self) -> list[Payload]:
        found: list[Payload] = []
        if not self.journal.head.seq:
            return found
        async for recorded in self.journal.follow(after=0):
            found.append(recorded.payload)
            if recorded.seq >= self.journal.head.seq:
                break
        return found
