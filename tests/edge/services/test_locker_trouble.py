"""Doors, boards, disks and power fail: nothing opens that should not, nothing is called done that was not seen."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from edge.domain.door import Door, Pulse
from edge.domain.locker import CompartmentState
from edge.locker_ports import DoorChange, RefusalWhy, Refused, Step
from edge.services.locker_plan import LockerSettings
from sync.events import (
    DeviceFault,
    DeviceRecovered,
    LockerClosed,
    LockerCollected,
    LockerFault,
    LockerLoaded,
    LockerOpened,
    LockerRecalled,
    LockerReleased,
)
from tests.edge.services.fake_doors import Behaviour
from tests.edge.services.locker_house import (
    DOSSIER,
    LEADER,
    OFFICER,
    OTHER,
    OTHER_PHONE,
    PHONE,
    PLACES,
    PLAN,
    TECHNICIAN,
    House,
)

NOT_TRUSTED = Refused(RefusalWhy.NOT_TRUSTED)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    opened = await House.open(tmp_path)
    yield opened
    await opened.journal.close()


async def whys(house: House) -> list[str]:
    return [one.why for one in await house.events(LockerFault)]


async def test_before_all_doors_were_read_nothing_opens(tmp_path: Path) -> None:
    house = await House.open(tmp_path, is_read=False)
    assert not house.citizen.is_trusted()
    assert house.staff.cabinet().why == "starting"
    assert await house.staff.load(OFFICER, DOSSIER, PHONE) == NOT_TRUSTED
    await house.cabinet.read_doors()
    assert house.citizen.is_trusted()
    assert house.step(await house.staff.load(OFFICER, DOSSIER, PHONE)) is Step.OPENING
    await house.journal.close()


async def test_a_jammed_door_is_tried_again_after_its_coil_cooled_and_then_the_code_stays_valid(house: House) -> None:
    compartment = await house.loaded()
    house.doors.behaves[compartment] = Behaviour.JAMS
    opening = await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    before = len(house.doors.pulses)
    await house.passes(60)
    assert (house.step(opening), house.view(opening).why) == (Step.FAILED, "open_failed")
    assert len(house.doors.pulses) - before <= house.settings.doors.max_pulses
    assert await whys(house) == ["open_failed"]
    assert await house.events(LockerCollected) == []
    house.doors.behaves.clear()
    await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    await house.pushes(compartment)
    assert len(await house.events(LockerCollected)) == 1


async def test_a_lost_reply_means_the_doors_are_read_and_no_pulse_is_sent_again(house: House) -> None:
    compartment = await house.loaded()
    house.doors.behaves[compartment] = Behaviour.OPENS_UNHEARD
    pulses, reads = len(house.doors.pulses), house.doors.reads
    opening = await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    await house.passes(3)
    assert house.step(opening) is Step.OPEN
    assert (len(house.doors.pulses) - pulses, house.doors.reads > reads) == (1, True)


async def test_a_pulse_whose_driver_never_comes_back_counts_as_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await House.open(tmp_path, settings=LockerSettings(b"s" * 32, pulse_within_s=0.01))
    compartment = await house.loaded()

    async def hang(*_: str) -> Pulse:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(house.doors, "pulse", hang)
    opening = await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    assert (house.step(opening), house.state(compartment), await whys(house)) == (Step.OPENING, "opening", [])
    await house.pulls(compartment)
    assert house.step(opening) is Step.OPEN
    await house.journal.close()


async def test_what_was_seen_later_is_not_undone_by_what_was_seen_before(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    compartment, read = await house.loaded(), house.doors.read

    async def read_slowly(_: str | None = None) -> Mapping[str, Door]:
        before = await read()
        house.clock.advance(0.1)
        await house.pulls(compartment)
        return before

    monkeypatch.setattr(house.doors, "read", read_slowly)
    await house.cabinet.read_doors()
    seen = [house.cabinet.compartments[compartment].door]
    await house.cabinet.take(DoorChange(compartment, Door.CLOSED, house.clock.monotonic() - 0.1))
    assert [*seen, house.cabinet.compartments[compartment].door] == [Door.OPEN, Door.OPEN]


async def test_a_pulse_that_never_left_changes_nothing(house: House) -> None:
    compartment = await house.loaded()
    house.doors.behaves[compartment] = Behaviour.NOT_SENT
    opening = await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    assert (house.step(opening), house.view(opening).why) == (Step.FAILED, "board_lost")
    assert house.state(compartment) == "occupied"


async def test_a_wrong_door_freezes_the_cabinet_for_citizens_and_not_for_staff(house: House) -> None:
    compartment = await house.loaded()
    house.doors.behaves[compartment] = Behaviour.OPENS_OTHER
    opening = await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    assert (house.step(opening), house.view(opening).why) == (Step.FAILED, "wrong_door")
    assert set(await whys(house)) == {"wrong_door"}
    assert await house.events(LockerCollected) == []
    assert await house.citizen.deposit("kiosk", "khai-sinh", PHONE) == NOT_TRUSTED
    assert await house.staff.load(OFFICER, OTHER, OTHER_PHONE) == NOT_TRUSTED
    await house.passes(10)
    house.doors.behaves.clear()
    recalled = await house.staff.recall(OFFICER, compartment, "fault")
    await house.flow()
    assert house.step(recalled) is Step.OPEN


async def test_a_forced_door_is_an_alarm_and_its_code_waits_for_staff(house: House) -> None:
    compartment = await house.loaded()
    await house.pulls(compartment)
    assert await whys(house) == ["forced"]
    assert house.state(compartment) == "forced"
    await house.pushes(compartment)
    assert await house.citizen.pick_up("kiosk", DOSSIER, await house.code()) == NOT_TRUSTED
    assert await house.staff.empty(OFFICER, await house.stay()) is None
    assert [one.why for one in await house.events(LockerReleased)] == ["found_empty"]


async def test_a_door_left_open_asks_to_be_closed_then_tells_staff_and_frees_the_cabinet(house: House) -> None:
    await house.loaded()
    await house.loaded(OTHER, OTHER_PHONE)
    opening = await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    await house.passes(31)
    assert house.step(opening) is Step.CLOSE_IT
    assert await house.citizen.pick_up("kiosk", OTHER, await house.code(OTHER)) == Refused(RefusalWhy.BUSY)
    await house.passes(31)
    assert await whys(house) == ["left_open"]
    assert house.view(await house.citizen.pick_up("kiosk", OTHER, await house.code(OTHER))).step is Step.OPENING


async def test_a_lost_board_is_told_once_its_codes_stay_valid_and_all_is_well_when_it_is_back(house: House) -> None:
    compartment = await house.loaded()
    for _ in range(3):
        house.doors.lose_board("main")
        await house.flow()
    assert house.staff.cabinet().why == "boards"
    assert await house.citizen.pick_up("kiosk", DOSSIER, await house.code()) == NOT_TRUSTED
    house.doors.lose_board("main", None)
    await house.flow()
    assert house.state(compartment) == "occupied"
    assert house.view(await house.citizen.pick_up("kiosk", DOSSIER, await house.code())).step is Step.OPENING
    assert [(one.part, one.why) for one in await house.events(DeviceFault)] == [("board/main", "board_silent")]
    assert len(await house.events(DeviceRecovered)) == 1


async def test_a_full_disk_opens_nothing_says_so_and_mends_itself(house: House) -> None:
    compartment = await house.loaded()
    code, pulses = await house.code(), len(house.doors.pulses)
    house.disk.is_full = True
    assert await house.citizen.pick_up("kiosk", DOSSIER, code) == NOT_TRUSTED
    assert await house.citizen.deposit("kiosk", "khai-sinh", PHONE) == NOT_TRUSTED
    assert await house.staff.recall(OFFICER, compartment, "overdue") == NOT_TRUSTED
    assert await house.staff.reissue(OFFICER, await house.stay(), "phone") == NOT_TRUSTED
    assert await house.staff.out_of_service(TECHNICIAN, "n04") == NOT_TRUSTED
    assert (house.citizen.is_trusted(), house.staff.cabinet().why) == (False, "disk")
    assert len(house.doors.pulses) == pulses
    await house.cabinet.retry_disk()
    assert not house.citizen.is_trusted()

    house.disk.is_full = False
    await house.cabinet.retry_disk()
    await house.flow()
    assert house.citizen.is_trusted()
    assert house.view(await house.citizen.pick_up("kiosk", DOSSIER, code)).compartment == compartment


async def test_a_door_that_was_open_while_the_disk_was_full_is_told_once_and_only_when_it_is_on_the_disk(
    house: House,
) -> None:
    compartment = await house.loaded()
    house.doors.behaves[compartment] = Behaviour.LOST
    opening = await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    house.disk.is_full = True
    await house.pulls(compartment)
    await house.pushes(compartment)
    assert house.step(opening) is Step.OPENING
    assert await house.events(LockerCollected) == []
    house.disk.is_full = False
    await house.cabinet.retry_disk()
    await house.flow()
    assert house.step(opening) is Step.DONE
    kinds = (LockerOpened, LockerClosed, LockerCollected)
    assert [len(await house.events(kind)) for kind in kinds] == [2, 2, 1]
    assert house.state(compartment) == "free"


@pytest.mark.parametrize("seconds", [0, 1])
async def test_a_further_pulse_is_not_sent_while_the_disk_is_full(house: House, seconds: int) -> None:
    compartment = await house.loaded()
    house.doors.behaves[compartment] = Behaviour.JAMS
    await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    await house.passes(seconds)
    house.disk.is_full = True
    pulses = len(house.doors.pulses)
    await house.passes(60)
    assert len(house.doors.pulses) == pulses


async def test_a_restart_in_the_dark_does_not_send_a_second_pulse_and_keeps_the_code(house: House) -> None:
    """Killed after the pulse, before anything was seen: it may have opened, so staff look, and the code stays."""
    compartment = await house.loaded()
    house.doors.behaves[compartment] = Behaviour.LOST
    await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    pulses = len(house.doors.pulses)
    again = await house.killed()
    await again.passes(30)
    assert again.state(compartment) == "open_unknown"
    assert len(again.doors.pulses) == pulses
    assert await again.events(LockerCollected) == []
    again.doors.behaves.clear()
    assert again.view(await again.citizen.pick_up("kiosk", DOSSIER, await again.code())).compartment == compartment
    await again.journal.close()


@pytest.mark.parametrize("closed_in_the_dark", [False, True])
async def test_a_restart_while_the_door_is_open_ends_in_one_handover(house: House, closed_in_the_dark: bool) -> None:
    compartment = await house.loaded()
    await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    if closed_in_the_dark:
        house.doors.doors[compartment] = Door.CLOSED
    again = await house.killed()
    await again.passes(3)
    if not closed_in_the_dark:
        await again.pushes(compartment)
    assert len(await again.events(LockerCollected)) == 1
    assert again.state(compartment) == "free"
    await again.journal.close()


async def test_killed_after_every_step_of_a_handover_nothing_is_lost_repeated_or_invented(house: House) -> None:
    view = house.view(await house.staff.load(OFFICER, DOSSIER, PHONE))
    await house.flow()
    house = await house.killed()
    await house.pushes(view.compartment)
    house = await house.killed()
    await house.passes(10)
    code = await house.code()
    house = await house.killed()
    await house.passes(10)
    await house.citizen.pick_up("kiosk", DOSSIER, code)
    await house.flow()
    house = await house.killed()
    house.doors.push(view.compartment)
    await house.flow()
    house = await house.killed()
    await house.passes(3)
    house = await house.killed()
    await house.passes(3)
    assert [len(await house.events(kind)) for kind in (LockerLoaded, LockerOpened, LockerClosed, LockerCollected)] == [
        1,
        2,
        2,
        1,
    ]
    assert [compartment for compartment, _ in house.doors.pulses] == [view.compartment] * 2
    await house.journal.close()


async def test_a_recall_has_a_reason_kills_the_code_and_tells_the_citizen(house: House) -> None:
    compartment = await house.loaded()
    code = await house.code()
    opening = await house.staff.recall(OFFICER, compartment, "wrong_dossier")
    await house.flow()
    await house.pushes(compartment)
    assert house.step(opening) is Step.DONE
    (told,) = await house.events(LockerRecalled)
    assert (told.why, told.by, told.second, told.dossier) == ("wrong_dossier", OFFICER.name, None, DOSSIER)
    await house.passes(10)
    assert await house.citizen.pick_up("kiosk", DOSSIER, code) == Refused(RefusalWhy.WRONG)
    assert await house.rows("SELECT kind, status FROM locker_sms ORDER BY kind") == [
        ("code", "cancelled"),
        ("recalled", "queued"),
    ]


async def test_every_door_needs_two_persons_of_rank(house: House) -> None:
    assert await house.staff.recall_all(OFFICER, "fire", OFFICER) == Refused(RefusalWhy.TWO_PERSONS)
    assert await house.staff.recall_all(OFFICER, "fire", TECHNICIAN) == Refused(RefusalWhy.NOT_ALLOWED)
    assert await house.staff.recall_all(OFFICER, "because", LEADER) == Refused(RefusalWhy.NOT_ALLOWED)
    assert house.doors.pulses == []


async def test_a_technician_tests_a_door_and_takes_it_out_of_service_and_back(house: House) -> None:
    opening = await house.staff.test(TECHNICIAN, "n02")
    await house.flow()
    await house.pushes("n02")
    assert house.step(opening) is Step.DONE
    assert await house.staff.out_of_service(TECHNICIAN, "n02") is None
    assert house.state("n02") == "out_of_service"
    again = await house.killed()
    assert again.state("n02") == "out_of_service"
    assert await again.staff.back_in_service(TECHNICIAN, "n02") is None
    assert again.state("n02") == "free"
    assert [(one.why, one.by) for one in await again.events(LockerFault)] == [
        ("out_of_service", TECHNICIAN.name),
        ("back_in_service", TECHNICIAN.name),
    ]
    await again.journal.close()


async def test_nothing_was_put_in_after_all(house: House) -> None:
    compartment = await house.loaded()
    assert await house.staff.empty(OFFICER, await house.stay()) is None
    assert house.state(compartment) == "free"
    assert await house.staff.empty(OFFICER, "gone") == Refused(RefusalWhy.NOT_THERE)
    assert [one.why for one in await house.events(LockerReleased)] == ["left_empty"]


async def test_staff_see_a_door_in_trouble_once_and_that_it_is_well_again(house: House) -> None:
    compartment = await house.loaded()
    await house.pulls(compartment)
    assert await house.locker.alarms.tell()
    await house.pushes(compartment)
    await house.staff.empty(OFFICER, await house.stay())
    assert await house.locker.alarms.tell()
    part, why = "locker/03", "page.locker.why.forced"
    assert [(one.part, one.why) for one in await house.events(DeviceFault)] == [(part, why)]
    assert [one.part for one in await house.events(DeviceRecovered)] == [part]


async def test_an_alarm_that_the_disk_does_not_take_is_told_later(house: House) -> None:
    await house.pulls("n01")
    house.disk.is_full = True
    assert not await house.locker.alarms.tell()
    house.disk.is_full = False
    assert await house.locker.alarms.tell()
    assert [one.part for one in await house.events(DeviceFault)] == ["locker/01"]


async def test_a_sensor_that_flaps_takes_its_compartment_out_of_service(house: House) -> None:
    for _ in range(20):
        await house.pulls("n02")
        house.doors.push("n02")
        await house.flow()
    assert house.state("n02") == "out_of_service"
    assert "sensor" in await whys(house)


async def flapping(house: House, compartment: str, times: int) -> None:
    for _ in range(times):
        for move in (house.doors.pull, house.doors.push):
            house.clock.advance(0.4)
            move(compartment)
            await house.flow()


async def test_a_sensor_that_flaps_for_long_is_told_once_and_freezes_nobody(house: House) -> None:
    bad, good = await house.loaded(), await house.loaded(OTHER, OTHER_PHONE)
    await flapping(house, bad, 100)
    assert await whys(house) == ["forced", "sensor"]

    opening = await house.citizen.pick_up("kiosk", OTHER, await house.code(OTHER))
    house.doors.behaves[good] = Behaviour.JAMS  # for as long as the contact needs to move
    await house.cabinet.carry_out()
    await flapping(house, bad, 2)
    await house.pulls(good)
    await house.pushes(good)
    assert house.step(opening) is Step.DONE
    assert await whys(house) == ["forced", "sensor"]


async def test_a_sensor_that_has_been_calm_is_believed_again(house: House) -> None:
    bad = await house.loaded()
    await flapping(house, bad, 20)
    await house.pulls(bad)
    await house.passes(15)
    assert house.state(bad) == "out_of_service"
    await house.passes(10)
    assert house.state(bad) == "forced", "somebody has opened what was out of service"


async def test_staff_are_believed_what_a_flapping_sensor_is_not(house: House) -> None:
    bad = await house.loaded()
    await flapping(house, bad, 20)
    await house.passes(10)
    recalled = await house.staff.recall(OFFICER, bad, "fault")
    await house.flow()
    await house.pushes(bad)
    assert house.step(recalled) is Step.DONE
    assert [one.why for one in await house.events(LockerReleased)] == ["recalled"]


async def test_a_pulse_that_waited_for_too_long_is_not_sent(house: House) -> None:
    """The part that sends was down between the authorisation and the pulse."""
    compartment = await house.loaded()
    opening = await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    pulses = len(house.doors.pulses)
    house.clock.advance(30)
    await house.flow()
    assert (house.step(opening), len(house.doors.pulses)) == (Step.FAILED, pulses)
    assert house.state(compartment) == "occupied"
    await house.passes(10)
    await house.citizen.pick_up("kiosk", DOSSIER, await house.code())
    await house.flow()
    assert house.state(compartment) == "open"


async def test_what_lies_in_a_compartment_that_is_configured_no_more_is_an_alarm_and_kept(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    compartment = await house.loaded()
    left = {key: place for key, place in PLACES.items() if key != compartment}
    monkeypatch.setattr("tests.edge.services.locker_house.PLAN", replace(PLAN, places=left))
    again = await house.killed()
    await again.locker.alarms.tell()
    assert [(one.part, one.why) for one in await again.events(DeviceFault)] == [
        (f"locker/{compartment}", "page.locker.why.out_of_service")
    ]
    assert await again.citizen.pick_up("kiosk", DOSSIER, await again.code()) == NOT_TRUSTED
    monkeypatch.undo()
    once_more = await again.killed()
    await once_more.passes(10)
    assert once_more.step(await once_more.citizen.pick_up("kiosk", DOSSIER, await once_more.code())) is Step.OPENING
    await once_more.journal.close()


async def test_a_torn_database_opens_nothing_and_says_so(house: House) -> None:
    compartment = await house.loaded()
    code, stay, pulses = await house.code(), await house.stay(), len(house.doors.pulses)
    house.disk.is_torn = True
    assert await house.citizen.pick_up("kiosk", DOSSIER, code) == NOT_TRUSTED
    assert await house.staff.load(OFFICER, OTHER, OTHER_PHONE) == NOT_TRUSTED
    assert await house.staff.reissue(OFFICER, stay, "phone") == NOT_TRUSTED
    assert await house.staff.history(DOSSIER) == NOT_TRUSTED
    assert await house.staff.overdue() == ()
    await house.locker.upkeep.step()
    await house.locker.view.refresh()
    await house.cabinet.retry_disk()
    assert (house.staff.cabinet().why, len(house.doors.pulses)) == ("disk", pulses)
    house.disk.is_torn = False
    await house.cabinet.retry_disk()
    assert house.view(await house.citizen.pick_up("kiosk", DOSSIER, code)).compartment == compartment


async def test_contacts_that_all_open_in_one_look_are_no_handover(house: House) -> None:
    """A plug comes off as the citizen's door is pulsed, and is put on again: nothing was opened, the code is as good as before."""
    compartment = await house.loaded()
    code = await house.code()
    before = len(await house.events(LockerOpened))
    house.doors.behaves[compartment] = Behaviour.JAMS
    opening = await house.citizen.pick_up("kiosk", DOSSIER, code)
    await house.cabinet.carry_out()
    for name in PLACES:
        house.doors.pull(name)
    await house.flow()
    assert house.step(opening) is Step.FAILED
    for name in PLACES:
        house.doors.push(name)
    await house.flow()
    await house.passes(10)
    assert len(await house.events(LockerOpened)) == before
    assert await house.events(LockerCollected) == []
    states = {one.compartment: one.state for one in house.staff.cabinet().compartments}
    assert states[compartment] is CompartmentState.WRONG_DOOR
    assert set(states.values()) <= {CompartmentState.WRONG_DOOR, CompartmentState.FORCED}
