"""The queue desk over a real journal: events, restarts, midnight, closing time, the printer."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from edge.domain.opening import Closed, WhyClosed
from edge.ports import NotThere
from edge.queue_ports import Action, CallView, Declined, Printing, Priority, Refusal, Slip, TicketState
from edge.services.queue_views import QueueSetup
from sync.errors import JournalFull
from sync.events import TicketCalled, TicketIssued, TicketServed, TicketSkipped
from tests.edge.services.fakes import FakeClock
from tests.edge.services.memory_ledger import LedgerFull, MemoryLedger
from tests.edge.services.queue_hall import FRIDAY, SETUP, Hall, desk


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    made = await Hall.open(tmp_path)
    yield made
    await made.journal.close()


async def test_a_visit_from_number_to_served_is_told_in_order(hall: Hall) -> None:
    slip = await hall.take(priority=Priority.PREGNANT)
    hall.clock.advance(120)
    await hall.desk.call_next("q1")
    hall.clock.advance(30)
    await hall.desk.press("q1", "A001", Action.RECALL)
    await hall.desk.press("q1", "A001", Action.COME)
    hall.clock.advance(300)
    await hall.desk.press("q1", "A001", Action.FINISH)
    assert slip.code == "SO-20261127-A001"
    key = "20261127-A001"
    assert await hall.events() == [
        TicketIssued(ticket=key, number="A001", service="ho-tich", has_priority=True, ahead=0, wait_s=0.0),
        TicketCalled(ticket=key, number="A001", service="ho-tich", counter="q1", call=1, waited_s=120.0),
        TicketCalled(ticket=key, number="A001", service="ho-tich", counter="q1", call=2, waited_s=120.0),
        TicketServed(ticket=key, service="ho-tich", counter="q1", waited_s=120.0, served_s=300.0),
    ]


async def test_why_somebody_has_priority_is_in_no_event_and_in_no_table_afterwards(hall: Hall) -> None:
    await hall.take(priority=Priority.PREGNANT)
    await hall.serve("q1", 5)
    assert "pregnant" not in str(await hall.events())
    assert hall.tickets()["A001"].priority is Priority.UNSAID


async def test_every_way_to_leave_a_turn_is_told(hall: Hall) -> None:
    for _ in range(3):
        await hall.take()
    await hall.desk.call_next("q2")
    await hall.desk.press("q2", "A001", Action.SKIP)
    await hall.desk.press("q2", "A001", Action.CALL)
    await hall.desk.press("q2", "A001", Action.PARK)
    await hall.desk.press("q2", "A002", Action.CALL)
    await hall.desk.press("q2", "A002", Action.TRANSFER, "dat-dai")
    await hall.desk.press("q2", "A003", Action.CALL)
    await hall.desk.press("q2", "A003", Action.NO_SHOW)
    told = [
        (one.ticket[-4:], one.why, one.counter, one.to) for one in await hall.events() if isinstance(one, TicketSkipped)
    ]
    assert told == [
        ("A001", "not_there", "q2", None),
        ("A001", "parked", "q2", None),
        ("A002", "transferred", "q2", "dat-dai"),
        ("A003", "no_show", "q2", None),
    ]


async def test_a_restart_forgets_nothing(hall: Hall) -> None:
    for priority in (Priority.NONE, Priority.OLDER, Priority.OLDER, Priority.OLDER, Priority.NONE):
        await hall.take(priority=priority)
    assert [await hall.serve("q1", 3) for _ in range(2)] == ["A002", "A003"]
    await hall.desk.call_next("q1")
    before = hall.desk._day
    again = await hall.killed()
    assert again.desk._day == before
    assert again.tickets()["A001"].state is TicketState.CALLED, "two with priority, then somebody else"
    assert (await again.take()).label == "A006"
    await again.journal.close()


async def test_midnight_closes_the_day_and_numbers_begin_again(hall: Hall) -> None:
    for _ in range(3):
        await hall.take()
    await hall.desk.call_next("q1")
    hall.clock.advance(3 * 24 * 3600)
    await hall.desk.step()
    left = [(one.ticket, one.why, one.counter) for one in await hall.events() if isinstance(one, TicketSkipped)]
    assert left == [
        ("20261127-A001", "day_over", "q1"), ("20261127-A002", "day_over", None), ("20261127-A003", "day_over", None),
    ]  # fmt: skip
    assert hall.desk.hall().calls == ()
    assert (await hall.take()).code == "SO-20261130-A001"
    report = await hall.desk.report(FRIDAY.date())
    assert report.by_service[0].left == 3


async def test_midnight_during_a_stop_is_the_same(hall: Hall) -> None:
    await hall.take()
    hall.clock.advance(3 * 24 * 3600)
    again = await hall.killed()
    assert again.desk.panel("q1").waiting == ()
    assert (await again.take()).label == "A001"
    assert sum(isinstance(one, TicketSkipped) for one in await again.events()) == 1
    await again.journal.close()


async def test_a_change_that_comes_before_the_next_look_at_the_clock_closes_the_old_day_first(hall: Hall) -> None:
    await hall.take()
    hall.clock.advance(3 * 24 * 3600)
    assert (await hall.take()).code == "SO-20261130-A001"
    assert [type(one) for one in await hall.events()] == [TicketIssued, TicketSkipped, TicketIssued]


async def test_a_clock_set_back_loses_nobody_and_doubles_no_number(tmp_path: Path) -> None:
    clock = FakeClock(FRIDAY)
    hall = await Hall.open(tmp_path, clock)
    await hall.take()
    clock.advance(-24 * 3600)  # Thursday, an hour at which it is open
    again = await hall.killed()
    assert (await again.take()).code == "SO-20261127-A002"
    assert [one.label for one in again.desk.panel("q1").waiting] == ["A001", "A002"]
    for _ in range(2):
        await again.serve("q1", 1)
    assert (await again.take()).code == "SO-20261126-A001", "nobody waits: the day is the clock's again"
    await again.journal.close()


@pytest.mark.parametrize(
    ("hours", "why"),
    [(-1, WhyClosed.BEFORE), (4, WhyClosed.BREAK), (9, WhyClosed.AFTER), (24, WhyClosed.DAY_OFF)],
)
async def test_no_number_is_given_while_it_is_closed(hall: Hall, hours: float, why: WhyClosed) -> None:
    hall.clock.advance(hours * 3600)
    declined = await hall.desk.issue("ho-tich", Priority.NONE)
    assert isinstance(declined, Declined)
    assert isinstance(declined.why, Closed)
    assert declined.why.why is why
    assert declined.why.opens is not None
    assert await hall.events() == []


async def test_who_has_a_number_is_served_after_closing_time(hall: Hall) -> None:
    await hall.take()
    hall.clock.advance(9 * 3600)
    assert await hall.serve("q1", 5) == "A001"


async def test_several_counters_at_once_never_call_the_same_person(hall: Hall) -> None:
    for _ in range(3):
        await hall.take()
    assert await asyncio.gather(*(hall.desk.call_next("q1") for _ in range(2)), hall.desk.call_next("q2")) == [
        None, Refusal.BUSY, None,
    ]  # fmt: skip
    current = [hall.desk.panel(counter).current for counter in ("q1", "q2")]
    assert {one.label for one in current if one} == {"A001", "A002"}


async def test_many_citizens_at_once_get_different_numbers(hall: Hall) -> None:
    slips = await asyncio.gather(*(hall.take() for _ in range(30)))
    assert sorted(slip.label for slip in slips) == [f"A{number:03}" for number in range(1, 31)]


async def test_the_board_is_told_every_call_and_only_calls(hall: Hall) -> None:
    news: list[CallView | None] = []
    stop = hall.desk.subscribe(news.append)
    await hall.take()
    await hall.desk.call_next("q1")
    await hall.desk.press("q1", "A001", Action.RECALL)
    await hall.desk.press("q1", "A001", Action.COME)
    assert [(one.label, one.counter.number, one.call) if one else None for one in news] == [
        None, ("A001", 1, 1), ("A001", 1, 2), None,
    ]  # fmt: skip
    stop()
    await hall.take()
    assert len(news) == 4


async def test_the_wait_that_is_told_goes_on_after_the_gap_at_noon(hall: Hall) -> None:
    hall.clock.advance(3.4 * 3600)  # 11:24
    for _ in range(4):
        slip = await hall.take("dat-dai")
    assert slip.ahead == 3
    assert slip.at == FRIDAY.replace(hour=13, minute=44), "q2 and q3 each finish one of 20 minutes"
    assert slip.wait_s == timedelta(hours=2, minutes=20).total_seconds()


async def test_what_no_longer_fits_into_the_day_is_not_promised(hall: Hall) -> None:
    hall.clock.advance(8.4 * 3600)  # 16:24
    for _ in range(3):
        slip = await hall.take("dat-dai")
    assert slip.at is None
    assert slip.wait_s is None


async def test_unknown_counters_and_services_are_no_outcome(hall: Hall) -> None:
    with pytest.raises(NotThere):
        await hall.desk.issue("khong-co", Priority.NONE)
    with pytest.raises(NotThere):
        await hall.desk.call_next("q9")
    with pytest.raises(NotThere):
        hall.desk.panel("q9")


async def test_a_full_disk_gives_no_number_and_keeps_those_it_gave() -> None:
    clock = FakeClock(FRIDAY)
    ledger = MemoryLedger(clock.now)
    queue = desk(ledger, clock)
    await queue.load()
    await queue.issue("ho-tich", Priority.NONE)
    ledger.is_full = True
    with pytest.raises(LedgerFull):
        await queue.issue("ho-tich", Priority.NONE)
    assert [one.label for one in queue.panel("q1").waiting] == ["A001"]
    ledger.is_full = False
    slip = await queue.issue("ho-tich", Priority.NONE)
    assert isinstance(slip, Slip)
    assert slip.label == "A002"
    ledger.close()
    assert issubclass(JournalFull, Exception)


async def test_a_day_that_a_full_disk_leaves_open_is_closed_when_there_is_room() -> None:
    clock = FakeClock(FRIDAY)
    ledger = MemoryLedger(clock.now)
    await desk(ledger, clock).issue("ho-tich", Priority.NONE)
    clock.advance(3 * 24 * 3600)
    ledger.is_full = True
    again = desk(ledger, clock)
    await again.load()
    assert [one.label for one in again.panel("q1").waiting] == ["A001"]
    ledger.is_full = False
    await again.step()
    assert again.panel("q1").waiting == ()
    assert isinstance(ledger.events[-1], TicketSkipped)
    ledger.close()


async def test_a_service_that_is_configured_no_more_leaves_its_counter_usable() -> None:
    clock = FakeClock(FRIDAY)
    ledger = MemoryLedger(clock.now)
    queue = desk(ledger, clock)
    await queue.issue("dat-dai", Priority.NONE)
    await queue.call_next("q2")
    less = QueueSetup(
        type(SETUP.plan)({"ho-tich": SETUP.plan.services["ho-tich"]}),
        {"ho-tich": SETUP.services["ho-tich"]}, SETUP.counters, SETUP.opening,
    )  # fmt: skip
    again = desk(ledger, clock, setup=less)
    await again.load()
    current = again.panel("q2").current
    assert current is not None
    assert current.service.name("vi") == "dat-dai"
    assert await again.press("q2", "B001", Action.FINISH) is None
    assert (await again.report(FRIDAY.date())).by_service[1].served == 1
    ledger.close()


async def test_the_report_of_the_day(hall: Hall) -> None:
    for _ in range(4):
        await hall.take()
    await hall.take("dat-dai")
    await hall.serve("q1", 4)
    await hall.serve("q1", 6)
    await hall.serve("q2", 10)
    await hall.desk.call_next("q2")
    await hall.desk.press("q2", "A004", Action.NO_SHOW)
    report = await hall.desk.report(FRIDAY.date())
    civil, land = report.by_service
    assert (civil.key, civil.tickets, civil.served, civil.no_shows, civil.left) == ("ho-tich", 4, 3, 1, 0)
    assert (civil.serving.n, civil.serving.mean_s, civil.serving.longest_s) == (3, 400.0, 600.0)
    assert (civil.waiting.median_s, civil.waiting.longest_s) == (420.0, 1200.0)
    assert (land.tickets, land.left, land.waiting.n) == (1, 1, 0)
    assert [(row.key, row.served, row.no_shows) for row in report.by_counter] == [
        ("q1", 2, 0),
        ("q2", 1, 1),
        ("q3", 0, 0),
    ]


# --- printing ---


class Printer:
    def __init__(self, *, answers: bool = True) -> None:
        self.printed: list[str] = []
        self.answers = answers

    async def print_slip(self, slip: Slip, lang: str) -> Printing:
        if not self.answers:
            await asyncio.Event().wait()
        self.printed.append(f"{slip.label} {lang}")
        return Printing.PRINTED


async def test_a_slip_is_printed_once_and_without_a_printer_nothing_is_promised(hall: Hall) -> None:
    slip = await hall.take()
    assert await hall.desk.print_slip(slip, "vi") is Printing.NO_PRINTER
    printer = Printer()
    assert await desk(hall.journal, hall.clock, printer).print_slip(slip, "en") is Printing.PRINTED
    assert printer.printed == ["A001 en"]


async def test_a_printer_that_hangs_costs_no_number(hall: Hall) -> None:
    slip = await hall.take()
    assert await desk(hall.journal, hall.clock, Printer(answers=False)).print_slip(slip, "vi") is Printing.UNKNOWN
    assert "A001" in hall.tickets()
