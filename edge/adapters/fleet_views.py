"""The board's rows as what pages show: wards and names out of the city's file, moments, states, groups. Pure."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import add
from typing import TypeVar

from config.city import Site
from edge.domain.alphabet import Order, in_order
from edge.domain.fleet import Signs, State, percentile, state_of, worst
from edge.domain.level import Level
from edge.fleet_ports import (
    ChainFault,
    CityAlert,
    DeviceView,
    FiguresView,
    FleetView,
    Handovers,
    History,
    Overdue,
    PartTrouble,
    Quarantine,
    Satisfaction,
    SiteView,
    Waiting,
    Wards,
)
from edge.ports import Distribution
from sync.city.board_terms import (
    AlertRow,
    DeviceRow,
    Figures,
    Fleet,
    HandoverRow,
    HistoryRow,
    OverdueRow,
    QuarantineRow,
    SatisfactionRow,
    StreamFault,
    WaitRow,
)

TOTAL = ""  # the key of what is counted over everything


@dataclass(frozen=True, slots=True)
class Places:
    """The sites of the city's file. One that sends and is not in it has its id for a name, and no ward."""

    sites: Mapping[str, Site]

    def name(self, site: str) -> str:
        found = self.sites.get(site)
        return found.name if found else site

    def ward(self, site: str) -> str | None:
        found = self.sites.get(site)
        return found.ward if found else None

    def of_wards(self, wards: Wards, site: str | None = None) -> tuple[str, ...] | None:
        """The sites of some wards, or the one asked for if it is among them; None for every site there is."""
        if wards is None:
            return None if site is None else (site,)
        found = (key for key, one in self.sites.items() if one.ward in wards and site in {None, key})
        return tuple(sorted(found))


# --- the fleet ---


def fleet_view(fleet: Fleet, places: Places) -> FleetView:
    """All wards'."""
    at = moment(fleet.at_ms)
    devices = tuple(device_view(row, places, at) for row in fleet.devices)
    alerts = tuple(_alert(row, places) for row in fleet.alerts)
    return FleetView(at, _sites(devices, alerts, places), devices, alerts, fleet.strangers)


def of_wards(view: FleetView, wards: Wards) -> FleetView:
    """Nothing of another ward is left in it."""
    if wards is None:
        return view
    return replace(
        view,
        sites=tuple(one for one in view.sites if one.ward in wards),
        devices=tuple(one for one in view.devices if one.ward in wards),
        alerts=tuple(one for one in view.alerts if one.ward in wards),
        strangers=0,
    )


def device_view(row: DeviceRow, places: Places, now: datetime) -> DeviceView:
    kinds = frozenset(fault.kind for fault in row.faults)
    taken = _moment(row.last_taken_ms)
    signs = Signs(
        row.is_online,
        row.is_revoked,  # and not by the fault of that name: the box before it may have left it
        kinds,
        bool(row.parts),
        row.backlog or 0,
        taken,
        _moment(row.since_ms),
    )
    return DeviceView(
        site=row.site, device=row.device, site_name=places.name(row.site), ward=places.ward(row.site),
        state=state_of(signs, now), is_online=row.is_online, since=_moment(row.since_ms), events=row.events,
        signed_upto=row.signed_upto, last_event=_moment(row.last_event_ms), last_taken=taken, version=row.version,
        stations=row.stations, backlog=row.backlog, health=_moment(row.health_ms), memory_mb=row.memory_mb,
        disk_free_mb=row.disk_free_mb, certificate_ends=_moment(row.certificate_ends_ms),
        chain=tuple(chain_fault(fault) for fault in row.faults),
        parts=tuple(PartTrouble(part.part, part.why, _moment(part.since_ms)) for part in row.parts),
        quarantined=row.quarantined,
    )  # fmt: skip


def chain_fault(fault: StreamFault) -> ChainFault:
    return ChainFault(
        fault.kind, moment(fault.since_ms), moment(fault.last_ms), fault.times, fault.seq, fault.seconds,
        fault.closed_ms is None, _moment(fault.closed_ms), fault.closed_by,
    )  # fmt: skip


def quarantine(row: QuarantineRow) -> Quarantine:
    return Quarantine(row.why, row.seq, row.size, moment(row.first_ms), moment(row.last_ms), row.times)


def history(row: HistoryRow) -> History:
    taken, retired = _moment(row.last_taken_ms), _moment(row.retired_ms)
    return History(row.generation, row.events, row.signed_upto, taken, retired, row.retired_by)


def _alert(row: AlertRow, places: Places) -> CityAlert:
    return CityAlert(
        site=row.site, device=row.source.rsplit("/", 1)[-1], site_name=places.name(row.site), ward=places.ward(row.site),
        alert=row.alert, counter=row.counter, unit=row.unit, why=row.why,
        level=Level(row.level) if row.level in set(Level) else None, since=_moment(row.since_ms), raised=moment(row.raised_ms),
        is_acknowledged=row.acknowledged_ms is not None, is_contested=row.contested_ms is not None,
        is_confirmed=row.is_confirmed,
    )  # fmt: skip


def _sites(devices: Iterable[DeviceView], alerts: Iterable[CityAlert], places: Places) -> tuple[SiteView, ...]:
    """Those of the file and those that send, in order of ward and name."""
    by_site: dict[str, list[DeviceView]] = {site: [] for site in places.sites}
    for device in devices:
        by_site.setdefault(device.site, []).append(device)
    live = Counter(alert.site for alert in alerts if not alert.is_contested)
    found = (_site(site, some, live[site], places) for site, some in by_site.items())
    return tuple(sorted(found, key=lambda one: (in_order(one.ward or ""), in_order(one.name), one.site)))


def _site(site: str, devices: list[DeviceView], alerts: int, places: Places) -> SiteView:
    place = places.sites.get(site)
    return SiteView(
        site, places.name(site), places.ward(site), place.lat if place else None, place.lon if place else None,
        worst(device.state for device in devices), sum(one.state is not State.REVOKED for one in devices),
        sum(one.is_online is True for one in devices), alerts,
    )  # fmt: skip


# --- figures ---


def figures_view(figures: Figures, places: Places) -> FiguresView:
    def ward(site: str) -> str:
        return places.ward(site) or "-"

    rows, waits = [(row, _numbers(row)) for row in figures.satisfaction], figures.waits
    return FiguresView(
        total=next(iter(_satisfaction(rows, lambda _: (TOTAL,))), _nothing(TOTAL)),
        by_ward=_satisfaction(rows, lambda row: (ward(row.site),)),
        by_counter=_satisfaction(rows, lambda row: (f"{places.name(row.site)} · {row.counter}", row.site)),
        by_hour=_satisfaction(rows, lambda row: (f"{row.hour:02}",)),
        handovers=tuple(_handover(row, places) for row in figures.handovers),
        overdue=tuple(_overdue(row, places) for row in figures.overdue),
        waits_by_site=_waits(waits, lambda row: (places.name(row.site), row.site)),
        waits_by_hour=_waits(waits, lambda row: (f"{row.hour:02}",)),
    )


R = TypeVar("R")
Key = tuple[str, ...]
"""What a group is called, and what tells it from another one that is called the same."""


def _by_name(key: Key) -> tuple[Order, Key]:
    return in_order(key[0]), key


def _grouped(rows: Iterable[R], key: Callable[[R], Key]) -> list[tuple[str, list[R]]]:
    groups: dict[Key, list[R]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return [(name[0], groups[name]) for name in sorted(groups, key=_by_name)]


_LEVELS = tuple(level.value for level in Level)
_COUNTS = ("not_enough", "dropped", "both", "same", "alerts", "contested")


_Numbered = tuple[SatisfactionRow, list[int]]
"""A row and all that is added up of it: a city has ten thousand of them a question."""


def _satisfaction(rows: Iterable[_Numbered], key: Callable[[SatisfactionRow], Key]) -> tuple[Satisfaction, ...]:
    groups: dict[Key, list[int]] = {}
    for row, numbers in rows:
        name = key(row)
        before = groups.get(name)
        groups[name] = numbers if before is None else list(map(add, before, numbers))
    return tuple(_summed(name[0], groups[name]) for name in sorted(groups, key=_by_name))


def _numbers(row: SatisfactionRow) -> list[int]:
    sides = (side.get(level, 0) for side in (row.camera, row.ratings) for level in _LEVELS)
    return [*sides, *(getattr(row, name) for name in _COUNTS)]


def _summed(key: str, numbers: list[int]) -> Satisfaction:
    count = len(Level)
    camera, ratings = (dict(zip(Level, part, strict=True)) for part in (numbers[:count], numbers[count : 2 * count]))
    not_enough, dropped, *rest = numbers[2 * count :]
    return Satisfaction(key, Distribution(camera, ratings, not_enough, dropped), *rest)


def _nothing(key: str) -> Satisfaction:
    return _summed(key, [0] * (2 * len(Level) + len(_COUNTS)))


def _handover(row: HandoverRow, places: Places) -> Handovers:
    numbers = (row.loaded, row.collected, row.deposited, row.recalled, row.held, row.overdue)
    return Handovers(places.name(row.site), *numbers)


def _overdue(row: OverdueRow, places: Places) -> Overdue:
    return Overdue(places.name(row.site), row.device, row.compartment, row.dossier, moment(row.since_ms), row.days)


def _waits(rows: Iterable[WaitRow], key: Callable[[WaitRow], Key]) -> tuple[Waiting, ...]:
    return tuple(_waiting(name, some) for name, some in _grouped(rows, key))


def _waiting(key: str, rows: list[WaitRow]) -> Waiting:
    spans: Counter[int] = Counter()
    for row in rows:
        spans.update(row.spans)
    tickets, served, left = (sum(getattr(row, name) for row in rows) for name in ("tickets", "served", "left"))
    return Waiting(key, tickets, served, left, percentile(spans, 0.5), percentile(spans, 0.9))


def moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _moment(ms: int | None) -> datetime | None:
    return None if ms is None else moment(ms)
