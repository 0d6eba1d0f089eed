"""One durable SQLite transaction at a time, for the channels that keep their own memory. Blocking."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from devices.sms.channel import SmsUnavailable


@contextmanager
def transaction(path: Path, schema: str) -> Iterator[sqlite3.Connection]:
    """Commits when the block ends, rolls back when it raises. Raises SmsUnavailable when the file cannot be used."""
    try:
        with closing(sqlite3.connect(path, timeout=5.0)) as rows:
            rows.executescript(schema)
            rows.execute("BEGIN IMMEDIATE")
            with rows:
                yield rows
    except sqlite3.OperationalError as err:
        raise SmsUnavailable("the channel's file cannot be used") from err
