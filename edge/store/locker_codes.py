"""The tables of pickup codes (digests only) and of wrong attempts at keypads.

For the locker service, inside the journal's transactions. Of each stay only the newest code counts.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from edge.domain.code_check import StoredCode


@dataclass(frozen=True, slots=True)
class OwedCode:
    """A code that is still owed to a citizen. `sealed`: of a random code; None for one that can be derived again."""

    stay: str
    number: int
    sealed: bytes | None = field(repr=False)


_NEWEST = "turn = (SELECT max(turn) FROM locker_codes AS other WHERE other.stay = code.stay)"
_LIVE = (
    "JOIN locker_stays AS stay ON stay.stay = code.stay"
    f" WHERE {_NEWEST} AND code.used_s IS NULL AND stay.over_s IS NULL AND stay.purpose = 'result'"
)


def next_number(connection: sqlite3.Connection, stay: str) -> int:
    """Counts the codes of a stay from 1. Read it in the transaction that issues."""
    found = connection.execute("SELECT coalesce(max(turn), 0) + 1 FROM locker_codes WHERE stay = ?", (stay,))
    return int(found.fetchone()[0])


def issue(connection: sqlite3.Connection, code: StoredCode, now_s: float, sealed: bytes | None = None) -> None:
    """From now on the codes before it open nothing and are owed to nobody."""
    older = (code.stay, code.number)
    connection.execute("UPDATE locker_codes SET is_dead = 1, sealed_code = NULL WHERE stay = ? AND turn < ?", older)
    connection.execute(
        "INSERT INTO locker_codes (stay, turn, keyed_digest, sealed_code, issued_s) VALUES (?, ?, ?, ?, ?)",
        (code.stay, code.number, code.digest, sealed, now_s),
    )


def of_stay(connection: sqlite3.Connection, stay: str) -> StoredCode | None:
    """The newest code, unless it was used."""
    return next(iter(_codes(connection, " AND code.stay = ?", (stay,))), None)


def of_dossier(connection: sqlite3.Connection, dossier: str) -> tuple[StoredCode, ...]:
    return tuple(_codes(connection, " AND stay.dossier = ?", (dossier,)))


def of_receipt(connection: sqlite3.Connection, receipt: str) -> tuple[StoredCode, ...]:
    """Of the result of the dossier that this receipt was given for."""
    where = " AND stay.dossier IN (SELECT dossier FROM locker_stays WHERE receipt = ?)"
    return tuple(_codes(connection, where, (receipt,)))


def of_phone_tail(connection: sqlite3.Connection, phone_tail: bytes) -> tuple[StoredCode, ...]:
    return tuple(_codes(connection, " AND stay.keyed_tail = ?", (phone_tail,)))


def save_attempts(connection: sqlite3.Connection, codes: Iterable[StoredCode]) -> None:
    rows = [(code.wrong, int(code.is_dead), code.stay, code.number) for code in codes]
    connection.executemany("UPDATE locker_codes SET wrong = ?, is_dead = ? WHERE stay = ? AND turn = ?", rows)


def use_up(connection: sqlite3.Connection, stay: str, now_s: float) -> None:
    """The door was seen open: every code of the stay is spent."""
    values = (now_s, stay)
    connection.execute(
        "UPDATE locker_codes SET used_s = ?, sealed_code = NULL WHERE stay = ? AND used_s IS NULL", values
    )


def kill(connection: sqlite3.Connection, stay: str) -> None:
    connection.execute("UPDATE locker_codes SET is_dead = 1, sealed_code = NULL WHERE stay = ?", (stay,))


def owed(connection: sqlite3.Connection, stay: str, number: int) -> OwedCode | None:
    """None when it was replaced, used, killed or sent since."""
    found = connection.execute(
        f"SELECT sealed_code FROM locker_codes AS code WHERE stay = ? AND turn = ? AND {_NEWEST}"  # noqa: S608 - our own constant
        " AND used_s IS NULL AND sent_s IS NULL AND is_dead = 0",
        (stay, number),
    ).fetchone()
    return None if found is None else OwedCode(stay, number, found[0])


def note_sent(connection: sqlite3.Connection, stay: str, number: int, now_s: float) -> None:
    """The sealed code goes: from now on nobody here can say it again."""
    values = (now_s, stay, number)
    connection.execute("UPDATE locker_codes SET sent_s = ?, sealed_code = NULL WHERE stay = ? AND turn = ?", values)


def wrong_at(connection: sqlite3.Connection, keypad: str) -> int:
    """Wrong attempts in a row."""
    found = connection.execute("SELECT wrong FROM locker_keypads WHERE keypad = ?", (keypad,)).fetchone()
    return 0 if found is None else int(found[0])


def save_keypad(connection: sqlite3.Connection, keypad: str, wrong: int) -> None:
    connection.execute(
        "INSERT INTO locker_keypads VALUES (?, ?) ON CONFLICT (keypad) DO UPDATE SET wrong = excluded.wrong",
        (keypad, wrong),
    )


def _codes(connection: sqlite3.Connection, where: str, values: Sequence[object]) -> Iterable[StoredCode]:
    found = connection.execute(
        "SELECT code.stay, code.turn, code.keyed_digest, code.wrong, code.is_dead FROM locker_codes AS code"  # noqa: S608 - our own constants
        f" {_LIVE}{where} ORDER BY code.stay",
        values,
    )
    for stay, number, kept, wrong, is_dead in found:
        yield StoredCode(stay, number, kept, wrong, bool(is_dead))
