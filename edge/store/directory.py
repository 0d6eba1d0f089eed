"""The table of dossiers as the city told them last. For the directory, inside the journal's transactions."""

import sqlite3
from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo

from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierRecord, DossierStatus, DossierStep


def save(connection: sqlite3.Connection, records: Iterable[DossierRecord]) -> None:
    """An older word never replaces a newer one."""
    connection.executemany(
        "INSERT INTO dossiers VALUES (?, ?, ?, ?, ?) ON CONFLICT (code) DO UPDATE SET status = excluded.status,"
        " step = excluded.step, promised = excluded.promised, as_of = excluded.as_of WHERE excluded.as_of >= as_of",
        [
            (str(one.code), one.status, one.step, one.promised and one.promised.isoformat(), one.as_of.timestamp())
            for one in records
        ],
    )


def find(connection: sqlite3.Connection, code: DossierCode, zone: tzinfo | None) -> DossierRecord | None:
    row = connection.execute(
        "SELECT status, step, promised, as_of FROM dossiers WHERE code = ?", (str(code),)
    ).fetchone()
    if row is None:
        return None
    status, step, promised, as_of = row
    return DossierRecord(
        code,
        DossierStatus(status),
        datetime.fromtimestamp(0, zone) + timedelta(seconds=as_of),
        DossierStep(step) if step else None,
        date.fromisoformat(promised) if promised else None,
    )


def drop(connection: sqlite3.Connection, code: DossierCode) -> None:
    """The city knows it no longer."""
    connection.execute("DELETE FROM dossiers WHERE code = ?", (str(code),))


def latest(connection: sqlite3.Connection, at_most: int) -> tuple[str, ...]:
    rows = connection.execute("SELECT code FROM dossiers ORDER BY as_of DESC, code LIMIT ?", (at_most,))
    return tuple(code for (code,) in rows)


def mark(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT mark FROM directory_mark").fetchone()
    return row[0] if row else ""


def set_mark(connection: sqlite3.Connection, where: str) -> None:
    connection.execute("INSERT OR REPLACE INTO directory_mark VALUES (1, ?)", (where,))
