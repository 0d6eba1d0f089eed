"""What the city's pages may ask for, and the values that cross: the fleet as it is, figures of some days, one device's file.

`edge.adapters.fleet` answers them out of the city's database. Everything is asked for a set of wards, so that no page can forget it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from edge.domain.fleet import State
from edge.domain.level import Level
from edge.ports import Distribution

Wards = frozenset[str] | None
"""Whose wards somebody may see; None: all, and the sites of no ward."""


class Order(StrEnum):
    """What a person may send to a device from its page."""

    IDENTIFY = "identify"
    RESEND = "resend"


@dataclass(frozen=True, slots=True)
class ChainFault:
    """`kind` is a key under `page.fleet.chain`; `is_open` False once it was mended or settled."""

    kind: str
    since: datetime
    last: datetime
    times: int
    seq: int | None
    seconds: float | None
    is_open: bool
    closed: datetime | None = None
    by: str | None = None


@dataclass(frozen=True, slots=True)
class PartTrouble:
    part: str
    why: str | None
    since: datetime | None


@dataclass(frozen=True, slots=True)
class DeviceView:
    """A device now. None: the city was never told."""

    site: str
    device: str
    site_name: str
    ward: str | None
    state: State
    is_online: bool | None
    since: datetime | None
    events: int
    signed_upto: int
    last_event: datetime | None
    last_taken: datetime | None
    version: str | None
    stations: tuple[str, ...]
    backlog: int | None
    health: datetime | None
    memory_mb: float | None
    disk_free_mb: float | None
    certificate_ends: datetime | None
    chain: tuple[ChainFault, ...]
    parts: tuple[PartTrouble, ...]
    quarantined: int

    @property
    def path(self) -> str:
        """As its page's address ends."""
        return f"{self.site}/{self.device}"


@dataclass(frozen=True, slots=True)
class SiteView:
    """A centre. Without `lat` and `lon` it is in the list only."""

    site: str
    name: str
    ward: str | None
    lat: float | None
    lon: float | None
    state: State
    devices: int
    online: int
    alerts: int


@dataclass(frozen=True, slots=True)
class CityAlert:
    """A live alert. `is_confirmed` False: known by an urgent copy only."""

    site: str
    device: str
    site_name: str
    ward: str | None
    alert: str
    counter: str | None
    unit: str | None
    why: str | None
    level: Level | None
    since: datetime | None
    raised: datetime
    is_acknowledged: bool
    is_contested: bool
    is_confirmed: bool

    @property
    def key(self) -> tuple[str, str, str]:
        return (self.site, self.device, self.alert)


@dataclass(frozen=True, slots=True)
class FleetView:
    """One moment's picture of some wards. `strangers`: unknown senders, for whoever sees all wards.

    `is_stale`: the database does not answer; this is what was there before.
    """

    at: datetime
    sites: tuple[SiteView, ...]
    devices: tuple[DeviceView, ...]
    alerts: tuple[CityAlert, ...]
    strangers: int
    is_stale: bool = False

    @property
    def online(self) -> int:
        return sum(device.is_online is True for device in self.devices)


@dataclass(frozen=True, slots=True)
class Filter:
    """What a person chose; `ward` and `site` None: all that they may see."""

    first: date
    last: date
    ward: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Visits of a ward, a counter (`site`, `counter`) or an hour: camera and ratings side by side, the rest apart."""

    key: str
    counts: Distribution
    both: int
    same: int
    alerts: int
    contested: int


@dataclass(frozen=True, slots=True)
class Handovers:
    key: str
    loaded: int
    collected: int
    deposited: int
    recalled: int
    held: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Overdue:
    site_name: str
    device: str
    compartment: str | None
    dossier: str | None
    since: datetime
    days: int | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """Tickets of a ward, a site or an hour. `median_s` and `p90_s` to half a minute; None where nobody was called."""

    key: str
    tickets: int
    served: int
    left: int
    median_s: int | None
    p90_s: int | None


@dataclass(frozen=True, slots=True)
class FiguresView:
    """Of the days and places of a filter, as far as the wards allow. Counters' keys are `site name · counter`."""

    total: Satisfaction
    by_ward: tuple[Satisfaction, ...]
    by_counter: tuple[Satisfaction, ...]
    by_hour: tuple[Satisfaction, ...]
    handovers: tuple[Handovers, ...]
    overdue: tuple[Overdue, ...]
    waits_by_site: tuple[Waiting, ...]
    waits_by_hour: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Quarantine:
    """Arrivals that do not count. `why` is a key under `page.fleet.chain`."""

    why: str
    seq: int | None
    size: int
    first: datetime
    last: datetime
    times: int


@dataclass(frozen=True, slots=True)
class History:
    generation: int
    events: int
    signed_upto: int
    last_taken: datetime | None
    retired: datetime | None
    retired_by: str | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """A command to the device. `state`: waiting, sent, done, refused or expired; `why` a refusal's key."""

    id: str
    name: str
    by: str
    issued: datetime
    state: str
    why: str | None


@dataclass(frozen=True, slots=True)
class DeviceFileView:
    device: DeviceView
    faults: tuple[ChainFault, ...]
    quarantine: tuple[Quarantine, ...]
    histories: tuple[History, ...]
    orders: tuple[OrderView, ...]


class FleetLost(Exception):
    """The city's database does not answer now; ask again later."""


class FleetDesk(Protocol):
    """`fleet` is the newest picture and costs nothing; the rest is read when it is asked for. Those may raise FleetLost."""

    def now(self) -> datetime: ...
    def wards(self) -> tuple[str, ...]: ...
    def ward_of(self, site: str) -> str | None: ...
    def is_there(self, site: str, device: str) -> bool: ...
    def fleet(self, wards: Wards) -> FleetView | None:
        """None before the first picture was read."""

    def subscribe(self, callback: Callable[[None], None]) -> Callable[[], None]:
        """Called in the loop whenever the picture changed, at most once in the desk's pace."""

    async def figures(self, chosen: Filter, wards: Wards) -> FiguresView: ...
    async def device(self, site: str, device: str) -> DeviceFileView | None: ...
    def reports(self) -> tuple[date, ...]:
        """Days of which there is a nightly report, newest first."""

    def report(self, day: date) -> str | None:
        """The finished page."""

    @property
    def may_order(self) -> bool:
        """Whether commands can be sent from here."""

    async def order(self, site: str, device: str, what: Order, by: str) -> None: ...
