"""Runs the purge on schedule and tells when it did not: the part `retention` turns red. Supervised by the app."""

import asyncio
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping, Sequence

from edge.domain.retention import RetentionRules, cutoffs, is_due, is_late
from edge.ports import Clock, Ledger
from edge.services.faults import Faults
from edge.store import purge
from sync.events import Payload, PrivacyPurged

log = logging.getLogger(__name__)

PART = "retention"


class RetentionService:
    """`run` works for ever; `step` is one look at the clock."""

    def __init__(
        self,
        ledger: Ledger,
        faults: Faults,
        clock: Clock,
        rules: RetentionRules,
        poll_s: float = 60.0,
        *,
        also: Mapping[str, Callable[[], Awaitable[int]]] | None = None,
    ) -> None:
        """`also`: what deletes its own and tells it, by kind; each says how many rows went."""
        self._ledger = ledger
        self._faults = faults
        self._clock = clock
        self._rules = rules
        self._poll_s = poll_s
        self._also = also or {}
        self._started_s = clock.now().timestamp()

    async def run(self) -> None:
        while True:
            await self.step()
            await asyncio.sleep(self._poll_s)

    async def step(self) -> None:
        last_s = await self._ledger.read(purge.last_run)
        if is_due(last_s, self._clock.now().timestamp(), self._rules):
            await self.purge()
        await self.check()

    async def purge(self) -> dict[str, int]:
        """Delete now what is too old; the rows that went, by kind."""
        now = self._clock.now()
        gone = {kind: await delete() for kind, delete in self._also.items()}

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            gone.update(purge.purge(connection, cutoffs(now.timestamp(), self._rules), now))
            return (PrivacyPurged(rows=gone),)

        await self._ledger.transact(change)
        log.info("retention: %s", " ".join(f"{kind}={rows}" for kind, rows in gone.items()))
        return gone

    async def check(self) -> bool:
        """The health check, for whoever suspects that `run` does not run: it reads the tables, not this object."""
        last_s = await self._ledger.read(purge.last_run)
        is_healthy = not is_late(last_s or self._started_s, self._clock.now().timestamp(), self._rules)
        if is_healthy:
            await self._faults.recovered(PART)
        else:
            await self._faults.fault(PART, "not_run")
        return is_healthy
