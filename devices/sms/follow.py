"""The walk over updates that every channel shares: each once a walk, through losses, until acknowledged."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from devices.sms.channel import SmsUnavailable, Update

_log = logging.getLogger(__name__)


class Follower:
    """`read` gives everything not acknowledged; while it raises SmsUnavailable the walk waits and says so once."""

    def __init__(self, read: Callable[[], Awaitable[Sequence[Update]]], poll_s: float) -> None:
        self._read = read
        self._poll_s = poll_s
        self._given: set[str] = set()
        self._is_lost = False

    async def updates(self) -> AsyncIterator[Update]:
        """See SmsChannel."""
        self._given.clear()
        while True:
            for update in await self._fresh():
                self._given.add(update.update_id)
                yield update
            await asyncio.sleep(self._poll_s)

    def acknowledged(self, update: Update) -> None:
        """The channel has noted it; should the same thing happen again, it is news again."""
        self._given.discard(update.update_id)

    async def _fresh(self) -> list[Update]:
        try:
            pending = await self._read()
        except SmsUnavailable:
            self._tell(lost=True)
            return []
        self._tell(lost=False)
        return [update for update in pending if update.update_id not in self._given]

    def _tell(self, *, lost: bool) -> None:
        if lost is not self._is_lost:
            _log.log(logging.WARNING if lost else logging.INFO, "sms.updates_lost" if lost else "sms.updates_back")
        self._is_lost = lost
