"""Pickup codes: made, judged, reissued, handed to the SMS post once. `edge.locker_ports.CodeBook`.

A code of the device's secret can be made again until it was sent; a drawn one is sealed until then. Neither is in a log or event.
"""

import hmac
import secrets
import sqlite3
from collections.abc import Callable, Sequence

from edge.domain.code_check import Judgement, Keypad, judge, restored
from edge.domain.pickup_code import PickupCode, derived, digest, drawn
from edge.locker_ports import Seal
from edge.ports import Clock, Ledger
from edge.services.locker_plan import LockerSettings
from edge.store import locker_codes as table
from sync.events import Payload


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
        wrong = await self._ledger.read(table.keypads)
        now_s, rules = self._clock.monotonic(), self._settings.codes
        self._keypads = {key: restored(wrong.get(key, 0), now_s, rules) for key in keypads}

    def make(self, stay: str, number: int) -> PickupCode:
        """The code to issue as this stay's `number`."""
        digits = self._settings.codes.digits
        if self._settings.is_derived:
            return derived(self._settings.secret, stay, number, digits)
        return drawn(self._below, digits)

    def issue(self, connection: sqlite3.Connection, stay: str, number: int, code: PickupCode, *, to_send: bool) -> None:
        """Store the HMAC of a new code; the one before it is dead. `to_send`: the post will ask for it."""
        is_sealed = to_send and not self._settings.is_derived
        sealed = self._seal.close(code.reveal()) if is_sealed else None
        table.issue(connection, stay, number, digest(self._key, stay, code), sealed, is_owed=to_send)

    async def judged(self, keypad: str, stays: Sequence[str], typed: PickupCode) -> Judgement:
        """What a typed code is, against the codes of every stay that may be meant. `keep` makes it count."""
        stored = await self._ledger.read(lambda connection: table.newest(connection, stays))
        return judge(
            self._key, self._keypads[keypad], stored, typed, now_s=self._clock.monotonic(), rules=self._settings.codes
        )

    def counted(self, keypad: str, judgement: Judgement) -> Callable[[sqlite3.Connection], Sequence[Payload]]:
        """The change that stores the attempts of a judgement."""

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            table.save_keypad(connection, keypad, judgement.keypad.wrong)
            for code in judgement.codes:
                table.save_attempts(connection, code)
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
            return PickupCode.parse(self._seal.open(owed.sealed))
        return derived(self._settings.secret, stay, number, self._settings.codes.digits)

    async def sent(self, stay: str, number: int) -> None:
        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            table.forget(connection, stay, number)
            return ()

        await self._ledger.transact(change)
