"""The nightly report as files in the city's folder: made when a day is over, or for a day that somebody names."""

import asyncio
import logging
from datetime import date, timedelta
from pathlib import Path

from edge.adapters.fleet import REPORT, FleetBoard
from edge.fleet_ports import Filter, FleetLost
from edge.web.fleet_report import report_page
from edge.web.words import Words

log = logging.getLogger(__name__)
LOOK_EVERY_S = 60.0


class ReportKeeper:
    """`run` is one supervised coroutine. A report that is there is never made again by itself: it says how things stood."""

    def __init__(self, desk: FleetBoard, words: Words, city: str, folder: Path) -> None:
        self._desk, self._words, self._city, self._folder = desk, words, city, folder

    async def run(self) -> None:
        """Until cancelled: yesterday's report as soon as it is missing."""
        while True:
            await self.turn()
            await asyncio.sleep(LOOK_EVERY_S)

    async def turn(self) -> Path | None:
        """The report that was due, if one was."""
        yesterday = self._desk.now().date() - timedelta(days=1)
        if self.path(yesterday).exists():
            return None
        try:
            return await self.make(yesterday)
        except FleetLost:
            return None  # the desk has told it; the next turn tries again

    async def make(self, day: date) -> Path:
        """Write it, over one that is there. Raise FleetLost."""
        if self._desk.fleet(None) is None:
            await self._desk.look()
        fleet = self._desk.fleet(None)
        if fleet is None or fleet.is_stale:
            raise FleetLost
        figures = await self._desk.figures(Filter(day, day), None)
        page = report_page(self._words, self._city, day, self._desk.now(), (fleet, figures))
        path = await asyncio.to_thread(self._write, day, page)
        log.info("report day=%s devices=%d", day, len(fleet.devices))
        return path

    def path(self, day: date) -> Path:
        return self._folder / REPORT.format(day=day)

    def _write(self, day: date, page: str) -> Path:
        """Whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self.path(day)
        partial = path.with_suffix(".new")
        partial.write_text(page, encoding="utf-8")
        partial.replace(path)
        return path
