"""One small layer over SQLite and PostgreSQL, so that the same SQL and the same scripts run on both. For `sync.city`.

SQL is PostgreSQL's with `?` for parameters (and no other question mark). `FOR UPDATE` and the scripts' types are translated
for SQLite, where a writing transaction holds the whole file anyway. Flags are BIGINT 0 or 1, times BIGINT milliseconds (UTC).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

Row = tuple[Any, ...]
Values = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Bulk:
    """Many rows in one statement. `columns` as in `device text, seq bigint` (types are PostgreSQL's); `ending`: ON CONFLICT ..."""

    table: str
    columns: str
    ending: str = ""

    @property
    def names(self) -> list[str]:
        return [column.split()[0] for column in self.columns.split(", ")]

    @property
    def types(self) -> list[str]:
        return [column.split(maxsplit=1)[1] for column in self.columns.split(", ")]


class Transaction(ABC):
    """What is done in it counts altogether or not at all. Every call may raise DatabaseLost or DatabaseUnusable."""

    @abstractmethod
    def execute(self, sql: str, values: Values = ()) -> int:
        """How many rows were touched."""

    @abstractmethod
    def rows(self, sql: str, values: Values = ()) -> list[Row]:
        """Every row found; add `FOR UPDATE` to hold them until the end."""

    @abstractmethod
    def stream(self, sql: str, values: Values = ()) -> Iterator[Row]:
        """The rows found, without holding them all in memory."""

    @abstractmethod
    def insert(self, bulk: Bulk, rows: Sequence[Values]) -> int:
        """How many rows were inserted or changed."""

    @abstractmethod
    def find(self, keys: Bulk, names: Sequence[str], values: Sequence[Values]) -> list[Row]:
        """The rows with these keys (`keys.columns` are the table's key): the key, then the columns `names`."""

    def row(self, sql: str, values: Values = ()) -> Row | None:
        """The first row, or None."""
        return next(iter(self.rows(sql, values)), None)


class Database(ABC):
    """One connection, opened again by the transaction after a loss. Safe for several threads, which then wait for each other."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Transaction]:
        """Commit at the end, roll back on any exception. Raise DatabaseLost or DatabaseUnusable."""

    @abstractmethod
    def reading(self) -> AbstractContextManager[Transaction]:
        """One moment's picture of everything, while others go on writing."""

    @abstractmethod
    def close(self) -> None:
        """Give the connection back."""
