"""The cabinet as the desk sees it: every compartment with its state, door, stay and SMS; overdue results; one dossier's history.

`cabinet` answers from memory; what stands in tables is read again whenever something changed.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from edge.domain.dossier import DossierCode
from edge.domain.locker import Compartment, CompartmentState, Purpose
from edge.domain.overdue import days_waiting
from edge.domain.receipt_id import ReceiptId
from edge.domain.scanned import Unreadable, read_text
from edge.locker_ports import CabinetView, CompartmentView, HistoryRow, Kept, OverdueRow, RefusalWhy, Refused
from edge.ports import Clock, Ledger
from edge.services.locker_cabinet import DISK_ERRORS, Cabinet
from edge.store import locker_history, locker_holds, locker_outbox, lockers, stays
from edge.store.locker_holds import Hold
from edge.store.lockers import CompartmentRow
from edge.store.stays import Stay


@dataclass(frozen=True, slots=True)
class _Tables:
    rows: Mapping[str, CompartmentRow]
    stays: Mapping[str, Stay]  # by stay, those that are not over
    sms: Mapping[str, str]  # stay -> status of the SMS with its code
    holds: Mapping[str, Hold]  # by compartment, what the city keeps


class LockerView:
    """`run` reads the tables behind every change, `refresh` is one reading."""

    def __init__(self, cabinet: Cabinet, ledger: Ledger, clock: Clock) -> None:
        self._cabinet = cabinet
        self._ledger = ledger
        self._clock = clock
        self._tables = _Tables({}, {}, {}, {})
        self._subscribers: list[Callable[[CabinetView], None]] = []
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """Something of the cabinet or of an SMS is another; many of these are one reading."""
        self._changed.set()

    async def run(self) -> None:
        while True:
            await self.refresh()
            await self._changed.wait()

    async def refresh(self) -> None:
        self._changed.clear()
        try:
            self._tables = await self._ledger.read(_read)
        except DISK_ERRORS as error:  # the picture stays as it was, and says that nothing opens
            self._cabinet.distrust(error)
        view = self.cabinet()
        for callback in tuple(self._subscribers):
            callback(view)

    def cabinet(self) -> CabinetView:
        why = self._cabinet.why_not_trusted()
        known = [key for key in self._cabinet.plan.places if key in self._cabinet.compartments]
        return CabinetView(self._cabinet.plan.name, why is None, why, tuple(self._one(key) for key in known))

    def subscribe(self, callback: Callable[[CabinetView], None]) -> Callable[[], None]:
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    async def overdue(self) -> tuple[OverdueRow, ...]:
        """Longest first."""
        try:
            current = await self._ledger.read(stays.current)
        except DISK_ERRORS as error:
            self._cabinet.distrust(error)
            return ()
        late = [row for row in current if row.overdue_s is not None and row.loaded_s is not None]
        return tuple(self._late(row) for row in sorted(late, key=lambda row: row.loaded_s or 0.0))

    async def history(self, text: str) -> tuple[HistoryRow, ...] | Refused:
        meant = read_text(text)
        if isinstance(meant, Unreadable):
            return Refused(RefusalWhy(meant.why.value))
        dossier = meant.canonical if isinstance(meant, DossierCode) else None
        receipt = str(meant) if isinstance(meant, ReceiptId) else None
        if dossier is None and receipt is None:
            return Refused(RefusalWhy.BAD_DOSSIER)
        zone = self._clock.now().tzinfo
        try:
            told = await self._ledger.read(lambda connection: locker_history.of(connection, dossier, receipt))
        except DISK_ERRORS as error:
            self._cabinet.distrust(error)
            return Refused(RefusalWhy.NOT_TRUSTED)
        return tuple(HistoryRow(datetime.fromtimestamp(one.at_s, zone), one.kind, one.values) for one in told)

    def _one(self, key: str) -> CompartmentView:
        place, now = self._cabinet.plan.places[key], self._cabinet.compartments[key]
        row, stay = self._tables.rows.get(key), self._tables.stays.get(now.stay or "")
        hold = self._tables.holds.get(key) if now.state is CompartmentState.FREE else None
        return CompartmentView(
            key, place.number, place.size, place.low, place.row, place.column, place.rows, place.columns, now.state, now.door,
            stay=now.stay, purpose=now.purpose, dossier=stay.dossier if stay else None,
            procedure=stay.procedure if stay else None,
            since=None if row is None else self._time(self._since_s(now, row, stay)),
            sms=self._tables.sms.get(now.stay or ""), why=row.fault.value if row and row.fault else None,
            kept=Kept(hold.dossier, hold.by, self._time(hold.until_s)) if hold else None,
            recalled=stay is not None and stay.recalled_s is not None,
        )  # fmt: skip

    def _since_s(self, now: Compartment, row: CompartmentRow, stay: Stay | None) -> float:
        """What lies there is as old as its loading, whatever its state was called since."""
        is_waiting = now.state in {CompartmentState.OCCUPIED, CompartmentState.OVERDUE}
        return stay.loaded_s if is_waiting and stay and stay.loaded_s is not None else row.since_s

    def _late(self, row: Stay) -> OverdueRow:
        since = self._time(row.loaded_s or row.reserved_s)
        number = self._cabinet.plan.number(row.compartment)
        days = days_waiting(since, self._clock.now())
        is_reminded, is_recalled = row.reminded_s is not None, row.recalled_s is not None
        return OverdueRow(row.stay, row.compartment, number, row.dossier, since, days, is_reminded, is_recalled)

    def _time(self, at_s: float) -> datetime:
        return datetime.fromtimestamp(at_s, self._clock.now().tzinfo)


def _read(connection: sqlite3.Connection) -> _Tables:
    current = {row.stay: row for row in stays.current(connection)}
    results = [row.stay for row in current.values() if row.purpose is Purpose.RESULT]
    statuses = {stay: locker_outbox.status_of(connection, stay) for stay in results}
    sms = {key: one.value for key, one in statuses.items() if one}
    return _Tables(lockers.load(connection), current, sms, locker_holds.load(connection))
