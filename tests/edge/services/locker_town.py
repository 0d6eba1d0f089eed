"""What the locker's post needs around it: a code book that can say a code once, a seal, and an agent that can be killed."""

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self, TypeVar

from edge.adapters.seal import KEY_BYTES, DeviceSeal
from edge.domain.pickup_code import PickupCode
from edge.ports import SmsPort
from edge.services.faults import Faults
from edge.services.locker_post import LockerPost
from edge.services.locker_text import LockerText
from edge.services.sms_sending import PostRules
from edge.store import locker_outbox as outbox
from edge.store.locker_outbox import LockerSmsRow, SmsKind, Words
from edge.store.migrations import scripts
from edge.store.outbox import Sending
from sync.events import Payload
from sync.journal import Journal
from tests.edge.sentences import strings
from tests.edge.services.fakes import FakeClock, IdempotentPhone

T = TypeVar("T")

CITIZEN = "+84912345678"
DOSSIER = "000.00.00.H29-261121-0012"
DIGITS = "482913"
WORDS = Words("07", DOSSIER)


class OneSaying:
    """A `CodeBook`; it outlives the agent in tests."""

    def __init__(self) -> None:
        self.owed = {("stay-1", 1): DIGITS}
        self.told: list[tuple[str, int]] = []
        self.dies_at_sent = False

    async def to_send(self, stay: str, number: int) -> PickupCode | None:
        digits = self.owed.get((stay, number))
        return None if digits is None else PickupCode(digits)

    async def sent(self, stay: str, number: int) -> None:
        if self.dies_at_sent:
            raise Died
        self.told.append((stay, number))
        self.owed.pop((stay, number), None)


class Died(Exception):
    """The agent's process ended here."""


class Town:
    """One agent's life around the post; `killed` opens the same journal again."""

    def __init__(self, folder: Path, journal: Journal, phone: SmsPort, clock: FakeClock, codes: OneSaying, seal: DeviceSeal) -> None:  # fmt: skip
        self.folder, self.journal, self.phone, self.clock, self.codes, self.seal = (
            folder,
            journal,
            phone,
            clock,
            codes,
            seal,
        )
        self.faults = Faults(journal, clock)
        self.text = LockerText(strings(), "UBND Phường Thủ Đức")
        self.post = LockerPost(
            journal, phone, codes, seal, self.text, faults=self.faults, clock=clock,
            rules=PostRules(submit_s=1.0, poll_s=0.01),
        )  # fmt: skip

    @classmethod
    async def open(
        cls, folder: Path, phone: SmsPort | None = None, clock: FakeClock | None = None, codes: OneSaying | None = None, seal: DeviceSeal | None = None
    ) -> Self:  # fmt: skip
        journal = await Journal.open(folder, site="phuong-mau", device="tu-01", migrations=scripts())
        town = cls(
            folder, journal, phone or IdempotentPhone(), clock or FakeClock(), codes or OneSaying(),
            seal or DeviceSeal(secrets.token_bytes(KEY_BYTES)),
        )  # fmt: skip
        await town.faults.load()
        return town

    async def killed(self) -> Self:
        await self.journal.close()
        return await self.open(self.folder, self.phone, self.clock, self.codes, self.seal)

    async def queue(
        self, stay: str = "stay-1", kind: SmsKind = SmsKind.CODE, *, number: int = 1, phone: str = CITIZEN, words: Words = WORDS
    ) -> None:  # fmt: skip
        sealed, now = self.seal.close(phone), self.clock.now()
        await self.change(
            lambda connection: outbox.queue(connection, stay, kind, sealed, now, words=words, number=number)
        )

    async def cancel(self, stay: str = "stay-1") -> None:
        await self.change(lambda connection: outbox.cancel_queued(connection, stay))

    async def change(self, change: Callable[[sqlite3.Connection], T]) -> T:
        """Run `change` in a transaction that tells no event."""
        answers: list[T] = []

        def silent(connection: sqlite3.Connection) -> Sequence[Payload]:
            answers.append(change(connection))
            return ()

        await self.journal.transact(silent)
        return answers[0]

    async def row(self, stay: str = "stay-1", place: int = 0) -> LockerSmsRow:
        rows = await self.journal.read(lambda connection: outbox.of_stay(connection, stay))
        return rows[place]

    async def status(self, stay: str = "stay-1") -> Sending | None:
        return await self.journal.read(lambda connection: outbox.status_of(connection, stay))
