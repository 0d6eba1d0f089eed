"""Opens the city's database: SQLite in a file for a small town, PostgreSQL for a city. The rest of the city calls this one.

The rules of the SQL stand in `sync.city.transactions`.
"""

from collections.abc import Sequence
from pathlib import Path

from sync.city.migrations import own_scripts
from sync.city.sqlite import SqliteDatabase
from sync.city.transactions import Bulk, Database, Row, Transaction, Values

__all__ = ["Bulk", "Database", "Row", "Transaction", "Values", "open_database"]


def open_database(where: Path | str, scripts: Sequence[str] | None = None) -> Database:
    """A path is SQLite's file, a text PostgreSQL's DSN. Brings the schema up to date (`scripts`: this folder's by default).

    Raise DatabaseLost where the server does not answer, DatabaseUnusable where it must not be used.
    """
    chosen = own_scripts() if scripts is None else tuple(scripts)
    if isinstance(where, Path):
        return SqliteDatabase(where, chosen)
    from sync.city.postgres import PostgresDatabase  # noqa: PLC0415 - psycopg is installed with the extra `city` only

    return PostgresDatabase(where, chosen)
