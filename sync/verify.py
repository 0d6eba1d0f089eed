"""Checks a journal or an export of one: names the first broken, missing or forged row. Reads only, and never raises.

Works beside a running agent and on a copied file. What it cannot see: events that nobody had confirmed, forged by somebody
who holds the device's key.
"""

import heapq
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from sync.chain import Head
from sync.damage import DAMAGE_SHOWS_AS
from sync.errors import UNREADABLE, JournalUnusable
from sync.keys import public_key_of
from sync.retention import Stretch
from sync.schema import JOURNAL_FILE, octets, open_reader
from sync.walk import Broken, Claims, Item, StoredEvent, Walk

BUNDLE_SUFFIX = ".bundle.json"


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """`first_bad` is the first row that does not hold, or None where none can be named; `why` is None when all holds."""

    ok: bool
    events: int
    first_bad: int | None = None
    why: str | None = None
    checkpoints: int = 0
    signed_upto: int = 0


class Bundle(msgspec.Struct, frozen=True, kw_only=True):
    """What stands beside an export: whose it is, the key, where it ends, and the signed holes.

    The anchor of a pruned journal is the hole that begins at 1.
    """

    format: str = "motcua journal export v1"
    source: str
    public_key: str
    head_seq: int
    head_hash: str
    pruned: tuple[tuple[int, int, str, str, str], ...]


def verify(path: Path, public_key: str | None = None) -> VerifyReport:
    """Check a data directory, a journal file or an exported `.jsonl` with its bundle.

    `public_key` (hex) is the key the chain must be signed with; without it the key file beside the journal counts, and
    without that the key the journal itself names (which shows damage, but not a forger who replaced everything).
    """
    try:
        if path.suffix == ".jsonl":
            return _verify_export(path, public_key)
        return _verify_database(path / JOURNAL_FILE if path.is_dir() else path, public_key)
    except DAMAGE_SHOWS_AS as error:
        return VerifyReport(ok=False, events=0, why=_unreadable(error))
    except (JournalUnusable, OSError, *UNREADABLE) as error:
        return VerifyReport(ok=False, events=0, why=f"unreadable: {_said(error)}")


def _said(error: Exception) -> str:
    """A file that cannot be opened by its name and the system's words, without the system's number."""
    return f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)


def _unreadable(why: object) -> str:
    return f"unreadable: {why}; keep the file; the city has a copy of what it confirmed"


def _verify_database(path: Path, public_key: str | None) -> VerifyReport:
    connection = open_reader(path)
    try:
        connection.execute("BEGIN")
        claims = _claims(connection, public_key or public_key_of(path.parent))
        report = _walk(Walk(claims), stored_items(connection))
        return _check_pages(connection, report) if report.ok else report
    finally:
        connection.close()


def _claims(connection: sqlite3.Connection, public_key: str | None) -> Claims:
    identity = connection.execute("SELECT source, public_key FROM ledger_identity").fetchone()
    if identity is None:
        raise JournalUnusable("the journal does not say whose it is")
    source, named_key = identity
    head = connection.execute("SELECT seq, hash FROM ledger_head").fetchone()
    (confirmed,) = connection.execute("SELECT coalesce(max(seq), 0) FROM ledger_marks").fetchone()
    receipts = dict(connection.execute("SELECT seq, head FROM ledger_receipts").fetchall())
    return Claims(source, public_key or named_key, Head(*head) if head else Head(), confirmed, receipts)


def stored_items(connection: sqlite3.Connection) -> Iterator[Item]:
    """Rows and signed holes in order of seq."""
    events = connection.execute("SELECT seq, body, type, keep, at_ms FROM events ORDER BY seq")
    stretches = connection.execute("SELECT first, last, prevhash, hash, signature FROM ledger_pruned ORDER BY first")
    return heapq.merge(
        (StoredEvent(seq, octets(body), (kind, keep, at_ms)) for seq, body, kind, keep, at_ms in events),
        (Stretch(*row) for row in stretches),
        key=lambda item: item.first if isinstance(item, Stretch) else item.seq,
    )


def _walk(walk: Walk, items: Iterator[Item]) -> VerifyReport:
    first_bad: int | None = None
    why: str | None = None
    try:
        walk.over(items)
    except Broken as broken:
        first_bad, why = broken.seq, broken.why
    except DAMAGE_SHOWS_AS as error:
        first_bad, why = walk.head.seq + 1, _unreadable(error)
    return VerifyReport(why is None, walk.events, first_bad, why, walk.checkpoints, walk.signed_upto)


def _check_pages(connection: sqlite3.Connection, report: VerifyReport) -> VerifyReport:
    (found,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    return report if found == "ok" else VerifyReport(ok=False, events=report.events, why=_unreadable(found))


def _verify_export(path: Path, public_key: str | None) -> VerifyReport:
    bundle = msgspec.json.decode(path.with_name(path.name + BUNDLE_SUFFIX).read_bytes(), type=Bundle)
    claims = Claims(bundle.source, public_key or bundle.public_key, Head(bundle.head_seq, bundle.head_hash))
    with path.open("rb") as lines:
        return _walk(Walk(claims), _exported_items(bundle, lines))


def _exported_items(bundle: Bundle, lines: Iterable[bytes]) -> Iterator[Item]:
    stretches = (Stretch(*row) for row in bundle.pruned)
    return heapq.merge(
        _numbered(lines),
        stretches,
        key=lambda item: item.first if isinstance(item, Stretch) else item.seq,
    )


def _numbered(lines: Iterable[bytes]) -> Iterator[StoredEvent]:
    """An export's rows have no columns: each says its own seq, and an unreadable one stands where the next was due."""
    seq = 0
    for line in lines:
        body = line.removesuffix(b"\n")
        try:
            seq = msgspec.json.decode(body, type=_Seq).seq
        except UNREADABLE:
            seq += 1
        yield StoredEvent(seq, body)


class _Seq(msgspec.Struct, frozen=True):
    seq: int
