"""`SmsdChannel`: SMS through smstools' spool, for the agent. smsd itself runs beside us and survives our crash."""

import asyncio
from collections.abc import AsyncIterator
from time import monotonic

from devices.sms.channel import ChannelHealth, Outgoing, Update
from devices.sms.follow import Follower
from devices.sms.smsd_spool import SmsdSpool

PURGE_EVERY_S = 3600.0


class SmsdChannel:
    """An `SmsChannel` over one spool. Polling: no inotify, so it works on any file system."""

    def __init__(self, spool: SmsdSpool, *, poll_s: float = 1.0) -> None:
        self._spool = spool
        self._follower = Follower(self._pending, poll_s)
        self._lock = asyncio.Lock()
        self._purged_at = -PURGE_EVERY_S

    async def submit(self, sms: Outgoing) -> None:
        """See SmsChannel."""
        async with self._lock:
            await asyncio.to_thread(self._spool.put, sms)

    async def take_back(self, ref: str) -> bool:
        """See SmsChannel."""
        async with self._lock:
            return await asyncio.to_thread(self._spool.take_back, ref)

    def updates(self) -> AsyncIterator[Update]:
        """See SmsChannel."""
        return self._follower.updates()

    async def acknowledge(self, update: Update) -> None:
        """See SmsChannel."""
        async with self._lock:
            await asyncio.to_thread(self._spool.acknowledge, update)
        self._follower.acknowledged(update)

    async def health(self) -> ChannelHealth:
        """See SmsChannel."""
        return await asyncio.to_thread(self._spool.health)

    async def close(self) -> None:
        """Nothing is open."""

    async def _pending(self) -> list[Update]:
        async with self._lock:
            if monotonic() - self._purged_at > PURGE_EVERY_S:
                await asyncio.to_thread(self._spool.purge)
                self._purged_at = monotonic()
            return await asyncio.to_thread(self._spool.pending)
