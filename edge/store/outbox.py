"""The SMS outbox: one row for each person told of an alert. For the alert service, inside the journal's transactions."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from edge.store.times import STEP_BACK_S


class Sending(StrEnum):
    """QUEUED until the transport has it; CANCELLED when nobody needs it any more and it was not in a modem's hands yet.

    The others are `edge.ports.SmsStatus`.
    """

    QUEUED = "queued"
    SUBMITTED = "submitted"
    DELIVERED = "delivered"
    FAILED = "failed"
    UNKNOWN = "unknown"
    CANCELLED = "cancelled"

    @property
    def may_arrive(self) -> bool:
        return self not in {Sending.FAILED, Sending.CANCELLED}


@dataclass(frozen=True, slots=True)
class SmsRow:
    """`contact` is the key in the configuration; `ref` is what the transport knows the message by. `next_s` 0: at once, whatever the clock says."""

    ref: str
    alert: str
    contact: str
    told_s: float
    status: Sending
    attempts: int
    next_s: float


_SELECT = "SELECT ref, alert, contact, told_s, status, attempts, next_s FROM alert_sms"


def queue(connection: sqlite3.Connection, alert: str, contacts: Iterable[str], now: datetime) -> None:
    """A contact who is in the outbox for this alert already is left as it is."""
    for contact in contacts:
        ref = f"{now:%y%m%d%H%M%S}-{alert}-{contact}"
        connection.execute(
            "INSERT INTO alert_sms VALUES (?, ?, ?, ?, ?, 0, 0) ON CONFLICT (alert, contact) DO NOTHING",
            (ref, alert, contact, now.timestamp(), Sending.QUEUED),
        )


def waiting(connection: sqlite3.Connection, now_s: float, limit: int, most_s: float) -> tuple[SmsRow, ...]:
    """What should be handed to the transport by now, oldest first; `most_s` as in `times.is_over`."""
    found = connection.execute(
        f"{_SELECT} WHERE status = 'queued' AND (next_s <= ?1 OR next_s > ?1 + ?3) ORDER BY told_s LIMIT ?2",
        (now_s, limit, most_s + STEP_BACK_S),
    )
    return tuple(_row(row) for row in found)


def outlived(connection: sqlite3.Connection, since_s: float) -> tuple[SmsRow, ...]:
    """What the transport has not reported on though its alert is over: acknowledged, contested or withdrawn.

    Also what was cancelled and queued after `since_s`: an agent may have died between handing it over and noting it.
    """
    found = connection.execute(
        f"{_SELECT} WHERE (status = 'submitted' OR status = 'cancelled' AND told_s > ?) AND alert IN"  # noqa: S608 - our own constants
        " (SELECT alert FROM alerts WHERE state NOT IN ('open', 'unanswered')) ORDER BY rowid",
        (since_s,),
    )
    return tuple(_row(row) for row in found)


def of_alert(connection: sqlite3.Connection, alert: str) -> tuple[SmsRow, ...]:
    found = connection.execute(f"{_SELECT} WHERE alert = ? ORDER BY told_s, rowid", (alert,))
    return tuple(_row(row) for row in found)


def find(connection: sqlite3.Connection, ref: str) -> SmsRow | None:
    found = connection.execute(f"{_SELECT} WHERE ref = ?", (ref,)).fetchone()
    return None if found is None else _row(found)


def note(connection: sqlite3.Connection, ref: str, status: Sending) -> None:
    connection.execute("UPDATE alert_sms SET status = ? WHERE ref = ?", (status, ref))


def put_off(connection: sqlite3.Connection, ref: str, next_s: float) -> None:
    connection.execute("UPDATE alert_sms SET attempts = attempts + 1, next_s = ? WHERE ref = ?", (next_s, ref))


def cancel_queued(connection: sqlite3.Connection, alert: str) -> None:
    connection.execute("UPDATE alert_sms SET status = 'cancelled' WHERE alert = ? AND status = 'queued'", (alert,))


def _row(row: tuple[str, str, str, float, str, int, float]) -> SmsRow:
    ref, alert, contact, told_s, status, attempts, next_s = row
    return SmsRow(ref, alert, contact, told_s, Sending(status), attempts, next_s)
