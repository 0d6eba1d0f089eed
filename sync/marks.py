"""The two watermarks: what the broker acknowledged and what the city confirmed with the head it holds; and what goes up again.

The journal keeps them; the link moves them.
"""

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from sync.chain import Head, digest
from sync.checkpoint import receipt_message
from sync.events import GENESIS
from sync.keys import DeviceKey, is_signed
from sync.retention import ENDING_AT

MAX_SEQ = 2**63 - 1  # what SQLite can hold
_KEPT_RECEIPTS = 100  # for the verifier; the newest one alone decides what may be deleted


class Receipt(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the city sends down on `.../ack`: it holds everything up to `seq`, and the hash of that event is `head`.

    `resend` asks the device to send again from there. `at`: the city's clock when it said so, in milliseconds.
    `key` and `signature` are hex, over source, seq, head and, where it is there, `at`.
    """

    seq: Annotated[int, msgspec.Meta(ge=0, le=MAX_SEQ)]
    head: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    resend: bool = False
    at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    key: str | None = None
    signature: str | None = None

    def signed(self, key: DeviceKey, source: str) -> "Receipt":
        """The same receipt with the city's signature."""
        signature = key.sign(receipt_message(source, Head(self.seq, self.head), self.at))
        return msgspec.structs.replace(self, key=key.public, signature=signature)

    def is_from(self, city_key: str, source: str) -> bool:
        """Whether the city with the key `city_key` signed it for this device."""
        message = receipt_message(source, Head(self.seq, self.head), self.at)
        return self.key == city_key and is_signed(city_key, message, self.signature or "")


class ReceiptOutcome(StrEnum):
    TAKEN = "taken"
    STALE = "stale"  # the same history, nothing new
    GONE = "gone"  # about events that were deleted here since: nothing is left to compare
    MISMATCH = "mismatch"  # the city holds another history: tell a person, delete nothing
    AHEAD = "ahead"  # the city holds more than this journal ever had: tell a person, delete nothing

    @property
    def is_contradiction(self) -> bool:
        return self in {ReceiptOutcome.MISMATCH, ReceiptOutcome.AHEAD}


@dataclass(frozen=True, slots=True)
class Marks:
    """Everything up to `broker` was acknowledged by the broker, everything up to `city` confirmed by the city."""

    broker: int = 0
    city: int = 0

    @staticmethod
    def advance(connection: sqlite3.Connection, **marks: int) -> "Marks":
        """Move watermarks forward, never back."""
        for name, seq in marks.items():
            connection.execute("UPDATE ledger_marks SET seq = max(seq, ?) WHERE name = ?", (seq, name))
        return read_marks(connection)


def read_marks(connection: sqlite3.Connection) -> Marks:
    return Marks(**dict(connection.execute("SELECT name, seq FROM ledger_marks").fetchall()))


@dataclass(frozen=True, slots=True)
class Again:
    """Somebody ordered that everything behind `seq` goes up once more. `number` counts the orders that came together."""

    seq: int
    number: int = 1


def read_again(connection: sqlite3.Connection) -> Again | None:
    row = connection.execute("SELECT seq, number FROM ledger_again").fetchone()
    return Again(*row) if row else None


def ask_again(connection: sqlite3.Connection, seq: int) -> Again:
    """One order more; with one that is not done yet, from the earlier of the two."""
    sql = (
        "INSERT INTO ledger_again VALUES (1, ?, 1) ON CONFLICT (one) DO UPDATE "
        "SET seq = min(seq, excluded.seq), number = number + 1 RETURNING seq, number"
    )
    return Again(*connection.execute(sql, (seq,)).fetchone())


def sent_again(connection: sqlite3.Connection, done: Again) -> Again | None:
    """All of it is up. What is left when more was ordered meanwhile."""
    connection.execute("DELETE FROM ledger_again WHERE number = ?", (done.number,))
    return read_again(connection)


def take_receipt(connection: sqlite3.Connection, receipt: Receipt) -> ReceiptOutcome:
    """Compare the city's head with ours and, if it is the same, move the city's watermark."""
    ours = _hash_at(connection, receipt.seq)
    if ours is None:
        (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM ledger_head").fetchone()
        return ReceiptOutcome.AHEAD if receipt.seq > last else ReceiptOutcome.GONE
    if ours != receipt.head:
        return ReceiptOutcome.MISMATCH
    if receipt.seq <= read_marks(connection).city:
        return ReceiptOutcome.STALE
    _keep(connection, receipt)
    Marks.advance(connection, city=receipt.seq, broker=receipt.seq)
    return ReceiptOutcome.TAKEN


def _hash_at(connection: sqlite3.Connection, seq: int) -> str | None:
    if seq == 0:
        return GENESIS
    found = connection.execute("SELECT body FROM events WHERE seq = ?", (seq,)).fetchone()
    if found:
        return digest(found[0])
    pruned = connection.execute(f"SELECT hash FROM ledger_pruned WHERE {ENDING_AT}", (seq,)).fetchone()  # noqa: S608 - our own constant
    return str(pruned[0]) if pruned else None


def _keep(connection: sqlite3.Connection, receipt: Receipt) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    connection.execute("INSERT OR REPLACE INTO ledger_receipts VALUES (?, ?, ?)", (receipt.seq, receipt.head, now))
    connection.execute(
        "DELETE FROM ledger_receipts WHERE seq NOT IN (SELECT seq FROM ledger_receipts ORDER BY seq DESC LIMIT ?)",
        (_KEPT_RECEIPTS,),
    )
