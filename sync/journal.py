"""The journal: state and events in one SQLite transaction, hash-chained and signed. The agent's only queue and memory.

`await Journal.open(...)`, then `transact`, `record`, `read`, `follow`; `await close()` at the end.
"""

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from sync.chain import Head, WallClock, site_time, source_of
from sync.damage import naming_damage
from sync.errors import JournalClosed, JournalError
from sync.events import Payload, Recorded
from sync.follow import Commits, Follower, read_after
from sync.jobs import Cadence, Change, Job
from sync.marks import (
    Again,
    Marks,
    Receipt,
    ReceiptOutcome,
    ask_again,
    read_again,
    read_marks,
    sent_again,
    take_receipt,
)
from sync.opening import Parts, Readers, Settings
from sync.retention import Pruned, Pruner, Retention, Swept
from sync.schema import JOURNAL_FILE, truncate_log

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose journal this is; `boot` differs at every opening."""

    site: str
    device: str
    source: str
    public_key: str
    boot: str


class Journal:
    """One device's journal. Use from one event loop; see the module's first lines."""

    def __init__(self, data_dir: Path, identity: Identity, parts: Parts) -> None:
        """Use `open`: this only puts the parts together."""
        self.data_dir = data_dir
        self.identity = identity
        self._loop = asyncio.get_running_loop()
        self._parts = parts
        self._head = parts.chain.head
        self._marks = read_marks(parts.connection)
        self._again = read_again(parts.connection)
        self._commits = Commits(self._head.seq)
        self._readers = Readers(data_dir / JOURNAL_FILE)
        self._listeners: list[Callable[[], None]] = []
        self._is_closing = False
        self._writer = parts.writer(identity.boot, self._from_writer)

    @classmethod
    async def open(
        cls,
        data_dir: Path,
        *,
        site: str,
        device: str,
        migrations: Sequence[str] = (),
        clock: WallClock = site_time,
        retention: Retention | None = None,
        cadence: Cadence | None = None,
    ) -> Self:
        """Open or make the journal of this device. Each migration is a SQL script whose first line names it (`-- 001 alerts`).

        Raise JournalBusy when another process has it, JournalUnusable when it is damaged or another device's.
        """
        source = source_of(site, device)
        parts = Parts.open(
            data_dir, Settings(source, migrations, clock, retention or Retention(), cadence or Cadence())
        )
        identity = Identity(site, device, source, parts.key.public, os.urandom(8).hex())
        with ExitStack() as undo, naming_damage(data_dir / JOURNAL_FILE):
            undo.callback(parts.release)
            journal = cls(data_dir, identity, parts)
            undo.pop_all()
        journal._writer.start()
        return journal

    async def close(self) -> None:
        """Write what was accepted, sign the end, release the file. Harmless when repeated."""
        if self._is_closing:
            return
        self._is_closing = True
        await asyncio.to_thread(self._writer.close)  # its last word arrives on the loop before this returns
        self._commits.close()
        self._tell()
        await asyncio.to_thread(self._release)

    def _release(self) -> None:
        self._readers.close()  # first: the last connection to close empties the write-ahead log, and readers may not write
        self._parts.release()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def transact(self, change: Change, *, grouped: bool = False) -> tuple[Recorded, ...]:
        """Run `change` in a transaction, append the payloads it returns, return once durable.

        What `change` raises rolls its own part back and is raised here; its neighbours are not harmed. `grouped` may wait
        up to 20 ms for company. `change` runs in the writer's thread. Raise JournalFull, JournalUnusable, JournalClosed.
        A cancelled caller may find its change committed.
        """
        return await self._submit(Job(self._loop.create_future(), change=change, grouped=grouped))

    async def record(self, *payloads: Payload, grouped: bool = False) -> tuple[Recorded, ...]:
        """Append without a state change; several payloads are one transaction. Raise as `transact`."""
        return await self._submit(Job(self._loop.create_future(), payloads=payloads, grouped=grouped))

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query on a read-only connection, in another thread, against one committed state. Raise JournalDamaged."""
        if self._is_closing:
            raise JournalClosed("the journal is closed")
        return await self._readers.run(query)

    def follow(self, after: int | None = None) -> Follower:
        """Every event committed from now on (or behind seq `after`), in order; a slow follower loses nothing."""
        seq = self._commits.committed if after is None else after
        return Follower(self._commits, seq, self._page)

    async def _page(self, seq: int) -> list[Recorded]:
        return await self._readers.run(partial(read_after, seq=seq))

    @property
    def path(self) -> Path:
        return self.data_dir / JOURNAL_FILE

    @property
    def head(self) -> Head:
        """The last committed event."""
        return self._head

    @property
    def marks(self) -> Marks:
        """How far the broker and the city have confirmed."""
        return self._marks

    @property
    def again(self) -> Again | None:
        """What was ordered to go up once more and is not up yet."""
        return self._again

    @property
    def backlog(self) -> int:
        """How many events the city has not confirmed."""
        return self._head.seq - self._marks.city

    @property
    def refusal(self) -> JournalError | None:
        """Why the last attempt to write failed: JournalFull for a full disk, JournalUnusable for a failing one. None: it did not."""
        return self._writer.refusal

    def on_commit(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` on the loop behind every commit; the returned function unsubscribes."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    async def mark_broker(self, seq: int) -> None:
        """The broker has everything up to `seq` (PUBACK). Lost on a crash at worst a moment's worth, which is sent again."""
        self._marks = await self._ask(lambda connection: Marks.advance(connection, broker=seq), grouped=True)

    async def mark_city(self, receipt: Receipt) -> ReceiptOutcome:
        """Take the city's receipt; only a matching head moves the watermark that lets events be deleted."""
        outcome = await self._ask(lambda connection: take_receipt(connection, receipt))
        self._marks = await self.read(read_marks)
        return outcome

    async def ask_again(self, seq: int) -> Again:
        """Everything behind `seq` shall go up once more; kept until `sent_again`, over stops too."""
        self._again = again = await self._ask(partial(ask_again, seq=seq))
        return again

    async def sent_again(self, done: Again) -> None:
        self._again = await self._ask(partial(sent_again, done=done), grouped=True)

    async def prune(self) -> Pruned:
        """Delete what the city has and whose retention time is over, in small transactions."""
        total, after = Pruned(), 0
        while True:
            now_ms = round(self._parts.settings.clock().timestamp() * 1000)
            swept = await self._ask(partial(_expire, self._parts.pruner, now_ms, after), grouped=True)
            total.add(swept.pruned)
            if swept.is_last:
                return total
            after = swept.upto

    async def forget_log(self) -> bool:
        """Behind a deletion that must leave no trace: older versions of a page are in the write-ahead log until it is cut.

        False: somebody was reading all the time; ask again later.
        """
        return await asyncio.to_thread(truncate_log, self.path)

    async def _ask(self, change: Callable[[sqlite3.Connection], T], *, grouped: bool = False) -> T:
        """Run a change of the journal's own tables that appends no event, and return what it returned."""
        answers: list[T] = []

        def without_event(connection: sqlite3.Connection) -> Sequence[Payload]:
            answers.append(change(connection))
            return ()

        await self.transact(without_event, grouped=grouped)
        return answers[-1]

    async def _submit(self, job: Job) -> tuple[Recorded, ...]:
        if self._is_closing:
            raise JournalClosed("the journal is closed")
        self._writer.submit(job)
        return await job.future

    def _from_writer(self, batch: Sequence[Job], recorded: Sequence[Recorded], head: Head) -> None:
        """Called in the writer's thread after each transaction."""
        try:
            self._loop.call_soon_threadsafe(self._committed, batch, recorded, head)
        except RuntimeError:  # the loop is gone, and with it everybody who could be told; the events are on the disk
            _log.warning("journal.loop_gone")

    def _committed(self, batch: Sequence[Job], recorded: Sequence[Recorded], head: Head) -> None:
        self._head = head
        self._commits.add(recorded)
        for job in batch:
            job.settle()
        if recorded:
            self._tell()

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()


def _expire(pruner: Pruner, now_ms: int, after: int, _: sqlite3.Connection) -> Swept:
    return pruner.expire(now_ms, after)
