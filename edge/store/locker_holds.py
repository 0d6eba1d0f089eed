"""The table of compartments that the city keeps free. For the locker service, inside the journal's transactions."""

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hold:
    """A compartment kept free for a dossier; `stay` is the stay's name from now on. Times are epoch seconds."""

    compartment: str
    stay: str
    dossier: str
    by: str
    at_s: float
    until_s: float


def load(connection: sqlite3.Connection) -> dict[str, Hold]:
    """By compartment."""
    rows = connection.execute("SELECT compartment, stay, dossier, by, at_s, until_s FROM locker_holds")
    return {row[0]: Hold(*row) for row in rows}


def save(connection: sqlite3.Connection, hold: Hold) -> None:
    """Once more for the same dossier is a longer time in the same place."""
    connection.execute(
        "INSERT OR REPLACE INTO locker_holds VALUES (?, ?, ?, ?, ?, ?)",
        (hold.compartment, hold.stay, hold.dossier, hold.by, hold.at_s, hold.until_s),
    )


def drop(connection: sqlite3.Connection, stay: str) -> None:
    connection.execute("DELETE FROM locker_holds WHERE stay = ?", (stay,))
