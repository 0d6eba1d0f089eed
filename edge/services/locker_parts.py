"""What the citizen's desk and the staff's desk share: asking the cabinet for an opening, and the words of a refusal."""

import secrets
import sqlite3
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import uuid4

from edge.domain.dossier import DossierCode
from edge.domain.locker import IN_HAND, SEEN_OPEN, Purpose
from edge.domain.locker_actions import Refuse
from edge.domain.locker_cabinet import Choice, choose, is_busy, is_frozen, is_offerable
from edge.domain.locker_events import Claim, Event, Recall, Reserve
from edge.domain.msisdn import Msisdn, NotAMobileNumber
from edge.domain.scanned import Unreadable, read_text
from edge.locker_ports import Doors, OpeningView, Procedure, ReceiptPrinter, RefusalWhy, Refused, Scans, Seal
from edge.ports import Clock, Ledger
from edge.services.locker_cabinet import DISK_ERRORS, Cabinet, NotDurable
from edge.services.locker_changes import Beside
from edge.services.locker_codes import Codes
from edge.services.locker_openings import Openings
from edge.services.locker_plan import CabinetPlan, LockerSettings
from edge.store import locker_holds, stays
from edge.store.locker_holds import Hold
from edge.store.stays import Stay
from sync.events import LockerReleased, Payload

T = TypeVar("T")
NOT_TRUSTED, BUSY = Refused(RefusalWhy.NOT_TRUSTED), Refused(RefusalWhy.BUSY)
NOT_THERE, NOT_ALLOWED = Refused(RefusalWhy.NOT_THERE), Refused(RefusalWhy.NOT_ALLOWED)


def fresh_id() -> str:
    """A name for a stay or an opening."""
    return uuid4().hex[:12]


@dataclass(frozen=True, slots=True)
class Furniture:
    """What stands beside the cabinet; each may be missing. `procedures` gives those of one language."""

    printer: ReceiptPrinter | None = None
    procedures: Callable[[str], tuple[Procedure, ...]] = lambda _lang: ()
    scans: Mapping[str, Scans] = field(default_factory=dict)  # by keypad
    desk_scans: Scans | None = None


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A stay that is about to begin."""

    stay: str
    purpose: Purpose
    by: str
    phone: Msisdn
    dossier: DossierCode | None = None
    procedure: str | None = None
    receipt: str | None = None
    lang: str = "vi"


@dataclass(frozen=True, slots=True)
class LockerParts:
    plan: CabinetPlan
    settings: LockerSettings
    ledger: Ledger
    doors: Doors
    seal: Seal
    clock: Clock
    cabinet: Cabinet
    codes: Codes
    openings: Openings
    furniture: Furniture = field(default_factory=Furniture)
    fresh: Callable[[], str] = fresh_id
    letter: Callable[[str], str] = secrets.choice
    holds: dict[str, Hold] = field(default_factory=dict)  # by compartment; what is on the disk

    async def in_turn(self, act: Callable[[], Coroutine[Any, Any, T]]) -> T | Refused:
        """Alone at the cabinet. A disk that cannot be read or written opens nothing."""
        try:
            return await self.cabinet.in_turn(act)
        except DISK_ERRORS as error:
            self.cabinet.distrust(error)
            return NOT_TRUSTED

    def refused_now(self, *, is_staff: bool = False) -> Refused | None:
        """Why no door opens at present. Staff may test and recall also after a wrong door moved."""
        compartments = self.cabinet.compartments.values()
        if self.cabinet.why_not_trusted() or (is_frozen(compartments) and not is_staff):
            return NOT_TRUSTED
        return BUSY if is_busy(compartments, self.settings.doors) else None

    def free(self, size: str, *, low: bool) -> str | None:
        """The compartment to offer; a low one, the least worn of the right size, before others."""
        places, used, now_s = self.plan.places, self.cabinet.openings, self.clock.monotonic()
        choices = [
            Choice(key, places[key].size, places[key].low, used.get(key, 0))
            for key, compartment in self.cabinet.compartments.items()
            if key in places and key not in self.holds and is_offerable(compartment, now_s, self.settings.doors)
        ]
        return choose(choices, size, self.settings.doors.sizes, low=low)

    def held_for(self, dossier: str) -> Hold | None:
        """The compartment that the city keeps free for it."""
        return next((hold for hold in self.holds.values() if hold.dossier == dossier), None)

    def is_offerable(self, compartment: str) -> bool:
        """Free, closed, cooled down, and in the configuration."""
        now = self.cabinet.compartments.get(compartment)
        is_there = now is not None and compartment in self.plan.places
        return is_there and now is not None and is_offerable(now, self.clock.monotonic(), self.settings.doors)

    def of_stay(self, stay: str) -> str | None:
        """The compartment where a stay is; None when it is over."""
        found = (key for key, compartment in self.cabinet.compartments.items() if compartment.stay == stay)
        return next(found, None)

    def is_in_hand(self, compartment: str) -> bool:
        """Somebody is at its door, or has left it open."""
        return self.cabinet.compartments[compartment].state in IN_HAND | SEEN_OPEN

    def begun(self, new: Newcomer, compartment: str, held: Hold | None = None) -> Beside:
        """The change that begins a stay; the number rests sealed. `held`: what was kept free for it, and is not any more."""
        row = Stay(
            new.stay, compartment, new.purpose, new.by, self.clock.now().timestamp(),
            dossier=new.dossier.canonical if new.dossier else None, dossier_issued=new.dossier.issued if new.dossier else None,
            procedure=new.procedure, receipt=new.receipt, phone=self.seal.close(new.phone.reveal()),
            phone_tail=self.codes.tail(new.phone), lang=new.lang,
        )  # fmt: skip

        def change(connection: sqlite3.Connection) -> tuple[Payload, ...]:
            stays.begin(connection, row)
            if held is not None:
                locker_holds.drop(connection, held.stay)
            return (given_back(held),) if held is not None and held.stay != new.stay else ()

        return change

    def renumbered(self, stay: str, phone: Msisdn) -> Beside:
        """The change that takes another number for a stay that has begun."""
        sealed, tail = self.seal.close(phone.reveal()), self.codes.tail(phone)

        def change(connection: sqlite3.Connection) -> tuple[Payload, ...]:
            stays.save_phone(connection, stay, sealed, tail)
            return ()

        return change

    async def opened(
        self, compartment: str, event: Claim | Recall | Reserve, beside: Beside | None = None
    ) -> OpeningView | Refused:
        """In turn: ask for a door, and begin what a screen can follow."""
        view = self.openings.begin(event.opening, compartment, self.plan.number(compartment))
        refusal = await self.asked(compartment, event, beside)
        if refusal is None:
            return view
        self.openings.forget(event.opening)
        return refusal

    async def asked(self, compartment: str, event: Event, beside: Beside | None = None) -> Refused | None:
        """In turn: a step without a door, or its refusal."""
        try:
            refusal = await self.cabinet.ask(compartment, event, beside)
        except NotDurable:
            return NOT_TRUSTED
        except stays.AlreadyThere:
            return Refused(RefusalWhy.ALREADY_INSIDE)
        return None if refusal is None else refused(refusal)


def refused(refusal: Refuse) -> Refused:
    return Refused(RefusalWhy(refusal.why.value), refusal.wait_s)


def given_back(hold: Hold) -> LockerReleased:
    """What tells that a compartment is not kept free any more."""
    return LockerReleased(stay=hold.stay, compartment=hold.compartment, why="cancelled")


def dossier_of(text: str) -> DossierCode | Refused:
    """A dossier's code as it was typed, scanned or sent."""
    match read_text(text):
        case DossierCode() as code:
            return code
        case Unreadable(why=why):
            return Refused(RefusalWhy(why.value))
        case _:
            return Refused(RefusalWhy.BAD_DOSSIER)


def mobile(phone: str) -> Msisdn | Refused:
    try:
        return Msisdn.parse(phone)
    except NotAMobileNumber:
        return Refused(RefusalWhy.BAD_PHONE)
