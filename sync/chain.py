"""The open end of one device's hash chain: turns payloads into the exact bytes that are stored, sent and hashed.

Only the journal's writer extends a chain; the verifier and the city use the small functions below it.
"""

import hashlib
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

import msgspec

from sync.errors import BreaksContract
from sync.events import GENESIS, Payload, Recorded, full_type

WallClock = Callable[[], datetime]
Row = tuple[int, str, str, int, bytes]  # seq, type, keep, at_ms, body: one row of `events`

_BODY = (
    b'{"specversion":"1.0","id":"%b%b%b","time":"%b","datacontenttype":"application/json",'
    b'"seq":%d,"prevhash":"%b","data":%b}'
)
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_PAIRS = [(a + b).encode() for a in _CROCKFORD for b in _CROCKFORD]
_COUNT_END = 1 << 20
_VIETNAM = timezone(timedelta(hours=7))


def site_time() -> datetime:
    """Now, in Vietnam's offset (one zone, no summer time)."""
    return datetime.now(_VIETNAM)


def source_of(site: str, device: str) -> str:
    """The CloudEvents source. Here stands how a site and a device may be called; raise ValueError for anything else.

    `/`, `+`, `#` and blanks mean something in MQTT, `.` and `*` in RabbitMQ, which writes `/` as `.`, and all of them in
    access lists and patterns. `config.fields.Key` says the same for configuration files.
    """
    for what, name in (("site", site), ("device", device)):
        if not _NAME.fullmatch(name):
            raise ValueError(f"{what} {name!r}: small letters a-z, digits and hyphens, 40 at most, as in quay-01")
    return f"/sites/{site}/devices/{device}"


def digest(body: bytes) -> str:
    """The hash that the next event carries as `prevhash`."""
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """The last event of a chain: its seq and the hash of its bytes. `Head()` stands before the first event."""

    seq: int = 0
    hash: str = GENESIS


class Chain:
    """Appends to one device's chain. Not thread-safe: it belongs to the writer."""

    def __init__(self, source: str, head: Head, clock: WallClock) -> None:
        self.head = head
        self.source = source
        self._clock = clock
        self._ids = _Ulids()
        self._opening = b'","source":' + msgspec.json.encode(source) + b',"type":"'
        self._encode = msgspec.json.Encoder().encode
        self._kinds: dict[type[Payload], _Kind] = {}

    def extend(self, payloads: Iterable[Payload]) -> tuple[list[Row], list[Recorded]]:
        """Link `payloads` to the chain: the rows to insert and what to tell subscribers.

        Raise BreaksContract, and then the chain is as it was. To undo later, set `head` back.
        """
        time, at_ms = _in_milliseconds(self._clock())
        stamp = time.isoformat(timespec="milliseconds").encode()
        seq, previous = self.head.seq, self.head.hash.encode()
        rows: list[Row] = []
        recorded: list[Recorded] = []
        for payload in payloads:
            seq += 1
            kind, contents = self._encoded(payload)
            body = _BODY % (self._ids.next(at_ms), self._opening, kind.full, stamp, seq, previous, contents)
            previous = hashlib.sha256(body).hexdigest().encode()
            rows.append((seq, kind.short, kind.keep, at_ms, body))
            recorded.append(Recorded(seq=seq, time=time, payload=payload))
        self.head = Head(seq, previous.decode())
        return rows, recorded

    def _encoded(self, payload: Payload) -> tuple["_Kind", bytes]:
        """Type and JSON of a payload, read back once, so that nothing enters the journal that nobody could read."""
        kind = self._kinds.get(type(payload))
        if kind is None:
            kind = self._kinds[type(payload)] = _Kind.of(type(payload))
        try:
            contents = self._encode(payload)
            kind.decode(contents)
        except (msgspec.MsgspecError, TypeError, ValueError) as error:
            raise BreaksContract(f"{payload.TYPE}: {error}") from error
        return kind, contents


@dataclass(frozen=True, slots=True)
class _Kind:
    """What is the same for every event of a type."""

    full: bytes
    short: str
    keep: str
    decode: Callable[[bytes], Payload]

    @classmethod
    def of(cls, payload: type[Payload]) -> "_Kind":
        return cls(full_type(payload).encode(), payload.TYPE, payload.KEEP.value, msgspec.json.Decoder(payload).decode)


class _Ulids:
    """ULIDs that rise even within one millisecond and when the clock steps back (a tenth of python-ulid's cost).

    48 bits of time, 60 of chance, and 20 that count within the millisecond from a chance beginning.
    """

    def __init__(self) -> None:
        self._ms = -1
        self._prefix = b""
        self._count = _COUNT_END

    def next(self, at_ms: int) -> bytes:
        self._count += 1
        if at_ms > self._ms or self._count >= _COUNT_END:
            self._ms = max(at_ms, self._ms + 1)  # a full count borrows the next millisecond
            self._prefix = _base32(self._ms, 5) + _base32(secrets.randbits(60), 6)
            self._count = secrets.randbits(19)
        return self._prefix + _PAIRS[self._count >> 10] + _PAIRS[self._count & 1023]


def _base32(value: int, pairs: int) -> bytes:
    return b"".join([_PAIRS[(value >> shift) & 1023] for shift in range(10 * pairs - 10, -1, -10)])


def _in_milliseconds(moment: datetime) -> tuple[datetime, int]:
    time = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    return time, round(time.timestamp() * 1000)
