"""A device that is a locker and nothing else: what it says of itself, and what it never loads."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from config.locker_checks import HIGHEST_ADDRESS, LOWEST_ADDRESS, MOST_CHANNELS
from devices.lock_board.families import FAMILIES, codec_of
from edge import compose as composition
from edge.adapters.lock_boards import LockBoards
from edge.agent import Agent
from edge.domain.locker import CompartmentState
from edge.locker_ports import OpeningView, Staff, Step
from sync.events import DeviceStarted, Recorded
from tests.edge.locker_site import Site, open_site

ROOT = Path(__file__).parents[2]
HEAVY = ("cv2", "mediapipe", "onnxruntime", "numpy", "vosk", "PIL", "pymodbus", "matplotlib", "sklearn")
LATE = (
    "nicegui",
    "fastapi",
    "uvicorn",
    "paho",
    "httpx",
    "rapidfuzz",
    "edge.adapters.vision",
    "edge.services.queue",
    "models.fetch",
)
COMPOSED = """
import asyncio, json, sys
from pathlib import Path
from edge import cli
from config.load import load
from edge.app import open_agent

async def main() -> None:
    async with open_agent(load(Path(sys.argv[1]))) as agent:
        print(json.dumps([name for name in sys.argv[2].split() if name in sys.modules]))

asyncio.run(main())
"""
PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from config.load import load
from edge.adapters.machine import resident_mb
from edge.app import open_agent

async def main() -> None:
    async with open_agent(load(Path(sys.argv[1]))) as agent:
        running = asyncio.create_task(agent.run())
        await agent.web.ready.wait()
        while not agent.locker.service.citizen.is_trusted():
            await asyncio.sleep(0.02)
        loaded = [name for name in sys.argv[2].split() if name in sys.modules]
        print(json.dumps({"loaded": loaded, "mb": resident_mb(), "parts": [name for name, _ in agent.parts]}))
        running.cancel()

asyncio.run(main())
"""


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as opened:
        yield opened


@pytest.mark.timeout(90)  # a whole agent starts in a process of its own
async def test_a_locker_only_agent_loads_no_vision_library_and_no_printer(site: Site) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(site.config), " ".join(HEAVY), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    told = json.loads(out.splitlines()[-1])
    assert told["loaded"] == []
    assert told["mb"] < 130
    assert {"boards", "locker", "locker/socket", "web"} <= set(told["parts"])


@pytest.mark.timeout(90)  # the same
async def test_nothing_that_the_doors_do_not_need_is_loaded_before_they_are_read(site: Site) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", COMPOSED, str(site.config), " ".join(LATE), cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    assert json.loads(out.splitlines()[-1]) == []


async def test_pages_come_although_a_board_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent:
        async def all_heard(self) -> None:
            await asyncio.Event().wait()

    monkeypatch.setattr(composition, "DOORS_FIRST_S", 0.01)
    async with asyncio.timeout(5):
        await composition._doors_first(cast("LockBoards", Silent()))


async def test_the_agent_says_that_it_is_a_locker(site: Site) -> None:
    async with site.agent() as agent:
        told = [recorded.payload async for recorded in _first(agent, 2)]
    assert [one.stations for one in told if isinstance(one, DeviceStarted)] == [("locker",)]
    assert agent.web.site.desks.locker is not None


async def test_a_result_is_loaded_through_the_whole_agent_and_its_code_waits_for_the_post(site: Site) -> None:
    shutting = asyncio.create_task(site.close_what_opens())
    async with site.agent() as agent:
        assert agent.locker is not None
        desk, done = agent.locker.service.staff, asyncio.Event()
        opening = await desk.load(Staff("can-bo", "officer"), "000.00.00.H29-261124-0012", "0912345678")
        assert isinstance(opening, OpeningView)
        desk.subscribe_opening(opening.opening, lambda view: done.set() if view.step is Step.DONE else None)
        await done.wait()
        await agent.locker.service.view.refresh()
        (inside,) = [one for one in desk.cabinet().compartments if one.stay]
    shutting.cancel()
    assert (inside.state, inside.sms, inside.compartment) == (CompartmentState.OCCUPIED, "queued", opening.compartment)


async def _first(agent: Agent, count: int) -> AsyncIterator[Recorded]:
    events = agent.journal.follow(after=0)
    for _ in range(count):
        yield await anext(events)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_configuration_knows_the_bounds_of_each_family(family: str) -> None:
    codec = codec_of(family)
    assert (LOWEST_ADDRESS[family], HIGHEST_ADDRESS[family]) == (codec.boards[0], codec.boards[-1])
    assert MOST_CHANNELS[family] == codec.most_channels
