"""What services and pages may ask for: Protocols and the values that cross them. Implemented by services and adapters."""

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, TypeVar

from edge.domain.chain import AlertState as AlertState  # noqa: PLC0414 - services and pages know it from here
from edge.domain.level import Level
from sync.events import Payload, Recorded

T = TypeVar("T")
Change = Callable[[sqlite3.Connection], Sequence[Payload]]


class Ledger(Protocol):
    """The journal: state and events in one SQLite transaction, one writer."""

    async def transact(self, change: Change, *, grouped: bool = False) -> tuple[Recorded, ...]:
        """Run `change` in a transaction, append the payloads it returns, return once durable.

        An exception of `change` rolls its transaction back and is raised here. `grouped` may wait up to 20 ms for company.
        `change` runs in the writer's thread: it may touch nothing but its connection.
        """

    async def record(self, *payloads: Payload, grouped: bool = False) -> tuple[Recorded, ...]:
        """Append without a state change."""

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a read-only query against the last committed state."""

    def follow(self) -> AsyncIterator[Recorded]:
        """Every event committed from now on, in order; a slow follower loses nothing (bounded by catching up from disk)."""


class Clock(Protocol):
    def now(self) -> datetime: ...  # aware, in the site's time zone
    def monotonic(self) -> float: ...  # seconds


# --- eyes: what the vision worker reports, as the services see it ---


@dataclass(frozen=True, slots=True)
class Face:
    """One face in the citizen's zone. `box` is x, y, w, h as shares of the frame; scores sum to 1 when usable."""

    track: int
    box: tuple[float, float, float, float]
    usable: bool
    why_not: str | None = None
    scores: dict[Level, float] = field(default_factory=dict)
    valence: float = 0.0
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What one frame showed. `at` is the frame's capture time on the agent's monotonic clock, seconds."""

    counter: str
    at: float
    faces: tuple[Face, ...]


class CameraState(StrEnum):
    OPENING = "opening"
    LIVE = "live"
    LOST = "lost"
    BLACK = "black"
    FROZEN = "frozen"
    CORRUPT = "corrupt"
    WORKER_DOWN = "worker_down"


@dataclass(frozen=True, slots=True)
class CameraChange:
    counter: str
    state: CameraState


class Eyes(Protocol):
    """The supervised vision worker of one counter."""

    def watch(self) -> AsyncIterator[Reading | CameraChange]: ...


# --- SMS, as the alert service sees it ---


class SmsStatus(StrEnum):
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SmsReport:
    ref: str
    status: SmsStatus


@dataclass(frozen=True, slots=True)
class SmsReply:
    """An incoming SMS. `key` identifies it for `done`; `sender` is E.164."""

    key: str
    sender: str
    text: str


class SmsRefused(Exception):
    """The transport will never take this message."""


class SmsUnavailable(Exception):
    """Not now: try again later with the same ref."""


class SmsPort(Protocol):
    async def submit(self, ref: str, to: str, text: str) -> None:
        """Hand over durably; the same `ref` twice is handed over once. Raise SmsRefused or SmsUnavailable."""

    async def take_back(self, ref: str) -> bool:
        """True: it was not sent yet, and never will be. False: it may be, also hours later. Raise SmsUnavailable."""

    def inbox(self) -> AsyncIterator[SmsReport | SmsReply]:
        """Reports and replies, each again until `done`."""

    async def done(self, item: SmsReport | SmsReply) -> None: ...


# --- desks: what the pages see and may do ---


class CounterPhase(StrEnum):
    EMPTY = "empty"  # nobody in the zone
    SETTLING = "settling"  # a face is there, its resting face is being learnt
    MEASURING = "measuring"
    UNREADABLE = "unreadable"  # somebody is there, but no usable reading for some seconds
    OPTED_OUT = "opted_out"
    CAMERA_FAULT = "camera_fault"


@dataclass(frozen=True, slots=True)
class NudgeNote:
    since: datetime
    level: Level
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CounterView:
    """One counter right now, for the officer's page and the tablet."""

    counter: str
    name: str
    unit: str
    phase: CounterPhase
    camera: CameraState
    visit: str | None = None
    visit_since: datetime | None = None
    level: Level | None = None
    reasons: tuple[str, ...] = ()
    nudge: NudgeNote | None = None
    rating: Level | None = None


class CounterDesk(Protocol):
    def counters(self) -> tuple[str, ...]: ...
    def view(self, counter: str) -> CounterView: ...
    def subscribe(self, callback: Callable[[CounterView], None]) -> Callable[[], None]:
        """Call `callback` on the loop at every change; the returned function unsubscribes."""

    async def rate(self, counter: str, level: Level) -> None: ...
    async def opt_out(self, counter: str) -> None:
        """Drop the present visit's readings at once and for good. Harmless when nobody is there."""


@dataclass(frozen=True, slots=True)
class AlertView:
    """`contacts` are (contact key, SMS status) in the order they were told. `alert` is the id people answer with."""

    alert: str
    counter: str
    counter_name: str
    unit: str
    raised: datetime
    since: datetime
    why: str
    level: Level
    reasons: tuple[str, ...]
    state: AlertState
    contacts: tuple[tuple[str, str], ...] = ()
    owner: str | None = None
    contested_by: str | None = None
    note: str | None = None


class NotThere(LookupError):
    """No such counter or alert (any more)."""


class AlertDesk(Protocol):
    async def recent(self, limit: int = 50, counter: str | None = None) -> tuple[AlertView, ...]: ...
    async def acknowledge(self, alert: str, by: str) -> AlertView:
        """Idempotent: a second acknowledgement leaves the first owner. Raise NotThere."""

    async def contest(self, alert: str, by: str, role: str, note: str) -> AlertView: ...
    def subscribe(self, callback: Callable[[AlertView], None]) -> Callable[[], None]: ...


@dataclass(frozen=True, slots=True)
class Distribution:
    """Visits of a day or an hour. `camera` and `ratings` are counted side by side, never mixed."""

    camera: dict[Level, int]
    ratings: dict[Level, int]
    not_enough: int
    dropped: int

    @property
    def scored(self) -> int:
        return sum(self.camera.values())


@dataclass(frozen=True, slots=True)
class HourRow:
    counter: str
    hour: int
    distribution: Distribution
    alerts: int  # contested ones are kept apart
    contested: int


@dataclass(frozen=True, slots=True)
class Agreement:
    """Visits that have both a camera level and a pressed rating. `same` = same side of neutral (-, 0, +)."""

    both: int
    same: int
    table: dict[tuple[Level, Level], int]  # (camera, rating) -> visits


class Statistics(Protocol):
    async def day(self, day: date, counter: str | None = None) -> Distribution: ...
    async def hours(self, day: date) -> tuple[HourRow, ...]: ...
    async def agreement(self, since: date, until: date) -> Agreement: ...


@dataclass(frozen=True, slots=True)
class Tile:
    """One part of the device on the health strip. `why` is the short key of a sentence under `page.fault`."""

    part: str
    ok: bool
    since: datetime
    why: str | None = None


class HealthDesk(Protocol):
    def tiles(self) -> tuple[Tile, ...]: ...
    def backlog(self) -> int: ...  # events the city has not confirmed
