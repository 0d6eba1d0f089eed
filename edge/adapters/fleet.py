"""The city's pages' desk over the board: one picture for all viewers, read in a thread, told when it changed; figures on request.

`FleetBoard.run` is one supervised coroutine. The board's databases are its own, so pages never hold up the ingest.
"""

import asyncio
import contextlib
import logging
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from config.city import Site
from edge.adapters import fleet_views as views
from edge.adapters.fleet_views import Places
from edge.domain.alphabet import in_order
from edge.fleet_ports import (
    DeviceFileView,
    FiguresView,
    Filter,
    FleetLost,
    FleetView,
    Order,
    OrderView,
    Wards,
)
from sync.chain import source_of
from sync.city.board import Board
from sync.city.board_terms import Scope
from sync.city.errors import DatabaseLost, DatabaseUnusable
from sync.city.facts import VIETNAM

log = logging.getLogger(__name__)
DAYS_AT_MOST = 92
KEPT_FIGURES = 32
_DAY_GOOD_S, _DAYS_GOOD_S = 5.0, 60.0  # how long figures of one day, and of several, are shown again
REPORT = "bao-cao-{day}.html"
UNREAD = (DatabaseLost, DatabaseUnusable)  # the same to who looks, and tried again: somebody may mend it meanwhile


class Orders(Protocol):
    """Commands to devices. Blocking; may raise DatabaseLost, DatabaseUnusable."""

    def latest(self, source: str) -> tuple[OrderView, ...]: ...
    def send(self, source: str, what: Order, by: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Pace:
    """`every_s`: between two looks while somebody watches; `idle_s` when nobody does."""

    every_s: float = 1.0
    idle_s: float = 10.0


class FleetBoard:
    """`edge.fleet_ports.FleetDesk`. `figures` is a second board, so that a month's figures do not hold up the picture."""

    def __init__(
        self,
        board: Board,
        figures: Board,
        sites: Mapping[str, Site],
        *,
        reports: Path | None = None,
        orders: Orders | None = None,
        pace: Pace | None = None,
    ) -> None:
        self._board, self._figures = board, figures
        self._places = Places(sites)
        self._reports, self._orders = reports, orders
        self._pace = pace or Pace()
        self._picture: FleetView | None = None
        self._is_lost = False  # told once
        self._known: frozenset[tuple[str, str]] = frozenset()
        self._cut: dict[Wards, FleetView] = {}
        self._watchers: list[Callable[[None], None]] = []
        self._woken = asyncio.Event()
        self._kept: OrderedDict[Scope, tuple[float, FiguresView]] = OrderedDict()
        self._turn = asyncio.Lock()

    async def run(self) -> None:
        """Until cancelled. A database that cannot be read leaves the last picture there, marked as stale."""
        while True:
            await self.look()
            self._woken.clear()
            await asyncio.sleep(self._pace.every_s)
            if not self._watchers:
                await _within(self._woken.wait(), self._pace.idle_s)

    async def look(self) -> None:
        """Read the picture anew, and tell the viewers if it is another one."""
        try:
            fleet = await asyncio.to_thread(self._board.fleet)
            picture = await asyncio.to_thread(views.fleet_view, fleet, self._places)
        except UNREAD as error:
            if not self._is_lost:
                log.warning("fleet: the database cannot be read: %s", error)
            self._is_lost = True
            if self._picture is None or self._picture.is_stale:
                return
            picture = replace(self._picture, is_stale=True)
        else:
            self._is_lost = False
        before, self._picture = self._picture, picture
        self._known = frozenset((one.site, one.device) for one in picture.devices)
        self._cut.clear()
        if before is None or replace(before, at=picture.at) != picture:
            for tell in tuple(self._watchers):
                tell(None)

    def now(self) -> datetime:
        return datetime.now(VIETNAM)

    def wards(self) -> tuple[str, ...]:
        return tuple(sorted({site.ward for site in self._places.sites.values()}, key=in_order))

    def ward_of(self, site: str) -> str | None:
        return self._places.ward(site)

    def is_there(self, site: str, device: str) -> bool:
        return (site, device) in self._known

    def fleet(self, wards: Wards) -> FleetView | None:
        if self._picture is None:
            return None
        found = self._cut.get(wards)
        if found is None:
            found = self._cut[wards] = views.of_wards(self._picture, wards)
        return found

    def subscribe(self, callback: Callable[[None], None]) -> Callable[[], None]:
        self._watchers.append(callback)
        self._woken.set()
        return lambda: self._watchers.remove(callback)

    async def figures(self, chosen: Filter, wards: Wards) -> FiguresView:
        """One question at a time; the same one asked again within moments is not read again."""
        scope = self._scope(chosen, wards)
        async with self._turn:
            kept = self._kept.get(scope)
            if kept and kept[0] > time.monotonic():
                return kept[1]
            try:
                found = await asyncio.to_thread(self._read_figures, scope)
            except UNREAD as error:
                raise FleetLost from error
            good_s = _DAY_GOOD_S if scope.first == scope.last else _DAYS_GOOD_S
            self._kept[scope] = (time.monotonic() + good_s, found)
            self._kept.move_to_end(scope)
            if len(self._kept) > KEPT_FIGURES:
                self._kept.popitem(last=False)
            return found

    async def device(self, site: str, device: str) -> DeviceFileView | None:
        source = source_of(site, device)
        try:
            found = await asyncio.to_thread(self._figures.device, source)
            orders = await asyncio.to_thread(self._orders.latest, source) if self._orders else ()
        except UNREAD as error:
            raise FleetLost from error
        if found is None:
            return None
        return DeviceFileView(
            views.device_view(found.row, self._places, self.now()),
            tuple(map(views.chain_fault, found.faults)),
            tuple(map(views.quarantine, found.quarantine)),
            tuple(map(views.history, found.histories)),
            orders,
        )

    def reports(self) -> tuple[date, ...]:
        if self._reports is None or not self._reports.is_dir():
            return ()
        days = (_day_of(path) for path in self._reports.glob(REPORT.format(day="*")))
        return tuple(sorted((day for day in days if day), reverse=True))

    def report(self, day: date) -> str | None:
        path = self._reports / REPORT.format(day=day) if self._reports else None
        return path.read_text(encoding="utf-8") if path and path.is_file() else None

    @property
    def may_order(self) -> bool:
        return self._orders is not None

    async def order(self, site: str, device: str, what: Order, by: str) -> None:
        if self._orders is None:
            raise FleetLost
        try:
            await asyncio.to_thread(self._orders.send, source_of(site, device), what, by)
        except UNREAD as error:
            raise FleetLost from error

    def _read_figures(self, scope: Scope) -> FiguresView:
        return views.figures_view(self._figures.figures(scope), self._places)

    def _scope(self, chosen: Filter, wards: Wards) -> Scope:
        """A ward that somebody may not see gives nothing, whatever the address says."""
        if chosen.ward is not None:
            wards = frozenset({chosen.ward}) if wards is None or chosen.ward in wards else frozenset()
        return Scope(chosen.first, chosen.last, self._places.of_wards(wards, chosen.site))


def _day_of(report: Path) -> date | None:
    try:
        return date.fromisoformat(report.stem.removeprefix("bao-cao-"))
    except ValueError:
        return None  # a file that somebody else put there


async def _within(waiting: Awaitable[object], seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await waiting
