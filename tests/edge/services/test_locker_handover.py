"""Results out and dossiers in, as citizens and officers do it, over a real journal."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.locker_ports import PrintOutcome, RefusalWhy, Refused, Step
from sync.events import (
    LockerClosed,
    LockerCodeIssued,
    LockerCollected,
    LockerDeposited,
    LockerLoaded,
    LockerOpened,
    LockerReserved,
)
from tests.edge.services.locker_house import DOSSIER, OFFICER, OTHER, OTHER_PHONE, PHONE, TECHNICIAN, House


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await House.open(tmp_path)
    yield opened
    await opened.journal.close()


async def test_a_result_is_loaded_its_code_goes_out_and_the_citizen_collects_it(house: House) -> None:
    compartment = await house.loaded()
    assert house.state(compartment) == "occupied"
    code = await house.code()
    opening = await house.citizen.pick_up("kiosk", DOSSIER, code)
    await house.flow()
    assert house.step(opening) is Step.OPEN
    assert house.state(compartment) == "open"
    await house.pushes(compartment)
    assert house.step(opening) is Step.DONE
    assert house.state(compartment) == "free"
    kinds = (LockerReserved, LockerOpened, LockerClosed, LockerLoaded, LockerCodeIssued, LockerCollected)
    assert [len(await house.events(kind)) for kind in kinds] == [1, 2, 2, 1, 1, 1]
    assert [(one.why, one.via, one.number, one.by) for one in await house.events(LockerCodeIssued)] == [
        ("loaded", "sms", 1, OFFICER.name)
    ]


async def test_a_collected_dossier_was_open_and_then_closed(house: House) -> None:
    compartment = await house.loaded()
    await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    assert await house.events(LockerCollected) == []
    await house.passes(5)
    assert await house.events(LockerCollected) == []
    await house.pushes(compartment)
    assert len(await house.events(LockerCollected)) == 1


@pytest.mark.parametrize("typed", ["000.00.00.h29-261124-0012", " 0000000H29-261124-0012", PHONE[-4:]])
async def test_the_dossier_may_be_typed_as_people_type_it_or_be_the_last_four_digits(house: House, typed: str) -> None:
    await house.loaded()
    assert house.view(await house.citizen.pick_up("kiosk", typed, await house.code())).step is Step.OPENING


async def test_a_code_opens_its_own_compartment_only_and_once(house: House) -> None:
    first, second = await house.loaded(), await house.loaded(OTHER, OTHER_PHONE)
    code, other = await house.code(), await house.code(OTHER)
    assert first != second
    assert await house.citizen.pick_up("kiosk", OTHER, code) == Refused(RefusalWhy.WRONG)
    await house.citizen.pick_up("kiosk", DOSSIER, code)
    await house.flow()
    await house.pushes(first)
    await house.passes(10)
    assert await house.citizen.pick_up("kiosk", DOSSIER, code) == Refused(RefusalWhy.WRONG)
    assert [compartment for compartment, _ in house.doors.pulses] == [first, second, first]
    assert house.view(await house.citizen.pick_up("kiosk", OTHER, other)).compartment == second


async def test_two_keypads_at_once_with_one_code_open_one_door_once(house: House) -> None:
    compartment = await house.loaded()
    code = await house.code()
    pulses = len(house.doors.pulses)
    first = house.citizen.pick_up("kiosk", DOSSIER, code)
    second = house.citizen.pick_up("kiosk-2", DOSSIER, code)
    answers = [await first, await second]
    await house.flow()
    assert house.step(answers[0]) is Step.OPEN
    assert answers[1] == Refused(RefusalWhy.BUSY)
    assert house.doors.pulses[pulses:] == [(compartment, await house.stay())]


async def test_a_deposit_is_taken_at_night_receipted_and_collected_in_the_morning(house: House) -> None:
    opening = await house.citizen.deposit("kiosk", "khai-sinh", PHONE, low=True)
    await house.flow()
    compartment = house.view(opening).compartment
    assert house.locker.parts.plan.places[compartment].low
    await house.pushes(compartment)
    view = house.view(opening)
    assert (view.step, view.printed) == (Step.DONE, PrintOutcome.PRINTED)
    (told,) = await house.events(LockerDeposited)
    assert view.receipt == told.receipt == house.printer.printed[0].receipt
    assert house.state(compartment) == "occupied"

    await house.passes(10)
    collecting = await house.staff.collect(OFFICER, compartment)
    await house.flow()
    await house.pushes(compartment)
    assert house.step(collecting) is Step.DONE
    (collected,) = await house.events(LockerCollected)
    assert (collected.purpose, collected.by) == ("deposit", OFFICER.name)


@pytest.mark.parametrize("outcome", [PrintOutcome.NO_PAPER, PrintOutcome.OFFLINE, PrintOutcome.UNKNOWN])
async def test_a_receipt_without_paper_is_printed_once_and_sent(house: House, outcome: PrintOutcome) -> None:
    house.printer.outcome = outcome
    opening = await house.citizen.deposit("kiosk", "khai-sinh", PHONE)
    await house.flow()
    await house.pushes(house.view(opening).compartment)
    assert (house.view(opening).step, house.view(opening).printed) == (Step.DONE, outcome)
    assert len(house.printer.printed) == 1
    assert await house.rows("SELECT kind, receipt FROM locker_sms") == [("receipt", house.view(opening).receipt)]


async def test_a_cabinet_without_a_printer_lets_nobody_wait_for_paper(house: House) -> None:
    parts = house.locker.parts
    house.locker.parts = replace(parts, furniture=replace(parts.furniture, printer=None))
    opening = await house.citizen.deposit("kiosk", "khai-sinh", PHONE)
    await house.flow()
    await house.pushes(house.view(opening).compartment)
    (told,) = await house.events(LockerDeposited)
    assert (house.view(opening).receipt, house.view(opening).printed) == (told.receipt, PrintOutcome.NO_PRINTER)


async def test_no_phone_number_and_no_code_stand_in_clear_anywhere(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    await house.loaded()
    await house.citizen.deposit("kiosk", "khai-sinh", OTHER_PHONE)
    await house.flow()
    code = await house.code()
    await house.journal.close()
    raw = b"".join(file.read_bytes() for file in house.folder.iterdir() if file.is_file())
    for secret in (PHONE[1:], OTHER_PHONE[1:]):
        assert secret.encode() not in raw
        assert secret not in caplog.text
    assert code not in caplog.text
    assert f'"{code}"'.encode() not in raw


@pytest.mark.parametrize(
    ("dossier", "phone", "why"),
    [
        ("khong-phai-ma", PHONE, RefusalWhy.BAD_DOSSIER),
        ("000.00.00.H29-261324-0012", PHONE, RefusalWhy.BAD_DATE),
        ("1|2|3", PHONE, RefusalWhy.BAD_CCCD),
        (DOSSIER, "028 3822 0000", RefusalWhy.BAD_PHONE),
    ],
)
async def test_bad_input_is_said_plainly_and_reserves_nothing(
    house: House, dossier: str, phone: str, why: RefusalWhy
) -> None:
    assert await house.staff.load(OFFICER, dossier, phone) == Refused(why)
    assert await house.citizen.deposit("kiosk", "khai-sinh", phone, dossier=dossier) == Refused(why)
    assert await house.rows("SELECT count(*) FROM locker_stays") == [(0,)]
    assert {house.state(compartment) for compartment in house.cabinet.compartments} == {"free"}


async def test_a_result_lies_in_one_compartment_only(house: House) -> None:
    await house.loaded()
    assert await house.staff.load(OFFICER, DOSSIER, PHONE) == Refused(RefusalWhy.ALREADY_INSIDE)


async def test_a_full_cabinet_says_so_and_low_doors_are_kept_to_what_was_asked(house: House) -> None:
    for number in range(3):
        await house.loaded(f"000.00.00.H29-261124-100{number}")
    assert await house.citizen.deposit("kiosk", "khai-sinh", PHONE, low=True) != Refused(RefusalWhy.NO_ROOM)
    await house.flow()
    await house.pushes("n04")
    await house.passes(10)
    assert await house.staff.load(OFFICER, DOSSIER, PHONE) == Refused(RefusalWhy.NO_ROOM)


async def test_roles_are_kept(house: House) -> None:
    refused = Refused(RefusalWhy.NOT_ALLOWED)
    compartment = await house.loaded()
    assert await house.staff.load(TECHNICIAN, OTHER, PHONE) == refused
    assert await house.staff.recall(TECHNICIAN, compartment, "overdue") == refused
    assert await house.staff.reissue(TECHNICIAN, await house.stay(), "phone") == refused
    assert await house.staff.test(OFFICER, "n01") == refused
    assert await house.staff.out_of_service(OFFICER, "n01") == refused
    assert await house.staff.recall(OFFICER, compartment, "because") == refused
    assert await house.citizen.pick_up("elsewhere", DOSSIER, "123456") == refused


async def test_the_picture_of_the_cabinet_says_what_lies_where(house: House) -> None:
    compartment = await house.loaded()
    await house.flow()
    view = house.staff.cabinet()
    (occupied,) = [one for one in view.compartments if one.compartment == compartment]
    assert (view.trusted, view.why, len(view.compartments)) == (True, None, 4)
    assert (occupied.dossier, occupied.stay, occupied.sms) == (DOSSIER, await house.stay(), "queued")
    assert house.staff.channels()[compartment] == ("main", int(occupied.number))


async def test_the_history_of_a_dossier_tells_every_step(house: House) -> None:
    compartment = await house.loaded()
    await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    await house.pushes(compartment)
    history = await house.staff.history(DOSSIER)
    assert not isinstance(history, Refused)
    assert [row.kind.removeprefix("locker.") for row in history] == [
        "reserved", "opened", "closed", "loaded", "code_issued", "opened", "closed", "collected",
    ]  # fmt: skip
    assert await house.staff.history("x") == Refused(RefusalWhy.BAD_DOSSIER)
