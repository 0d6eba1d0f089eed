"""How far dossiers are: asked of the city, kept as it said, answered with its time when the city is silent. `Directory`.

What is kept has a code and no name. The sync brings what changed, so that a box that is cut off knows the dossiers of its site.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Sequence

from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierAnswer, DossierRecord, Found, NotFound, Source
from edge.guide_ports import Changes, City, CityUnavailable
from edge.ports import Change, Clock, Ledger
from edge.services.faults import Faults
from edge.services.kept import kept_or_told
from edge.store import directory as table
from sync.events import DossierLookedUp, Payload

log = logging.getLogger(__name__)

PART = "directory"
UNKEPT = "directory: an answer is given and not kept"  # a visitor waits for it
CODES = 200  # as many as the ears choose among
PAGES_A_SYNC = 500  # a city that always has one more page does not keep the sync for ever


class DirectoryService:
    """`load` first; `run` syncs for ever. `city` None: there is only what was kept."""

    def __init__(
        self, ledger: Ledger, clock: Clock, faults: Faults, city: City | None, place: str, *, sync_s: float = 300.0
    ) -> None:
        self._ledger, self._clock, self._faults, self._city = ledger, clock, faults, city
        self._place, self._sync_s = place, sync_s
        self._codes: tuple[str, ...] = ()

    async def load(self) -> None:
        self._codes = await self._ledger.read(lambda connection: table.latest(connection, CODES))

    def codes(self) -> tuple[str, ...]:
        return self._codes

    async def look_up(self, code: DossierCode) -> DossierAnswer:
        if self._city is None:
            return await self._from_last_sync(code)
        try:
            record = await self._city.ask(code)
        except CityUnavailable as error:
            await self._lost(error)
            return await self._from_last_sync(code)
        return await self._from_city(code, record)

    async def run(self) -> None:
        while True:
            await self.sync()
            await asyncio.sleep(self._sync_s)

    async def sync(self) -> None:
        """Everything that changed, page by page; a page is kept with its mark, so nothing is fetched twice or left out."""
        if self._city is None:
            return
        try:
            for _ in range(PAGES_A_SYNC):
                page = await self._city.changes(await self._ledger.read(table.mark))
                await self._keep(page)
                if page.is_last:
                    break
        except CityUnavailable as error:
            await self._lost(error)
            return
        await self._faults.recovered(PART)

    async def push(self, records: Sequence[DossierRecord], answered: Change) -> None:
        """What the city sends by itself; `answered` is written with it. An older word never replaces a newer one."""

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            table.save(connection, records)
            return answered(connection)

        await self._ledger.transact(change)
        await self.load()

    async def _keep(self, page: Changes) -> None:
        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            table.save(connection, page.records)
            table.set_mark(connection, page.mark)
            return ()

        await self._ledger.transact(change)
        await self.load()

    async def _from_city(self, code: DossierCode, record: DossierRecord | None) -> DossierAnswer:
        """The city outranks what was kept, also when it knows nothing."""
        answer: DossierAnswer = NotFound.UNKNOWN if record is None else Found(record, Source.CITY)

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            if record is None:
                table.drop(connection, code)
            else:
                table.save(connection, (record,))
            return (self._told(answer),)

        with kept_or_told(log, UNKEPT):
            await self._ledger.transact(change)
            await self.load()
            await self._faults.recovered(PART)
        return answer

    async def _from_last_sync(self, code: DossierCode) -> DossierAnswer:
        zone = self._clock.now().tzinfo
        record = await self._ledger.read(lambda connection: table.find(connection, code, zone))
        answer: DossierAnswer = NotFound.NO_ANSWER if record is None else Found(record, Source.LAST_SYNC)
        with kept_or_told(log, UNKEPT):
            await self._ledger.record(self._told(answer))
        return answer

    async def _lost(self, error: CityUnavailable) -> None:
        log.info("directory: the city does not answer: %s", error)
        with kept_or_told(log, "directory: that the city is silent is not told"):
            await self._faults.fault(PART, "city_silent")

    def _told(self, answer: DossierAnswer) -> DossierLookedUp:
        if isinstance(answer, Found):
            return DossierLookedUp(place=self._place, outcome=answer.source.value, status=answer.record.status)
        return DossierLookedUp(place=self._place, outcome=answer.value)
