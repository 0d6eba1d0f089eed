"""The city's database on PostgreSQL. Only `sync.city.database` opens it; psycopg comes with the extra `city`."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from itertools import count
from typing import Any

import psycopg
from psycopg import errors, sql

from sync.city.errors import DatabaseLost, DatabaseUnusable
from sync.city.migrations import VERSIONS, missing_scripts
from sync.city.transactions import Bulk, Database, Row, Transaction, Values

_OPTIONS: dict[str, Any] = {  # a dead server is noticed within half a minute, whatever the line says
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
    "application_name": "motcua-city",
}
_LIMITS = "SET lock_timeout = '30s'; SET idle_in_transaction_session_timeout = '120s'"
_MIGRATING = 7_304_211  # the advisory lock of whoever brings the schema up to date
_PASSING = (
    psycopg.OperationalError, psycopg.InterfaceError, errors.ReadOnlySqlTransaction,
    errors.IdleInTransactionSessionTimeout,  # who stood still inside a transaction (a paused machine) goes on with a new connection
)  # fmt: skip
_PAGE = 2_000


class PostgresDatabase(Database):
    """`dsn` may hold a password: it is in no message."""

    def __init__(self, dsn: str, scripts: Sequence[str]) -> None:
        self._dsn = dsn
        self._lock = threading.RLock()
        self._connection: psycopg.Connection[Row] | None = None
        with ExitStack() as undo:
            undo.callback(self.close)
            self._migrate(scripts)
            undo.pop_all()

    @contextmanager
    def transaction(self) -> Iterator["_PostgresTransaction"]:
        with self._begun("BEGIN") as opened:
            yield opened

    @contextmanager
    def reading(self) -> Iterator["_PostgresTransaction"]:
        with self._begun("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY") as opened:
            yield opened

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _migrate(self, scripts: Sequence[str]) -> None:
        with self.transaction() as opened:
            opened.rows("SELECT pg_advisory_xact_lock(?)", (_MIGRATING,))
            opened.script(VERSIONS)
            for script in missing_scripts(opened, scripts):
                opened.script(script)

    @contextmanager
    def _begun(self, begin: str) -> Iterator["_PostgresTransaction"]:
        with self._lock, _named():
            if self._connection is None or self._connection.closed:
                self._connection = _connect(self._dsn)
            connection = self._connection
            connection.execute(begin)
            try:
                with _named():
                    yield _PostgresTransaction(connection)
                    connection.execute("COMMIT")
            except DatabaseLost:
                connection.close()  # it may be a node that only reads since another took over
                raise
            finally:
                self._leave(connection)

    def _leave(self, connection: psycopg.Connection[Row]) -> None:
        """Roll back what was not committed; a connection that cannot even do that is given up."""
        if connection.closed or connection.info.transaction_status == psycopg.pq.TransactionStatus.IDLE:
            return
        try:
            connection.execute("ROLLBACK")
        except psycopg.Error:
            connection.close()


class _PostgresTransaction(Transaction):
    def __init__(self, connection: psycopg.Connection[Row]) -> None:
        self._connection = connection
        self._streams = count()

    def script(self, text: str) -> None:
        with _named():
            self._connection.execute(sql.SQL(text))

    def execute(self, text: str, values: Values = ()) -> int:
        return max(0, self._run(text, values).rowcount)

    def rows(self, text: str, values: Values = ()) -> list[Row]:
        with _named():
            return self._run(text, values).fetchall()

    def stream(self, text: str, values: Values = ()) -> Iterator[Row]:
        with _named(), self._connection.cursor(name=f"stream_{next(self._streams)}") as cursor:
            cursor.itersize = _PAGE
            cursor.execute(_dialect(text), values)
            yield from cursor

    def insert(self, bulk: Bulk, rows: Sequence[Values]) -> int:
        if not rows:
            return 0
        return self._run_composed(_insert_of(bulk), [list(column) for column in zip(*rows, strict=True)])

    def find(self, keys: Bulk, names: Sequence[str], values: Sequence[Values]) -> list[Row]:
        if not values:
            return []
        columns = [list(column) for column in zip(*values, strict=True)]
        with _named():
            found = self._connection.execute(_find_of(keys, tuple(names)), columns, prepare=True, binary=True)
            return found.fetchall()

    def _run(self, text: str, values: Values) -> psycopg.Cursor[Row]:
        with _named():
            return self._connection.execute(_dialect(text), values)

    def _run_composed(self, composed: sql.Composed, values: Values) -> int:
        with _named():
            return max(0, self._connection.execute(composed, values, prepare=True, binary=True).rowcount)


def _connect(dsn: str) -> psycopg.Connection[Row]:
    connection: psycopg.Connection[Row] = psycopg.connect(dsn, autocommit=True, **_OPTIONS)
    connection.execute(_LIMITS)
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        (value,) = connection.execute(sql.SQL("SHOW {}").format(sql.Identifier(setting))).fetchone() or ("",)
        if value == "off":
            connection.close()
            raise DatabaseUnusable(
                f"PostgreSQL runs with {setting}=off: it may lose what a receipt has already confirmed"
            )
    return connection


@contextmanager
def _named() -> Iterator[None]:
    """Errors say SQLSTATE and the server's first line; psycopg puts neither password nor parameters there."""
    try:
        yield
    except _PASSING as error:
        raise DatabaseLost(_told(error)) from error
    except psycopg.Error as error:
        raise DatabaseUnusable(_told(error)) from error


def _told(error: psycopg.Error) -> str:
    first = str(error).partition("\n")[0]
    return f"PostgreSQL {error.sqlstate or ''}: {first}"


@lru_cache(maxsize=500)
def _dialect(text: str) -> sql.SQL:
    return sql.SQL(text.replace("%", "%%").replace("?", "%s"))


@lru_cache(maxsize=100)
def _insert_of(bulk: Bulk) -> sql.Composed:
    """Bodies travel as bytes; as text every byte would be two, and quoted."""
    arrays = ", ".join(f"{'%b' if kind == 'bytea' else '%s'}::{kind}[]" for kind in bulk.types)
    text = f"INSERT INTO {bulk.table} ({', '.join(bulk.names)}) SELECT * FROM unnest({arrays}) {bulk.ending}"  # noqa: S608 - our own names
    return sql.SQL(text).format()


@lru_cache(maxsize=100)
def _find_of(keys: Bulk, names: tuple[str, ...]) -> sql.Composed:
    arrays = ", ".join(f"%s::{kind}[]" for kind in keys.types)
    columns = ", ".join([*(f"k.{name}" for name in keys.names), *(f"t.{name}" for name in names)])
    same = " AND ".join(f"t.{name} = k.{name}" for name in keys.names)
    text = f"SELECT {columns} FROM unnest({arrays}) AS k ({', '.join(keys.names)}) JOIN {keys.table} t ON {same}"  # noqa: S608 - our own names
    return sql.SQL(text).format()
