"""The real driver against simulated boards over four kinds of line, and what it knows of an unlock whose reply was lost."""

import asyncio
import logging
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from devices.lock_board.board import BoardPlan, BoardWhy, Door, Pulse
from devices.lock_board.codec import NoAnswer
from devices.lock_board.families import FAMILIES, codec_of
from devices.lock_board.sim import Cabinet
from devices.lock_board.sim_line import Garble, LineFaults
from devices.lock_board.timing import LinkTiming, PulsePace
from devices.lock_board.trace import TraceEntry
from devices.lock_board.write_policy import WriteRefused
from devices.serial_port import Port, PortLost, PortSettings, PortWhy, open_port
from tests.devices.lock_board.bench import HASTY, LATE_S, PATIENT, UNPOLLED, Bench, bench

LINES = {
    "clean": LineFaults(),
    "byte_by_byte": LineFaults(byte_by_byte=True),
    "lossy": LineFaults(drop=0.01, flip=0.005, insert=0.005, duplicate=0.05),
    "delayed": LineFaults(delay=0.2, delay_s=0.6),
}


def line_of(kind: str) -> LineFaults:
    found = LINES[kind]
    return LineFaults(
        drop=found.drop, flip=found.flip, insert=found.insert, duplicate=found.duplicate, delay=found.delay,
        delay_s=found.delay_s, byte_by_byte=found.byte_by_byte,
    )  # fmt: skip


async def open_door(on: Bench, channel: int, board: str = "a") -> Pulse:
    on.board(board).authorise(channel)
    return await on.board(board).unlock(channel)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", LINES)
async def test_doors_open_once_and_are_seen_over_every_line(family: str, kind: str, tmp_path: Path) -> None:
    async with bench(family, tmp_path, faults=line_of(kind), seed=11, timing=HASTY) as on:
        for channel in range(1, 6):
            door = on.cabinet.door(1, channel)
            pulse = await open_door(on, channel)
            assert pulse in {Pulse.ANSWERED, Pulse.LOST}
            assert door.pulses <= 1
            if family != "kerong-cu16":  # any status answers it, also one that was sent twice
                assert pulse is Pulse.LOST or door.pulses == 1
            if door.pulses:
                await on.until_door(channel, Door.OPEN)
                await door.push_closed()
            await on.until_door(channel, Door.CLOSED)
        assert sum(door.pulses for door in on.cabinet.doors()) == sum(d.pulses for d in on.cabinet.boards[0].doors[:5])
        if kind == "clean":
            assert [on.cabinet.door(1, channel).pulses for channel in range(1, 6)] == [1] * 5


@pytest.mark.parametrize("family", FAMILIES)
async def test_lost_reply_is_said_and_never_answered_with_a_second_pulse(family: str, tmp_path: Path) -> None:
    async with bench(family, tmp_path, polling=UNPOLLED, timing=HASTY) as on:
        on.cabinet.board(1).pushes = False  # or the lost frame would be the push
        on.cabinet.line.faults.lose_replies = 1
        assert await open_door(on, 2) is Pulse.LOST
        assert on.cabinet.door(1, 2).pulses == 1
        assert (await on.board().read_all())[2] is Door.OPEN
        assert await on.board().read(2) is Door.OPEN
        assert on.cabinet.door(1, 2).pulses == 1


@pytest.mark.parametrize("family", [name for name in FAMILIES if codec_of(name).answers_unlock])
async def test_doors_are_read_while_the_reply_to_an_unlock_is_still_awaited(family: str, tmp_path: Path) -> None:
    """A citizen who opens and shuts within that second was there."""
    async with bench(family, tmp_path, timing=LinkTiming(reply_s=0.2, after_pulse_s=30.0)) as on:
        on.cabinet.board(1).pushes = False
        on.cabinet.line.faults.lose_replies = 1
        pulse = asyncio.create_task(open_door(on, 2))
        await on.until_door(2, Door.OPEN)
        await on.cabinet.door(1, 2).push_closed()
        await on.until_door(2, Door.CLOSED)
        assert not pulse.done()
        pulse.cancel()
        await asyncio.gather(pulse, return_exceptions=True)
        assert on.cabinet.door(1, 2).pulses == 1


@pytest.mark.parametrize("family", [name for name in FAMILIES if codec_of(name).answers_unlock])
async def test_reply_after_the_pulse_is_heard_between_readings(family: str, tmp_path: Path) -> None:
    timing = LinkTiming(reply_s=0.2, after_pulse_s=10.0)
    async with bench(family, tmp_path, faults=LineFaults(delay_s=LATE_S), timing=timing) as on:
        on.cabinet.board(1).pushes = False
        on.cabinet.line.faults.delay_replies = 1
        assert await open_door(on, 2) is Pulse.ANSWERED
        assert on.line.link.counters.late == 1
        await on.until_door(2, Door.OPEN)


async def test_late_refusal_is_the_unlocks_and_not_the_readings_it_comes_between(tmp_path: Path) -> None:
    """A Modbus exception names no channel; its function says what it refuses."""
    async with bench("modbus", tmp_path, timing=LinkTiming(reply_s=0.3, after_pulse_s=3.0)) as on:
        link, faults = on.line.link, on.cabinet.line.faults
        busy, reading = bytes.fromhex("01 85 06 C2 92"), link.codec.read_all(1, 8).frame

        def interrupt(entry: TraceEntry) -> None:
            if entry.sent and entry.octets == reading and link.counters.unanswered and not link.counters.late:
                on.cabinet.line.from_board(busy)

        link.trace.subscribe(interrupt)
        faults.lose_requests = 1
        assert await open_door(on, 2) is Pulse.REFUSED
        assert on.boards_seen() == [None]


@pytest.mark.parametrize("family", FAMILIES)
async def test_lost_request_is_said_as_lost_too(family: str, tmp_path: Path) -> None:
    async with bench(family, tmp_path, polling=UNPOLLED, timing=HASTY) as on:
        on.cabinet.line.faults.lose_requests = 1
        assert await open_door(on, 2) is Pulse.LOST
        assert (await on.board().read_all())[2] is Door.CLOSED
        assert on.cabinet.door(1, 2).pulses == 0


async def test_board_that_never_answers_an_unlock_opens_the_door_all_the_same(tmp_path: Path) -> None:
    async with bench("kerong-cu16", tmp_path, timing=HASTY) as on:
        on.cabinet.board(1).says_after_unlock = False
        assert await open_door(on, 2) is Pulse.LOST
        await on.until_door(2, Door.OPEN)
        assert on.cabinet.door(1, 2).pulses == 1


@pytest.mark.parametrize("family", FAMILIES)
async def test_two_wire_adapter_hears_itself_and_nothing_is_mistaken(family: str, tmp_path: Path) -> None:
    async with bench(family, tmp_path, faults=LineFaults(echo=True)) as on:
        assert on.line.link.echo
        assert await open_door(on, 3) is Pulse.ANSWERED
        await on.until_door(3, Door.OPEN)
        assert on.line.link.counters.stray == 0
        assert on.line.link.counters.corrupt == 0


@pytest.mark.parametrize("family", FAMILIES)
async def test_an_echo_alone_proves_nothing(family: str, tmp_path: Path) -> None:
    """Above all where the reply to an unlock is byte for byte the unlock."""
    async with bench(family, tmp_path, faults=LineFaults(echo=True), timing=HASTY) as on:
        on.cabinet.power_cut()
        assert await open_door(on, 3) is Pulse.LOST
        assert on.cabinet.door(1, 3).pulses == 0


@pytest.mark.parametrize("family", FAMILIES)
async def test_late_answer_is_not_taken_for_the_next(family: str, tmp_path: Path) -> None:
    """A reading arrives after its question was given up, while the same question is asked again; meanwhile a door opened."""
    async with bench(family, tmp_path, faults=LineFaults(delay_s=LATE_S), polling=UNPOLLED, timing=HASTY) as on:
        on.cabinet.line.faults.delay_replies = 1
        with pytest.raises(NoAnswer):
            await on.line.link.read(on.line.link.codec.read_all(1, on.board().plan.channels), attempts=1)
        on.cabinet.door(1, 4).force()
        assert (await on.board().read_all())[4] is Door.OPEN


async def test_late_answers_are_counted_apart_from_strays(tmp_path: Path) -> None:
    async with bench("wkly", tmp_path, faults=LineFaults(delay_s=LATE_S), polling=UNPOLLED, timing=HASTY) as on:
        link = on.line.link
        on.cabinet.line.faults.delay_replies = 1
        with pytest.raises(NoAnswer):
            await link.read(link.codec.read_one(1, 3, 8), attempts=1)
        while not link.counters.late:
            await on.board().read_all()
        assert link.counters.stray == 0
        on.cabinet.line.from_board(bytes.fromhex("57 4B 4C 59 0B 07 83 00 01 00 87"))  # a board that nobody asked
        while not link.counters.stray:
            await on.board().read_all()
        kinds = [entry.meaning for entry in link.trace.entries() if not entry.sent]
        assert kinds.count("late") == kinds.count("stray") == 1


async def test_late_reading_is_no_answer_to_an_unlock(tmp_path: Path) -> None:
    """A CU16 may answer an unlock with a status; one that was owed before is not taken for it."""
    async with bench("kerong-cu16", tmp_path, polling=UNPOLLED, timing=HASTY) as on:
        link, faults = on.line.link, on.cabinet.line.faults
        faults.lose_replies = 1
        with pytest.raises(NoAnswer):
            await link.read(link.codec.read_all(1, 16), attempts=1)
        status = bytes.fromhex("02 10 35 FF FF 00 00 03 48")
        link.trace.subscribe(lambda entry: on.cabinet.line.from_board(status) if entry.meaning == "unlock" else None)
        faults.lose_requests = 1
        assert await open_door(on, 2) is Pulse.LOST
        assert link.counters.late == 1


async def test_other_masters_frame_on_the_line_is_a_stray(tmp_path: Path) -> None:
    async with bench("xor8a", tmp_path) as on:
        on.cabinet.line.from_board(bytes.fromhex("8A 01 00 11 9A"))
        while not on.line.link.counters.stray:
            await on.board().read_all()
        assert not on.line.link.echo


@pytest.mark.parametrize("family", FAMILIES)
async def test_unplugged_and_back(family: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "devices.lock_board")
    async with bench(family, tmp_path) as on:
        on.cabinet.unplug()
        await on.until_why(BoardWhy.PORT)
        await on.until_door(1, Door.UNKNOWN)
        assert await open_door(on, 1) is Pulse.NOT_SENT
        with pytest.raises(PortLost):
            await on.board().read_all()
        await asyncio.sleep(0.15)  # long enough for several tries to open it: each is silent
        on.cabinet.plug_in()
        await on.until_door(1, Door.CLOSED)
        assert await open_door(on, 1) is Pulse.ANSWERED
        assert on.cabinet.door(1, 1).pulses == 1
        assert on.boards_seen() == [None, BoardWhy.PORT, None]
    told = [record.getMessage() for record in caplog.records if record.name.startswith("devices.lock_board")]
    assert [text.split(" is ")[1].split(":")[0] for text in told] == ["lost", "back"]


@pytest.mark.parametrize("family", FAMILIES)
async def test_pulled_while_waiting_for_the_reply_is_lost_not_unsent(family: str, tmp_path: Path) -> None:
    async with bench(family, tmp_path) as on:
        on.board().authorise(1)
        pulse = asyncio.create_task(on.board().unlock(1))
        async with asyncio.timeout(5):
            await on.cabinet.door(1, 1).wait_unlocked()
        on.cabinet.unplug()
        assert await pulse is Pulse.LOST
        assert on.cabinet.door(1, 1).pulses == 1


async def test_permit_of_an_unlock_that_was_not_sent_is_gone(tmp_path: Path) -> None:
    async with bench("xor8a", tmp_path) as on:
        on.cabinet.unplug()
        await on.until_why(BoardWhy.PORT)
        assert await open_door(on, 1) is Pulse.NOT_SENT
        on.cabinet.plug_in()
        await on.until_why(None)
        with pytest.raises(WriteRefused):
            await on.board().unlock(1)
        assert on.cabinet.door(1, 1).pulses == 0


async def test_unlock_without_a_permit_is_refused_and_nothing_leaves(tmp_path: Path) -> None:
    async with bench("wkly", tmp_path) as on:
        with pytest.raises(WriteRefused):
            await on.board().unlock(1)
        assert all(frame[6] != 0x82 for frame in on.cabinet.board(1).heard)


async def test_expired_permit_is_told_as_not_sent(tmp_path: Path) -> None:
    async with bench("wkly", tmp_path) as on:
        on.board().authorise(1, ttl_s=-1.0)
        assert await on.board().unlock(1) is Pulse.NOT_SENT
        assert on.cabinet.door(1, 1).pulses == 0


async def test_cancelled_unlock_leaves_no_permit(tmp_path: Path) -> None:
    async with bench("xor8a", tmp_path) as on:
        before = asyncio.create_task(open_door(on, 2))
        on.board().authorise(1)
        waiting = asyncio.create_task(on.board().unlock(1))
        await on.cabinet.door(1, 2).wait_unlocked()
        waiting.cancel()
        await asyncio.gather(before, waiting, return_exceptions=True)
        with pytest.raises(WriteRefused):
            await on.board().unlock(1)
        assert on.cabinet.door(1, 1).pulses == 0


async def test_cancelled_after_it_was_sent_is_one_pulse(tmp_path: Path) -> None:
    async with bench("xor8a", tmp_path) as on:
        on.board().authorise(1)
        pulse = asyncio.create_task(on.board().unlock(1))
        await on.cabinet.door(1, 1).wait_unlocked()
        pulse.cancel()
        await asyncio.gather(pulse, return_exceptions=True)
        await on.until_door(1, Door.OPEN)
        assert on.cabinet.door(1, 1).pulses == 1


async def test_pulses_are_never_closer_than_the_power_supply_allows(tmp_path: Path) -> None:
    gap_s = 0.1
    async with bench("wkly", tmp_path, boards=[(1, 4), (2, 4)], pace=PulsePace(gap_s)) as on:
        times: list[float] = []
        for door in on.cabinet.doors():
            door.on_change = lambda _: times.append(asyncio.get_running_loop().time())
        pulses = await asyncio.gather(*(open_door(on, channel, name) for name in "ab" for channel in (1, 2)))
        assert pulses == [Pulse.ANSWERED] * 4
    assert all(later - earlier >= gap_s for earlier, later in pairwise(times))


@pytest.mark.parametrize("garble", Garble)
async def test_swapped_wires_or_wrong_baud_are_an_unusable_board(garble: Garble, tmp_path: Path) -> None:
    async with bench("xor8a", tmp_path, timing=HASTY) as on:
        on.cabinet.line.faults.garble = garble
        await on.until(lambda: on.board().why is not None)
        assert on.board().why in {BoardWhy.SILENT, BoardWhy.CORRUPT}
        assert set(on.board().doors().values()) == {Door.UNKNOWN}
        on.cabinet.line.faults.garble = None
        await on.until_why(None)
        await on.until_door(1, Door.CLOSED)


async def test_port_that_another_process_holds_is_busy(tmp_path: Path) -> None:
    async with Cabinet("xor8a", [(1, 8)], link=tmp_path / "port") as cabinet:
        first = await open_port(cabinet.port)
        try:
            with pytest.raises(PortLost) as lost:
                await open_port(cabinet.port)
            assert lost.value.why is PortWhy.BUSY
        finally:
            await first.close()


async def test_line_that_says_nothing_is_opened_anew(tmp_path: Path) -> None:
    opened = 0

    async def counting(address: str, settings: PortSettings) -> Port:
        nonlocal opened
        opened += 1
        return await open_port(address, settings)

    timing = LinkTiming(reply_s=0.02, backoff_s=0.05, silent_requests=3)
    async with bench("kerong-cu16", tmp_path, opener=counting, timing=timing) as on:
        on.cabinet.power_cut()
        await on.until_why(BoardWhy.SILENT)
        async with asyncio.timeout(10):
            while opened < 2:
                await asyncio.sleep(0.01)
        on.cabinet.power_on()
        await on.until_why(None)
        assert on.line.link.counters.port_lost == 0


async def test_board_that_is_off_takes_nobody_along(tmp_path: Path) -> None:
    async with bench("wkly", tmp_path, boards=[(1, 4), (2, 4)], timing=replace(PATIENT, reply_s=1.0)) as on:
        on.cabinet.power_cut(2)
        await on.until_why(BoardWhy.SILENT, "b")
        assert set(on.board("b").doors().values()) == {Door.UNKNOWN}
        assert await open_door(on, 1) is Pulse.ANSWERED
        await on.until_door(1, Door.OPEN)
        assert on.board("a").why is None
        on.cabinet.power_on(2)
        await on.until_door(1, Door.CLOSED, "b")
        assert on.boards_seen("b") == [None, BoardWhy.SILENT, None]


async def test_two_boards_on_one_address_answer_with_a_whole_frame(tmp_path: Path) -> None:
    """No checksum finds this; who opens one door and looks at all of them does: the other board's door moved too."""
    boards, plans = [(1, 24), (1, 24)], [BoardPlan("a", 1, 24)]
    async with bench("xor8a", tmp_path, boards=boards, plans=plans, timing=HASTY) as on:
        on.cabinet.door(1, 3, nth=1).force()
        assert (await on.board().read_all())[3] is Door.OPEN
        await open_door(on, 7)
        assert [on.cabinet.door(1, 7, nth).pulses for nth in (0, 1)] == [1, 1]


@pytest.mark.enable_socket
async def test_behind_a_converter_in_the_network() -> None:
    async with bench("xor8a", None) as on:
        assert await open_door(on, 1) is Pulse.ANSWERED
        await on.until_door(1, Door.OPEN)
        on.cabinet.unplug()
        await on.until_why(BoardWhy.PORT)
        on.cabinet.plug_in()
        await on.until_door(1, Door.OPEN)
        assert on.cabinet.door(1, 1).pulses == 1


async def test_adapter_that_no_longer_echoes_is_believed_again(tmp_path: Path) -> None:
    async with bench("modbus", tmp_path, faults=LineFaults(echo=True)) as on:
        assert on.line.link.echo
        on.cabinet.unplug()
        await on.until_why(BoardWhy.PORT)
        on.cabinet.line.faults.echo = False
        on.cabinet.plug_in()
        await on.until_why(None)
        assert await open_door(on, 1) is Pulse.ANSWERED
