"""The outbox of SMS to citizens: one row for each (stay, kind, number). For the locker services, inside the journal's transactions.

A row's status is QUEUED until the transport *reports* that the message left: in the hands of a transport whose modem is gone it is
still unsent, and the desk says so.
"""

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum

from edge.store.outbox import Sending
from edge.store.times import STEP_BACK_S

PREFIX = "lk-"  # an alert's refs begin with a digit


class SmsKind(StrEnum):
    """What a citizen is told; a key under `sms.locker`."""

    CODE = "code"  # the result lies there, with the code
    RECEIPT = "receipt"  # the dossier lies there
    REMINDER = "reminder"  # the result still lies there
    RECALLED = "recalled"  # staff took it out again


class Handed(IntEnum):
    """Whether the transport has the message. TOLD: and the code book knows it, so that the code is gone from here."""

    NO = 0
    YES = 1
    TOLD = 2


@dataclass(frozen=True, slots=True)
class Words:
    """What an SMS may say beside the code. `door` is the number that stands on it."""

    door: str
    dossier: str | None = None
    receipt: str | None = None
    lang: str = "vi"


@dataclass(frozen=True, slots=True)
class LockerSmsRow:
    """`phone` is sealed; None once nobody needs it any more. `next_s` as in `outbox.SmsRow`."""

    ref: str
    stay: str
    kind: SmsKind
    number: int
    phone: bytes | None = field(repr=False)
    words: Words
    queued_s: float
    status: Sending
    handed: Handed
    attempts: int
    next_s: float


_SELECT = """
SELECT ref, stay, kind, turn, sealed_phone, dossier, receipt, door, lang, queued_s, status, handed, attempts, next_s FROM locker_sms
"""
_FINAL = frozenset({Sending.DELIVERED, Sending.FAILED, Sending.CANCELLED})


def ref_of(stay: str, kind: SmsKind, number: int) -> str:
    """What the transport knows the message by; it says stay and kind for ever, so no second row can make a second SMS."""
    return f"{PREFIX}{stay}-{kind}-{number}"


def queue(
    connection: sqlite3.Connection, stay: str, kind: SmsKind, sealed_phone: bytes, now: datetime, *, words: Words, number: int = 0
) -> str:  # fmt: skip
    """Its ref. `number` counts the codes (or reminders) of a stay; what is in the outbox already is left as it is."""
    ref, now_s = ref_of(stay, kind, number), now.timestamp()
    connection.execute(
        "INSERT INTO locker_sms VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0) ON CONFLICT (stay, kind, turn) DO NOTHING",
        (ref, stay, kind, number, sealed_phone, words.dossier, words.receipt, words.door, words.lang, now_s, Sending.QUEUED,
         Handed.NO),
    )  # fmt: skip
    return ref


def waiting(connection: sqlite3.Connection, now_s: float, limit: int, most_s: float) -> tuple[LockerSmsRow, ...]:
    """What should be handed to the transport by now, oldest first; `most_s` as in `times.is_over`."""
    found = connection.execute(
        f"{_SELECT} WHERE status = 'queued' AND handed = 0 AND (next_s <= ?1 OR next_s > ?1 + ?3)"
        " ORDER BY queued_s, rowid LIMIT ?2",
        (now_s, limit, most_s + STEP_BACK_S),
    )
    return tuple(_row(row) for row in found)


def of_stay(connection: sqlite3.Connection, stay: str) -> tuple[LockerSmsRow, ...]:
    found = connection.execute(f"{_SELECT} WHERE stay = ? ORDER BY queued_s, rowid", (stay,))
    return tuple(_row(row) for row in found)


def find(connection: sqlite3.Connection, ref: str) -> LockerSmsRow | None:
    found = connection.execute(f"{_SELECT} WHERE ref = ?", (ref,)).fetchone()
    return None if found is None else _row(found)


def status_of(connection: sqlite3.Connection, stay: str, kind: SmsKind = SmsKind.CODE) -> Sending | None:
    """Of the newest SMS of this kind; None when there never was one."""
    row = connection.execute(
        "SELECT status FROM locker_sms WHERE stay = ? AND kind = ? ORDER BY turn DESC LIMIT 1", (stay, kind)
    ).fetchone()
    return None if row is None else Sending(row[0])


def note(connection: sqlite3.Connection, ref: str, status: Sending) -> None:
    connection.execute("UPDATE locker_sms SET status = ? WHERE ref = ?", (status, ref))
    if status in _FINAL:
        connection.execute("UPDATE locker_sms SET sealed_phone = NULL WHERE ref = ?", (ref,))


def note_handed(connection: sqlite3.Connection, ref: str) -> None:
    """The transport has it: it is never handed over again, so the number can go. One cancelled meanwhile is on its way after all."""
    connection.execute(
        "UPDATE locker_sms SET handed = max(handed, ?), sealed_phone = NULL,"
        " status = CASE status WHEN 'cancelled' THEN 'queued' ELSE status END WHERE ref = ?",
        (Handed.YES, ref),
    )


def note_told(connection: sqlite3.Connection, ref: str) -> None:
    """The code book forgot the code."""
    connection.execute("UPDATE locker_sms SET handed = ? WHERE ref = ?", (Handed.TOLD, ref))


def untold(connection: sqlite3.Connection) -> tuple[LockerSmsRow, ...]:
    """Codes that the transport has and the code book may still hold."""
    found = connection.execute(f"{_SELECT} WHERE handed = 1 AND kind = 'code' ORDER BY queued_s")
    return tuple(_row(row) for row in found)


def outlived(connection: sqlite3.Connection, since_s: float) -> tuple[LockerSmsRow, ...]:
    """Codes that the transport has not reported on and that open nothing any more: replaced, used or dead.

    Also those cancelled and queued after `since_s`: an agent may have died between handing one over and noting it.
    """
    found = connection.execute(
        f"{_SELECT} AS sms WHERE kind = 'code' AND (status = 'queued' AND handed <> 0"  # noqa: S608 - our own constants
        " OR status = 'cancelled' AND handed = 0 AND queued_s > ?) AND EXISTS"
        " (SELECT 1 FROM locker_codes AS code WHERE code.stay = sms.stay AND code.turn = sms.turn"
        " AND (code.is_dead = 1 OR code.used_s IS NOT NULL)) ORDER BY queued_s, rowid",
        (since_s,),
    )
    return tuple(_row(row) for row in found)


def put_off(connection: sqlite3.Connection, ref: str, next_s: float) -> None:
    connection.execute("UPDATE locker_sms SET attempts = attempts + 1, next_s = ? WHERE ref = ?", (next_s, ref))


def cancel_queued(connection: sqlite3.Connection, stay: str, kind: SmsKind | None = None) -> None:
    """What the transport does not have yet is not sent any more. Of what it has, codes are asked back: see `outlived`."""
    connection.execute(
        "UPDATE locker_sms SET status = 'cancelled', sealed_phone = NULL "
        "WHERE stay = ? AND (? IS NULL OR kind = ?) AND status = 'queued' AND handed = 0",
        (stay, kind, kind),
    )


def give_up(connection: sqlite3.Connection, before_s: float) -> int:
    """What was queued before then of stays that are over is not sent any more, and its numbers go; how many."""
    return connection.execute(
        "UPDATE locker_sms SET status = 'cancelled', sealed_phone = NULL WHERE queued_s < ? AND sealed_phone IS NOT NULL"
        " AND stay IN (SELECT stay FROM locker_stays WHERE over_s IS NOT NULL)",
        (before_s,),
    ).rowcount


def purge(connection: sqlite3.Connection, before_s: float) -> int:
    """Rows queued before then, except those still to be sent; how many went."""
    return connection.execute(
        "DELETE FROM locker_sms WHERE queued_s < ? AND (status <> 'queued' OR handed <> 0)", (before_s,)
    ).rowcount


def _row(
    row: tuple[str, str, str, int, bytes | None, str | None, str | None, str, str, float, str, int, int, float],
) -> LockerSmsRow:
    ref, stay, kind, number, phone, dossier, receipt, door, lang, queued_s, status, handed, attempts, next_s = row
    words = Words(door, dossier, receipt, lang)
    return LockerSmsRow(
        ref, stay, SmsKind(kind), number, phone, words, queued_s, Sending(status), Handed(handed), attempts, next_s
    )
