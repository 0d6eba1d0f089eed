"""Pickup codes: made, judged, reissued, handed to the SMS post once. `edge.locker_ports.CodeBook`.

A code of the device's secret can be made again until it was sent; a drawn one is sealed until then. Neither is in a log or event.
"""

import hmac
import logging
import secrets
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from edge.domain.code_check import Judgement, Keypad, StoredCode, judge, restored
from edge.domain.dossier import DossierCode
from edge.domain.msisdn import Msisdn
from edge.domain.pickup_code import LENGTHS, PickupCode, derived, digest, drawn
from edge.domain.receipt_id import ReceiptId
from edge.domain.scanned import PhoneTail
from edge.locker_ports import Seal
from edge.ports import Clock, Ledger
from edge.services.locker_plan import LockerSettings
from edge.store import locker_codes as table
from sync.events import Payload

log = logging.getLogger(__name__)

Meant = DossierCode | ReceiptId | PhoneTail


class Codes:
    """`load` first. Everything that writes runs inside the journal's transactions of the cabinet."""

    def __init__(
        self, settings: LockerSettings, *, ledger: Ledger, seal: Seal, clock: Clock,
        below: Callable[[int], int] = secrets.randbelow,
    ) -> None:  # fmt: skip
        self._settings = settings
        self._key = hmac.digest(settings.secret, b"digest of pickup codes", "sha256")
        self._ledger = ledger
        self._seal = seal
        self._clock = clock
        self._below = below
        self._keypads: dict[str, Keypad] = {}

    async def load(self, keypads: Sequence[str]) -> None:
        """The wait of each keypad begins again in full."""
        now_s, rules = self._clock.monotonic(), self._settings.codes
        for keypad in keypads:
            wrong = await self._ledger.read(partial(table.wrong_at, keypad=keypad))
            self._keypads[keypad] = restored(wrong, now_s, rules)

    def make(self, stay: str, number: int) -> PickupCode:
        """The code to issue as this stay's `number`."""
        digits = self._settings.codes.digits
        if self._settings.is_derived:
            return derived(self._settings.secret, stay, number, digits)
        return drawn(self._below, digits)

    def issue(
        self, connection: sqlite3.Connection, stay: str, number: int, code: PickupCode, at: datetime, *, is_owed: bool
    ) -> None:
        """Store the HMAC of a new code; the one before it is dead. `is_owed`: the post will ask for it."""
        sealed = self._seal.close(code.reveal()) if is_owed and not self._settings.is_derived else None
        table.issue(connection, StoredCode(stay, number, digest(self._key, stay, code)), at.timestamp(), sealed)
        if not is_owed:
            table.note_sent(connection, stay, number, at.timestamp())

    def tail(self, number: Msisdn) -> bytes:
        """What a registered number is found by; its digits stand nowhere."""
        return PhoneTail.of(number).digest(self._key)

    async def judged(self, keypad: str, meant: Meant, typed: PickupCode) -> Judgement:
        """What a typed code is, against the codes of every stay that may be meant. `counted` and `keep` make it count."""
        stored = await self._ledger.read(lambda connection: self._candidates(connection, meant))
        return judge(
            self._key, self._keypads[keypad], stored, typed, now_s=self._clock.monotonic(), rules=self._settings.codes
        )

    def counted(self, keypad: str, judgement: Judgement) -> Callable[[sqlite3.Connection], tuple[Payload, ...]]:
        """The change that stores the attempts of a judgement."""

        def change(connection: sqlite3.Connection) -> tuple[Payload, ...]:
            table.save_keypad(connection, keypad, judgement.keypad.wrong)
            table.save_attempts(connection, judgement.codes)
            return ()

        return change

    def keep(self, keypad: str, judgement: Judgement) -> None:
        """`counted` is on the disk."""
        self._keypads[keypad] = judgement.keypad

    async def to_send(self, stay: str, number: int) -> PickupCode | None:
        owed = await self._ledger.read(lambda connection: table.owed(connection, stay, number))
        if owed is None:
            return None
        if owed.sealed is not None:
            return self._unsealed(owed.sealed)
        known = await self._ledger.read(lambda connection: table.of_stay(connection, stay))
        codes = [derived(self._settings.secret, stay, number, digits) for digits in LENGTHS]
        found = [one for one in codes if known and hmac.compare_digest(digest(self._key, stay, one), known.digest)]
        return found[0] if found else None  # as long as it was issued, whatever the configuration says by now

    async def sent(self, stay: str, number: int) -> None:
        now_s = self._clock.now().timestamp()

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            table.note_sent(connection, stay, number, now_s)
            return ()

        await self._ledger.transact(change)

    def _unsealed(self, sealed: bytes) -> PickupCode | None:
        """None for what another device sealed: the officer issues a new one."""
        try:
            return PickupCode.parse(self._seal.open(sealed))
        except ValueError:
            log.error("a code was sealed with another key; it cannot be sent")  # noqa: TRY400 - the sentence is enough
            return None

    def _candidates(self, connection: sqlite3.Connection, meant: Meant) -> tuple[StoredCode, ...]:
        match meant:
            case DossierCode():
                return table.of_dossier(connection, meant.canonical)
            case ReceiptId():
                return table.of_receipt(connection, str(meant))
            case PhoneTail():
                return table.of_phone_tail(connection, meant.digest(self._key))
