"""Days pass: a reminder, an overdue result that can still be collected, numbers that are deleted, and the agent's own loops."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.domain.retention import RetentionRules
from edge.locker_ports import OpeningView, Step
from edge.services.locker_plan import LockerSettings
from edge.services.retention import RetentionService
from sync.events import LockerCollected, LockerDeposited, LockerOverdue, PrivacyPurged
from tests.edge.services.locker_house import DOSSIER, LEADER, OFFICER, PHONE, House

DAY_S = 86_400.0


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await House.open(tmp_path)
    yield opened
    await opened.journal.close()


async def test_a_result_is_reminded_of_once_and_overdue_once_and_its_code_stays_valid(house: House) -> None:
    compartment = await house.loaded()
    for _ in range(8):
        house.clock.advance(DAY_S)
        await house.locker.upkeep.step()
        await house.locker.upkeep.step()
    assert [(one.step, one.days) for one in await house.events(LockerOverdue)] == [("reminded", 3), ("overdue", 5)]
    assert house.state(compartment) == "overdue"
    (row,) = await house.staff.overdue()
    assert (row.dossier, row.days, row.reminded) == (DOSSIER, 8, True)
    assert await house.rows("SELECT count(*) FROM locker_sms WHERE kind = 'reminder'") == [(1,)]
    await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    await house.pushes(compartment)
    assert len(await house.events(LockerCollected)) == 1


async def test_a_restart_reminds_nobody_twice(house: House) -> None:
    await house.loaded()
    house.clock.advance(3 * DAY_S)
    await house.locker.upkeep.step()
    again = await house.killed()
    await again.locker.upkeep.step()
    assert len(await again.events(LockerOverdue)) == 1
    await again.journal.close()


async def test_a_full_disk_puts_the_reminder_off(house: House) -> None:
    await house.loaded()
    house.clock.advance(3 * DAY_S)
    house.disk.is_full = True
    await house.locker.upkeep.step()
    house.disk.is_full = False
    await house.locker.upkeep.step()
    assert len(await house.events(LockerOverdue)) == 1


async def test_numbers_go_thirty_days_after_the_collection_and_not_before(house: House) -> None:
    retention = RetentionService(house.disk, house.faults, house.clock, RetentionRules())
    compartment = await house.loaded()
    await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    await house.pushes(compartment)
    question = "SELECT count(*) FROM locker_stays WHERE sealed_phone IS NOT NULL OR keyed_tail IS NOT NULL"
    house.clock.advance(29 * DAY_S)
    await retention.purge()
    assert await house.rows(question) == [(1,)]
    house.clock.advance(2 * DAY_S)
    await retention.purge()
    assert await house.rows(question) == [(0,)]
    assert [one.rows["locker_phones"] for one in await house.events(PrivacyPurged)] == [0, 1]


@contextlib.asynccontextmanager
async def living(tmp_path: Path) -> AsyncIterator[House]:
    """A house whose agent runs by itself; what fails in it fails the test at once."""
    house = await House.open(tmp_path, is_read=False, settings=LockerSettings(b"s" * 32, tick_s=0.01))
    running = asyncio.create_task(house.locker.run())
    try:
        while not house.citizen.is_trusted():
            await asyncio.sleep(0.01)
        yield house
        assert not running.done()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await house.journal.close()


async def test_the_agents_own_loops_load_and_hand_over(tmp_path: Path) -> None:
    async with living(tmp_path) as house:
        loading = await house.staff.load(OFFICER, DOSSIER, "0912345678")
        house.doors.push(await until(house, loading, Step.OPEN))
        await passing(house, loading)
        house.clock.advance(10)
        picking = await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
        house.doors.push(await until(house, picking, Step.OPEN))
        await passing(house, picking)
        assert len(await house.events(LockerCollected)) == 1


async def test_two_persons_open_every_door_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.services.locker_staff.NEXT_DOOR_S", 0.0)
    async with living(tmp_path) as house:
        openings = await house.staff.recall_all(OFFICER, "fire", LEADER)
        assert isinstance(openings, tuple)
        for opening in openings:
            await until(house, opening, Step.OPEN)
        assert [compartment for compartment, _ in house.doors.pulses] == [one.compartment for one in openings]


async def test_a_printer_that_hangs_keeps_no_other_citizen_before_a_closed_door(tmp_path: Path) -> None:
    async with living(tmp_path) as house:
        house.printer.goes_on.clear()
        givings = [await handed_in(house, keypad) for keypad in ("kiosk", "kiosk-2")]
        receipts = [one.receipt for one in await house.events(LockerDeposited)]
        assert [(one.receipt, one.printed) for one in map(house.view, givings)] == [(one, None) for one in receipts]

        house.clock.advance(10)
        fetching = await house.staff.collect(OFFICER, house.view(givings[1]).compartment)
        house.doors.push(await until(house, fetching, Step.OPEN))
        await passing(house, fetching)
        house.printer.goes_on.set()
        while not all(house.view(one).printed for one in givings):
            await asyncio.sleep(0.01)
        assert [one.receipt for one in house.printer.printed] == receipts, "also of what was fetched meanwhile"


async def handed_in(house: House, keypad: str) -> OpeningView:
    giving = await house.citizen.deposit(keypad, "khai-sinh", PHONE)
    house.doors.push(await until(house, giving, Step.OPEN))
    await passing(house, giving)
    return house.view(giving)


async def until(house: House, opening: object, step: Step) -> str:
    """Wait for a step of an opening; its compartment."""
    assert isinstance(opening, OpeningView)
    reached = asyncio.Event()
    ends = {step, Step.FAILED}
    house.citizen.subscribe(opening.opening, lambda view: reached.set() if view.step in ends else None)
    if house.view(opening).step not in ends:
        await reached.wait()
    assert house.view(opening).step is step, house.view(opening)
    return opening.compartment


async def passing(house: House, opening: object) -> None:
    """Time goes on, as it does, until a closed door is believed."""
    done = asyncio.create_task(until(house, opening, Step.DONE))
    while not done.done():
        house.clock.advance(0.2)
        await asyncio.sleep(0.01)
    await done
