"""`scripts/soak sync`: devices, link, brokers, workers and database killed in turn under live events.

Then every row is held against every journal. Nothing may be lost, doubled or out of order.
"""

import asyncio
import contextlib
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import psycopg

from edge.soak.sync_audit import Audit, audit
from edge.soak.sync_line import Lines
from edge.soak.sync_town import DEVICES, Town, marks, opened_town
from edge.soak.sync_week import Week, week

DRAIN_S = 600.0
_DOWN_S = 6.0  # how long what was killed stays dead; longer than a worker's lease
_REST_S = 4.0
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Blow:
    """One thing that was done. `seconds`: from the blow until the city took something again."""

    what: str
    seconds: float
    note: str = ""


@dataclass
class Result:
    seed: int
    events: int = 0
    blows: list[Blow] = field(default_factory=list)
    drained_s: float = 0.0
    audit: Audit = field(default_factory=Audit)
    is_drained: bool = False
    week: Week | None = None

    @property
    def all_held(self) -> bool:
        return self.is_drained and self.audit.all_held and self.week is not None and self.week.held

    def figure(self) -> str:
        found = self.audit
        return (
            f"{self.events} events of {DEVICES} devices, {len(self.blows)} blows: {found.lost} lost, {found.doubled} doubled, "
            f"{found.strange} strange, {found.unordered} out of order, {len(found.broken)} chains broken"
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"all_held": self.all_held}


async def run(events: int, seed: int, cut_s: float, tell: Tell) -> Result:
    """`events` at least, over all devices; the link is cut for `cut_s`."""
    result = Result(seed)
    async with opened_town(-(-events // DEVICES), tell) as (town, lines):
        for worker in town.workers:
            await town.start_worker(worker)
        await _until(lambda: _has_share(town), 120.0, "no worker got a share")
        for device in town.devices:
            await town.start_device(device)
        await _until(lambda: _taken(town) > 0, 90.0, "no event reached the city")
        await _strike_all(town, lines, result, cut_s, tell)
        tell("waiting for the journals to drain")
        town.enough()
        began = time.monotonic()
        with contextlib.suppress(TimeoutError):
            await _until(lambda: _is_drained(town), DRAIN_S, "")
            result.is_drained = True
        result.drained_s = time.monotonic() - began
        tell("a device that was offline for a week")
        result.week = await week(town.folder, town.cluster.layout.mqtt_hosts)
        await town.stop()
        tell("holding every row against every journal")
        result.events = sum(marks(town.journal(device))[0] for device in town.devices)
        result.audit = await asyncio.to_thread(audit, town)
    return result


async def _strike_all(town: Town, lines: Lines, result: Result, cut_s: float, tell: Tell) -> None:
    chance = random.Random(result.seed)
    blows: list[tuple[str, Callable[[], Awaitable[str]]]] = [
        *((f"broker {name}", _member_blow(town, name)) for name in town.cluster.layout.names),
        *((f"{name}, inside its transaction", _worker_blow(town, name)) for name in town.workers),
        ("PostgreSQL", _member_blow(town, "postgres")),
        *((f"device {name}", _device_blow(town, name)) for name in town.devices),
        (f"the link, for {cut_s:.0f} s", _cut(lines, cut_s)),
    ]
    chance.shuffle(blows)
    for what, blow in blows:
        tell(what)
        await asyncio.sleep(_REST_S * chance.uniform(0.5, 1.5))
        began = time.monotonic()
        note = await blow()
        taken = _taken(town)
        await _until(lambda taken=taken: _taken(town) > taken, 180.0, f"nothing came any more after {what}")  # type: ignore[misc]  # mypy cannot infer a lambda's default
        result.blows.append(Blow(what, time.monotonic() - began, note))


def _member_blow(town: Town, name: str) -> Callable[[], Awaitable[str]]:
    async def blow() -> str:
        await asyncio.to_thread(town.cluster.kill, name)
        await asyncio.sleep(_DOWN_S)
        await asyncio.to_thread(town.cluster.start, name)
        return "started again"

    return blow


def _worker_blow(town: Town, name: str) -> Callable[[], Awaitable[str]]:
    async def blow() -> str:
        was_busy = await town.kill_busy(name)
        await asyncio.sleep(_DOWN_S)
        await town.start_worker(name)
        return "busy when killed" if was_busy else "NOT seen busy"

    return blow


def _device_blow(town: Town, name: str) -> Callable[[], Awaitable[str]]:
    async def blow() -> str:
        await town.kill(name)
        await town.start_device(name)
        return ""

    return blow


def _cut(lines: Lines, cut_s: float) -> Callable[[], Awaitable[str]]:
    async def blow() -> str:
        lines.cut()
        await asyncio.sleep(cut_s)
        lines.mend()
        return "every device"

    return blow


def _has_share(town: Town) -> bool:
    """A worker raises its first beat once the queues are declared."""
    with (
        contextlib.suppress(psycopg.errors.UndefinedTable),
        psycopg.connect(town.cluster.layout.dsn) as connection,
    ):
        row = connection.execute("SELECT count(*) FROM city_workers").fetchone()
        return row is not None and row[0] == len(town.workers)
    return False


def _taken(town: Town) -> int:
    """What the devices know that the city has."""
    return sum(marks(town.journal(device))[1] for device in town.devices)


def _is_drained(town: Town) -> bool:
    found = [marks(town.journal(device)) for device in town.devices]
    return all(last == city and last >= town.events for last, city in found)


async def _until(condition: Callable[[], bool], within_s: float, otherwise: str) -> None:
    deadline = time.monotonic() + within_s
    while not await asyncio.to_thread(condition):
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        await asyncio.sleep(0.25)
