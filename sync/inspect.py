"""Looking into a journal from outside the agent: tail, export, statistics. Reads only; for the command line.

Every function takes a data directory (or the journal file itself) and raises JournalUnusable where there is none.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from sync.chain import Head
from sync.damage import DAMAGE_SHOWS_AS, unusable
from sync.errors import UNREADABLE, JournalUnusable
from sync.events import GENESIS, Event
from sync.marks import Marks, read_marks
from sync.schema import JOURNAL_FILE, octets, open_reader
from sync.verify import BUNDLE_SUFFIX, Bundle, VerifyReport, verify

__all__ = [
    "Exported", "Row", "Stats", "VerifyReport", "after", "ask", "export", "last_rows", "rows_after", "seq_of", "stats", "tail",
    "verify",
]  # fmt: skip

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Stats:
    """What a journal holds. `by_type` counts the events kept; `pruned` those deleted behind signed rows."""

    source: str
    public_key: str
    head: Head
    events: int
    first: int
    pruned: int
    by_type: dict[str, int]
    marks: Marks
    bytes: int

    @property
    def backlog(self) -> int:
        return self.head.seq - self.marks.city


@dataclass(frozen=True, slots=True)
class Exported:
    """An export and the bundle that makes it verifiable: `verify(events)` checks the two together."""

    events: Path
    bundle: Path
    count: int


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it lies there: what its columns say, and the event's exact bytes, which may be damaged."""

    seq: int
    type: str
    body: bytes

    @property
    def event(self) -> Event | None:
        """None where the bytes are no event any more."""
        try:
            self.body.decode()
            return msgspec.json.decode(self.body, type=Event)
        except UNREADABLE:
            return None


def last_rows(path: Path, count: int = 20, type_prefix: str = "") -> list[Row]:
    """The last `count` rows, oldest first; `type_prefix` as in `alert.`."""
    query = "SELECT seq, type, body FROM events WHERE substr(type, 1, length(?1)) = ?1 ORDER BY seq DESC LIMIT ?2"
    with _reading(path) as connection:
        return [_row(*found) for found in connection.execute(query, (type_prefix, count)).fetchall()][::-1]


def rows_after(path: Path, seq: int, limit: int = 500) -> list[Row]:
    """The next rows behind `seq`: what a following tail polls."""
    query = "SELECT seq, type, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
    with _reading(path) as connection:
        return [_row(*found) for found in connection.execute(query, (seq, limit)).fetchall()]


def tail(path: Path, count: int = 20, type_prefix: str = "") -> list[bytes]:
    """The last `count` events' exact bytes, oldest first; `type_prefix` as in `alert.`."""
    return [row.body for row in last_rows(path, count, type_prefix)]


def after(path: Path, seq: int, limit: int = 500) -> list[bytes]:
    """The next events' exact bytes behind `seq`. `seq_of` gives the seq of one."""
    return [row.body for row in rows_after(path, seq, limit)]


def seq_of(body: bytes) -> int:
    """The seq of an event's bytes."""
    return msgspec.json.decode(body, type=Event).seq


def export(path: Path, out: Path) -> Exported:
    """Write every kept event as one line of exact bytes to `out` (must end in .jsonl), and its bundle beside it."""
    if out.suffix != ".jsonl":
        raise ValueError(f"{out}: an export is named *.jsonl")
    bundle_path = out.with_name(out.name + BUNDLE_SUFFIX)
    with _reading(path) as connection, out.open("wb") as file:
        count = 0
        for (body,) in connection.execute("SELECT body FROM events ORDER BY seq"):
            file.write(octets(body) + b"\n")
            count += 1
        bundle_path.write_bytes(msgspec.json.format(msgspec.json.encode(_bundle(connection)), indent=2) + b"\n")
    return Exported(out, bundle_path, count)


def stats(path: Path) -> Stats:
    """Count what is there."""
    with _reading(path) as connection:
        source, public_key = _identity(connection)
        count, first = connection.execute("SELECT count(*), coalesce(min(seq), 0) FROM events").fetchone()
        (pruned,) = connection.execute("SELECT coalesce(sum(last - first + 1), 0) FROM ledger_pruned").fetchone()
        by_type = dict(connection.execute("SELECT type, count(*) FROM events GROUP BY type ORDER BY type").fetchall())
        return Stats(
            source, public_key, _head(connection), count, first, pruned, by_type, read_marks(connection), _size(path)
        )


def ask(path: Path, query: Callable[[sqlite3.Connection], T], *, at_rest: bool = False) -> T:
    """What `query` reads, of the agent's own tables as well. `at_rest`: nobody has it open, so not even a file of SQLite's is left."""
    with _reading(path, at_rest=at_rest) as connection:
        return query(connection)


@contextmanager
def _reading(path: Path, *, at_rest: bool = False) -> Iterator[sqlite3.Connection]:
    """SQLite's failures by this package's name."""
    file = _file(path)
    try:
        with closing(open_reader(file, at_rest=at_rest)) as connection:
            connection.execute("BEGIN")
            yield connection
    except DAMAGE_SHOWS_AS as error:
        raise unusable(file, error) from error


def _row(seq: int, kind: object, body: object) -> Row:
    return Row(seq, str(kind), octets(body))


def _file(path: Path) -> Path:
    return path / JOURNAL_FILE if path.is_dir() else path


def _size(path: Path) -> int:
    file = _file(path)
    return sum(part.stat().st_size for part in (file, file.with_name(file.name + "-wal")) if part.exists())


def _identity(connection: sqlite3.Connection) -> tuple[str, str]:
    found = connection.execute("SELECT source, public_key FROM ledger_identity").fetchone()
    if found is None:
        raise JournalUnusable("the journal does not say whose it is")
    return str(found[0]), str(found[1])


def _head(connection: sqlite3.Connection) -> Head:
    return Head(*(connection.execute("SELECT seq, hash FROM ledger_head").fetchone() or (0, GENESIS)))


def _bundle(connection: sqlite3.Connection) -> Bundle:
    source, public_key = _identity(connection)
    head = _head(connection)
    holes = connection.execute("SELECT first, last, prevhash, hash, signature FROM ledger_pruned ORDER BY first")
    return Bundle(
        source=source, public_key=public_key, head_seq=head.seq, head_hash=head.hash, pruned=tuple(holes.fetchall())
    )
