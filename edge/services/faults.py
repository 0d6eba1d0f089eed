"""What is broken on this device: each loss and each return told once, over restarts too. Every service may report to it."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

from edge.ports import Clock, Ledger, Tile
from edge.store import faults as table
from sync.events import DeviceFault, DeviceRecovered, Payload

log = logging.getLogger(__name__)


class Faults:
    """`load` first. `why` is the short key of a sentence under `page.fault`."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock
        self._lock = asyncio.Lock()
        self._broken: dict[str, tuple[str, float]] = {}
        self._calm_since: dict[str, datetime] = {}

    async def load(self) -> None:
        """Take over what was broken when the agent last stopped."""
        self._broken = await self._ledger.read(table.load)

    async def fault(self, part: str, why: str) -> None:
        """`part` as in `camera/quay-01`. Nothing happens when this is known already."""
        async with self._lock:
            known = self._broken.get(part)
            if known is not None and known[0] == why:
                return
            since_s = known[1] if known else self._clock.now().timestamp()

            def change(connection: sqlite3.Connection) -> Sequence[Payload]:
                table.save(connection, part, why, since_s)
                return (DeviceFault(part=part, why=why),)

            log.warning("%s is broken: %s", part, why)
            await self._ledger.transact(change)
            self._broken[part] = (why, since_s)

    async def recovered(self, part: str) -> None:
        """Nothing happens when the part was not broken."""
        async with self._lock:
            known, now = self._broken.get(part), self._clock.now()
            if known is None:
                self._calm_since.setdefault(part, now)
                return
            after_s = max(0.0, now.timestamp() - known[1])

            def change(connection: sqlite3.Connection) -> Sequence[Payload]:
                table.clear(connection, part)
                return (DeviceRecovered(part=part, after_s=after_s),)

            log.warning("%s works again after %.0f s", part, after_s)
            await self._ledger.transact(change)
            self._broken.pop(part)
            self._calm_since[part] = now

    async def close_absent(self, is_here: Callable[[str], bool]) -> None:
        """A part that was taken out of the configuration has nobody left to say that it works again."""
        for part in [part for part in self._broken if not is_here(part)]:
            await self.recovered(part)
            self._calm_since.pop(part, None)

    def why(self, part: str) -> str | None:
        """What is wrong with it; None when nothing is."""
        known = self._broken.get(part)
        return None if known is None else known[0]

    def tiles(self) -> tuple[Tile, ...]:
        """The broken parts first, then those known to work, each in the order of their names."""
        zone = self._clock.now().tzinfo
        broken = [
            Tile(part, ok=False, since=datetime.fromtimestamp(since_s, zone), why=why)
            for part, (why, since_s) in sorted(self._broken.items())
        ]
        calm = [
            Tile(part, ok=True, since=since)
            for part, since in sorted(self._calm_since.items())
            if part not in self._broken
        ]
        return (*broken, *calm)
