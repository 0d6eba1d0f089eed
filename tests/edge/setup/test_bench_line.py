"""The boards before there is a site: one pulse a door, whatever the door and the line do."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from config.locker import Locker
from devices.errors import DeviceError
from devices.lock_board.sim import Cabinet
from edge.adapters import locker_wire as wire
from edge.setup import bench_line
from edge.setup.bench_line import BenchLine, open_bench

LOCKS = 3


class Hall:
    """A cabinet on a bench, and who stands there."""

    def __init__(self, cabinet: Cabinet) -> None:
        self.cabinet = cabinet
        self.told: list[str] = []
        self.bored = asyncio.Event()
        rows = {f"lock-{channel}": {"board": "main", "channel": channel, "number": f"{channel}", "row": channel, "column": 0} for channel in range(1, LOCKS + 1)}  # fmt: skip
        board = {
            "protocol": "xor8a",
            "port": cabinet.port,
            "address": 1,
            "channels": LOCKS,
            "baud": 115200,
            "poll_ms": 50,
        }
        self.locker = Locker.model_validate({"name": "x", "boards": {"main": board}, "compartments": rows})

    async def opened(self, line: BenchLine, key: str) -> AsyncIterator[dict[str, str]]:
        async for say in line.answer(wire.Open(compartment=key, why="map")):
            if isinstance(say, wire.Doors):
                yield say.doors

    async def pulled(self, line: BenchLine) -> None:
        """Somebody pulls the adapter while a door is open."""
        async for _ in self.opened(line, "lock-1"):
            self.cabinet.unplug()


@pytest.fixture
async def hall(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Hall]:
    monkeypatch.setattr(bench_line, "OPEN_S", 1.0)
    async with Cabinet("xor8a", [(1, 8)], link=tmp_path / "line", baud=115200) as cabinet:
        yield Hall(cabinet)


async def test_a_door_is_opened_once_and_its_closing_is_waited_for(hall: Hall) -> None:
    async with open_bench(hall.locker, hall.told.append, hall.bored.wait) as line:
        seen = []
        async for doors in hall.opened(line, "lock-2"):
            seen.append(doors)
            await hall.cabinet.door(1, 2).push_closed()
    assert seen == [{"lock-1": "closed", "lock-2": "open", "lock-3": "closed"}]
    assert ([door.pulses for door in hall.cabinet.doors()][:LOCKS], hall.told) == ([0, 1, 0], [])


async def test_a_door_that_does_not_move_is_not_waited_for(hall: Hall) -> None:
    hall.cabinet.door(1, 1).jam()
    async with open_bench(hall.locker, hall.told.append, hall.bored.wait) as line:
        seen = [doors async for doors in hall.opened(line, "lock-1")]
    assert [set(doors.values()) for doors in seen] == [{"closed"}]
    assert hall.cabinet.door(1, 1).pulses == 1


async def test_who_does_not_want_to_wait_for_a_door_goes_on(hall: Hall) -> None:
    async with open_bench(hall.locker, hall.told.append, hall.bored.wait) as line:
        async for _ in hall.opened(line, "lock-1"):
            hall.bored.set()
    assert hall.cabinet.door(1, 1).is_open


async def test_a_door_that_stays_open_holds_nobody_for_ever(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_line, "CLOSE_S", 0.2)
    async with open_bench(hall.locker, hall.told.append, hall.bored.wait) as line:
        assert len([doors async for doors in hall.opened(line, "lock-1")]) == 1
    assert hall.told == ["it is still open; the next one comes"]


async def test_a_line_that_is_pulled_is_a_failure_and_no_second_pulse(
    hall: Hall, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench_line, "READ_S", 0.3)
    async with open_bench(hall.locker, hall.told.append, hall.bored.wait) as line:
        with pytest.raises(DeviceError):
            await hall.pulled(line)
    assert hall.cabinet.door(1, 1).pulses == 1
