"""One pass over a chain: seq, hashes, signatures, receipts. Pure; the verifier feeds it from a database or an export."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from sync.chain import Head, digest
from sync.checkpoint import is_checkpoint_signed
from sync.errors import UNREADABLE
from sync.events import PAYLOADS, Event, LedgerCheckpoint
from sync.keys import is_signed
from sync.retention import Stretch

_decoder = msgspec.json.Decoder(Event)


class Broken(Exception):
    """The chain does not hold at `seq` (None where no row can be named)."""

    def __init__(self, seq: int | None, why: str) -> None:
        super().__init__(why)
        self.seq = seq
        self.why = why


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """One row: the exact bytes, and what the row's own columns claim about them (None in an export)."""

    seq: int
    body: bytes
    columns: tuple[str, str, int] | None = None


Item = StoredEvent | Stretch


@dataclass(frozen=True, slots=True)
class Claims:
    """What is said about a chain besides its rows, and the key it must be signed with (or one it had before)."""

    source: str
    public_key: str
    head: Head | None
    confirmed: int = 0  # the highest seq that broker or city ever confirmed
    receipts: dict[int, str] = field(default_factory=dict)
    older_keys: tuple[str, ...] = ()


class Walk:
    """Feeds on items in order of seq. `events`, `checkpoints`, `signed_upto` count what held so far."""

    def __init__(self, claims: Claims) -> None:
        self.claims = claims
        self.head = Head()
        self.events = 0
        self.checkpoints = 0
        self.signed_upto = 0

    def over(self, items: Iterable[Item]) -> None:
        """Raise Broken at the first row that does not hold."""
        for item, following in _pairs(items):
            if isinstance(item, Stretch):
                self._over_stretch(item)
            else:
                self._over_event(item, following)
            self._compare_receipt()
        self._end()

    def _over_stretch(self, stretch: Stretch) -> None:
        self._in_sequence(stretch.first)
        if stretch.prevhash != self.head.hash:
            raise Broken(self.head.seq or stretch.first, "altered: the next row carries another hash of it")
        if not is_signed(self.claims.public_key, stretch.message(self.claims.source), stretch.signature):
            raise Broken(
                stretch.first, f"forged: {stretch.first}..{stretch.last} were deleted without the device's signature"
            )
        self.head = Head(stretch.last, stretch.hash)

    def _over_event(self, item: StoredEvent, following: Item | None) -> None:
        self._in_sequence(item.seq)
        event = _decoded(item)
        if event.source != self.claims.source:
            raise Broken(item.seq, f"forged: it names the source {event.source}")
        if event.prevhash != self.head.hash:
            raise self._mismatch(item, following)
        _compare_columns(item, event)
        if event.short_type == LedgerCheckpoint.TYPE:
            self._over_checkpoint(event)
        self.head = Head(item.seq, digest(item.body))
        self.events += 1

    def _in_sequence(self, seq: int) -> None:
        if seq > self.head.seq + 1:
            raise Broken(self.head.seq + 1, f"missing: the next row is {seq}")
        if seq <= self.head.seq:
            raise Broken(seq, "forged: this seq was there before")

    def _mismatch(self, item: StoredEvent, following: Item | None) -> Broken:
        """Two neighbours disagree: the one whose own follower vouches for it is the true one."""
        vouched = _prevhash(following) if following else (self.claims.head.hash if self.claims.head else None)
        if vouched == digest(item.body) and self.head.seq:
            return Broken(self.head.seq, "altered: the next row carries another hash of it")
        return Broken(item.seq, "altered: it does not carry the hash of the row before it")

    def _over_checkpoint(self, event: Event) -> None:
        try:
            checkpoint = msgspec.json.decode(event.data, type=LedgerCheckpoint)
        except UNREADABLE as error:
            raise Broken(event.seq, f"altered: a checkpoint that cannot be read ({error})") from error
        key = checkpoint.key if checkpoint.key in self.claims.older_keys else self.claims.public_key
        if not is_checkpoint_signed(checkpoint, self.claims.source, key):
            raise Broken(event.seq, "forged: the checkpoint is not signed by this device's key")
        if (checkpoint.upto, checkpoint.head) != (self.head.seq, self.head.hash):
            unsigned = f"{self.signed_upto + 1}..{event.seq}"
            raise Broken(
                event.seq,
                f"forged: the signed checkpoint vouches for another history; something in {unsigned} was rewritten",
            )
        self.checkpoints += 1
        self.signed_upto = event.seq - 1

    def _compare_receipt(self) -> None:
        held = self.claims.receipts.get(self.head.seq)
        if held is not None and held != self.head.hash:
            raise Broken(self.head.seq, "forged: the city holds another hash of it")

    def _end(self) -> None:
        stored, last = self.claims.head, self.head.seq
        if stored and stored.seq < last:
            raise Broken(stored.seq + 1, "forged: the journal never wrote this row")
        if stored and stored.seq == last and stored.hash != self.head.hash:
            raise Broken(last, "altered: the journal noted another hash of it")
        known = max(stored.seq if stored else 0, self.claims.confirmed, *self.claims.receipts, 0)
        if known > last:
            raise Broken(last + 1, f"missing: the journal once reached {known}")


def _pairs(items: Iterable[Item]) -> Iterator[tuple[Item, Item | None]]:
    iterator = iter(items)
    item = next(iterator, None)
    while item is not None:
        following = next(iterator, None)
        yield item, following
        item = following


def _decoded(item: StoredEvent) -> Event:
    try:
        event = _decoder.decode(item.body)
    except UNREADABLE as error:
        raise Broken(item.seq, f"altered: it is no event any more ({error})") from error
    if event.seq != item.seq:
        raise Broken(item.seq, f"forged: inside it says it is {event.seq}")
    return event


def _prevhash(item: Item) -> str | None:
    if isinstance(item, Stretch):
        return item.prevhash
    try:
        return _decoder.decode(item.body).prevhash
    except UNREADABLE:
        return None


def _compare_columns(item: StoredEvent, event: Event) -> None:
    """The columns decide about retention, so they must say what the signed bytes say."""
    if item.columns is None:
        return
    kind, keep, at_ms = item.columns
    known = PAYLOADS.get(event.short_type)
    is_same = kind == event.short_type and at_ms == in_ms(event.time)
    if not is_same or (known and keep != known.KEEP.value):
        raise Broken(item.seq, "altered: the columns of its row contradict its bytes")


def in_ms(time: datetime) -> int | None:
    """An event's time as its row has it."""
    try:
        return round(time.timestamp() * 1000)
    except (OverflowError, ValueError):  # a time without an offset, before the calendar of this machine
        return None
