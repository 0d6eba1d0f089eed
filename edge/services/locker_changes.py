"""What one step of a compartment writes: its rows, its authorisation, its codes, its SMS and the events that tell it.

Runs inside the journal's transactions. What is decided stands in the tables when the transaction is over, or not at all.
"""

import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, cast

from edge.domain.locker import Compartment, CompartmentState
from edge.domain.locker_actions import (
    Action,
    Authorise,
    Closed,
    Collected,
    Deposited,
    Ended,
    Fault,
    FaultWhy,
    IssueCode,
    KillCode,
    Loaded,
    Opened,
    ReadAll,
    Recalled,
    Refuse,
    Released,
    Reserved,
    SendPulse,
    UseUpCode,
    Warn,
)
from edge.services.locker_codes import Codes
from edge.services.locker_plan import CabinetPlan
from edge.store import locker_codes, locker_outbox, lockers, stays
from edge.store.locker_outbox import SmsKind, Words
from edge.store.stays import Stay
from sync.events import (
    LockerClosed,
    LockerCodeIssued,
    LockerCollected,
    LockerDeposited,
    LockerFault,
    LockerLoaded,
    LockerOpened,
    LockerRecalled,
    LockerReleased,
    LockerReserved,
    Payload,
)

Beside = Callable[[sqlite3.Connection], Sequence[Payload]]
Payloads = tuple[Payload, ...]
RecallWhy = Literal["overdue", "citizen_asked", "wrong_dossier", "fault", "fire", "moving"]
_SILENT = (SendPulse, ReadAll, Warn, Refuse, Ended)  # nothing of these is for the disk


@dataclass(frozen=True, slots=True)
class Work:
    """One step: the compartments it changed, what it asks for, when. `beside` is written before it."""

    changed: Mapping[str, Compartment]
    actions: tuple[Action, ...]
    at: datetime
    beside: Beside | None = field(default=None, repr=False)


class LockerChanges:
    def __init__(self, plan: CabinetPlan, codes: Codes) -> None:
        self._plan = plan
        self._codes = codes

    def write(self, connection: sqlite3.Connection, batch: Iterable[Work]) -> list[Payload]:
        """Everything of these steps, in order."""
        payloads: list[Payload] = []
        for work in batch:
            if work.beside is not None:
                payloads += work.beside(connection)
            for action in work.actions:
                payloads += self._told(connection, action, work)
            for compartment in work.changed.values():
                lockers.save(connection, compartment, work.at.timestamp())
                if _is_well(compartment):
                    lockers.note_fault(connection, compartment.compartment, None)
        return payloads

    def probe(self, connection: sqlite3.Connection) -> Payloads:
        """A write that changes nothing: whether the disk takes anything again."""
        connection.execute("UPDATE locker_compartments SET since_s = since_s")
        return ()

    def _told(self, connection: sqlite3.Connection, action: Action, work: Work) -> Payloads:
        now_s = work.at.timestamp()
        match action:
            case Authorise():
                opening = work.changed[action.compartment].opening
                if opening is not None:
                    lockers.authorise(connection, action, opening, now_s)
                return ()
            case IssueCode():
                return self._first_code(connection, action, work)
            case UseUpCode(stay=stay):
                locker_codes.use_up(connection, stay, now_s)
            case KillCode(stay=stay):
                locker_codes.kill(connection, stay)
            case Opened() | Closed() | Fault():
                return _of_door(connection, action)
            case Reserved() | Loaded() | Deposited() | Collected() | Recalled() | Released():
                return self._of_stay(connection, action, work)
            case _:
                return ()
        locker_outbox.cancel_queued(connection, action.stay, SmsKind.CODE)
        return ()

    def _of_stay(
        self, connection: sqlite3.Connection,
        action: Reserved | Loaded | Deposited | Collected | Recalled | Released, work: Work,
    ) -> Payloads:  # fmt: skip
        row, now_s = stays.find(connection, action.stay) if action.stay else None, work.at.timestamp()
        dossier = row.dossier if row else None
        match action:
            case Reserved(compartment, stay, purpose, by):
                procedure = row.procedure if row else None
                return (LockerReserved(stay=stay, compartment=compartment, purpose=purpose.value, dossier=dossier,
                                       procedure=procedure, by=by),)  # fmt: skip
            case Loaded(compartment, stay, by):
                stays.note_loaded(connection, stay, now_s)
                return (LockerLoaded(stay=stay, compartment=compartment, dossier=dossier or "", by=by),)
            case Deposited(compartment, stay):
                return self._deposited(connection, compartment, stay, row, work.at)
            case Collected(compartment, stay, purpose, by):
                _end(connection, stay, "collected", now_s)
                return (
                    LockerCollected(stay=stay, compartment=compartment, purpose=purpose.value, dossier=dossier, by=by),
                )
            case Recalled(compartment, stay, by, why, second):
                self._tell_citizen(connection, row, SmsKind.RECALLED, work.at)
                return (LockerRecalled(compartment=compartment, stay=stay, dossier=dossier, by=by, second=second,
                                       why=cast("RecallWhy", why)),)  # fmt: skip
            case Released(compartment, stay, why):
                _end(connection, stay, why.value, now_s)
                return (LockerReleased(stay=stay, compartment=compartment, why=why.value),)

    def _deposited(
        self, connection: sqlite3.Connection, compartment: str, stay: str, row: Stay | None, at: datetime
    ) -> Payloads:
        stays.note_loaded(connection, stay, at.timestamp())
        self._tell_citizen(connection, row, SmsKind.RECEIPT, at)
        procedure, receipt = (row.procedure or "", row.receipt or "") if row else ("", "")
        return (LockerDeposited(stay=stay, compartment=compartment, procedure=procedure, receipt=receipt),)

    def _first_code(self, connection: sqlite3.Connection, action: IssueCode, work: Work) -> Payloads:
        row = stays.find(connection, action.stay)
        if row is None:
            return ()
        loaded_by = next((one.by for one in work.actions if isinstance(one, Loaded)), row.by)
        return self.sms_code(connection, row, loaded_by, "loaded", work.at)

    def sms_code(
        self, connection: sqlite3.Connection, row: Stay, by: str, why: Literal["loaded", "reissued", "lost"], at: datetime
    ) -> Payloads:  # fmt: skip
        """A new code and the SMS that carries it; the code before it is dead."""
        number = locker_codes.next_number(connection, row.stay)
        code = self._codes.make(row.stay, number)
        self._codes.issue(connection, row.stay, number, code, at, is_owed=True)
        self._tell_citizen(connection, row, SmsKind.CODE, at, number)
        return (LockerCodeIssued(stay=row.stay, dossier=row.dossier or "", number=number, why=why, via="sms", by=by),)

    def _tell_citizen(
        self, connection: sqlite3.Connection, row: Stay | None, kind: SmsKind, at: datetime, number: int = 0
    ) -> None:
        if row is None or row.phone is None:
            return
        if kind is SmsKind.CODE:  # of the other kinds a stay has one row: what waits for the transport says it already
            locker_outbox.cancel_queued(connection, row.stay, kind)
        words = Words(self._plan.number(row.compartment), row.dossier_issued or row.dossier, row.receipt, row.lang)
        locker_outbox.queue(connection, row.stay, kind, row.phone, at, words=words, number=number)

    def withdraw(self, connection: sqlite3.Connection, row: Stay, at: datetime) -> None:
        """The code dies before staff come to take the paper out; the citizen is told so."""
        locker_codes.kill(connection, row.stay)
        locker_outbox.cancel_queued(connection, row.stay, SmsKind.CODE)
        self._tell_citizen(connection, row, SmsKind.RECALLED, at)

    def remind(self, connection: sqlite3.Connection, row: Stay, at: datetime) -> None:
        stays.note_reminded(connection, row.stay, at.timestamp())
        self._tell_citizen(connection, row, SmsKind.REMINDER, at)


def is_told(actions: Iterable[Action]) -> bool:
    """Whether any of them is for the disk."""
    return any(not isinstance(action, _SILENT) for action in actions)


def differs(before: Compartment | None, after: Compartment) -> bool:
    """Whether what stands on the disk would be another."""
    return before is None or _stored(before) != _stored(after)


def _stored(one: Compartment) -> tuple[object, ...]:
    is_unread = one.state is CompartmentState.UNKNOWN and one.before is not None
    opening = one.opening
    of_opening = opening and (
        opening.opening,
        opening.what_for,
        opening.back_to,
        opening.pulses,
        opening.opened_s is None,
    )
    state = one.before if is_unread else one.state
    return state, one.taken_from, one.stay, one.purpose, one.is_loaded, one.is_overdue, of_opening


def _is_well(compartment: Compartment) -> bool:
    return compartment.state in {CompartmentState.FREE, CompartmentState.OCCUPIED, CompartmentState.OVERDUE}


def _end(connection: sqlite3.Connection, stay: str, why: str, now_s: float) -> None:
    """Codes and SMS that were not sent serve nobody any more."""
    stays.end(connection, stay, why, now_s)
    locker_codes.kill(connection, stay)
    for kind in (SmsKind.CODE, SmsKind.REMINDER):
        locker_outbox.cancel_queued(connection, stay, kind)


def _of_door(connection: sqlite3.Connection, action: Opened | Closed | Fault) -> Payloads:
    match action:
        case Opened(compartment, stay, what_for, by):
            lockers.count_opening(connection, compartment)
            return (LockerOpened(compartment=compartment, stay=stay, purpose=what_for.value, by=by),)
        case Closed(compartment, stay, open_s):
            return (LockerClosed(compartment=compartment, stay=stay, open_s=open_s),)
        case Fault(compartment, stay, why, by):
            lockers.note_fault(connection, compartment, None if why is FaultWhy.BACK_IN_SERVICE else why)
            return (LockerFault(compartment=compartment, stay=stay, why=why.value, by=by),)
