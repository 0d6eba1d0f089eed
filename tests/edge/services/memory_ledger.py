"""A ledger in memory, for tests that play thousands of frames: the tables are real, the disk is not."""

import sqlite3
import weakref
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import TypeVar

from edge.ports import Change
from edge.store.migrations import scripts
from sync.errors import JournalFull
from sync.events import Payload, Recorded

T = TypeVar("T")


class LedgerFull(JournalFull):
    """The disk takes nothing more for now."""


class MemoryLedger:
    """`edge.ports.Ledger` without durability."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._connection.close)  # Python 3.13 minds a connection that nobody closed
        for script in scripts():
            self._connection.executescript(script)
        self._now = now
        self.events: list[Payload] = []
        self.is_full = False

    async def transact(self, change: Change, *, grouped: bool = False) -> tuple[Recorded, ...]:
        self._refuse()
        self._connection.execute("BEGIN")
        try:
            payloads = change(self._connection)
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
        return await self.record(*payloads)

    async def record(self, *payloads: Payload, grouped: bool = False) -> tuple[Recorded, ...]:
        self._refuse()
        first = len(self.events) + 1
        self.events += payloads
        return tuple(Recorded(seq=seq, time=self._now(), payload=one) for seq, one in enumerate(payloads, first))

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return query(self._connection)

    async def follow(self) -> AsyncIterator[Recorded]:
        raise NotImplementedError
        yield

    def _refuse(self) -> None:
        if self.is_full:
            raise LedgerFull

    def close(self) -> None:
        self._connection.close()
