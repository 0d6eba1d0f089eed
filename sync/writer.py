"""The one thread that writes the journal: groups changes into transactions and links their events to the chain.

Only `sync.journal` uses it. A change runs here, in this thread, and may touch nothing but the connection it is given.
"""

import contextlib
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence

from sync.chain import Chain, Head, Row
from sync.checkpoint import make_checkpoint
from sync.damage import is_damage
from sync.errors import JournalError
from sync.events import Keep, LedgerCheckpoint, Payload, Recorded
from sync.jobs import Batch, Change, Job, Signer, is_full, named, over_bound
from sync.retention import Pruner
from sync.schema import WriterConnection

GROUP_WAIT_S = 0.020  # a group is written when its first event has waited this long, or when it is ripe
MAX_JOBS = 1_000  # in one transaction, so that nobody waits for ever behind a flood
_log = logging.getLogger(__name__)
_BEGIN, _COMMIT, _ROLLBACK = "BEGIN IMMEDIATE -- journal", "COMMIT -- journal", "ROLLBACK -- journal"
_INSERT = "INSERT INTO events VALUES (?, ?, ?, ?, ?)"
_HEAD = "INSERT INTO ledger_head VALUES (1, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq, hash = excluded.hash"


Deliver = Callable[[Sequence[Job], Sequence[Recorded], Head], None]


class Writer:
    """Owns the connection and the chain. `submit` from any thread; `deliver` is called in the writer's thread."""

    def __init__(
        self, connection: WriterConnection, chain: Chain, signer: Signer, pruner: Pruner, deliver: Deliver
    ) -> None:
        self.refusal: JournalError | None = None  # why the disk does not take anything at present
        self._connection = connection
        self._chain = chain
        self._signer = signer
        self._pruner = pruner
        self._deliver = deliver
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()  # one a waiting caller; none is ever dropped
        self._unsigned = 0  # events behind the last checkpoint
        self._due_at = 0.0
        self._is_over_bound = pruner.is_over_bound()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def submit(self, job: Job) -> None:
        self._jobs.put(job)

    def close(self) -> None:
        """Write what was submitted, sign the end, stop. Blocks until done."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while not self._closing:
            batch = self._gather()
            self._write(batch.jobs, is_last=self._closing)

    # --- gathering ---

    def _gather(self) -> Batch:
        """The next batch; empty when a checkpoint is due or the journal closes."""
        batch = Batch()
        if not self._take(batch, self._until_due()):
            return batch
        deadline = time.monotonic() + GROUP_WAIT_S
        while len(batch.jobs) < MAX_JOBS:
            if not self._take(batch, 0.0 if batch.is_ripe else max(0.0, deadline - time.monotonic())):
                break
        return batch

    def _take(self, batch: Batch, wait_s: float | None) -> bool:
        """One more job into `batch`; False when none came in time or the journal closes."""
        try:
            job = self._jobs.get(timeout=wait_s) if wait_s != 0.0 else self._jobs.get_nowait()
        except queue.Empty:
            return False
        if job is None:
            self._closing = True
            return False
        batch.add(job)
        return True

    def _until_due(self) -> float | None:
        return max(0.0, self._due_at - time.monotonic()) if self._unsigned else None

    # --- writing ---

    def _write(self, batch: list[Job], *, is_last: bool) -> None:
        before, unsigned, clear = self._chain.head, self._unsigned, self._pruner.clear
        recorded: list[Recorded] = []
        try:
            self._connection.execute(_BEGIN)
            recorded = self._fill(batch, is_last=is_last)
            self._connection.execute(_COMMIT)
        except Exception as error:  # noqa: BLE001 - this thread's last resort: without it every caller would wait for ever
            self._undo(batch, error)
            self._chain.head, self._unsigned, recorded = before, unsigned, []
            self._pruner.clear = clear
            self._due_at = time.monotonic() + self._signer.cadence.after_s
        else:
            self._works_again()
        self._deliver(batch, recorded, self._chain.head)

    def _fill(self, batch: list[Job], *, is_last: bool) -> list[Recorded]:
        recorded: list[Recorded] = []
        rows: list[Row] = []
        if self._is_over_bound:
            self._keep_within_bound()
        for job in batch:
            rows += self._perform(job, rows)
            recorded += job.recorded
        self._count(len(recorded))
        checkpoint = self._checkpoint(is_last=is_last)
        if checkpoint:
            more, told = self._chain.extend([checkpoint])
            rows += more
            recorded += told
        self._flush(rows)
        if recorded:
            self._connection.execute(_HEAD, (self._chain.head.seq, self._chain.head.hash))
        if checkpoint:
            self._keep_within_bound()
        return recorded

    def _perform(self, job: Job, pending: list[Row]) -> list[Row]:
        """The rows still to be inserted for this job; those of jobs with a change are inserted at once."""
        if job.change is None:
            return self._link(job)
        self._flush(pending)
        self._change(job, job.change)
        return []

    def _link(self, job: Job) -> list[Row]:
        if not self._is_admitted(job.payloads):
            job.error = over_bound()
            return []
        try:
            rows, job.recorded = self._chain.extend(job.payloads)
        except Exception as error:  # noqa: BLE001 - whatever a payload raises belongs to its caller, not to its neighbours
            job.error = error
            return []
        return rows

    def _change(self, job: Job, change: Change) -> None:
        head, clear = self._chain.head, self._pruner.clear
        self._connection.execute("SAVEPOINT change")
        try:
            job.recorded = self._run_change(change)
        except BaseException as error:  # noqa: BLE001 - whatever a change raises belongs to its caller, not to this thread
            self._chain.head, self._pruner.clear = head, clear
            job.error = named(error) if is_damage(error) else error
            self._back_to_savepoint(error)
        self._connection.execute("RELEASE change")

    def _run_change(self, change: Change) -> list[Recorded]:
        self._connection.is_in_change = True
        try:
            payloads = change(self._connection)
        finally:
            self._connection.is_in_change = False
        if not self._is_admitted(payloads):
            raise over_bound()
        rows, recorded = self._chain.extend(payloads)
        self._connection.executemany(_INSERT, rows)
        return recorded

    def _back_to_savepoint(self, error: BaseException) -> None:
        if not self._connection.in_transaction:  # SQLite rolled everything back by itself: a full disk does that
            raise sqlite3.OperationalError("the transaction ended early") from error
        self._connection.execute("ROLLBACK TO change")
        if is_full(error):
            raise error  # the neighbours would meet the same full disk: refuse them alike

    def _flush(self, rows: list[Row]) -> None:
        if rows:
            self._connection.executemany(_INSERT, rows)
            rows.clear()

    def _count(self, events: int) -> None:
        if events and not self._unsigned:
            self._due_at = time.monotonic() + self._signer.cadence.after_s
        self._unsigned += events

    def _checkpoint(self, *, is_last: bool) -> LedgerCheckpoint | None:
        if not self._unsigned:
            return None
        is_due = is_last or self._unsigned >= self._signer.cadence.every or time.monotonic() >= self._due_at
        if not is_due:
            return None
        self._unsigned = 0
        return make_checkpoint(self._signer.key, self._chain.source, self._signer.boot, self._chain.head)

    # --- bounds and failures ---

    def _is_admitted(self, payloads: Sequence[Payload]) -> bool:
        """Nothing is refused for want of room before the journal has been looked through for it."""
        has_no_room = self._is_over_bound and not self._pruner.is_looking
        return not has_no_room or any(payload.KEEP is Keep.PROOF for payload in payloads) or not payloads

    def _keep_within_bound(self) -> None:
        self._is_over_bound = self._pruner.is_over_bound()
        if self._is_over_bound:
            self._pruner.relieve()
            self._is_over_bound = self._pruner.is_over_bound()

    def _undo(self, batch: Sequence[Job], cause: Exception) -> None:
        if self._connection.in_transaction:
            self._connection.execute(_ROLLBACK)
        refusal = named(cause)
        was_refusing, self.refusal = self.refusal is not None, refusal
        if not was_refusing:
            _log.error("journal.refusing", extra={"why": str(refusal)})
            self._give_back_space()
        for job in batch:
            job.recorded = []
            job.error = job.error if job.error and not is_full(job.error) else refusal

    def _works_again(self) -> None:
        if self.refusal is not None:
            self.refusal = None
            _log.warning("journal.works_again")

    def _give_back_space(self) -> None:
        """Fold the write-ahead log into the file: it holds several versions of a page, so that may be room enough."""
        with contextlib.suppress(sqlite3.Error):  # a disk so full that even this fails leaves everything as it was
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
