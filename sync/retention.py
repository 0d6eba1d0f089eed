"""What may leave the journal, and how the chain stays verifiable without it.

Nothing goes before the city's receipt. With one, an event goes when its retention time is over; health first and then
readings go earlier when the file reaches its bound; proof never does. A deleted stretch leaves a signed row behind.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec

from sync.chain import Head, digest
from sync.checkpoint import pruned_message
from sync.events import Event, Keep
from sync.keys import DeviceKey

_decoder = msgspec.json.Decoder(Event)
CHUNK = 2_000  # rows one transaction deletes, so that the writer is never away for long
VICTIMS = (Keep.HEALTH, Keep.READING)  # in this order, when room is needed


@dataclass(frozen=True, slots=True)
class Retention:
    """How long each class stays after the city has it, and how large the file may grow before victims are taken."""

    health: timedelta = timedelta(days=7)
    reading: timedelta = timedelta(days=30)
    proof: timedelta = timedelta(days=365)
    bound_mb: float = 2_048.0

    def of(self, keep: Keep) -> timedelta:
        return {Keep.HEALTH: self.health, Keep.READING: self.reading, Keep.PROOF: self.proof}[keep]


@dataclass(slots=True)
class Pruned:
    """How many events one pruning deleted, by class."""

    events: dict[Keep, int] = field(default_factory=lambda: dict.fromkeys(Keep, 0))

    @property
    def total(self) -> int:
        return sum(self.events.values())

    def add(self, other: "Pruned") -> None:
        for keep, events in other.events.items():
            self.events[keep] += events


@dataclass(frozen=True, slots=True)
class Stretch:
    """Events `first`..`last` are gone; `prevhash` and `hash` are the chain's hashes on either side of the hole."""

    first: int
    last: int
    prevhash: str
    hash: str
    signature: str = ""

    def message(self, source: str) -> bytes:
        return pruned_message(source, Head(self.first - 1, self.prevhash), Head(self.last, self.hash))


class Pruner:
    """Deletes what may go, inside the writer's transaction."""

    def __init__(self, connection: sqlite3.Connection, source: str, key: DeviceKey, retention: Retention) -> None:
        self._connection = connection
        self._source = source
        self._key = key
        self._retention = retention

    def expire(self, now_ms: int) -> Pruned:
        """Delete at most CHUNK events of each class whose retention time is over and which the city has."""
        pruned = Pruned()
        for keep in Keep:
            until_ms = now_ms - round(self._retention.of(keep).total_seconds() * 1000)
            pruned.events[keep] = self._delete("keep = ? AND at_ms < ?", (keep.value, until_ms))
        return pruned

    def relieve(self) -> Pruned:
        """Make room: delete at most CHUNK of the oldest victims that the city has, whatever their age."""
        pruned = Pruned()
        for keep in VICTIMS:
            pruned.events[keep] = self._delete("keep = ?", (keep.value,))
            if pruned.total:
                break
        return pruned

    def is_over_bound(self) -> bool:
        """Whether the pages in use exceed the bound."""
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
        (size,) = self._connection.execute("PRAGMA page_size").fetchone()
        return bool((pages - free) * size > self._retention.bound_mb * 1_000_000)

    def _delete(self, condition: str, values: tuple[object, ...]) -> int:
        (city,) = self._connection.execute("SELECT seq FROM ledger_marks WHERE name = 'city'").fetchone()
        found = self._connection.execute(
            f"SELECT seq, body FROM events WHERE seq <= ? AND {condition} ORDER BY seq LIMIT {CHUNK}",  # noqa: S608 - our own constants
            (city, *values),
        ).fetchall()
        for stretch in _stretches(found):
            self._leave_behind(stretch)
        self._connection.executemany("DELETE FROM events WHERE seq = ?", [(seq,) for seq, _ in found])
        return len(found)

    def _leave_behind(self, stretch: Stretch) -> None:
        """Sign the hole, joined with the holes that touch it."""
        before = self._take("last = ?", stretch.first - 1)
        after = self._take("first = ?", stretch.last + 1)
        joined = Stretch(
            first=before.first if before else stretch.first,
            last=after.last if after else stretch.last,
            prevhash=before.prevhash if before else stretch.prevhash,
            hash=after.hash if after else stretch.hash,
        )
        signature = self._key.sign(joined.message(self._source))
        self._connection.execute(
            "INSERT INTO ledger_pruned VALUES (?, ?, ?, ?, ?)",
            (joined.first, joined.last, joined.prevhash, joined.hash, signature),
        )

    def _take(self, condition: str, seq: int) -> Stretch | None:
        found = self._connection.execute(
            f"DELETE FROM ledger_pruned WHERE {condition} RETURNING first, last, prevhash, hash, signature",  # noqa: S608 - our own constants
            (seq,),
        ).fetchall()
        return Stretch(*found[0]) if found else None


def _stretches(found: Iterable[tuple[int, bytes]]) -> Iterator[Stretch]:
    """Runs of consecutive events, each with the hashes on either side."""
    run: list[tuple[int, bytes]] = []
    for seq, body in found:
        if run and run[-1][0] != seq - 1:
            yield _stretch(run)
            run = []
        run.append((seq, body))
    if run:
        yield _stretch(run)


def _stretch(run: list[tuple[int, bytes]]) -> Stretch:
    (first, opening), (last, closing) = run[0], run[-1]
    return Stretch(first, last, prevhash_of(opening), digest(closing))


def prevhash_of(body: bytes) -> str:
    """The hash an event carries of the one before it; raises ValueError for bytes that are no event."""
    return _decoder.decode(body).prevhash
