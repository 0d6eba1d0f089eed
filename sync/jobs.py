"""What the writer works on: requests, batches of them, and the names of its refusals. The journal and its writer use it."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sync.errors import JournalError, JournalFull, JournalUnusable
from sync.events import Payload, Recorded
from sync.keys import DeviceKey

GROUP_EVENTS = 10  # a batch of grouped requests waits for no more company from here on
_SQLITE_FULL = 13

Change = Callable[[sqlite3.Connection], Sequence[Payload]]


@dataclass(slots=True)
class Job:
    """One request: a change of state, or payloads alone; and what became of it."""

    future: asyncio.Future[tuple[Recorded, ...]]
    change: Change | None = None
    payloads: Sequence[Payload] = ()
    grouped: bool = False
    recorded: list[Recorded] = field(default_factory=list)
    error: BaseException | None = None

    def settle(self) -> None:
        """Tell the caller. On the loop only; a caller that went away in the meantime is not told."""
        if self.future.done():
            return
        if self.error:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(tuple(self.recorded))


@dataclass(frozen=True, slots=True)
class Cadence:
    """When a checkpoint is due: after so many events, or so long after the first unsigned one."""

    every: int = 100
    after_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs the checkpoints, and when."""

    key: DeviceKey
    boot: str
    cadence: Cadence


class Batch:
    """What goes into one transaction. Ripe: no longer waiting for company."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.is_ripe = False
        self._events = 0

    def add(self, job: Job) -> None:
        self.jobs.append(job)
        self._events += max(1, len(job.payloads))
        self.is_ripe = self.is_ripe or not job.grouped or self._events >= GROUP_EVENTS


def is_full(error: BaseException | None) -> bool:
    """Whether SQLite found the disk full."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF == _SQLITE_FULL


def named(error: BaseException) -> JournalError:
    """A failed transaction by this package's name."""
    if is_full(error) or is_full(error.__cause__):
        refusal: JournalError = JournalFull("the disk is full: nothing of this request was kept")
    else:
        refusal = JournalUnusable(f"the journal's disk or file failed: {error}")
    refusal.__cause__ = error
    return refusal


def over_bound() -> JournalFull:
    """The refusal of what the size bound keeps out."""
    return JournalFull("the journal has reached its size bound and the city has not confirmed enough to make room")
