"""What the journal of this device says, where there is one: its name, and what the cabinet was used for."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from edge.store import stays
from sync.errors import JournalError
from sync.inspect import ask
from sync.schema import JOURNAL_FILE

Names = tuple[str, str]


def name_of_journal(data_dir: Path) -> Names | None:
    """Site and device; None where no journal was ever opened to its end. Raise JournalError, OSError."""
    if not (data_dir / JOURNAL_FILE).exists():
        return None
    return ask(data_dir, _source, at_rest=True)


@dataclass(frozen=True, slots=True)
class CabinetBefore:
    """`has_served`: somebody has put something in it at some time; `is_empty`: nothing lies in it or is kept for somebody now."""

    has_served: bool = False
    is_empty: bool = True


def cabinet_before(data_dir: Path) -> CabinetBefore:
    """A journal that does not say counts as a cabinet in service."""
    if not (data_dir / JOURNAL_FILE).exists():
        return CabinetBefore()
    try:
        return ask(data_dir, _cabinet, at_rest=True)
    except JournalError:
        return CabinetBefore(has_served=True, is_empty=False)


def set_aside(data_dir: Path) -> Path:
    """The journal under another name; nobody has it open. The next start begins a new one."""
    aside = data_dir / f"{JOURNAL_FILE}.example"
    for end in ("-shm", "-wal", ""):
        part = data_dir / f"{JOURNAL_FILE}{end}"
        if part.exists():
            part.replace(aside.with_name(aside.name + end))
    return aside


def _cabinet(connection: sqlite3.Connection) -> CabinetBefore:
    (has_served,) = connection.execute("SELECT EXISTS (SELECT 1 FROM locker_stays)").fetchone()
    return CabinetBefore(bool(has_served), not stays.current(connection))


def _source(connection: sqlite3.Connection) -> Names | None:
    try:
        row = connection.execute("SELECT source FROM ledger_identity").fetchone()
    except sqlite3.OperationalError:
        return None
    parts = str(row[0]).split("/") if row else []
    return (parts[2], parts[4]) if len(parts) == 5 else None
