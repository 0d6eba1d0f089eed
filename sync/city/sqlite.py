"""The city's database in one SQLite file: for a small town, the demo and the tests. Only `sync.city.database` opens it."""

import os
import re
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path

from sync.city.errors import DatabaseLost, DatabaseUnusable
from sync.city.migrations import VERSIONS, missing_scripts
from sync.city.transactions import Bulk, Database, Row, Transaction, Values

_BUSY_S, _AGAIN_S = 10.0, 0.01
_PASSING = {
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
}  # fmt: skip
_WORDS = (  # PostgreSQL's words in a script, and SQLite's
    (r"\bBIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY\b", "INTEGER PRIMARY KEY"),
    (r"\bBIGINT\b", "INTEGER"),
    (r"\bBYTEA\b", "BLOB"),
    (r"\bDOUBLE PRECISION\b", "REAL"),
    (r"(?m)^\);", ") STRICT;"),
)


class SqliteDatabase(Database):
    """WAL and synchronous=FULL: what was committed is on the disk."""

    def __init__(self, path: Path, scripts: Sequence[str]) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        with ExitStack() as undo:
            undo.callback(self.close)
            self._migrate(scripts)
            undo.pop_all()

    @contextmanager
    def transaction(self) -> Iterator["_SqliteTransaction"]:
        with self._begun("BEGIN IMMEDIATE") as opened:
            yield opened

    @contextmanager
    def reading(self) -> Iterator["_SqliteTransaction"]:
        with self._begun("BEGIN") as opened, opened.only_reading():
            yield opened

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _migrate(self, scripts: Sequence[str]) -> None:
        with self.transaction() as opened:
            opened.script(_translated(VERSIONS))
            for script in missing_scripts(opened, scripts):
                opened.script(_translated(script))

    @contextmanager
    def _begun(self, begin: str) -> Iterator["_SqliteTransaction"]:
        with self._lock, _named():
            connection = self._connection = self._connection or _connect(self._path)
            connection.execute(begin)
            try:
                yield _SqliteTransaction(connection)
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")


class _SqliteTransaction(Transaction):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, values: Values = ()) -> int:
        return max(0, self._run(sql, values).rowcount)

    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        return self._run(sql, values).fetchall()

    def stream(self, sql: str, values: Values = ()) -> Iterator[Row]:
        return iter(self._run(sql, values))

    def insert(self, bulk: Bulk, rows: Sequence[Values]) -> int:
        with _named():
            return max(0, self._connection.executemany(_insert_of(bulk), rows).rowcount)

    def find(self, keys: Bulk, names: Sequence[str], values: Sequence[Values]) -> list[Row]:
        """One after the other: there is no server to be asked once."""
        sql = _find_of(keys, tuple(names))
        with _named():
            return [row for one in values for row in self._connection.execute(sql, one)]

    @contextmanager
    def only_reading(self) -> Iterator[None]:
        """Writing is refused, as PostgreSQL does."""
        self._connection.execute("PRAGMA query_only=ON")
        try:
            yield
        finally:
            self._connection.execute("PRAGMA query_only=OFF")

    def script(self, text: str) -> None:
        """Statement by statement: sqlite3's own executescript would commit first."""
        statement = ""
        with _named():
            for line in text.splitlines(keepends=True):
                statement += line
                if sqlite3.complete_statement(statement):
                    self._connection.execute(statement)
                    statement = ""

    def _run(self, sql: str, values: Values) -> sqlite3.Cursor:
        with _named():
            return self._connection.execute(_dialect(sql), values)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite would make it readable by others
    except OSError as error:
        raise DatabaseUnusable(f"{path}: {error.strerror}") from error
    with ExitStack() as undo:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)
        undo.callback(connection.close)
        _into_wal(connection)
        for pragma in ("synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        undo.pop_all()
    return connection


def _into_wal(connection: sqlite3.Connection) -> None:
    """Patiently by ourselves: SQLite's own waiting leaves out this switch, and several programs may open a new file at once."""
    until = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until:
                raise
            time.sleep(_AGAIN_S)
        else:
            return


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        raise (DatabaseLost if code in _PASSING else DatabaseUnusable)(f"SQLite: {error}") from error


@lru_cache(maxsize=500)
def _dialect(sql: str) -> str:
    return sql.replace(" FOR UPDATE", "")


@lru_cache(maxsize=100)
def _insert_of(bulk: Bulk) -> str:
    names = bulk.names
    marks = ", ".join("?" * len(names))
    return f"INSERT INTO {bulk.table} ({', '.join(names)}) VALUES ({marks}) {bulk.ending}"  # noqa: S608 - our own names


@lru_cache(maxsize=100)
def _find_of(keys: Bulk, names: tuple[str, ...]) -> str:
    columns, wanted = ", ".join([*keys.names, *names]), " AND ".join(f"{name} = ?" for name in keys.names)
    return f"SELECT {columns} FROM {keys.table} WHERE {wanted}"  # noqa: S608 - our own names


def _translated(script: str) -> str:
    for pattern, word in _WORDS:
        script = re.sub(pattern, word, script)
    return script
