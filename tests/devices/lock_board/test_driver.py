"""What a caller is told of doors and boards: when one opens, once it has settled when one closes, never something stale."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from devices.lock_board.board import BoardPlan, BoardWhy, Door, DoorSeen, Feedback, LockBoard, Pulse
from devices.lock_board.codec import BadChannel, BoardRefused
from devices.lock_board.driver import LinePlan, LockLine
from devices.lock_board.families import FAMILIES
from devices.lock_board.sim_doors import Sensor
from tests.devices.lock_board.bench import HASTY, PATIENT, UNPOLLED, bench


@pytest.mark.parametrize("family", FAMILIES)
async def test_first_reading_of_every_door_is_told(family: str, tmp_path: Path) -> None:
    async with bench(family, tmp_path, boards=[(1, 4), (2, 4)]) as on:
        assert on.boards_seen("a") == on.boards_seen("b") == [None]
        for board in "ab":
            assert [on.doors_seen(channel, board) for channel in range(1, 5)] == [[Door.CLOSED]] * 4


@pytest.mark.parametrize("family", FAMILIES)
async def test_each_door_is_its_own_channel(family: str, tmp_path: Path) -> None:
    """The map: opening channel n moves door n and no other, and reads as door n."""
    async with bench(family, tmp_path, boards=[(1, 8)]) as on:
        for channel in range(1, 9):
            on.cabinet.door(1, channel).force()
            assert await on.board().read(channel) is Door.OPEN
            doors = await on.board().read_all()
            assert [number for number, door in doors.items() if door is Door.OPEN] == [channel]
            await on.cabinet.door(1, channel).push_closed()


@pytest.mark.parametrize("family", FAMILIES)
async def test_switches_wired_the_other_way(family: str, tmp_path: Path) -> None:
    async with bench(family, tmp_path, boards=[(1, 4)], feedback={2: Feedback.OPEN_SHORT}, wait=False) as on:
        on.cabinet.door(1, 2).is_open_short = True
        await on.until_door(2, Door.CLOSED)
        on.board().authorise(2)
        await on.board().unlock(2)
        await on.until_door(2, Door.OPEN)
        assert on.board().doors()[1] is Door.CLOSED


async def test_switch_that_is_wired_otherwise_than_configured_reads_the_opposite(tmp_path: Path) -> None:
    async with bench("xor8a", tmp_path, boards=[(1, 4)]) as on:
        on.cabinet.door(1, 2).is_open_short = True
        assert await on.board().read(2) is Door.OPEN


@pytest.mark.parametrize("family", ["xor8a", "wkly"])
async def test_spring_that_shuts_at_once_is_seen_where_the_board_pushes(family: str, tmp_path: Path) -> None:
    """Nobody polls: the push alone says that the door was open."""
    async with bench(family, tmp_path, polling=UNPOLLED) as on:
        on.cabinet.door(1, 3).shuts_after_s = 0.02
        on.board().authorise(3)
        await on.board().unlock(3)
        await on.until(lambda: Door.OPEN in on.doors_seen(3))
        opened = next(seen for seen in on.seen if isinstance(seen, DoorSeen) and seen.door is Door.OPEN)
        assert opened.pushed


@pytest.mark.parametrize("family", FAMILIES)
async def test_spring_that_shuts_soon_is_seen_by_fast_polling(family: str, tmp_path: Path) -> None:
    async with bench(family, tmp_path) as on:
        on.cabinet.board(1).pushes = False
        on.cabinet.door(1, 3).shuts_after_s = 0.3
        on.board().authorise(3)
        await on.board().unlock(3)
        await on.until(lambda: on.doors_seen(3)[-2:] == [Door.OPEN, Door.CLOSED])
        assert on.cabinet.door(1, 3).pulses == 1


async def test_bouncing_door_is_called_closed_once(tmp_path: Path) -> None:
    async with bench("wkly", tmp_path) as on:
        door = on.cabinet.door(1, 3)
        door.force()
        await on.until_door(3, Door.OPEN)
        for _ in range(5):
            await door.push_closed()
            door.force()
        await door.push_closed()
        await on.until_door(3, Door.CLOSED)
        assert on.doors_seen(3) == [Door.CLOSED, Door.OPEN, Door.CLOSED]


async def test_flapping_sensor_never_reads_closed_for_long(tmp_path: Path) -> None:
    async with bench("xor8a", tmp_path) as on:
        on.cabinet.door(1, 5).sensor = Sensor.FLAPPING
        await on.until_door(5, Door.OPEN)
        on.cabinet.door(1, 5).sensor = Sensor.TRUE
        await on.until_door(5, Door.CLOSED)


@pytest.mark.parametrize(("sensor", "shown"), [(Sensor.STUCK_OPEN, Door.OPEN), (Sensor.STUCK_CLOSED, Door.CLOSED)])
async def test_stuck_sensor_shows_what_it_shows(sensor: Sensor, shown: Door, tmp_path: Path) -> None:
    async with bench("kerong-cu16", tmp_path) as on:
        on.cabinet.door(1, 2).sensor = sensor
        on.board().authorise(2)
        assert await on.board().unlock(2) is Pulse.ANSWERED
        assert (await on.board().read_all())[2] is shown
        assert on.cabinet.door(1, 2).is_open


@pytest.mark.parametrize("family", FAMILIES)
async def test_jammed_door_stays_closed_after_its_pulse(family: str, tmp_path: Path) -> None:
    async with bench(family, tmp_path) as on:
        on.cabinet.door(1, 2).jam()
        on.board().authorise(2)
        assert await on.board().unlock(2) is (Pulse.REFUSED if family == "wkly" else Pulse.ANSWERED)
        assert (await on.board().read_all())[2] is Door.CLOSED
        assert on.cabinet.door(1, 2).pulses == 1


@pytest.mark.parametrize("family", ["kerong-cu48", "wkly", "modbus"])
async def test_coil_that_is_too_hot_is_refused(family: str, tmp_path: Path) -> None:
    async with bench(family, tmp_path) as on:
        on.cabinet.door(1, 2).is_hot = True
        on.board().authorise(2)
        assert await on.board().unlock(2) is Pulse.REFUSED
        assert on.cabinet.door(1, 2).pulses == 0


async def test_forced_door_is_told_without_any_pulse(tmp_path: Path) -> None:
    async with bench("modbus", tmp_path) as on:
        on.cabinet.door(1, 8).force()
        await on.until_door(8, Door.OPEN)
        assert on.cabinet.door(1, 8).pulses == 0


@pytest.mark.parametrize(("family", "there", "why"), [
    ("xor8a", 8, BoardWhy.SILENT),  # its reply reads like another question
    ("xor8a", 16, BoardWhy.CHANNELS), ("wkly", 4, BoardWhy.CHANNELS), ("modbus", 8, BoardWhy.REFUSED),
])  # fmt: skip
async def test_board_with_fewer_channels_than_configured(
    family: str, there: int, why: BoardWhy, tmp_path: Path
) -> None:
    plans = [BoardPlan("a", 1, 24)]
    async with bench(family, tmp_path, boards=[(1, there)], plans=plans, wait=False, timing=HASTY) as on:
        await on.until_why(why)
        await on.until(lambda: bool(on.boards_seen()))
        assert set(on.board().doors().values()) == {Door.UNKNOWN}
        if why is not BoardWhy.SILENT:
            with pytest.raises(BoardRefused):
                await on.board().read_all()


async def test_missing_board_is_said_and_its_doors_are_unknown(tmp_path: Path) -> None:
    plans = [BoardPlan("a", 1, 4), BoardPlan("b", 2, 4)]
    async with bench("wkly", tmp_path, boards=[(1, 4)], plans=plans, wait=False, timing=HASTY) as on:
        await on.until(lambda: on.boards_seen("b") == [BoardWhy.SILENT])
        await on.until_why(None, "a")
        assert set(on.board("b").doors().values()) == {Door.UNKNOWN}


async def test_rebooted_board_is_read_anew(tmp_path: Path) -> None:
    async with bench("xor8a", tmp_path, timing=replace(PATIENT, reply_s=1.0)) as on:
        on.cabinet.power_cut(1)
        await on.until_why(BoardWhy.SILENT)
        on.cabinet.door(1, 6).force()
        on.cabinet.power_on(1)
        await on.until_door(6, Door.OPEN)
        assert on.doors_seen(6) == [Door.CLOSED, Door.UNKNOWN, Door.OPEN]
        assert on.cabinet.door(1, 6).pulses == 0


async def test_pulse_length_is_stored_where_the_board_keeps_one(tmp_path: Path) -> None:
    plans = [BoardPlan("a", 1, 16, pulse_ms=750)]
    async with bench("kerong-cu16", tmp_path, plans=plans) as on:
        assert await on.board().store_pulse()
        assert on.cabinet.board(1).pulse_s == 0.75


async def test_pulse_length_of_a_flash_travels_with_it(tmp_path: Path) -> None:
    plans = [BoardPlan("a", 1, 8, pulse_ms=900)]
    async with bench("modbus", tmp_path, plans=plans) as on:
        assert not await on.board().store_pulse()
        on.board().authorise(1)
        await on.board().unlock(1)
        sent = [entry.octets for entry in on.line.link.trace.entries() if entry.sent and entry.meaning == "unlock"]
        assert sent == [bytes.fromhex("01 05 02 00 00 09 0C 74")]


def test_channel_that_the_family_cannot_have_is_refused_before_anything_is_opened() -> None:
    with pytest.raises(BadChannel):
        LockLine(LinePlan("/dev/null", "kerong-cu16", [BoardPlan("a", 0, 17)]))


async def test_trace_shows_both_directions_decoded_and_is_bounded(tmp_path: Path) -> None:
    async with bench("wkly", tmp_path) as on:
        trace = on.line.link.trace
        live: list[str] = []
        stop = trace.subscribe(lambda entry: live.append(entry.meaning))
        on.board().authorise(1)
        await on.board().unlock(1)
        await on.until_door(1, Door.OPEN)
        stop()
        told = len(live)
        assert {"unlock", "unlock_reply"} <= set(live)
        while len(trace.entries()) < 20:
            await on.board().read_all()
        assert len(live) == told
        unlock = next(entry for entry in trace.entries() if entry.meaning == "unlock")
        assert (unlock.sent, unlock.octets.hex(" ")) == (True, "57 4b 4c 59 09 01 82 01 82")
        assert dict(unlock.values) == {"board": 1, "channel": 1}


async def test_people_at_the_door_can_be_scripted(tmp_path: Path) -> None:
    """What demo and soak build on: a door that has to be pulled while its bolt is free."""
    async with bench("xor8a", tmp_path) as on:
        door = on.cabinet.door(1, 4)
        door.pops = False
        citizen = asyncio.create_task(door.pull_open())
        on.board().authorise(4)
        await on.board().unlock(4)
        async with asyncio.timeout(5):
            await citizen
        await on.until_door(4, Door.OPEN)
        await door.push_closed()
        await on.until_door(4, Door.CLOSED)
        assert (door.pulses, door.unlocks) == (1, 1)


def test_board_is_a_lock_board(tmp_path: Path) -> None:
    line = LockLine(LinePlan(str(tmp_path / "none"), "wkly", [BoardPlan("a", 1, 4)]))
    board: LockBoard = line.boards["a"]
    assert board.plan.channels == 4
    assert board.why is BoardWhy.SILENT
    assert set(board.doors().values()) == {Door.UNKNOWN}
