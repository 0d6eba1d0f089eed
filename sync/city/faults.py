"""What is wrong with a device's stream: opened when it is seen, counted while it lasts, closed when it is mended.

A gap that was filled within a minute is the ordinary life of a line and leaves no row; the tallies count it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sync.city.facts import milliseconds
from sync.city.terms import Judgement
from sync.city.transactions import Bulk, Transaction

ORDINARY_GAP_MS = 60_000
KEEP_CLOSED_DAYS = 400
_CHUNK = 500


class FaultKind(StrEnum):
    """The page's words for them are message keys of the same name. Those marked so wait for a person's `settle`."""

    GAP = "gap"  # closed when the chain has reached what was seen behind it
    FORK = "fork"  # person: two devices with one key, or a restored backup
    UNCHAINED = "unchained"  # person
    FORGED = "forged"  # person
    REVOKED = "revoked"  # closed when the device's events are taken again
    UNREGISTERED = "unregistered"  # closed when the device's events are taken
    FOREIGN = "foreign"  # person: it spoke for somebody else
    UNREADABLE = "unreadable"  # person
    TOO_BIG = "too_big"  # person
    UNKNOWN_VERSION = "unknown_version"  # person: the city must be updated, then its facts recounted
    CLOCK_SKEW = "clock_skew"  # closed by the first event whose time can be


_OF_JUDGEMENT = {
    Judgement.AHEAD: FaultKind.GAP, Judgement.FORKED: FaultKind.FORK, Judgement.UNCHAINED: FaultKind.UNCHAINED,
    Judgement.FORGED: FaultKind.FORGED, Judgement.REVOKED: FaultKind.REVOKED, Judgement.FOREIGN: FaultKind.FOREIGN,
    Judgement.UNREGISTERED: FaultKind.UNREGISTERED, Judgement.UNREADABLE: FaultKind.UNREADABLE,
    Judgement.TOO_BIG: FaultKind.TOO_BIG, Judgement.UNKNOWN_VERSION: FaultKind.UNKNOWN_VERSION,
}  # fmt: skip
_REFUSING = (FaultKind.UNCHAINED, FaultKind.FORGED)
_MENDED_BY_TAKING = (FaultKind.REVOKED, FaultKind.UNREGISTERED)
_COLUMNS = "id, source, kind, seq, seconds, since_ms, last_ms, times, closed_ms, closed_by"
_BULK = Bulk(
    "city_faults",
    "source text, kind text, seq bigint, seconds double precision, since_ms bigint, last_ms bigint, times bigint",
    "ON CONFLICT (source, kind) WHERE closed_ms IS NULL DO UPDATE SET times = city_faults.times + excluded.times, "
    "last_ms = excluded.last_ms, seconds = COALESCE(excluded.seconds, city_faults.seconds), "
    "seq = CASE WHEN city_faults.seq IS NULL OR excluded.seq > city_faults.seq THEN excluded.seq ELSE city_faults.seq END",
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One row. `seq` is the highest concerned; `seconds` by how much a clock is wrong (ahead: above 0)."""

    id: int
    source: str
    kind: FaultKind
    seq: int | None
    seconds: float | None
    since_ms: int
    last_ms: int
    times: int
    closed_ms: int | None
    closed_by: str | None


@dataclass(slots=True)
class _Sighting:
    at_ms: int
    times: int = 0
    seq: int | None = None
    seconds: float | None = None


@dataclass(slots=True)
class FaultBook:
    """Collects what a batch shows of many devices, then writes it once."""

    _seen: dict[tuple[str, FaultKind], _Sighting] = field(default_factory=dict)
    _reached: dict[str, int] = field(default_factory=dict)  # devices that moved on, and how far
    _clocks_right: set[str] = field(default_factory=set)

    def see(self, source: str, judgement: Judgement, seq: int | None, at: datetime) -> None:
        """An arrival that is no ordinary one."""
        kind = _OF_JUDGEMENT.get(judgement)
        if kind:
            self._sight(source, kind, seq, at)

    def see_clock(self, source: str, skew_s: float | None, seq: int, at: datetime) -> None:
        """What the time of the last event taken says of the device's clock."""
        if skew_s is None:
            self._clocks_right.add(source)
            self._seen.pop((source, FaultKind.CLOCK_SKEW), None)
        else:
            self._clocks_right.discard(source)
            self._sight(source, FaultKind.CLOCK_SKEW, seq, at).seconds = skew_s

    def reached(self, source: str, seq: int) -> None:
        """Events were taken up to here."""
        self._reached[source] = seq
        gap = self._seen.get((source, FaultKind.GAP))
        if gap and gap.seq is not None and gap.seq <= seq:
            del self._seen[source, FaultKind.GAP]

    def write(self, transaction: Transaction, now: datetime) -> None:
        """Close first, so that what is mended and broken again in one batch is a new fault."""
        now_ms = milliseconds(now)
        for fault in open_faults(transaction, sorted(self._reached)):
            if self._is_mended(fault):
                _close(transaction, fault, now_ms)
        rows = [
            (source, kind.value, one.seq, one.seconds, one.at_ms, one.at_ms, one.times)
            for (source, kind), one in sorted(self._seen.items())
        ]
        transaction.insert(_BULK, rows)

    def _sight(self, source: str, kind: FaultKind, seq: int | None, at: datetime) -> _Sighting:
        sighting = self._seen.setdefault((source, kind), _Sighting(milliseconds(at)))
        sighting.times += 1
        sighting.seq = max(filter(None, (sighting.seq, seq)), default=None)
        return sighting

    def _is_mended(self, fault: Fault) -> bool:
        if fault.kind is FaultKind.GAP:
            return fault.seq is None or fault.seq <= self._reached[fault.source]
        if fault.kind is FaultKind.CLOCK_SKEW:
            return fault.source in self._clocks_right
        return fault.kind in _MENDED_BY_TAKING


def open_faults(transaction: Transaction, sources: Sequence[str]) -> Iterable[Fault]:
    """Of these devices."""
    for start in range(0, len(sources), _CHUNK):
        some = sources[start : start + _CHUNK]
        marks = ", ".join("?" * len(some))
        sql = f"SELECT {_COLUMNS} FROM city_faults WHERE source IN ({marks}) AND closed_ms IS NULL ORDER BY id"  # noqa: S608 - our own names, and marks
        for row in transaction.rows(sql, some):
            yield Fault(row[0], row[1], FaultKind(row[2]), *row[3:])


def refused_next(transaction: Transaction, heads: Mapping[str, int]) -> set[str]:
    """Of these devices, those whose very next event was refused: sending again changes nothing until a person has acted."""
    return {
        fault.source
        for fault in open_faults(transaction, sorted(heads))
        if fault.kind in _REFUSING and (fault.seq or 0) > heads[fault.source]
    }


def settle(transaction: Transaction, source: str, kind: FaultKind, by: str, now: datetime) -> bool:
    """A person has seen to it. Whether it was open."""
    sql = "UPDATE city_faults SET closed_ms = ?, closed_by = ? WHERE source = ? AND kind = ? AND closed_ms IS NULL"
    return transaction.execute(sql, (milliseconds(now), by, source, kind.value)) > 0


def forget_old(transaction: Transaction, now: datetime) -> int:
    """Delete faults closed long ago; how many."""
    horizon = milliseconds(now) - KEEP_CLOSED_DAYS * 86_400_000
    return transaction.execute("DELETE FROM city_faults WHERE closed_ms < ?", (horizon,))


def _close(transaction: Transaction, fault: Fault, now_ms: int) -> None:
    if fault.kind is FaultKind.GAP and now_ms - fault.since_ms < ORDINARY_GAP_MS:
        transaction.execute("DELETE FROM city_faults WHERE id = ?", (fault.id,))
    else:
        transaction.execute("UPDATE city_faults SET closed_ms = ? WHERE id = ?", (now_ms, fault.id))
