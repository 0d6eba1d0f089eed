"""What `Journal.open` puts together: lock, key, connection, chain, readers. Only the journal uses it."""

import asyncio
import fcntl
import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from sync import reserve
from sync.chain import Chain, Head, WallClock, digest
from sync.damage import is_damage, naming_damage
from sync.errors import JournalBusy, JournalDamaged, JournalUnusable
from sync.events import GENESIS
from sync.jobs import Cadence, Signer
from sync.keys import DeviceKey
from sync.retention import Pruner, Retention
from sync.schema import JOURNAL_FILE, WriterConnection, open_reader, open_writer
from sync.writer import Deliver, Writer

T = TypeVar("T")
READERS = 2
LOCK_FILE = "journal.lock"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an opening needs to know besides the directory."""

    source: str
    migrations: Sequence[str]
    clock: WallClock
    retention: Retention
    cadence: Cadence


@dataclass(frozen=True, slots=True)
class Parts:
    """What an open journal holds besides its threads."""

    settings: Settings
    lock: int
    connection: WriterConnection
    chain: Chain
    key: DeviceKey
    pruner: Pruner

    @classmethod
    def open(cls, data_dir: Path, settings: Settings) -> Self:
        """Lock the directory, read or make the key, bring the schema up to date, find the chain's end."""
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        with ExitStack() as undo:
            lock = _lock(data_dir)
            undo.callback(os.close, lock)
            key = DeviceKey.load_or_create(data_dir)
            reserve.give_up_when_full(data_dir)
            connection = open_writer(data_dir / JOURNAL_FILE, settings.migrations)
            undo.callback(connection.close)
            with naming_damage(data_dir / JOURNAL_FILE):
                _identify(connection, settings.source, key.public)
                chain = Chain(settings.source, _last(connection), settings.clock)
            pruner = Pruner(connection, settings.source, key, settings.retention)
            reserve.lay_down(data_dir)
            undo.pop_all()
        return cls(settings, lock, connection, chain, key, pruner)

    def writer(self, boot: str, deliver: Deliver) -> Writer:
        signer = Signer(self.key, boot, self.settings.cadence)
        return Writer(self.connection, self.chain, signer, self.pruner, deliver)

    def release(self) -> None:
        self.connection.close()
        os.close(self.lock)


class Readers:
    """Two threads with a read-only connection each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._pool = ThreadPoolExecutor(READERS, thread_name_prefix="journal-reader")
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._is_closed = False

    async def run(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run `query` in a reader's thread; after `close`, on a connection of its own (late followers do that).

        Raise JournalDamaged.
        """
        try:
            if self._is_closed:
                return await asyncio.to_thread(self._query_once, query)
            return await asyncio.get_running_loop().run_in_executor(self._pool, self._query, query)
        except sqlite3.DatabaseError as error:
            if is_damage(error):
                raise JournalDamaged(self._path, error) from error
            raise

    def _query_once(self, query: Callable[[sqlite3.Connection], T]) -> T:
        with closing(open_reader(self._path)) as connection:
            return query(connection)

    def _query(self, query: Callable[[sqlite3.Connection], T]) -> T:
        connection = self._connection()
        connection.execute("BEGIN")
        try:
            return query(connection)
        finally:
            if connection.in_transaction:  # SQLite may have ended it by itself
                connection.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = open_reader(self._path)
            self._connections.append(connection)
        return connection

    def close(self) -> None:
        """Blocks until running queries are done."""
        self._is_closed = True
        self._pool.shutdown()
        for connection in self._connections:
            connection.close()


def _lock(data_dir: Path) -> int:
    descriptor = os.open(data_dir / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise JournalBusy(f"{data_dir}: another process is using this journal") from error
    return descriptor


def _identify(connection: sqlite3.Connection, source: str, public_key: str) -> None:
    """Refuse a journal of another device or key: its chain could not be continued."""
    found = connection.execute("SELECT source, public_key FROM ledger_identity").fetchone()
    if found is None:
        connection.execute("INSERT INTO ledger_identity VALUES (1, ?, ?)", (source, public_key))
    elif found != (source, public_key):
        raise JournalUnusable(f"this journal belongs to {found[0]} with the key {found[1][:16]}..., not to {source}")


def _last(connection: sqlite3.Connection) -> Head:
    """Where the chain goes on. The stored head outlives a deleted last row, so that a seq is never used twice."""
    stored = connection.execute("SELECT seq, hash FROM ledger_head").fetchone() or (0, GENESIS)
    found = connection.execute("SELECT seq, body FROM events ORDER BY seq DESC LIMIT 1").fetchone()
    if found and found[0] > stored[0]:
        return Head(found[0], digest(found[1]))
    return Head(*stored)
