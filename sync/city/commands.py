"""The city's orders to devices: signed once, kept, sent until the device's journal answers or their time is over.

A device does each once however often it comes, so sending again costs nothing but the line. What counts as the answer is the event
`command.answered`, which the ingest keeps in `city_answers`.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from sync.city.errors import OrderTooLarge
from sync.city.facts import milliseconds
from sync.city.transactions import Database, Row
from sync.commands import Command, SignedCommand
from sync.keys import DeviceKey
from sync.topics import Topics

AGAIN = timedelta(seconds=30)  # an online device that has not answered gets it again
AT_ONCE = 200  # of one look
MAX_ORDER = 120_000
"""Bytes, signed. A broker of deploy/rabbitmq hangs up on whoever sends more than 131,072, and takes other orders along."""
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class CommandState(StrEnum):
    WAITING = "waiting"  # the device was not there yet
    SENT = "sent"
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"  # nobody answered in time; an answer that comes later still counts


@dataclass(frozen=True, slots=True)
class Ordered:
    """One order as the city knows it. `why` is a refusal's key; `times`: how often it was sent."""

    id: str
    source: str
    name: str
    by: str
    issued: datetime
    not_after: datetime
    state: CommandState
    why: str | None
    answered: datetime | None
    times: int


@dataclass(frozen=True, slots=True)
class Letter:
    """What is to be published now."""

    id: str
    topic: str
    payload: bytes


# one row an order, with the newest answer of any of its device's histories: the one that answered may have been retired since
_JOINED = (
    " FROM city_commands AS c LEFT JOIN city_answers AS a ON a.command = c.id AND a.device = ("
    "SELECT max(h.id) FROM city_chains AS h JOIN city_answers AS b ON b.device = h.id"
    " WHERE h.source = c.source AND b.command = c.id)"
)
_LIST = (
    "SELECT c.id, c.source, c.name, c.ordered_by, c.issued_ms, c.not_after_ms, c.times, a.outcome, a.why, a.at_ms" + _JOINED
)  # fmt: skip
_DUE = (
    "SELECT c.id, c.source, c.name, c.signed"
    + _JOINED
    + " JOIN city_presence AS p ON p.source = c.source AND p.state = 'online'"
    " WHERE a.command IS NULL AND c.not_after_ms > ? AND (c.sent_ms IS NULL OR c.sent_ms < p.since_ms OR c.sent_ms <= ?)"
    " ORDER BY c.issued_ms, c.id LIMIT ?"
)


class CommandStore:
    """Blocking. Every call may raise DatabaseLost or DatabaseUnusable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def order(self, command: Command, key: DeviceKey) -> None:
        """Keep an order, signed. It goes out as soon as its device is there. Raise OrderTooLarge."""
        signed = msgspec.json.encode(SignedCommand.of(command, key))
        if len(signed) > MAX_ORDER:
            raise OrderTooLarge(
                f"{command.name}: {len(signed)} bytes, signed; an order may have {MAX_ORDER}: send a smaller file"
            )
        issued, until = milliseconds(command.issued), milliseconds(command.not_after)
        values = (command.id, command.source, command.name, command.by, issued, until, signed)
        with self._database.transaction() as writing:
            writing.execute("INSERT INTO city_commands VALUES (?, ?, ?, ?, ?, ?, ?, NULL, 0)", values)

    def due(self, now: datetime) -> tuple[Letter, ...]:
        """What an online device has not answered: not sent yet, not since it came online, or a while ago."""
        values = (milliseconds(now), milliseconds(now - AGAIN), AT_ONCE)
        with self._database.reading() as reading:
            rows = reading.rows(_DUE, values)
        return tuple(Letter(id_, _topics(source).commands + name, bytes(signed)) for id_, source, name, signed in rows)

    def sent(self, ids: Iterable[str], now: datetime) -> None:
        at_ms = milliseconds(now)
        with self._database.transaction() as writing:
            for id_ in sorted(ids):
                writing.execute("UPDATE city_commands SET sent_ms = ?, times = times + 1 WHERE id = ?", (at_ms, id_))

    def find(self, id_: str, now: datetime) -> Ordered | None:
        return next(iter(self._rows(" WHERE c.id = ?", (id_,), now)), None)

    def latest(self, now: datetime, source: str | None = None, at_most: int = 50) -> tuple[Ordered, ...]:
        """Newest first."""
        where = "" if source is None else " WHERE c.source = ?"
        values = (at_most,) if source is None else (source, at_most)
        return tuple(self._rows(f"{where} ORDER BY c.issued_ms DESC, c.id LIMIT ?", values, now))

    def _rows(self, ending: str, values: Sequence[object], now: datetime) -> list[Ordered]:
        with self._database.reading() as reading:
            return [_ordered(row, milliseconds(now)) for row in reading.rows(_LIST + ending, values)]


def make_command(source: str, name: str, args: object, *, by: str, valid: timedelta, now: datetime) -> Command:
    """A new order; its id sorts by the time it was given."""
    id_ = f"{round(now.timestamp()):010d}-{''.join(secrets.choice(_ALPHABET) for _ in range(10))}"
    raw = msgspec.Raw(msgspec.json.encode(args))
    return Command(id=id_, name=name, source=source, issued=now, not_after=now + valid, by=by, args=raw)


def _ordered(row: Row, now_ms: int) -> Ordered:
    id_, source, name, by, issued_ms, not_after_ms, times, outcome, why, at_ms = row
    if outcome is not None:
        state = CommandState(outcome)
    elif now_ms > not_after_ms:
        state = CommandState.EXPIRED
    else:
        state = CommandState.SENT if times else CommandState.WAITING
    answered = None if at_ms is None else _moment(at_ms)
    return Ordered(id_, source, name, by, _moment(issued_ms), _moment(not_after_ms), state, why, answered, times)


def _topics(source: str) -> Topics:
    """`/sites/S/devices/D`, as `sync.chain.source_of` makes it."""
    _, _, site, _, device = source.split("/")
    return Topics(site, device)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
