"""Guessing is bounded for each keypad and each dossier; a new code kills the old one; what was sent is never said again."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.domain.code_check import CodeRules
from edge.locker_ports import OpeningView, RefusalWhy, Refused, SpokenCode, Step
from edge.services.locker_plan import LockerSettings
from sync.events import LockerCodeIssued, LockerCodeRefused
from tests.edge.services.locker_house import DOSSIER, OFFICER, OTHER, OTHER_PHONE, House

WRONG = Refused(RefusalWhy.WRONG)


@pytest.fixture(params=["hotp", "random"])
async def house(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[House]:
    settings = LockerSettings(b"s" * 32, is_derived=request.param == "hotp")
    opened = await House.open(tmp_path, settings=settings)
    yield opened
    await opened.journal.close()


def not_it(code: str) -> str:
    return f"{(int(code) + 1) % 10**6:06}"


async def test_five_wrong_codes_make_the_keypad_wait_and_each_further_one_longer(house: House) -> None:
    await house.loaded()
    wrong = not_it(await house.code())
    answers = [await house.citizen.pick_up("kiosk", DOSSIER, wrong) for _ in range(5)]
    assert answers == [WRONG] * 4 + [Refused(RefusalWhy.WRONG, 60.0)]
    assert await house.citizen.pick_up("kiosk", DOSSIER, await house.code()) == Refused(RefusalWhy.WAIT, 60.0)
    await house.passes(61, by=61)
    assert await house.citizen.pick_up("kiosk", DOSSIER, wrong) == Refused(RefusalWhy.WRONG, 120.0)
    assert {one.why for one in await house.events(LockerCodeRefused)} == {"wrong", "waiting"}


async def test_a_code_is_spent_when_the_door_is_seen_open_and_not_when_it_is_closed_again(house: House) -> None:
    compartment = await house.loaded()
    code, stay = await house.code(), await house.stay()
    await house.citizen.pick_up("kiosk", DOSSIER, code)
    await house.flow()
    await house.pulls(compartment)
    for via in ("sms", "phone"):
        assert await house.staff.reissue(OFFICER, stay, via) == Refused(RefusalWhy.BUSY)
    await house.passes(120)
    assert house.state(compartment) == "left_open"
    assert await house.citizen.pick_up("kiosk-2", DOSSIER, code) == Refused(RefusalWhy.WRONG)


async def test_a_code_is_dead_when_staff_have_opened_the_door(house: House) -> None:
    compartment = await house.loaded()
    code = await house.code()
    await house.staff.recall(OFFICER, compartment, "fault")
    await house.flow()
    await house.pulls(compartment)
    await house.passes(120)
    assert house.state(compartment) == "left_open"
    assert await house.citizen.pick_up("kiosk", DOSSIER, code) == Refused(RefusalWhy.DEAD)


async def test_another_keypad_does_not_wait_and_the_right_code_still_opens(house: House) -> None:
    await house.loaded()
    for _ in range(5):
        await house.citizen.pick_up("kiosk", DOSSIER, not_it(await house.code()))
    assert house.view(await house.citizen.pick_up("kiosk-2", DOSSIER, await house.code())).compartment


async def test_ten_wrong_codes_on_one_dossier_kill_its_code_over_keypads_and_restarts(house: House) -> None:
    await house.loaded()
    code = await house.code()
    for number in range(10):
        assert isinstance(await house.citizen.pick_up(f"kiosk{'-2' * (number % 2)}", DOSSIER, not_it(code)), Refused)
        await house.passes(1000, by=1000)
        if number == 5:
            house = await house.killed()
            await house.passes(1000, by=1000)
    answer = await house.citizen.pick_up("kiosk", DOSSIER, code)
    assert isinstance(answer, Refused)
    assert answer.why is RefusalWhy.DEAD
    assert len(house.doors.pulses) == 1
    await house.journal.close()


async def test_an_unknown_dossier_gets_the_answer_of_a_wrong_code(house: House) -> None:
    await house.loaded()
    code = await house.code()
    assert await house.citizen.pick_up("kiosk", OTHER, code) == await house.citizen.pick_up(
        "kiosk-2", DOSSIER, not_it(code)
    )
    assert [one.stay for one in await house.events(LockerCodeRefused)] == [None, await house.stay()]


async def test_a_restart_begins_the_wait_of_a_keypad_anew(house: House) -> None:
    await house.loaded()
    for _ in range(5):
        await house.citizen.pick_up("kiosk", DOSSIER, not_it(await house.code()))
    again = await house.killed()
    assert await again.citizen.pick_up("kiosk", DOSSIER, await again.code()) == Refused(RefusalWhy.WAIT, 60.0)
    await again.journal.close()


@pytest.mark.parametrize("typed", ["12345", "", "abcdef", "1234567890"])
async def test_what_can_be_no_code_is_wrong_and_costs_nobody_an_attempt(house: House, typed: str) -> None:
    await house.loaded()
    for _ in range(20):
        assert await house.citizen.pick_up("kiosk", DOSSIER, typed) == WRONG
    assert house.step(await house.citizen.pick_up("kiosk", DOSSIER, await house.code())) is Step.OPENING


async def test_a_code_read_out_by_telephone_kills_the_one_before_and_is_owed_to_nobody(house: House) -> None:
    await house.loaded()
    old = await house.code()
    spoken = await house.staff.reissue(OFFICER, await house.stay(), "phone")
    assert isinstance(spoken, SpokenCode)
    assert await house.locker.codes.to_send(await house.stay(), 2) is None
    assert old != spoken.code.reveal()
    assert await house.citizen.pick_up("kiosk", DOSSIER, old) == WRONG
    assert house.step(await house.citizen.pick_up("kiosk", DOSSIER, spoken.code.reveal())) is Step.OPENING
    assert [(one.number, one.why, one.via) for one in await house.events(LockerCodeIssued)] == [
        (1, "loaded", "sms"),
        (2, "lost", "phone"),
    ]
    assert await house.rows("SELECT status FROM locker_sms WHERE kind = 'code'") == [("cancelled",)]


async def test_a_dead_code_is_replaced_by_sms_to_the_registered_number(house: House) -> None:
    await house.loaded()
    code = await house.code()
    for _ in range(10):
        await house.citizen.pick_up("kiosk", DOSSIER, not_it(code))
        await house.passes(1000, by=1000)
    assert await house.staff.reissue(OFFICER, await house.stay(), "sms") is None
    fresh = await house.code()
    assert fresh != code
    assert [one.why for one in await house.events(LockerCodeIssued)] == ["loaded", "reissued"]
    assert await house.rows("SELECT turn, status FROM locker_sms WHERE kind = 'code' ORDER BY turn") == [
        (1, "cancelled"),
        (2, "queued"),
    ]
    assert house.step(await house.citizen.pick_up("kiosk", DOSSIER, fresh)) is Step.OPENING


async def test_what_was_sent_is_never_said_again(house: House) -> None:
    await house.loaded()
    stay, code = await house.stay(), await house.code()
    await house.locker.codes.sent(stay, 1)
    assert await house.locker.codes.to_send(stay, 1) is None
    assert await house.rows("SELECT sealed_code FROM locker_codes") == [(None,)]
    again = await house.killed()
    assert await again.locker.codes.to_send(stay, 1) is None
    assert again.step(await again.citizen.pick_up("kiosk", DOSSIER, code)) is Step.OPENING
    await again.journal.close()


async def test_a_code_survives_a_restart_in_the_sealed_outbox(house: House) -> None:
    await house.loaded()
    code = await house.code()
    again = await house.killed()
    assert await again.code() == code
    await again.journal.close()


async def test_a_code_is_sent_as_long_as_it_was_issued(house: House) -> None:
    """Six digits become eight in the configuration while its SMS waits for a network."""
    await house.loaded()
    house.settings = replace(house.settings, codes=CodeRules(digits=8))
    again = await house.killed()
    answer = await again.citizen.pick_up("kiosk", DOSSIER, await again.code())
    await again.journal.close()
    assert isinstance(answer, OpeningView)


async def test_nothing_is_reissued_for_what_is_not_there(house: House) -> None:
    await house.loaded(OTHER, OTHER_PHONE)
    assert await house.staff.reissue(OFFICER, "no-such-stay", "phone") == Refused(RefusalWhy.NOT_THERE)
    assert await house.staff.reissue(OFFICER, await house.stay(OTHER), "pigeon") == Refused(RefusalWhy.NOT_ALLOWED)
