"""What is broken right now, so that a fault is told once however often the agent restarts. For the fault service."""

import sqlite3


def load(connection: sqlite3.Connection) -> dict[str, tuple[str, float]]:
    """Part -> (why, since in epoch seconds)."""
    return {part: (why, since_s) for part, why, since_s in connection.execute("SELECT part, why, since_s FROM faults")}


def save(connection: sqlite3.Connection, part: str, why: str, since_s: float) -> None:
    """A part that is broken in a new way keeps the moment it broke."""
    connection.execute(
        "INSERT INTO faults VALUES (?, ?, ?) ON CONFLICT (part) DO UPDATE SET why = excluded.why", (part, why, since_s)
    )


def clear(connection: sqlite3.Connection, part: str) -> None:
    connection.execute("DELETE FROM faults WHERE part = ?", (part,))
