"""The table of the city's orders and their answers. For the command service, inside the journal's transactions."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from edge.domain.command import CommandNote, CommandRefusal, Outcome

KEPT_S = 90 * 86_400.0  # behind `not_after`: an order that comes so late is refused as late, known or not


@dataclass(frozen=True, slots=True)
class CommandRow:
    """Times are epoch seconds. `outcome` None: being worked on; `args` is its JSON then, and gone afterwards."""

    id: str
    name: str
    by: str
    digest: str
    taken_s: float
    not_after_s: float
    args: str | None = field(default=None, repr=False)
    outcome: Outcome | None = None
    why: CommandRefusal | CommandNote | None = None
    answered_s: float | None = None


_COLUMNS = "id, kind, by, digest, taken_s, not_after_s, args, outcome, why, answered_s"


def find(connection: sqlite3.Connection, command: str) -> CommandRow | None:
    return next(iter(_rows(connection, "WHERE id = ?", command)), None)


def working(connection: sqlite3.Connection) -> tuple[CommandRow, ...]:
    """Oldest first."""
    return tuple(_rows(connection, "WHERE outcome IS NULL ORDER BY taken_s, id"))


def latest(connection: sqlite3.Connection, at_most: int) -> tuple[CommandRow, ...]:
    return tuple(_rows(connection, "ORDER BY taken_s DESC, id LIMIT ?", at_most))


def take(connection: sqlite3.Connection, row: CommandRow) -> None:
    """Being worked on from now. Harmless when it is known; very old ones go."""
    connection.execute("DELETE FROM commands WHERE outcome IS NOT NULL AND not_after_s < ?", (row.taken_s - KEPT_S,))
    connection.execute(
        "INSERT OR IGNORE INTO commands (id, kind, by, digest, taken_s, not_after_s, args) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (row.id, row.name, row.by, row.digest, row.taken_s, row.not_after_s, row.args),
    )


def answer(
    connection: sqlite3.Connection,
    command: str,
    outcome: Outcome,
    why: CommandRefusal | CommandNote | None,
    now_s: float,
) -> bool:
    """Whether this is its answer: a second one changes nothing."""
    changed = connection.execute(
        "UPDATE commands SET outcome = ?, why = ?, answered_s = ?, args = NULL WHERE id = ? AND outcome IS NULL",
        (outcome, why, now_s, command),
    )
    return changed.rowcount == 1


def _rows(connection: sqlite3.Connection, where: str, *values: object) -> Iterable[CommandRow]:
    for row in connection.execute(f"SELECT {_COLUMNS} FROM commands {where}", values):  # noqa: S608 - our own constants
        found = CommandRow(*row)
        outcome, why = found.outcome, found.why
        yield replace(found, outcome=outcome and Outcome(outcome), why=why and _why(why))


def _why(text: str) -> CommandRefusal | CommandNote:
    return CommandNote(text) if text in set(CommandNote) else CommandRefusal(text)
