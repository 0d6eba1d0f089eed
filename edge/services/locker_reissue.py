"""A new pickup code for a result that lies there: by SMS to the registered number, or read out to it by telephone."""

import logging
import sqlite3
from typing import Literal

from edge.domain.locker import Purpose
from edge.domain.pickup_code import PickupCode
from edge.locker_ports import RefusalWhy, Refused, SpokenCode, Staff
from edge.services.locker_cabinet import NotDurable
from edge.services.locker_changes import LockerChanges
from edge.services.locker_parts import NOT_ALLOWED, NOT_THERE, NOT_TRUSTED, LockerParts
from edge.store import locker_codes, locker_outbox, stays
from edge.store.locker_outbox import SmsKind
from edge.store.stays import Stay
from sync.events import LockerCodeIssued, Payload

log = logging.getLogger(__name__)

SMS, PHONE = "sms", "phone"


class Reissue:
    """`reissue` runs in the cabinet's turn, so that nobody at the keypad uses a code that dies meanwhile."""

    def __init__(self, parts: LockerParts, changes: LockerChanges) -> None:
        self._parts = parts
        self._changes = changes

    async def reissue(self, by: Staff, stay: str, via: str) -> SpokenCode | Refused | None:
        """The code before it is dead at once. Why: `reissued` after too many wrong tries, else `lost`.

        Not for what the city has recalled: whoever was wrong about that takes it out and loads it again.
        """
        row = await self._parts.ledger.read(lambda connection: stays.find(connection, stay))
        if via not in {SMS, PHONE}:
            return NOT_ALLOWED
        if row is None or row.purpose is not Purpose.RESULT or row.loaded_s is None:
            return NOT_THERE
        if refused := self._refused(row, via):
            return refused
        try:
            code = await self._issued(by, row, via)
        except NotDurable:
            return NOT_TRUSTED
        log.info("locker: code reissued stay=%s via=%s by=%s", stay, via, by.name)
        return None if code is None else SpokenCode(code)

    def _refused(self, row: Stay, via: str) -> Refused | None:
        compartment = self._parts.of_stay(row.stay)
        if compartment is None:
            return NOT_THERE
        if row.recalled_s is not None:
            return Refused(RefusalWhy.RECALLED)
        if self._parts.is_in_hand(compartment):
            return Refused(RefusalWhy.BUSY)
        return Refused(RefusalWhy.BAD_PHONE) if via == SMS and row.phone is None else None

    async def _issued(self, by: Staff, row: Stay, via: str) -> PickupCode | None:
        spoken: list[PickupCode] = []
        at = self._parts.clock.now()

        def change(connection: sqlite3.Connection) -> tuple[Payload, ...]:
            known = locker_codes.of_stay(connection, row.stay)
            why: Literal["reissued", "lost"] = "reissued" if known is None or known.is_dead else "lost"
            if via == SMS:
                return self._changes.sms_code(connection, row, by.name, why, at)
            number = locker_codes.next_number(connection, row.stay)
            code = self._parts.codes.make(row.stay, number)
            self._parts.codes.issue(connection, row.stay, number, code, at, is_owed=False)
            locker_outbox.cancel_queued(connection, row.stay, SmsKind.CODE)
            spoken.append(code)
            return (
                LockerCodeIssued(
                    stay=row.stay, dossier=row.dossier or "", number=number, why=why, via="phone", by=by.name
                ),
            )

        await self._parts.cabinet.write(change)
        return spoken[0] if spoken else None
