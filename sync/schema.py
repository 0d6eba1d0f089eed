"""The journal's SQLite file: its own tables, other packages' migrations, and how a connection is opened.

Only this package opens the file; the agent's own tables come in as migrations and live beside the events.
"""

import hashlib
import os
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

from sync.damage import DAMAGE_SHOWS_AS, is_damage, unusable
from sync.errors import JournalUnusable, MigrationFailed

JOURNAL_FILE = "journal.sqlite"
_WAL_PAGES = 4_000  # 16 MB of write-ahead log before it is folded in: fewer pauses, less wear

_OWN = """-- 000 ledger
CREATE TABLE events (
  seq INTEGER PRIMARY KEY, type TEXT NOT NULL, keep TEXT NOT NULL, at_ms INTEGER NOT NULL, body BLOB NOT NULL
) STRICT;
CREATE TABLE ledger_head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE ledger_identity (
  one INTEGER PRIMARY KEY CHECK (one = 1), source TEXT NOT NULL, public_key TEXT NOT NULL
) STRICT;
CREATE TABLE ledger_pruned (
  first INTEGER PRIMARY KEY, last INTEGER NOT NULL, prevhash TEXT NOT NULL, hash TEXT NOT NULL, signature TEXT NOT NULL
) STRICT;
CREATE TABLE ledger_receipts (seq INTEGER PRIMARY KEY, head TEXT NOT NULL, at TEXT NOT NULL) STRICT;
CREATE TABLE ledger_marks (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT;
INSERT INTO ledger_marks VALUES ('broker', 0), ('city', 0);
"""
_AGAIN = """-- 000 ledger: what is to be sent again
CREATE TABLE ledger_again (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, number INTEGER NOT NULL) STRICT;
"""


class WriterConnection(sqlite3.Connection):
    """The writer's connection as a change sees it: the transaction belongs to the journal, so these refuse."""

    is_in_change = False

    def commit(self) -> NoReturn:
        raise sqlite3.ProgrammingError("a change may not commit: the journal does, with the event")

    def rollback(self) -> NoReturn:
        raise sqlite3.ProgrammingError("a change may not roll back: raise an exception instead")

    def executescript(self, _script: str, /) -> NoReturn:
        raise sqlite3.ProgrammingError("executescript would commit: use execute")

    def __enter__(self) -> NoReturn:
        raise sqlite3.ProgrammingError("`with connection:` would commit: use the connection as it is")


def open_writer(path: Path, migrations: Sequence[str]) -> WriterConnection:
    """The one read-write connection, schema up to date. Raise JournalUnusable or MigrationFailed."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would make it readable by others
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=WriterConnection)
    try:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=5000",
            f"wal_autocheckpoint={_WAL_PAGES}",
        ):
            connection.execute(f"PRAGMA {pragma}")
        _migrate(connection, (_OWN, _AGAIN, *migrations))
        _guard(connection)
    except DAMAGE_SHOWS_AS as error:
        connection.close()
        raise unusable(path, error) from error
    except MigrationFailed:
        connection.close()
        raise
    return connection


def _guard(connection: WriterConnection) -> None:
    """Refuse BEGIN, COMMIT and ROLLBACK while a change runs (asked once for each statement's text, so it costs nothing)."""

    def decide(action: int, *_: str | None) -> int:
        is_foreign = action == sqlite3.SQLITE_TRANSACTION and connection.is_in_change
        return sqlite3.SQLITE_DENY if is_foreign else sqlite3.SQLITE_OK

    connection.set_authorizer(decide)


def open_reader(path: Path, *, at_rest: bool = False) -> sqlite3.Connection:
    """A connection that cannot write; works while the agent runs, and on a copied file in a read-only place.

    `at_rest`: nobody has it open. Then nothing is left beside the file, unless a killed agent has left its log there.
    """
    if not path.is_file():
        raise JournalUnusable(f"{path}: there is no journal here")
    if at_rest and not _has_log(path):
        return _open_unchanging(path)
    try:
        return _probe(
            sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
        )
    except sqlite3.OperationalError:
        if os.access(path.parent, os.W_OK):
            raise
        # WAL needs its -shm file, which a read-only directory does not let SQLite make
        return _open_unchanging(path)


def _has_log(path: Path) -> bool:
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _open_unchanging(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?immutable=1", uri=True, isolation_level=None, check_same_thread=False
    )


def octets(found: object) -> bytes:
    """A body as its row has it. A damaged row may hold anything in its place, which reads as nothing."""
    return found if isinstance(found, bytes) else b""


def truncate_log(path: Path, wait_s: float = 5.0) -> bool:
    """Fold the write-ahead log into the file and cut it to nothing. False: a reader or the writer was in the way all the time."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=wait_s)
    try:
        is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not is_busy
    finally:
        connection.close()


def _probe(connection: sqlite3.Connection) -> sqlite3.Connection:
    try:
        connection.execute("PRAGMA query_only=ON")
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except DAMAGE_SHOWS_AS:
        connection.close()
        raise
    return connection


def _migrate(connection: sqlite3.Connection, scripts: Sequence[str]) -> None:
    connection.execute(
        "CREATE TABLE IF NOT EXISTS schema_version (name TEXT PRIMARY KEY, sha256 TEXT NOT NULL, applied TEXT NOT NULL) STRICT"
    )
    applied = dict(connection.execute("SELECT name, sha256 FROM schema_version").fetchall())
    for script in scripts:
        name, checksum = _name_of(script), hashlib.sha256(script.encode()).hexdigest()
        if name not in applied:
            _apply(connection, name, checksum, script)
        elif applied[name] != checksum:
            raise MigrationFailed(f"the script {name!r} was changed after it had been applied: add a new one instead")


def _name_of(script: str) -> str:
    first = script.strip().partition("\n")[0]
    if not first.startswith("-- "):
        raise MigrationFailed("a schema script begins with its name: `-- 001 alerts`")
    return first.removeprefix("-- ").strip()


def _apply(connection: sqlite3.Connection, name: str, checksum: str, script: str) -> None:
    values = ", ".join(_quoted(value) for value in (name, checksum, datetime.now(UTC).isoformat(timespec="seconds")))
    try:
        sqlite3.Connection.executescript(
            connection, f"BEGIN IMMEDIATE;\n{script}\n;\nINSERT INTO schema_version VALUES ({values});\nCOMMIT;"
        )
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if is_damage(error):
            raise
        raise MigrationFailed(f"the script {name!r} failed: {error}") from error


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
