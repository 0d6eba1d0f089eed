"""What a technician's terminal follows while doors open and close."""

import asyncio
from pathlib import Path

import pytest

from edge.adapters import locker_commands
from edge.adapters.locker_commands import Watched
from edge.locker_ports import OpeningView, Step
from tests.edge.services.locker_house import LEADER, OFFICER, House


async def test_of_many_doors_the_last_may_be_closed_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`recall --all` waited five minutes for each door that had been closed before its turn to be looked at."""
    monkeypatch.setattr("edge.services.locker_staff.NEXT_DOOR_S", 0.0)
    monkeypatch.setattr(locker_commands, "LONGEST_OPENING_S", 5.0)
    house = await House.open(tmp_path)
    views = await house.staff.recall_all(OFFICER, "fire", LEADER)
    assert isinstance(views, tuple)
    watched = [Watched(house.staff, view) for view in views]
    async with asyncio.TaskGroup() as group:
        running = group.create_task(house.staff.run())
        moving = group.create_task(_all_doors(house, views))
        last = {one.number: one.step for one_watched in watched async for one in one_watched.views()}
        await moving
        running.cancel()
    assert set(last.values()) == {Step.DONE}
    await house.journal.close()


async def _all_doors(house: House, views: tuple[OpeningView, ...]) -> None:
    """They open one after the other; people push all of them shut, the last one first."""
    for view in views:
        while house.state(view.compartment) != "open":
            await asyncio.sleep(0.01)
            await house.flow()
    for view in reversed(views):
        house.doors.push(view.compartment)
        await house.flow()
        await house.passes(3)
