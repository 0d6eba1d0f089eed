"""The table of stays: one row a use of a compartment. For the locker service, inside the journal's transactions."""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from edge.domain.locker import Purpose


@dataclass(frozen=True, slots=True)
class Stay:
    """Times are epoch seconds. `loaded_s`: since when something lies inside. `phone` is sealed, `phone_tail` a keyed digest."""

    stay: str
    compartment: str
    purpose: Purpose
    by: str
    reserved_s: float
    dossier: str | None = None
    dossier_issued: str | None = field(default=None, repr=False)
    procedure: str | None = None
    receipt: str | None = None
    phone: bytes | None = field(default=None, repr=False)
    phone_tail: bytes | None = field(default=None, repr=False)
    lang: str = "vi"
    loaded_s: float | None = None
    reminded_s: float | None = None
    overdue_s: float | None = None
    over_s: float | None = None
    over_why: str | None = None  # collected, or why it was released
    recalled_s: float | None = None  # the city took it back: staff take it out, nobody else does


_COLUMNS = (
    "stay, compartment, purpose, by, reserved_s, dossier, dossier_issued, procedure, receipt, sealed_phone, keyed_tail, lang,"
    " loaded_s, reminded_s, overdue_s, over_s, over_why, recalled_s"
)


class AlreadyThere(Exception):
    """The compartment has a stay, or the dossier's result lies in another one."""


def begin(connection: sqlite3.Connection, stay: Stay) -> None:
    """Raise AlreadyThere."""
    values = (
        stay.stay, stay.compartment, stay.purpose, stay.by, stay.reserved_s, stay.dossier, stay.dossier_issued,
        stay.procedure, stay.receipt, stay.phone, stay.phone_tail, stay.lang,
    )  # fmt: skip
    try:
        connection.execute(
            "INSERT INTO locker_stays (stay, compartment, purpose, by, reserved_s, dossier, dossier_issued, procedure,"
            " receipt, sealed_phone, keyed_tail, lang) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
    except sqlite3.IntegrityError as error:
        raise AlreadyThere(f"stay {stay.stay} in {stay.compartment}") from error


def find(connection: sqlite3.Connection, stay: str) -> Stay | None:
    return next(iter(_rows(connection, "WHERE stay = ?", (stay,))), None)


def now_in(connection: sqlite3.Connection, compartment: str) -> Stay | None:
    return next(iter(_rows(connection, "WHERE compartment = ? AND over_s IS NULL", (compartment,))), None)


def current(connection: sqlite3.Connection) -> tuple[Stay, ...]:
    """All stays that are not over, oldest first."""
    return tuple(_rows(connection, "WHERE over_s IS NULL ORDER BY reserved_s, stay", ()))


def result_of(connection: sqlite3.Connection, dossier: str) -> Stay | None:
    """The stay of a dossier's result that is not over."""
    where = "WHERE dossier = ? AND purpose = 'result' AND over_s IS NULL"
    return next(iter(_rows(connection, where, (dossier,))), None)


def history(
    connection: sqlite3.Connection, *, dossier: str | None = None, receipt: str | None = None
) -> tuple[Stay, ...]:
    """Every stay of a dossier, of a receipt, and of the dossier that the receipt was given for; oldest first."""
    where = (
        "WHERE dossier = ?1 OR receipt = ?2 OR dossier IN (SELECT dossier FROM locker_stays WHERE receipt = ?2)"
        " ORDER BY reserved_s, stay"
    )
    return tuple(_rows(connection, where, (dossier, receipt)))


def note_loaded(connection: sqlite3.Connection, stay: str, now_s: float) -> None:
    connection.execute("UPDATE locker_stays SET loaded_s = ? WHERE stay = ?", (now_s, stay))


def note_reminded(connection: sqlite3.Connection, stay: str, now_s: float) -> None:
    connection.execute("UPDATE locker_stays SET reminded_s = ? WHERE stay = ?", (now_s, stay))


def note_overdue(connection: sqlite3.Connection, stay: str, now_s: float) -> None:
    connection.execute("UPDATE locker_stays SET overdue_s = ? WHERE stay = ?", (now_s, stay))


def note_recalled(connection: sqlite3.Connection, stay: str, now_s: float) -> None:
    connection.execute("UPDATE locker_stays SET recalled_s = ? WHERE stay = ?", (now_s, stay))


def end(connection: sqlite3.Connection, stay: str, why: str, now_s: float) -> None:
    """Whoever must still be told (receipt, recall) can be: the number goes with `forget_phone`."""
    connection.execute("UPDATE locker_stays SET over_s = ?, over_why = ? WHERE stay = ?", (now_s, why, stay))


def save_phone(connection: sqlite3.Connection, stay: str, phone: bytes, phone_tail: bytes) -> None:
    """The officer gave another number before anything was loaded."""
    connection.execute(
        "UPDATE locker_stays SET sealed_phone = ?, keyed_tail = ? WHERE stay = ?", (phone, phone_tail, stay)
    )


def forget_phone(connection: sqlite3.Connection, stay: str) -> None:
    connection.execute("UPDATE locker_stays SET sealed_phone = NULL, keyed_tail = NULL WHERE stay = ?", (stay,))


def forget_phones(connection: sqlite3.Connection, over_before_s: float) -> int:
    """How many numbers went: of stays that were over by then."""
    gone = connection.execute(
        "UPDATE locker_stays SET sealed_phone = NULL, keyed_tail = NULL WHERE over_s < ? AND sealed_phone IS NOT NULL",
        (over_before_s,),
    )
    return gone.rowcount


def purge(connection: sqlite3.Connection, over_before_s: float) -> int:
    """How many stays, with their codes, went."""
    return connection.execute("DELETE FROM locker_stays WHERE over_s < ?", (over_before_s,)).rowcount


def _rows(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> Iterable[Stay]:
    for row in connection.execute(f"SELECT {_COLUMNS} FROM locker_stays {where}", values):  # noqa: S608 - our own constants
        stay, compartment, purpose, *rest = row
        yield Stay(stay, compartment, Purpose(purpose), *rest)
