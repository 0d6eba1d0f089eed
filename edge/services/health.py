"""The device's tiles and its periodic `device.health` event. Supervised by the app; the pages read it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from edge.ports import Clock, Ledger, Tile
from edge.services.faults import Faults
from sync.events import DeviceHealth


@dataclass(frozen=True, slots=True)
class Vitals:
    memory_mb: float
    disk_free_mb: float


class Device(Protocol):
    """What only the machine, the journal and the cameras know."""

    @property
    def refusing_why(self) -> str | None: ...  # why the journal takes nothing at present
    def vitals(self) -> Vitals: ...
    def backlog(self) -> int: ...  # events the city has not confirmed
    def cameras_live(self) -> int: ...


DISK_LOW_MB = 500.0  # MiB free; below, there is a fault `disk`, and `motcua doctor` says so too
Check = Callable[[], Awaitable[object]]


class HealthService:
    """`edge.ports.HealthDesk`. `checks` are asked at every beat and report to `faults` themselves."""

    def __init__(
        self,
        ledger: Ledger,
        faults: Faults,
        device: Device,
        clock: Clock,
        *,
        every_s: float = 60.0,
        checks: Sequence[Check] = (),
    ) -> None:
        self._ledger = ledger
        self._faults = faults
        self._device = device
        self._clock = clock
        self._every_s = every_s
        self._checks = tuple(checks)
        self._started_s = clock.monotonic()
        self._refusing_since: datetime | None = None

    def tiles(self) -> tuple[Tile, ...]:
        """The broken parts first. A journal that takes nothing cannot record that, so it is asked here."""
        why = self._device.refusing_why
        if why is None:
            self._refusing_since = None
            return self._faults.tiles()
        self._refusing_since = self._refusing_since or self._clock.now()
        return (Tile("journal", ok=False, since=self._refusing_since, why=why), *self._faults.tiles())

    def backlog(self) -> int:
        return self._device.backlog()

    async def run(self) -> None:
        while True:
            await self.beat()
            await asyncio.sleep(self._every_s)

    async def beat(self) -> None:
        """Ask every check and record one `device.health`."""
        for check in self._checks:
            await check()
        vitals = self._device.vitals()
        if vitals.disk_free_mb < DISK_LOW_MB:
            await self._faults.fault("disk", "low")
        else:
            await self._faults.recovered("disk")
        health = DeviceHealth(
            uptime_s=self._clock.monotonic() - self._started_s,
            memory_mb=round(vitals.memory_mb, 1),
            disk_free_mb=round(vitals.disk_free_mb, 1),
            backlog=self._device.backlog(),
            cameras_live=self._device.cameras_live(),
        )
        await self._ledger.record(health, grouped=True)
