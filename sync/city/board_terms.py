"""What the board shows, as values in the database's own terms: sources, milliseconds, the events' words. For whoever draws pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class Scope:
    """Which part of the city, and which days (both included, in Vietnam's time). `sites` None: all of it."""

    first: date
    last: date
    sites: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class StreamFault:
    """What is wrong with a device's chain. `kind` is a FaultKind's value; `closed_ms` None while it is open."""

    kind: str
    seq: int | None
    seconds: float | None
    since_ms: int
    last_ms: int
    times: int
    closed_ms: int | None = None
    closed_by: str | None = None


@dataclass(frozen=True, slots=True)
class PartFault:
    """What the device itself says is broken."""

    part: str
    why: str | None
    since_ms: int | None


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device now. Whatever the city was never told is None; `backlog` is what the device last said, at `health_ms`."""

    source: str
    site: str
    device: str
    is_online: bool | None = None
    since_ms: int | None = None
    events: int = 0
    signed_upto: int = 0
    last_event_ms: int | None = None
    last_taken_ms: int | None = None
    told_ms: int | None = None
    version: str | None = None
    stations: tuple[str, ...] = ()
    started_ms: int | None = None
    health_ms: int | None = None
    memory_mb: float | None = None
    disk_free_mb: float | None = None
    backlog: int | None = None
    is_revoked: bool = False
    certificate_ends_ms: int | None = None
    faults: tuple[StreamFault, ...] = ()
    parts: tuple[PartFault, ...] = ()
    quarantined: int = 0


@dataclass(frozen=True, slots=True)
class AlertRow:
    """`is_confirmed` False: known by an urgent copy only, whose place in the chain has not come yet."""

    source: str
    site: str
    alert: str
    counter: str | None
    unit: str | None
    why: str | None
    level: str | None
    since_ms: int | None
    raised_ms: int
    sms: str | None
    acknowledged_ms: int | None
    closed_ms: int | None
    contested_ms: int | None
    is_confirmed: bool = True


@dataclass(frozen=True, slots=True)
class Fleet:
    """One moment's picture. `strangers`: senders with an open fault whom the city does not know."""

    at_ms: int
    devices: tuple[DeviceRow, ...]
    alerts: tuple[AlertRow, ...]
    strangers: int


@dataclass(frozen=True, slots=True)
class QuarantineRow:
    why: str
    seq: int | None
    size: int
    first_ms: int
    last_ms: int
    times: int


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One of a device's histories; a retired one was ended by a person."""

    generation: int
    events: int
    signed_upto: int
    last_taken_ms: int | None
    retired_ms: int | None
    retired_by: str | None


@dataclass(frozen=True, slots=True)
class DeviceFile:
    """Everything about one device: beside what it is now, what it was."""

    row: DeviceRow
    faults: tuple[StreamFault, ...]
    quarantine: tuple[QuarantineRow, ...]
    histories: tuple[HistoryRow, ...]


@dataclass(frozen=True, slots=True)
class SatisfactionRow:
    """Visits of one counter in one hour of the day. Camera and ratings stand side by side and are never added up."""

    site: str
    counter: str
    hour: int
    camera: dict[str, int] = field(default_factory=dict)
    ratings: dict[str, int] = field(default_factory=dict)
    not_enough: int = 0
    dropped: int = 0
    both: int = 0  # visits with both, and
    same: int = 0  # those of them on the same side of neutral
    alerts: int = 0
    contested: int = 0


@dataclass(frozen=True, slots=True)
class HandoverRow:
    """A site's cabinets: what was done in these days, and what lies in them now."""

    site: str
    loaded: int = 0
    collected: int = 0
    deposited: int = 0
    recalled: int = 0
    held: int = 0
    overdue: int = 0


@dataclass(frozen=True, slots=True)
class OverdueRow:
    """A result that nobody has collected in time."""

    site: str
    device: str
    compartment: str | None
    dossier: str | None
    since_ms: int
    days: int | None
    step: str | None


@dataclass(frozen=True, slots=True)
class WaitRow:
    """Tickets of one site and hour of the day. `spans`: how many of those called waited so many seconds, or up to 30 more."""

    site: str
    hour: int
    tickets: int
    served: int
    left: int
    spans: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Figures:
    """What the city's pages draw of some days."""

    satisfaction: tuple[SatisfactionRow, ...]
    handovers: tuple[HandoverRow, ...]
    overdue: tuple[OverdueRow, ...]
    waits: tuple[WaitRow, ...]
