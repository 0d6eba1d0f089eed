"""One hash a day over every device's chain, signed by the city and published: from then on no history can change unseen.

Each root names the one before it, so none can be taken out. Whoever keeps the published roots need not trust the database.
A day on which nobody made one (the server stood still) is caught up with, over what had arrived by its end.
"""

import hashlib
import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import msgspec

from sync.chain import digest
from sync.city.chains import chain_name
from sync.city.errors import CityError
from sync.city.facts import VIETNAM, milliseconds
from sync.city.merkle import root_of
from sync.city.transactions import Bulk, Database, Row, Transaction
from sync.errors import UNREADABLE
from sync.events import GENESIS
from sync.files import write_private
from sync.keys import DeviceKey, is_signed

LOOK_EVERY_S = 60.0
_READABLE = 0o644  # a proof is for everybody
_log = logging.getLogger(__name__)
CAUGHT_UP = 400  # days at most: a clock that was years off must not make a root for each
_LEAVES = Bulk("city_root_leaves", "day text, place bigint, source text, seq bigint, head text")
_INSERT = "INSERT INTO city_roots VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_FIRST = "SELECT min(e.taken_ms) FROM city_chains c JOIN city_events e ON e.device = c.id AND e.seq = 1"
_BEFORE = "SELECT seq, body FROM city_events WHERE device = ? AND taken_ms < ? ORDER BY seq DESC LIMIT 1"
_SELECT = "SELECT day, made_ms, devices, root, previous, key, signature FROM city_roots"


class RootUnreadable(CityError):
    """A published root's file is damaged or none."""


class RootPublished(CityError):
    """Another root of that day was published: the database is not the one it was made over (an older backup, say)."""


class Root(msgspec.Struct, frozen=True, kw_only=True):
    """What is published. `root` is over the leaves of every device that has events, in order of their names.

    `previous` is the hash of the root before it. All hex.
    """

    day: str
    made_ms: int
    devices: int
    root: str
    previous: str
    key: str = ""
    signature: str = ""

    def signed(self, key: DeviceKey) -> "Root":
        return msgspec.structs.replace(self, key=key.public, signature=key.sign(self.message()))

    def is_from(self, city_key: str) -> bool:
        """Whether the city with this key signed it."""
        return self.key == city_key and is_signed(city_key, self.message(), self.signature)

    def message(self) -> bytes:
        """What is signed."""
        said = f"{self.day} {self.made_ms}\n{self.devices} {self.root}\n{self.previous}\n"
        return f"motcua root v1\n{said}".encode()

    @property
    def hash(self) -> str:
        """What the next root names as `previous`."""
        return hashlib.sha256(self.message()).hexdigest()


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where one chain stood when the root was made. `source` is the chain's name (`sync.city.chains.chain_name`)."""

    source: str
    seq: int
    head: str

    def __bytes__(self) -> bytes:
        return f"{self.source}\n{self.seq} {self.head}".encode()


class RootKeeper:
    """Makes each day's root when it is due. Ask `turn` as often as you like: it looks once a minute. Blocking."""

    def __init__(self, database: Database, key: DeviceKey, folder: Path | None = None) -> None:
        self._database = database
        self._key = key
        self._folder = folder
        self._next: float | None = None
        self.newest: Root | None = None  # for whoever publishes it over a connection of their own

    def turn(self, now: datetime, monotonic: float) -> Root | None:
        """The newest root for the topic `CITY_ROOT`, retained; its file is written already, and those of missed days.

        The first turn gives the newest there is: whoever made it may have been killed before it was out.
        """
        if self._next is not None and monotonic < self._next:
            return None
        is_first, self._next = self._next is None, monotonic + LOOK_EVERY_S
        made = [make_root(self._database, self._key, day, now) for day in roots_due(self._database, now)]
        if not (is_first or made):
            return None
        self.newest = self._publish_missing(made)
        return self.newest

    def _publish_missing(self, made: Sequence[Root]) -> Root | None:
        with self._database.reading() as reading:
            found = roots(reading)
        if self._folder is not None:
            for refused in publish_missing(found, self._folder, made):
                _log.error("city.root_not_published", extra={"why": str(refused)})
        return found[-1] if found else None


def roots_due(database: Database, now: datetime) -> list[date]:
    """The days that are over in Vietnam and have no root, oldest first: behind the newest root, or since the first event.

    A day before a root that is there gets none any more, because that root names the one before it.
    """
    yesterday = _yesterday(now)
    with database.reading() as reading:
        newest = reading.row("SELECT max(day) FROM city_roots")
        first = reading.row(_FIRST)
    begin = yesterday
    if newest and newest[0]:
        begin = date.fromisoformat(newest[0]) + timedelta(days=1)
    elif first and first[0]:
        begin = min(begin, datetime.fromtimestamp(first[0] / 1000, VIETNAM).date())
    begin = max(begin, yesterday - timedelta(days=CAUGHT_UP - 1))
    return [begin + timedelta(days=n) for n in range((yesterday - begin).days + 1)]


def make_root(database: Database, key: DeviceKey, day: date, now: datetime) -> Root:
    """The root of a day; the one that is there when there is one. Idempotent.

    Of yesterday: over the chains as they stand now, which vouches for the most. Of a day that was missed: as they stood at its end.
    """
    with database.transaction() as transaction:
        found = _rows(transaction, " WHERE day = ?", day.isoformat())
        if found:
            return found[0]
        leaves = _standing(transaction, _end_ms(day) if day < _yesterday(now) else None)
        before = _rows(transaction, " WHERE day < ? ORDER BY day DESC LIMIT 1", day.isoformat())
        root = Root(
            day=day.isoformat(),
            made_ms=milliseconds(now),
            devices=len(leaves),
            root=root_of([bytes(leaf) for leaf in leaves]).hex(),
            previous=before[0].hash if before else GENESIS,
        ).signed(key)
        if transaction.execute(_INSERT, msgspec.structs.astuple(root)):
            rows = [(root.day, place, leaf.source, leaf.seq, leaf.head) for place, leaf in enumerate(leaves)]
            transaction.insert(_LEAVES, rows)
            return root
        return _rows(transaction, " WHERE day = ?", day.isoformat())[0]  # another worker was first


def roots(transaction: Transaction) -> list[Root]:
    """Every root, oldest first."""
    return _rows(transaction, " ORDER BY day")


def leaves_of(transaction: Transaction, day: str) -> list[Leaf]:
    """In the order in which they were hashed."""
    sql = "SELECT source, seq, head FROM city_root_leaves WHERE day = ? ORDER BY place"
    return [Leaf(*row) for row in transaction.rows(sql, (day,))]


def publish(root: Root, folder: Path) -> Path:
    """Write a root to its file, where it stays; give copies to those who shall be able to prove something later.

    Raise RootPublished where another one of that day stands, RootUnreadable for a damaged one: neither is written over.
    """
    path = file_of(folder, root)
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_private(path, msgspec.json.format(msgspec.json.encode(root), indent=2) + b"\n", mode=_READABLE)
    elif _read(path) != root:
        raise RootPublished(
            f"{path}: another root of this day was published; keep the file, and run: motcua city verify"
        )
    return path


def publish_missing(found: Iterable[Root], folder: Path, made: Collection[Root]) -> list[CityError]:
    """Of all roots those that have no file yet. Which of those `made` just now could not be published, and why."""
    refused: list[CityError] = []
    for root in found:
        if root in made or not file_of(folder, root).exists():
            try:
                publish(root, folder)
            except (RootPublished, RootUnreadable) as error:
                refused.append(error)
    return refused


def published(folder: Path) -> list[Root]:
    """What stands in a folder of published roots, oldest first. Raise RootUnreadable."""
    return [_read(path) for path in sorted(folder.glob("root-*.json"))]


def file_of(folder: Path, root: Root) -> Path:
    """Where a root is published."""
    return folder / f"root-{root.day}.json"


def _read(path: Path) -> Root:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Root)
    except (OSError, *UNREADABLE) as error:
        raise RootUnreadable(f"{path}: no published root ({error})") from error


def _rows(transaction: Transaction, ending: str, *values: str) -> list[Root]:
    fields = Root.__struct_fields__
    found: Iterable[Row] = transaction.rows(_SELECT + ending, values)
    return [Root(**dict(zip(fields, row, strict=True))) for row in found]


def _yesterday(now: datetime) -> date:
    return now.astimezone(VIETNAM).date() - timedelta(days=1)


def _end_ms(day: date) -> int:
    return milliseconds(datetime.combine(day + timedelta(days=1), time(), VIETNAM))


def _standing(transaction: Transaction, end_ms: int | None) -> list[Leaf]:
    """Where the chains stand now, or where they stood at a moment by what had arrived. In order of their names."""
    found = transaction.rows("SELECT id, source, generation, seq, head, last_taken_ms FROM city_chains WHERE seq > 0")
    leaves: list[Leaf] = []
    for id_, source, generation, seq, head, taken_ms in found:
        name, last = chain_name(source, generation), (seq, head)
        if end_ms is not None and taken_ms >= end_ms:
            row = transaction.row(_BEFORE, (id_, end_ms))
            if row is None:
                continue
            last = row[0], digest(bytes(row[1]))
        leaves.append(Leaf(name, *last))
    return sorted(leaves, key=lambda leaf: leaf.source)
