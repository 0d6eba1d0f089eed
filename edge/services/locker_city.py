"""What the city may do with a cabinet from afar: keep a compartment free, give it back, let a code die. No door opens by it."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from datetime import datetime

from edge.domain.locker import Purpose
from edge.domain.locker_events import Aged
from edge.domain.overdue import RecallWhy
from edge.locker_ports import RefusalWhy, Refused, Staff
from edge.ports import Change
from edge.services.locker_cabinet import DISK_ERRORS
from edge.services.locker_changes import LockerChanges
from edge.services.locker_parts import NOT_ALLOWED, NOT_THERE, LockerParts, dossier_of, given_back
from edge.services.locker_plan import CITY
from edge.store import locker_holds, stays
from edge.store.locker_holds import Hold
from sync.events import LockerReserved, Payload

log = logging.getLogger(__name__)

ALREADY_INSIDE, BUSY = Refused(RefusalWhy.ALREADY_INSIDE), Refused(RefusalWhy.BUSY)


class CityCounter:
    """`edge.locker_ports.CityDesk`. `answered` is written in the transaction that does what was asked."""

    def __init__(self, parts: LockerParts, changes: LockerChanges, told: Callable[[], None]) -> None:
        """`told` hears that what is kept is another."""
        self._parts = parts
        self._changes = changes
        self._told = told

    async def load(self) -> None:
        self._parts.holds.update(await self._parts.ledger.read(locker_holds.load))

    async def run(self) -> None:
        """Give back what was kept free for long enough. A disk that takes nothing now is asked again."""
        while True:
            await self._parts.in_turn(self._expire)
            await asyncio.sleep(self._parts.settings.upkeep_s)

    async def reserve(
        self, by: Staff, dossier: str, until: datetime, answered: Change, *, size: str | None = None, low: bool = False
    ) -> Refused | None:
        """Once more for the same dossier: the same compartment, until then."""
        code = dossier_of(dossier)
        if by.role != CITY:
            return NOT_ALLOWED
        if isinstance(code, Refused):
            return code
        wanted = size if size in self._parts.settings.doors.sizes else self._parts.settings.doors.sizes[0]
        return await self._parts.in_turn(lambda: self._reserve(by, code.canonical, until, answered, wanted, low=low))

    async def release(self, by: Staff, dossier: str, answered: Change) -> Refused | None:
        code = dossier_of(dossier)
        if by.role != CITY:
            return NOT_ALLOWED
        return (
            code
            if isinstance(code, Refused)
            else await self._parts.in_turn(lambda: self._release(code.canonical, answered))
        )

    async def recall(self, by: Staff, dossier: str, why: str, answered: Change) -> Refused | None:
        """The code dies now, and none is issued any more; the result waits among the overdue ones until staff take it out."""
        code = dossier_of(dossier)
        if by.role != CITY or why not in set(RecallWhy):
            return NOT_ALLOWED
        return (
            code
            if isinstance(code, Refused)
            else await self._parts.in_turn(lambda: self._recall(code.canonical, answered))
        )

    # --- in turn ---

    async def _reserve(
        self, by: Staff, dossier: str, until: datetime, answered: Change, size: str, *, low: bool
    ) -> Refused | None:
        if self._parts.cabinet.why_not_trusted():
            return Refused(RefusalWhy.NOT_TRUSTED)
        if await self._parts.ledger.read(lambda connection: stays.result_of(connection, dossier)):
            return ALREADY_INSIDE
        known = self._parts.held_for(dossier)
        compartment = known.compartment if known else self._parts.free(size, low=low)
        if compartment is None:
            return Refused(RefusalWhy.NO_ROOM)
        now_s = self._parts.clock.now().timestamp()
        stay = known.stay if known else self._parts.fresh()
        hold = Hold(compartment, stay, dossier, by.name, now_s, until.timestamp())
        told = LockerReserved(
            stay=stay, compartment=compartment, purpose=Purpose.RESULT.value, dossier=dossier, by=by.name
        )

        def change(connection: sqlite3.Connection) -> tuple[Payload, ...]:
            locker_holds.save(connection, hold)
            return (*(() if known else (told,)), *answered(connection))

        await self._parts.cabinet.write(change)
        self._parts.holds[compartment] = hold
        self._told()
        log.info("locker: compartment=%s is kept free stay=%s by=%s", compartment, stay, by.name)
        return None

    async def _release(self, dossier: str, answered: Change) -> Refused | None:
        hold = self._parts.held_for(dossier)
        if hold is not None:
            await self._give_back(hold, answered)
            return None
        is_inside = await self._parts.ledger.read(lambda connection: stays.result_of(connection, dossier))
        return ALREADY_INSIDE if is_inside else NOT_THERE

    async def _recall(self, dossier: str, answered: Change) -> Refused | None:
        row = await self._parts.ledger.read(lambda connection: stays.result_of(connection, dossier))
        compartment = self._parts.of_stay(row.stay) if row else None
        if row is None or compartment is None or not self._parts.cabinet.compartments[compartment].is_loaded:
            return NOT_THERE
        if self._parts.is_in_hand(compartment):
            return BUSY
        now = self._parts.clock.now()

        def change(connection: sqlite3.Connection) -> tuple[Payload, ...]:
            self._changes.withdraw(connection, row, now)
            stays.note_overdue(connection, row.stay, now.timestamp())
            stays.note_recalled(connection, row.stay, now.timestamp())
            return tuple(answered(connection))

        refusal = await self._parts.asked(compartment, Aged(), change)
        if refusal is None:
            log.warning(
                "locker: the code of stay=%s is dead, staff take it out of compartment=%s", row.stay, compartment
            )
        return refusal

    async def _expire(self) -> None:
        now_s = self._parts.clock.now().timestamp()
        for hold in [one for one in self._parts.holds.values() if one.until_s <= now_s]:
            try:
                await self._give_back(hold, lambda _connection: ())
            except DISK_ERRORS:
                return

    async def _give_back(self, hold: Hold, answered: Change) -> None:
        def change(connection: sqlite3.Connection) -> tuple[Payload, ...]:
            locker_holds.drop(connection, hold.stay)
            return (given_back(hold), *answered(connection))

        await self._parts.cabinet.write(change)
        self._parts.holds.pop(hold.compartment, None)
        self._told()
