"""What may leave the journal, and how the chain stays verifiable without it.

Nothing goes before the city's receipt. With one, an event goes when its retention time is over; health first and then
readings go earlier when the file reaches its bound; proof never does. A deleted stretch leaves a signed row behind.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain
from typing import Self

import msgspec

from sync.chain import Head, digest
from sync.checkpoint import pruned_message
from sync.errors import UNREADABLE
from sync.events import Event, Keep
from sync.keys import DeviceKey
from sync.schema import octets

_decoder = msgspec.json.Decoder(Event)
ENDING_AT = "last = ?1 AND first = (SELECT max(first) FROM ledger_pruned WHERE first <= ?1)"  # holes are apart, and found by `first`
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


@dataclass(frozen=True, slots=True)
class Bite:
    """The most that one look goes through, deletes and signs, so that the writer is never away for long.

    `look_s`: how long one transaction looks on at the bound while it finds nothing.
    """

    seqs: int = 5_000
    rows: int = 2_000
    holes: int = 200
    look_s: float = 0.020


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

    @classmethod
    def count(cls, classes: Iterable[str]) -> Self:
        pruned = cls()
        for keep in classes:
            pruned.events[Keep(keep)] += 1
        return pruned


@dataclass(frozen=True, slots=True)
class Swept:
    """What one look deleted, and the seq it came to; the next one begins behind it. `is_last`: the city has no more."""

    pruned: Pruned
    upto: int
    is_last: bool


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
    """Deletes what may go, inside the writer's transaction.

    `clear`: of each victim nothing is left up to that seq, for nothing new comes below the city's mark. A new one replaces it at
    each change, so whoever rolls a transaction back puts the earlier one back as well.
    `is_looking`: the last `relieve` came to the end of its time and not to the city's mark, so there may be room yet.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        source: str,
        key: DeviceKey,
        retention: Retention,
        bite: Bite | None = None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._connection = connection
        self._source = source
        self._key = key
        self._retention = retention
        self._bite = bite or Bite()
        self._monotonic = monotonic
        self.clear: Mapping[Keep, int] = dict.fromkeys(VICTIMS, 0)
        self.is_looking = False

    def expire(self, now_ms: int, after: int = 0) -> Swept:
        """Delete what the city has and whose retention time is over, in one look behind `after`."""
        until = [(keep.value, now_ms - round(self._retention.of(keep).total_seconds() * 1000)) for keep in Keep]
        swept = self._sweep(after, " OR ".join(["keep = ? AND at_ms < ?"] * len(until)), tuple(chain(*until)))
        self._notice(after, swept.upto)
        return swept

    def relieve(self) -> Pruned:
        """Make room: delete the oldest victims that the city has, whatever their age, in the first look that finds some."""
        until = self._monotonic() + self._bite.look_s
        swept = self._look_for_victims()
        while self._may_find_more(swept) and self._monotonic() < until:
            swept = self._look_for_victims()
        self.is_looking = self._may_find_more(swept)
        return swept.pruned

    def is_over_bound(self) -> bool:
        """Whether the pages in use exceed the bound."""
        (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
        (free,) = self._connection.execute("PRAGMA freelist_count").fetchone()
        (size,) = self._connection.execute("PRAGMA page_size").fetchone()
        return bool((pages - free) * size > self._retention.bound_mb * 1_000_000)

    def _look_for_victims(self) -> Swept:
        """Readings are looked for once no health is left."""
        for keep in VICTIMS:
            swept = self._sweep(self.clear[keep], "keep = ?", (keep.value,))
            self.clear = {**self.clear, keep: swept.upto}
            if swept.pruned.total or not swept.is_last:
                break
        return swept

    @staticmethod
    def _may_find_more(swept: Swept) -> bool:
        return not (swept.pruned.total or swept.is_last)

    def _sweep(self, after: int, condition: str, values: tuple[object, ...]) -> Swept:
        """Delete what fulfils `condition` behind `after`, one bite of it."""
        (city,) = self._connection.execute("SELECT seq FROM ledger_marks WHERE name = 'city'").fetchone()
        upto, bite = self._end_of_look(after, city), self._bite
        sql = f"SELECT seq, keep, body FROM events WHERE seq > ? AND seq <= ? AND ({condition}) ORDER BY seq LIMIT ?"  # noqa: S608 - our own constants
        found = self._connection.execute(sql, (after, upto, *values, bite.rows)).fetchall()
        if len(found) == bite.rows:
            upto = found[-1][0]
        whole = [row for row in found if _is_event(row[-1])]  # a damaged row stays, for a person to look at
        stretches = list(_stretches((seq, body) for seq, _, body in whole))
        if len(stretches) > bite.holes:
            upto = stretches[bite.holes - 1].last
        for stretch in stretches[: bite.holes]:
            self._leave_behind(stretch)
            self._connection.execute("DELETE FROM events WHERE seq BETWEEN ? AND ?", (stretch.first, stretch.last))
        return Swept(Pruned.count(keep for seq, keep, _ in whole if seq <= upto), upto, is_last=upto >= city)

    def _end_of_look(self, after: int, city: int) -> int:
        """Whatever was deleted behind `after` costs no look."""
        (first,) = self._connection.execute("SELECT min(seq) FROM events WHERE seq > ?", (after,)).fetchone()
        return max(after, city if first is None else min(city, first - 1 + self._bite.seqs))

    def _notice(self, after: int, upto: int) -> None:
        """Of which victims a sweep has left nothing so far: `relieve` need not look there."""
        sql = "SELECT seq FROM events WHERE seq > ? AND seq <= ? AND keep = ? ORDER BY seq LIMIT 1"
        for keep in VICTIMS:
            if after <= self.clear[keep] < upto:
                left = self._connection.execute(sql, (self.clear[keep], upto, keep.value)).fetchone()
                self.clear = {**self.clear, keep: left[0] - 1 if left else upto}

    def _leave_behind(self, stretch: Stretch) -> None:
        """Sign the hole, joined with the holes that touch it."""
        before = self._take(ENDING_AT, stretch.first - 1)
        after = self._take("first = ?1", stretch.last + 1)
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


def _is_event(body: object) -> bool:
    try:
        _decoder.decode(octets(body))
    except UNREADABLE:
        return False
    return True


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
    """The hash an event carries of the one before it; raises one of UNREADABLE for bytes that are no event."""
    return _decoder.decode(body).prevhash
