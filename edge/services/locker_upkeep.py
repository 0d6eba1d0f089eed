"""What happens to a cabinet with the days: reminders, overdue results, and stays whose personal data may go. Supervised by the app."""

import asyncio
import logging
import sqlite3
from datetime import datetime

from edge.domain.locker_events import Aged
from edge.domain.overdue import OverdueStep, days_waiting, due
from edge.services.locker_cabinet import DISK_ERRORS
from edge.services.locker_changes import LockerChanges
from edge.services.locker_parts import LockerParts
from edge.store import stays
from edge.store.stays import Stay
from sync.events import LockerOverdue, Payload

log = logging.getLogger(__name__)


class Upkeep:
    """`run` for ever; `step` is one look at the calendar."""

    def __init__(self, parts: LockerParts, changes: LockerChanges) -> None:
        self._parts = parts
        self._changes = changes

    async def run(self) -> None:
        while True:
            await self.step()
            await asyncio.sleep(self._parts.settings.upkeep_s)

    async def step(self) -> None:
        """A disk that takes nothing now is asked again the next time."""
        now = self._parts.clock.now()
        try:
            current = await self._parts.ledger.read(stays.current)
        except DISK_ERRORS as error:
            self._parts.cabinet.distrust(error)
            return
        for row in current:
            for one in self._due(row, now):
                try:
                    await self._parts.cabinet.in_turn(lambda row=row, one=one: self._told(row, one, now))  # type: ignore[misc]
                except DISK_ERRORS:
                    return

    def _due(self, row: Stay, now: datetime) -> tuple[OverdueStep, ...]:
        """Only what lies in a compartment that is there; deposits are the officers' own to collect."""
        if row.loaded_s is None or row.dossier is None or row.receipt is not None:
            return ()
        done = [OverdueStep.REMINDED] * (row.reminded_s is not None) + [OverdueStep.OVERDUE] * (
            row.overdue_s is not None
        )
        return due(datetime.fromtimestamp(row.loaded_s, now.tzinfo), now, done, self._parts.settings.overdue)

    async def _told(self, row: Stay, one: OverdueStep, now: datetime) -> None:
        compartment = self._parts.of_stay(row.stay)
        if compartment is None or self._parts.is_in_hand(compartment):
            return
        days = days_waiting(datetime.fromtimestamp(row.loaded_s or 0.0, now.tzinfo), now)

        def change(connection: sqlite3.Connection) -> tuple[Payload, ...]:
            if one is OverdueStep.REMINDED:
                self._changes.remind(connection, row, now)
            else:
                stays.note_overdue(connection, row.stay, now.timestamp())
            return (
                LockerOverdue(stay=row.stay, compartment=compartment, dossier=row.dossier, days=days, step=one.value),
            )

        if one is OverdueStep.OVERDUE:
            await self._parts.cabinet.ask(compartment, Aged(), change)
        else:
            await self._parts.cabinet.write(change)
        log.info("locker: %s stay=%s days=%d", one, row.stay, days)
