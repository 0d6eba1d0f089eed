"""`motcua bench locker`: code to unlock frame, citizens an hour, memory and start (doors, first page) of a locker-only agent, cost of 60 doors polled.

Called by the command line. Cabinets are simulated on ptys with their own byte time; the locker in front of them is the real one.
"""

import asyncio
import json
import logging
import os
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import mean, quantiles
from typing import Any
from zoneinfo import ZoneInfo

from devices.lock_board.families import codec_of
from devices.lock_board.timing import BITS_A_BYTE, PollTiming
from edge.adapters import locker_wire as wire
from edge.adapters.locker_socket import AgentLine
from edge.bench.counter import Row, pss_mb
from edge.domain.locker import LockerRules
from edge.soak.desk import LocalDesk
from edge.soak.hardware import BOARDS, Hardware, compartments_text
from edge.soak.papers import Paper
from edge.soak.post_office import CrookedClock
from edge.soak.site import Site
from edge.soak.station import DOORS, open_station, until_read
from edge.soak.town import SMS_S

ABOVE_LINE_MS = 30.0
MEMORY_MB, START_S, PAGE_S = 130.0, 2.0, 4.0
CABINETS, REST_S = 6, PollTiming().fast_for_s + 0.3
OPEN_S = 3.0  # how long a citizen has the door open, where citizens are counted
POLLED_BOARDS, POLLED_CHANNELS = (0, 1, 2, 3), 15
HEAVY = ("cv2", "mediapipe", "onnxruntime", "vosk", "numpy")  # what a locker never needs
READY_WITHIN_S, READ_WITHIN_S = 60.0, 60.0
LOOK_S = 0.01  # how often a starting agent is looked at
SCREEN = b"GET /tu HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"  # the citizen's screen
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


def run(seconds: float, out_dir: Path, *, families: tuple[str, ...] = tuple(BOARDS)) -> dict[str, Any]:
    """Measure each thing for `seconds`, write locker.json into `out_dir`, return it: name, rows, all_held."""
    load = os.getloadavg()[0]
    logging.getLogger("edge").setLevel(logging.ERROR)  # a line for each opening would be in the way of the table
    rows = asyncio.run(_rows(seconds, families))
    rows.append(Row("load of the machine before it began", round(load, 2), "processes"))
    table = {
        "name": "locker",
        "rows": [asdict(row) for row in rows],
        "all_held": all(row.held is not False for row in rows),
    }
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / "locker.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    return table


async def _rows(seconds: float, families: tuple[str, ...]) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="motcua-bench-") as name:
        folder = Path(name)
        for family in families:
            rows += await unlock_rows(family, _fresh(folder, family), seconds)
        rows += await citizen_rows(_fresh(folder, "citizens"), seconds)
        rows += await agent_rows(_fresh(folder, "agent"), seconds)
    return rows


# --- from the code to the wire ---


async def unlock_rows(family: str, folder: Path, seconds: float) -> list[Row]:
    """From the moment a right code is handed in to the moment its unlock has reached the board, byte time included."""
    codec = codec_of(family)
    frame = codec.unlock(BOARDS[family][0], 1).frame
    line_ms = len(frame) * BITS_A_BYTE / codec.baud * 1000
    took_ms = await _unlocks(family, folder, seconds)
    cuts = quantiles(took_ms, n=100, method="inclusive")
    budget = ABOVE_LINE_MS + line_ms
    return [
        Row(f"{family}: code to unlock at the board p50 ({len(took_ms)} pickups)", round(cuts[49], 1), "ms"),
        Row(f"{family}: p95", round(cuts[94], 1), "ms"),
        Row(f"{family}: p99, of which {line_ms:.1f} ms on the line", round(cuts[98], 1), "ms", round(budget, 1),
            held=cuts[98] <= budget),
    ]  # fmt: skip


async def _unlocks(family: str, folder: Path, seconds: float) -> list[float]:
    """Several cabinets side by side, because each needs a rest: a citizen comes when the boards are polled at their calm pace."""
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(_unlocks_of_one(family, _fresh(folder, str(place)), seconds, place / CABINETS))
            for place in range(CABINETS)
        ]
    return [took for task in tasks for took in task.result()]


async def _unlocks_of_one(family: str, folder: Path, seconds: float, after_s: float) -> list[float]:
    """One pickup after the other, each of a result that was loaded just before."""
    took_ms: list[float] = []
    async with _cabinet(family, folder, DOORS, open_s=(0.2, 0.25)) as stage:
        await asyncio.sleep(after_s * REST_S)
        until_s = time.monotonic() + seconds
        while time.monotonic() < until_s or not took_ms:
            paper = await stage.loaded()
            await asyncio.sleep(REST_S)
            arrived: list[float] = []
            stage.site.hardware.on_unlock = lambda _, arrived=arrived: arrived.append(time.perf_counter())  # type: ignore[misc]
            began_s = time.perf_counter()
            await stage.site.town.pick_up(stage.desk, paper)
            took_ms += [(at_s - began_s) * 1000 for at_s in arrived[:1]]
    return took_ms


# --- citizens an hour ---


async def citizen_rows(folder: Path, seconds: float) -> list[Row]:
    """Citizens with a code one after the other, with the rules of the field; walking up and typing is not in it."""
    async with _cabinet("kerong-cu16", folder, LockerRules(), open_s=(OPEN_S, OPEN_S)) as stage:
        number = max(2, min(10, round(seconds / (OPEN_S + 1.5))))
        stage.site.town.hands.pause_s = (0.2, 0.2)
        papers = [await stage.loaded() for _ in range(number)]
        await asyncio.sleep(stage.rules.cool_down_s)
        stage.site.town.hands.pause_s = (OPEN_S, OPEN_S)
        took_s = []
        for paper in papers:
            began_s = time.perf_counter()
            await stage.site.town.pick_up(stage.desk, paper)
            took_s.append(time.perf_counter() - began_s)
    each_s = mean(took_s)
    what = f"citizens an hour, a door {OPEN_S:.0f} s open ({number} measured, typing not counted)"
    return [
        Row(what, round(3600 / each_s), "1/h"),
        Row("a pickup besides the time that the door is open", round(each_s - OPEN_S, 2), "s"),
    ]


@dataclass(frozen=True, slots=True)
class _Stage:
    site: Site
    desk: LocalDesk
    rules: LockerRules

    async def loaded(self) -> Paper:
        """A new result in the cabinet, its code on the telephone."""
        known = set(self.site.town.papers)
        await self.site.town.load(self.desk)
        paper = next(one for name, one in self.site.town.papers.items() if name not in known)
        async with asyncio.timeout(SMS_S):
            while self.site.town.code_of(paper) is None:  # noqa: ASYNC110 - a telephone does not call back
                await asyncio.sleep(0.02)
        return paper


@asynccontextmanager
async def _cabinet(
    family: str, folder: Path, rules: LockerRules, *, open_s: tuple[float, float]
) -> AsyncIterator[_Stage]:
    site = Site(family, folder, seed=1)
    site.hardware.poll_ms = 500
    site.write_config()
    site.town.hands.pause_s = open_s
    async with site.hardware.cabinet, open_station(site.config, site.post, CrookedClock(ZONE), rules) as station:
        async with asyncio.timeout(READ_WITHIN_S):
            await until_read(station)
        yield _Stage(site, LocalDesk(station.service.desks), rules)


# --- an agent that is a locker alone ---


@dataclass(frozen=True, slots=True)
class _Start:
    """When something of a starting agent was there first: seconds on the clock, and of the processor."""

    took_s: float
    cpu_s: float


async def agent_rows(folder: Path, seconds: float) -> list[Row]:
    """A process of its own with 60 doors on one line, as `motcua run` starts it."""
    hardware = Hardware("kerong-cu16", folder / "line", boards=POLLED_BOARDS, channels=POLLED_CHANNELS)
    hardware.poll_ms = 500
    config, port = folder / "motcua.toml", _free_port()
    config.write_text(
        f'[agent]\nsite = "bench"\ndevice = "locker"\ndata_dir = "{folder / "data"}"\n[web]\nport = {port}\n'
        '[sms]\nchannel = "none"\n[locker]\nname = "Tủ"\n' + compartments_text(hardware),
        encoding="utf-8",
    )
    async with hardware.cabinet:
        began_s = time.perf_counter()
        with (folder / "agent.log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "edge", "run", "--config", str(config), stderr=log, stdout=log
            )
        try:
            async with asyncio.timeout(READY_WITHIN_S), asyncio.TaskGroup() as group:
                doors = group.create_task(_first(partial(_is_ready, folder / "data"), began_s, process.pid))
                page = group.create_task(_first(partial(_is_shown, port), began_s, process.pid))
            return _start_rows(doors.result(), page.result()) + await _running_rows(process.pid, seconds)
        finally:
            process.terminate()
            await process.wait()


def _start_rows(doors: _Start, page: _Start) -> list[Row]:
    return [
        _bounded("locker-only agent: start to every door read", doors.took_s, "s", START_S),
        Row("of that, processor time (what a busy machine changes less)", round(doors.cpu_s, 2), "s"),
        _bounded("locker-only agent: start to the first page, whole", page.took_s, "s", PAGE_S),
        Row("of that, processor time", round(page.cpu_s, 2), "s"),
    ]


async def _running_rows(pid: int, seconds: float) -> list[Row]:
    await asyncio.sleep(2.0)  # what starts late has started
    before_s = _cpu_s(pid)
    await asyncio.sleep(seconds)
    share = (_cpu_s(pid) - before_s) / seconds * 100
    doors = len(POLLED_BOARDS) * POLLED_CHANNELS
    loaded = _loaded(pid)
    return [
        _bounded("locker-only agent: memory (RSS)", _rss_mb(pid), "MB", MEMORY_MB),
        Row("locker-only agent: memory (PSS)", round(pss_mb(pid), 1), "MB"),
        Row(f"vision or number libraries in it: {', '.join(loaded) or 'none'}", len(loaded), "", 0.0, held=not loaded),
        Row(f"cpu of the whole agent, {doors} doors read twice a second", round(share, 2), "% of a core"),
    ]


async def _first(is_there: Callable[[], Awaitable[bool]], began_s: float, pid: int) -> _Start:
    """The caller sets the timeout."""
    while not await is_there():  # noqa: ASYNC110 - another process's start
        await asyncio.sleep(LOOK_S)
    return _Start(time.perf_counter() - began_s, _cpu_s(pid))


async def _is_ready(data: Path) -> bool:
    """Every door is known: what `motcua locker status` would show."""
    async with AgentLine.open(data) as line:
        if line is None:
            return False
        async for said in line.answer(wire.Status()):
            if isinstance(said, wire.Cabinet):
                return all(one.door != "unknown" for one in said.cabinet.compartments)
    return False


async def _is_shown(port: int) -> bool:
    """The citizen's screen came, to its last byte."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    try:
        writer.write(SCREEN)
        status = await reader.readline()
        await reader.read()
    finally:
        writer.close()
    return status.startswith(b"HTTP/1.1 200 ")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _rss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024 / 1e6


def _cpu_s(pid: int) -> float:
    """User and system time so far (fields 14 and 15 of proc(5) stat)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _loaded(pid: int) -> list[str]:
    """Which heavy packages have a library mapped into the process."""
    maps = Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    return [name for name in HEAVY if f"/site-packages/{name}" in maps]


def _bounded(what: str, value: float, unit: str, budget: float) -> Row:
    return Row(what, round(value, 2), unit, budget, value <= budget)


def _fresh(folder: Path, name: str) -> Path:
    path = folder / name
    path.mkdir()
    return path
