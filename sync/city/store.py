"""What the city holds: every device's events once, in order, chained, as the exact bytes that came.

The receiver's thread owns it. It takes an event only behind the one it continues, so its head is always a whole chain's.
"""

import sqlite3
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import msgspec

from sync.chain import Head, digest, source_of
from sync.errors import UNREADABLE
from sync.events import Event
from sync.marks import MAX_SEQ
from sync.topics import Topics

_decoder = msgspec.json.Decoder(Event)
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS held (device TEXT NOT NULL, seq INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (device, seq)) STRICT, WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS heads (device TEXT PRIMARY KEY, seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT",
)


class Taken(StrEnum):
    NEW = "new"
    DUPLICATE = "duplicate"
    AHEAD = "ahead"  # something before it is missing: it must come again
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Counts:
    """Since the store was made (`unique`) or opened (the rest). `gaps` counts how often something was missing."""

    unique: int
    duplicates: int
    gaps: int
    forged: int


class CityStore:
    """A SQLite file of the city's own. Commit with `commit`, then tell the devices."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", *_SCHEMA):
            self._connection.execute(statement)
        rows = self._connection.execute("SELECT device, seq, hash FROM heads").fetchall()
        self._heads = {device: Head(seq, hash_) for device, seq, hash_ in rows}

    def begin(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()

    def head(self, source: str) -> Head:
        return self._heads.get(source, Head())

    def unique(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM held").fetchone()[0])

    def take(self, topics: Topics, kind: str, body: bytes) -> Taken:
        """Judge one event by its topic, its seq and its prevhash, and keep it if it is the next."""
        event = _event_of(topics, kind, body)
        if event is None:
            return Taken.FORGED
        head = self.head(event.source)
        if event.seq > head.seq + 1:
            return Taken.AHEAD
        if event.seq <= head.seq:
            return Taken.DUPLICATE if self._holds(event, body) else Taken.FORGED
        if event.prevhash != head.hash:
            return Taken.FORGED
        self._keep(event, body)
        return Taken.NEW

    def _holds(self, event: Event, body: bytes) -> bool:
        found = self._connection.execute(
            "SELECT body FROM held WHERE device = ? AND seq = ?", (event.source, event.seq)
        ).fetchone()
        return found is not None and found[0] == body

    def _keep(self, event: Event, body: bytes) -> None:
        head = Head(event.seq, digest(body))
        self._connection.execute("INSERT INTO held VALUES (?, ?, ?)", (event.source, event.seq, body))
        self._connection.execute(
            "INSERT INTO heads VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq, hash = excluded.hash",
            (event.source, head.seq, head.hash),
        )
        self._heads[event.source] = head


def _event_of(topics: Topics, kind: str, body: bytes) -> Event | None:
    """The event, if it is one and speaks for the device and type whose topic it came on."""
    try:
        event = _decoder.decode(body)
        is_own = event.source == source_of(topics.site, topics.device) and 1 <= event.seq <= MAX_SEQ
    except (*UNREADABLE, ValueError):
        return None
    return event if is_own and event.short_type == kind else None
