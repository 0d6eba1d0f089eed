"""What SQLite raises over a file it cannot read, by the journal's names. For whoever opens or asks a journal."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sync.errors import JournalDamaged, JournalUnusable

DAMAGE_SHOWS_AS = (sqlite3.DatabaseError, UnicodeDecodeError)  # the latter from what SQLite says of a damaged schema
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR}


def is_damage(error: BaseException | None) -> bool:
    """Whether SQLite cannot read its file, whoever asked. A mistake in a statement is none."""
    return isinstance(error, sqlite3.Error) and getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def unusable(file: Path, error: Exception) -> JournalUnusable:
    """What SQLite raised, by its name: damage, or a full disk, missing rights, a table that is not there."""
    if is_damage(error) or isinstance(error, UnicodeDecodeError):
        return JournalDamaged(file, error)
    return JournalUnusable(f"{file}: the journal cannot be used: {error}")


@contextmanager
def naming_damage(file: Path) -> Iterator[None]:
    """For statements that hold no mistake: whatever SQLite raises is the file's. Raise JournalUnusable."""
    try:
        yield
    except DAMAGE_SHOWS_AS as error:
        raise unusable(file, error) from error
