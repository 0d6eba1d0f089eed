"""The table of people who agreed to be recognised. For the book of faces, inside the journal's transactions.

Name and template come sealed and stay so here.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Times are epoch seconds. `liveness`: what the check said at the enrolment. `used_s`: last recognised, or enrolled."""

    person: str
    name: bytes = field(repr=False)
    template: bytes = field(repr=False)
    model: str
    pictures: int
    liveness: str
    what: str
    why: str
    given_s: float
    given_to: str
    notice: str
    used_s: float


_COLUMNS = (
    "person, sealed_name, sealed_template, model, pictures, liveness, what, why, given_s, given_to, notice, used_s"
)


def add(connection: sqlite3.Connection, row: PersonRow) -> None:
    values = (
        row.person, row.name, row.template, row.model, row.pictures, row.liveness, row.what, row.why, row.given_s,
        row.given_to, row.notice, row.used_s,
    )  # fmt: skip
    connection.execute(f"INSERT INTO face_people ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)  # noqa: S608 - our own constant


def everybody(connection: sqlite3.Connection) -> tuple[PersonRow, ...]:
    """In the order of enrolment."""
    return tuple(_rows(connection, "ORDER BY given_s, person", ()))


def find(connection: sqlite3.Connection, person: str) -> PersonRow | None:
    return next(iter(_rows(connection, "WHERE person = ?", (person,))), None)


def unused(connection: sqlite3.Connection, since_s: float) -> tuple[str, ...]:
    """Who was not recognised since then."""
    found = connection.execute("SELECT person FROM face_people WHERE used_s < ? ORDER BY person", (since_s,))
    return tuple(person for (person,) in found)


def note_used(connection: sqlite3.Connection, person: str, now_s: float) -> None:
    connection.execute("UPDATE face_people SET used_s = ? WHERE person = ?", (now_s, person))


def erase(connection: sqlite3.Connection, person: str) -> bool:
    """Delete the row and overwrite where it stood; False when there was none.

    Behind it the journal's write-ahead log has to go too (`Journal.forget_log`): it holds older versions of the page.
    """
    with _overwriting(connection):
        return connection.execute("DELETE FROM face_people WHERE person = ?", (person,)).rowcount > 0


@contextmanager
def _overwriting(connection: sqlite3.Connection) -> Iterator[None]:
    """Only while a person goes: for every row of the journal it would cost a second write."""
    connection.execute("PRAGMA secure_delete=ON").fetchall()
    try:
        yield
    finally:
        connection.execute("PRAGMA secure_delete=OFF").fetchall()


def _rows(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> Iterable[PersonRow]:
    for row in connection.execute(f"SELECT {_COLUMNS} FROM face_people {where}", values):  # noqa: S608 - our own constants
        yield PersonRow(*row)
