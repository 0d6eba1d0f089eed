"""What the city may do with a cabinet from afar: room kept free, given back, codes that die. No door moves by it."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from edge.locker_ports import Kept, OpeningView, RefusalWhy, Refused, Staff
from sync.events import CommandAnswered, LockerOpened, LockerRecalled, LockerReleased, LockerReserved, Payload
from tests.edge.services.locker_house import DOSSIER, LEADER, OFFICER, OTHER, PHONE, House

CITY = Staff("chi-an", "city")
DONE = CommandAnswered(command="order-0001", name="locker.reserve", outcome="done")


def answered(_: sqlite3.Connection) -> Sequence[Payload]:
    return (DONE,)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await House.open(tmp_path)
    yield opened
    await opened.journal.close()


async def kept(house: House, dossier: str = DOSSIER, days: float = 3, by: Staff = CITY) -> Refused | None:
    until = house.clock.now() + timedelta(days=days)
    return await house.locker.city.reserve(by, dossier, until, answered)


async def test_room_is_kept_for_a_dossier_and_used_by_it_alone_over_a_restart(house: House) -> None:
    assert await kept(house) is None
    (held,) = house.locker.parts.holds
    assert await kept(house) is None  # once more is the same room
    assert [one.compartment for one in await house.events(LockerReserved)] == [held]
    again = await house.killed()
    taken = [await again.loaded(f"000.00.00.H29-261124-01{n:02}") for n in range(2)]
    assert held not in taken
    assert await again.loaded(DOSSIER) == held
    assert again.locker.parts.holds == {}
    (first, *_, last) = [one for one in await again.events(LockerReserved) if one.compartment == held]
    assert first.stay == last.stay  # the city knows it by this name
    assert await again.events(LockerReleased) == []
    await again.journal.close()


@pytest.mark.parametrize("by_officer", [True, False])
async def test_a_citizen_is_told_once_that_staff_took_it_out_however_often_they_did(
    house: House, by_officer: bool
) -> None:
    """While there is no network: the second recall cancelled the SMS of the first and queued none."""
    compartment = await house.loaded()
    assert await house.locker.city.recall(CITY, DOSSIER, "wrong_dossier", answered) is None
    if by_officer:
        assert isinstance(await house.staff.recall(OFFICER, compartment, "wrong_dossier"), OpeningView)
        await house.flow()
        await house.pushes(compartment)
    else:
        await house.locker.city.recall(CITY, DOSSIER, "citizen_asked", answered)
    told = await house.rows("SELECT status, sealed_phone IS NOT NULL FROM locker_sms WHERE kind = 'recalled'")
    assert told == [("queued", 1)]


async def test_the_desk_sees_what_is_kept_for_whom_and_until_when(house: House) -> None:
    task = asyncio.create_task(house.locker.view.run())
    try:
        assert await kept(house) is None
        (held,) = house.locker.parts.holds
        until = house.clock.now() + timedelta(days=3)

        def marked() -> dict[str, Kept]:
            return {one.compartment: one.kept for one in house.staff.cabinet().compartments if one.kept}

        await until_true(lambda: marked() == {held: Kept(DOSSIER, CITY.name, until)})
        assert await house.locker.city.release(CITY, DOSSIER, answered) is None
        await until_true(lambda: not marked())
        await kept(house)
        await house.loaded(DOSSIER)
        await until_true(lambda: not marked())
    finally:
        task.cancel()


async def until_true(fact: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not fact():
            await asyncio.sleep(0.005)


async def test_what_is_kept_free_counts_as_full(house: House) -> None:
    for number in range(4):
        assert await kept(house, f"000.00.00.H29-261124-02{number:02}") is None
    assert await kept(house, OTHER) == Refused(RefusalWhy.NO_ROOM)
    assert await house.staff.load(OFFICER, OTHER, PHONE) == Refused(RefusalWhy.NO_ROOM)
    assert await house.events(LockerOpened) == []


async def test_room_is_given_back_when_the_city_says_so_or_its_time_is_over(house: House) -> None:
    await kept(house)
    await kept(house, OTHER, days=1)
    assert await house.locker.city.release(CITY, DOSSIER, answered) is None
    assert await house.locker.city.release(CITY, DOSSIER, answered) == Refused(RefusalWhy.NOT_THERE)
    house.clock.advance(86_400)
    await house.locker.parts.in_turn(house.locker.city._expire)
    assert house.locker.parts.holds == {}
    assert [one.why for one in await house.events(LockerReleased)] == ["cancelled", "cancelled"]
    assert await house.rows("SELECT * FROM locker_holds") == []


async def test_a_recall_kills_the_code_and_staff_take_it_out(house: House) -> None:
    compartment = await house.loaded()
    code = await house.code()
    assert await house.locker.city.recall(CITY, DOSSIER, "citizen_asked", answered) is None
    assert house.state(compartment) == "overdue"
    for typed in ("000001" if code == "000000" else "000000", code):  # a wrong try makes no dead code live again
        assert isinstance(await house.citizen.pick_up("kiosk", DOSSIER, typed), Refused)
    assert (await house.events(LockerRecalled), len(await house.events(LockerOpened))) == (
        [],
        1,
    )  # it was opened to be loaded
    assert [row.compartment for row in await house.staff.overdue()] == [compartment]
    assert await house.rows("SELECT kind FROM locker_sms WHERE kind = 'recalled'") == [("recalled",)]
    assert await house.events(CommandAnswered) == [DONE]
    for via in ("sms", "phone"):  # a new code would hand out what was taken back
        assert await house.staff.reissue(OFFICER, await house.stay(DOSSIER), via) == Refused(RefusalWhy.RECALLED)
    assert [row.recalled for row in await house.staff.overdue()] == [True]
    await house.locker.view.refresh()
    assert {one.compartment: one.recalled for one in house.staff.cabinet().compartments}[compartment]
    house.view(await house.staff.recall(LEADER, compartment, "citizen_asked"))
    await house.flow()
    await house.pushes(compartment)
    assert [one.by for one in await house.events(LockerRecalled)] == [LEADER.name]


async def test_what_cannot_be_done_says_why_and_writes_no_answer(house: House) -> None:
    city = house.locker.city
    assert await city.recall(CITY, DOSSIER, "fire", answered) == Refused(RefusalWhy.NOT_THERE)
    assert await city.recall(CITY, "no dossier", "fire", answered) == Refused(RefusalWhy.BAD_DOSSIER)
    assert await city.recall(LEADER, DOSSIER, "fire", answered) == Refused(RefusalWhy.NOT_ALLOWED)
    assert await kept(house, by=OFFICER) == Refused(RefusalWhy.NOT_ALLOWED)
    await house.loaded()
    assert await kept(house) == Refused(RefusalWhy.ALREADY_INSIDE)
    assert await city.release(CITY, DOSSIER, answered) == Refused(RefusalWhy.ALREADY_INSIDE)
    house.disk.is_full = True
    assert await kept(house, OTHER) == Refused(RefusalWhy.NOT_TRUSTED)
    house.disk.is_full = False
    assert house.locker.parts.holds == {}
    assert await house.events(CommandAnswered) == []


async def test_a_recall_does_not_come_between_a_citizen_and_the_door_they_opened(house: House) -> None:
    compartment = await house.loaded()
    await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    for move in (house.flow, lambda: house.pulls(compartment)):
        await move()
        assert await house.locker.city.recall(CITY, DOSSIER, "fire", answered) == Refused(RefusalWhy.BUSY)
    assert await house.rows("SELECT 1 FROM locker_sms WHERE kind = 'recalled'") == []


async def test_the_city_role_opens_nothing_at_the_desk(house: House) -> None:
    compartment = await house.loaded()
    assert await house.staff.recall(CITY, compartment, "fire") == Refused(RefusalWhy.NOT_ALLOWED)
    assert await house.staff.test(CITY, "n02") == Refused(RefusalWhy.NOT_ALLOWED)
