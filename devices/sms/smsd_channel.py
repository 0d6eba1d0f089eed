"""`SmsdChannel`: SMS through smstools' spool, for the agent. smsd itself runs beside us and survives our crash."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

from devices.sms.channel import ChannelHealth, Outgoing, Update
from devices.sms.smsd_spool import SmsdSpool

PURGE_EVERY_S = 3600.0


class SmsdChannel:
    """An `SmsChannel` over one spool. Polling: no inotify, so it works on any file system."""

    def __init__(self, spool: SmsdSpool, *, poll_s: float = 1.0) -> None:
        self._spool = spool
        self._poll_s = poll_s
        self._lock = asyncio.Lock()
        self._given: set[str] = set()

    async def submit(self, sms: Outgoing) -> None:
        """See SmsChannel."""
        async with self._lock:
            await asyncio.to_thread(self._spool.put, sms)

    async def updates(self) -> AsyncIterator[Update]:
        """See SmsChannel. Raises SmsUnavailable when the spool cannot be read; call it again later."""
        self._given.clear()
        purged_at = -PURGE_EVERY_S
        while True:
            if monotonic() - purged_at > PURGE_EVERY_S:
                await self._run_purge()
                purged_at = monotonic()
            for update in await self._fresh():
                self._given.add(update.update_id)
                yield update
            await asyncio.sleep(self._poll_s)

    async def acknowledge(self, update: Update) -> None:
        """See SmsChannel."""
        async with self._lock:
            await asyncio.to_thread(self._spool.acknowledge, update)
        self._given.discard(update.update_id)

    async def health(self) -> ChannelHealth:
        """See SmsChannel."""
        return await asyncio.to_thread(self._spool.health)

    async def close(self) -> None:
        """Nothing is open."""

    async def _fresh(self) -> list[Update]:
        async with self._lock:
            pending = await asyncio.to_thread(self._spool.pending)
        return [update for update in pending if update.update_id not in self._given]

    async def _run_purge(self) -> None:
        async with self._lock:
            await asyncio.to_thread(self._spool.purge)
