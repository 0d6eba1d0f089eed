"""Following the journal: everything committed, in order, from memory when fast and from disk when slow.

The journal makes followers; they hold nothing but their position, so a forgotten one costs nothing.
"""

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from itertools import islice

import msgspec

from sync.events import Event, Recorded

RECENT = 2_048  # events kept in memory for followers
_PAGE = 500

_decoder = msgspec.json.Decoder(Event)
ReadAfter = Callable[[int], Awaitable[Sequence[Recorded]]]


class Commits:
    """What was committed lately. Lives on the loop."""

    def __init__(self, committed: int) -> None:
        self.committed = committed
        self.is_closed = False
        self._recent: deque[Recorded] = deque(maxlen=RECENT)
        self._tick = asyncio.Event()

    def add(self, recorded: Sequence[Recorded]) -> None:
        if recorded:
            self._recent.extend(recorded)
            self.committed = recorded[-1].seq
            self._wake()

    def close(self) -> None:
        self.is_closed = True
        self._wake()

    def after(self, seq: int) -> list[Recorded] | None:
        """What follows `seq`, or None when memory does not reach back that far."""
        if seq >= self.committed:
            return []
        first = self._recent[0].seq if self._recent else self.committed + 1
        return list(islice(self._recent, seq + 1 - first, None)) if first <= seq + 1 else None

    async def beyond(self, seq: int) -> bool:
        """Wait until something follows `seq`; False when nothing ever will."""
        while self.committed <= seq:
            if self.is_closed:
                return False
            await self._tick.wait()
        return True

    def _wake(self) -> None:
        tick, self._tick = self._tick, asyncio.Event()
        tick.set()


class Follower(AsyncIterator[Recorded]):
    """Yields every event behind `seq`; ends when the journal closes and all was yielded."""

    def __init__(self, commits: Commits, seq: int, read_after: ReadAfter) -> None:
        self._commits = commits
        self._seq = seq
        self._read_after = read_after
        self._ahead: deque[Recorded] = deque()

    async def __anext__(self) -> Recorded:
        while not self._ahead:
            if not await self._commits.beyond(self._seq):
                raise StopAsyncIteration
            in_memory = self._commits.after(self._seq)
            self._ahead.extend(await self._read_after(self._seq) if in_memory is None else in_memory)
        recorded = self._ahead.popleft()
        self._seq = recorded.seq
        return recorded


def read_after(connection: sqlite3.Connection, seq: int) -> list[Recorded]:
    """The next events behind `seq` from the disk, at most a page."""
    bodies = connection.execute("SELECT body FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (seq, _PAGE))
    return [recorded_of(body) for (body,) in bodies]


def recorded_of(body: bytes) -> Recorded:
    """Raise UnknownEventType or msgspec.ValidationError for bytes that this version cannot read."""
    event = _decoder.decode(body)
    return Recorded(seq=event.seq, time=event.time, payload=event.payload())
