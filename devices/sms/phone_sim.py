"""Simulated phones without modem or daemon, for a demo where smstools is missing. One SQLite file is the network.

`PhoneSimChannel` is the agent's side, `SimulatedPhones` the people's side; both survive a kill, in any process.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from devices.sms.channel import (
    ChannelHealth,
    DeliveryUpdate,
    IncomingSms,
    Outgoing,
    SmsStatus,
    Update,
)
from devices.sms.follow import Follower
from devices.sms.sqlite_file import transaction
from devices.sms.text import normalise, part_count

_SCHEMA = """
CREATE TABLE IF NOT EXISTS outbox (
  ref TEXT PRIMARY KEY, recipient TEXT NOT NULL, text TEXT NOT NULL, parts INTEGER NOT NULL, submitted_at REAL NOT NULL,
  status TEXT NOT NULL DEFAULT 'submitted', told TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS received (recipient TEXT NOT NULL, text TEXT NOT NULL, received_at REAL NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS inbox (
  id INTEGER PRIMARY KEY AUTOINCREMENT, sender TEXT NOT NULL, text TEXT NOT NULL, received_at REAL NOT NULL
) STRICT;
"""


class SimulatedPhones:
    """The phones on one network file: what their owners read, and what they write back."""

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._path = path
        self._clock = clock

    def texts(self, number: str) -> list[str]:
        """Every text that reached this phone, oldest first, as often as it came."""
        with _network(self._path) as rows:
            found = rows.execute("SELECT text FROM received WHERE recipient = ? ORDER BY rowid", (number,))
            return [text for (text,) in found]

    def times_received(self, number: str, text: str) -> int:
        """How often exactly this text reached this phone."""
        return self.texts(number).count(normalise(text))

    def reply(self, number: str, text: str) -> None:
        """The owner of this phone writes to the centre."""
        with _network(self._path) as rows:
            rows.execute(
                "INSERT INTO inbox (sender, text, received_at) VALUES (?, ?, ?)",
                (number, normalise(text), self._clock().timestamp()),
            )


class PhoneSimChannel:
    """An `SmsChannel` that needs nothing. A text is on the phone `delivery_s` after `submit`; `refused` numbers fail."""

    def __init__(
        self,
        path: Path,
        *,
        delivery_s: float = 0.3,
        poll_s: float = 0.1,
        refused: Collection[str] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._path = path
        self._delivery_s = delivery_s
        self._follower = Follower(lambda: asyncio.to_thread(self._pending), poll_s)
        self._refused = frozenset(refused)
        self._clock = clock

    async def submit(self, sms: Outgoing) -> None:
        """See SmsChannel."""
        await asyncio.to_thread(self._put, sms)

    async def take_back(self, ref: str) -> bool:
        """Never: it is on its way."""
        del ref
        return False

    def updates(self) -> AsyncIterator[Update]:
        """See SmsChannel."""
        return self._follower.updates()

    async def acknowledge(self, update: Update) -> None:
        """See SmsChannel."""
        await asyncio.to_thread(self._note, update)
        self._follower.acknowledged(update)

    async def health(self) -> ChannelHealth:
        """Always there; what waits is on its way to the phone."""
        return await asyncio.to_thread(self._health)

    async def close(self) -> None:
        """Nothing is open between two calls."""

    def _put(self, sms: Outgoing) -> None:
        text = normalise(sms.text)
        with _network(self._path) as rows:
            rows.execute(
                "INSERT OR IGNORE INTO outbox (ref, recipient, text, parts, submitted_at) VALUES (?, ?, ?, ?, ?)",
                (sms.ref, sms.to, text, part_count(text), self._clock().timestamp()),
            )

    def _pending(self) -> list[Update]:
        with _network(self._path) as rows:
            self._carry(rows)
            sent = rows.execute(
                "SELECT ref, status, parts FROM outbox WHERE told IS NOT status ORDER BY rowid"
            ).fetchall()
            replies = rows.execute("SELECT id, sender, text, received_at FROM inbox ORDER BY id").fetchall()
        return [
            *(_delivery(ref, SmsStatus(status), parts) for ref, status, parts in sent),
            *(IncomingSms(f"in-{key}", who, text, datetime.fromtimestamp(at, UTC)) for key, who, text, at in replies),
        ]

    def _carry(self, rows: sqlite3.Connection) -> None:
        """What is due reaches its phone: text and status change together or not at all."""
        now = self._clock().timestamp()
        due = rows.execute(
            "SELECT ref, recipient, text FROM outbox WHERE status = 'submitted' AND submitted_at <= ? ORDER BY rowid",
            (now - self._delivery_s,),
        ).fetchall()
        for ref, recipient, text in due:
            status = SmsStatus.FAILED if recipient in self._refused else SmsStatus.DELIVERED
            rows.execute("UPDATE outbox SET status = ? WHERE ref = ?", (status.value, ref))
            if status is SmsStatus.DELIVERED:
                rows.execute("INSERT INTO received VALUES (?, ?, ?)", (recipient, text, now))

    def _note(self, update: Update) -> None:
        with _network(self._path) as rows:
            if isinstance(update, IncomingSms):
                rows.execute("DELETE FROM inbox WHERE id = ?", (int(update.update_id.removeprefix("in-")),))
            else:
                rows.execute("UPDATE outbox SET told = ? WHERE ref = ?", (update.status.value, update.ref))

    def _health(self) -> ChannelHealth:
        with _network(self._path) as rows:
            waiting, oldest = rows.execute(
                "SELECT count(*), min(submitted_at) FROM outbox WHERE status = 'submitted'"
            ).fetchone()
        return ChannelHealth(
            is_alive=True, waiting=waiting, oldest_waiting_s=self._clock().timestamp() - oldest if waiting else 0.0
        )


def _delivery(ref: str, status: SmsStatus, parts: int) -> DeliveryUpdate:
    if status is SmsStatus.FAILED:
        return DeliveryUpdate(ref, status, parts, why="refused")
    return DeliveryUpdate(ref, status, parts, parts if status is SmsStatus.DELIVERED else 0)


def _network(path: Path) -> AbstractContextManager[sqlite3.Connection]:
    return transaction(path, _SCHEMA)
