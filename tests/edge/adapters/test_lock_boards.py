"""The service's doors over the real driver and a simulated cabinet on a pty, every family."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import pytest

from devices.lock_board.board import BoardPlan, Feedback
from devices.lock_board.driver import LinePlan, LockLine
from devices.lock_board.families import FAMILIES
from devices.lock_board.sim import Cabinet
from devices.lock_board.timing import LinkTiming, PollTiming, PulsePace
from edge.adapters.lock_boards import LockBoards
from edge.locker_ports import BoardChange, Door, DoorChange, Pulse

WIRING = {"n01": ("a", 1), "n02": ("a", 2), "n05": ("b", 1)}
POLLING = PollTiming(normal_s=0.1, fast_s=0.02, settled_s=0.05, absent_s=0.1)
TIMING = LinkTiming(reply_s=0.4, after_pulse_s=0.4, unlock_grace_s=0.4, backoff_s=0.05, longest_backoff_s=0.1)


@contextlib.asynccontextmanager
async def running(cabinet: Cabinet) -> AsyncIterator[LockBoards]:
    plans = [BoardPlan("a", 1, 4, {2: Feedback.CLOSED_SHORT}), BoardPlan("b", 2, 4)]
    line = LockLine(
        LinePlan(cabinet.port, cabinet.family, plans, 115200), pace=PulsePace(0.05), timing=TIMING, polling=POLLING
    )
    boards = LockBoards([line], WIRING, UTC)
    task = asyncio.create_task(boards.run())
    try:
        await boards.all_heard()
        yield boards
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def cabinet(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Cabinet]:
    family = getattr(request, "param", "xor8a")
    async with Cabinet(family, [(1, 4), (2, 4)], link=tmp_path / "line", baud=115200) as opened:
        yield opened


async def told(boards: LockBoards, wanted: DoorChange | BoardChange) -> None:
    """Until the news is as wanted, whatever its time."""
    async for news in boards.watch():
        if isinstance(wanted, BoardChange):
            if news == wanted:
                return
        elif isinstance(news, DoorChange) and (news.compartment, news.door) == (wanted.compartment, wanted.door):
            return


@pytest.mark.parametrize("cabinet", FAMILIES, indirect=True)
async def test_one_pulse_opens_one_door_and_everybody_hears_of_it(cabinet: Cabinet) -> None:
    async with running(cabinet) as boards:
        assert await boards.read() == dict.fromkeys(WIRING, Door.CLOSED)
        hearing = asyncio.create_task(told(boards, DoorChange("n05", Door.OPEN, 0.0)))
        assert await boards.pulse("n05", "stay") in {Pulse.ANSWERED, Pulse.LOST}
        await hearing
        assert await boards.read() == dict.fromkeys(WIRING, Door.CLOSED) | {"n05": Door.OPEN}
        assert [door.pulses for door in cabinet.doors()] == [0, 0, 0, 0, 1, 0, 0, 0]


async def test_a_watcher_hears_first_how_every_door_is(cabinet: Cabinet) -> None:
    async with running(cabinet) as boards:
        await boards.read()
        news = boards.watch()
        first = [await anext(news) for _ in range(5)]
    assert {one.board for one in first if isinstance(one, BoardChange)} == {"a", "b"}
    assert {one.compartment: one.door for one in first if isinstance(one, DoorChange)} == dict.fromkeys(
        WIRING, Door.CLOSED
    )


async def test_a_board_that_lost_its_power_is_unknown_and_comes_back(cabinet: Cabinet) -> None:
    async with running(cabinet) as boards:
        await boards.read()
        cabinet.power_cut(2)
        await told(boards, BoardChange("b", "board_silent"))
        assert await boards.read() == {"n01": Door.CLOSED, "n02": Door.CLOSED, "n05": Door.UNKNOWN}
        cabinet.power_on(2)
        await told(boards, BoardChange("b", None))
        assert (await boards.read("n05")) == {"n05": Door.CLOSED}


async def test_a_pulled_cable_sends_nothing_and_a_plugged_one_tells_every_door_anew(cabinet: Cabinet) -> None:
    async with running(cabinet) as boards:
        await boards.read()
        cabinet.unplug()
        await told(boards, BoardChange("a", "board_port"))
        assert await boards.pulse("n01", "stay") is Pulse.NOT_SENT
        cabinet.plug_in()
        await told(boards, BoardChange("a", None))
        assert (await boards.read())["n01"] is Door.CLOSED
        assert sum(door.pulses for door in cabinet.doors()) == 0


async def test_a_read_that_nobody_answered_is_told_again_once_somebody_does(cabinet: Cabinet) -> None:
    """The driver does not give a board up for one silence; who was told UNKNOWN hears what it is."""
    async with running(cabinet) as boards:
        await boards.read()
        cabinet.power_cut(2)
        assert (await boards.read("n05")) == {"n05": Door.UNKNOWN}
        hearing = asyncio.create_task(told(boards, DoorChange("n05", Door.CLOSED, 0.0)))
        cabinet.power_on(2)
        await hearing


async def test_the_trace_names_board_frame_and_meaning(cabinet: Cabinet) -> None:
    async with running(cabinet) as boards:
        await boards.read()
        live: list[str] = []
        unsubscribe = boards.subscribe_trace(lambda row: live.append(row.meaning))
        await boards.pulse("n01", "stay")
        unsubscribe()
        (pulse,) = [row for row in boards.trace() if row.meaning == "unlock"]
    assert (pulse.board, pulse.sent, pulse.frame) == ("a", True, "8a 01 01 11 9b")
    assert "unlock" in live
