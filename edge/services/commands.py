"""Carries out what the city orders, each order once: judged, done, its answer kept with what it changed, then said.

`edge.adapters.downlink` gives it the doers; the link gives it the bytes. A row without an answer is gone on with after a restart.
"""

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from edge.command_ports import BadArgs, CommandView, Doer, Later, Task
from edge.domain.command import CommandNote, CommandRefusal, Order, Outcome, Rules, refuse
from edge.ports import Clock, Ledger
from edge.store import commands as table
from edge.store.commands import CommandRow
from sync.commands import MAX_BODY, Answer, Command, CommandName, SignedCommand
from sync.errors import UNREADABLE
from sync.events import CommandAnswered, Payload

log = logging.getLogger(__name__)

DOORS = frozenset({CommandName.LOCKER_RESERVE, CommandName.LOCKER_RELEASE, CommandName.LOCKER_RECALL})
LONG = frozenset({CommandName.CONFIG_SET, CommandName.MODELS_UPDATE})  # begun in time is enough: they outlive a restart


class CommandService:
    """`handle` one after the other; `resume` once at the start; `finish` for what was put off."""

    def __init__(
        self, ledger: Ledger, clock: Clock, doers: Mapping[str, Doer], *, source: str, city_key: str | None,
        is_clock_wrong: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.not_ours = 0
        self._ledger = ledger
        self._clock = clock
        self._doers = doers
        self._rules = Rules(source, doers.keys(), DOORS)
        self._city_key = city_key
        self._is_clock_wrong = is_clock_wrong
        self._going: set[str] = set()  # put off by their doers

    async def handle(self, payload: bytes) -> bytes | None:
        """The answer's bytes; None where there is none yet, or nobody to give it to. Raise what the ledger raises: not done."""
        signed = _signed(payload)
        if signed is None:
            log.warning("command: unreadable, %d bytes", len(payload))
            return None
        command = signed.opened(self._city_key) if self._city_key else None
        if command is None:
            why = CommandRefusal.NOT_SIGNED if self._city_key else CommandRefusal.NO_CITY_KEY
            return self._not_ours(_claimed(signed), why)
        if command.source != self._rules.source:
            return self._not_ours(command, CommandRefusal.FOREIGN)
        return await self._judged(command, hashlib.sha256(signed.body.encode()).hexdigest())

    async def resume(self) -> None:
        """Go on with what a stop or a kill interrupted, as long as it is not too late for it."""
        now_s = self._clock.now().timestamp()
        for row in await self._ledger.read(table.working):
            if row.name in LONG or now_s <= row.not_after_s:
                await self._do(row)
            else:
                await self._ledger.transact(self._answered(row, CommandRefusal.TOO_LATE))

    async def finish(self, command: str, why: CommandRefusal | None = None) -> None:
        """The answer of an order that was put off. A second answer changes nothing."""
        row = await self._ledger.read(lambda connection: table.find(connection, command))
        if row is not None:
            await self._ledger.transact(self._answered(row, why))
        self._going.discard(command)  # behind the answer: nobody begins it anew in between

    async def latest(self, at_most: int) -> tuple[CommandView, ...]:
        zone = self._clock.now().tzinfo
        rows = await self._ledger.read(lambda connection: table.latest(connection, at_most))
        return tuple(
            CommandView(row.id, row.name, row.by, datetime.fromtimestamp(row.taken_s, zone), row.outcome, row.why)
            for row in rows
        )

    # --- private ---

    async def _judged(self, command: Command, digest: str) -> bytes | None:
        known = await self._ledger.read(lambda connection: table.find(connection, command.id))
        if known is not None and known.digest != digest:
            return self._not_ours(command, CommandRefusal.REUSED)
        if known is not None and (known.outcome is not None or command.id in self._going):
            return _answer_of(known)
        now = self._clock.now()
        order = Order(command.id, command.name, command.source, command.issued, command.not_after, command.by)
        why = refuse(order, self._rules, now, is_clock_wrong=self._is_clock_wrong())
        row = CommandRow(
            command.id,
            command.name,
            command.by,
            digest,
            now.timestamp(),
            command.not_after.timestamp(),
            bytes(command.args).decode(),
        )
        if why is not None:
            await self._ledger.transact(self._answered(row, why))
        else:
            await self._ledger.transact(self._taken(row))
            await self._do(row)
        kept = await self._ledger.read(lambda connection: table.find(connection, command.id))
        if kept is not None:
            log.info("command %s %s by=%s %s why=%s", kept.id, kept.name, kept.by, kept.outcome, kept.why)
        return _answer_of(kept) if kept else None

    async def _do(self, row: CommandRow) -> None:
        """The row is there. What the doer changes it writes with the answer, so a kill before that does it again from the start."""
        task = Task(row.id, row.by, (row.args or "{}").encode(), self._answered(row, None))
        doer = self._doers.get(row.name)
        why: CommandRefusal | CommandNote | None
        try:
            why = await doer(task) if doer else CommandRefusal.UNKNOWN_COMMAND
        except BadArgs as error:
            log.warning("command %s %s: %s", row.id, row.name, error)
            why = CommandRefusal.BAD_ARGS
        except Later:
            self._going.add(row.id)
            return
        await self._ledger.transact(self._answered(row, why))

    def _taken(self, row: CommandRow) -> Callable[[sqlite3.Connection], Sequence[Payload]]:
        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            table.take(connection, row)
            return ()

        return change

    def _answered(
        self, row: CommandRow, why: CommandRefusal | CommandNote | None
    ) -> Callable[[sqlite3.Connection], Sequence[Payload]]:
        """Writes nothing where the answer is there already."""
        outcome = Outcome.REFUSED if isinstance(why, CommandRefusal) else Outcome.DONE
        now_s = self._clock.now().timestamp()

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            table.take(connection, row)
            if not table.answer(connection, row.id, outcome, why, now_s):
                return ()
            return (CommandAnswered(command=row.id, name=row.name, outcome=outcome.value, why=why and why.value),)

        return change

    def _not_ours(self, command: Command | None, why: CommandRefusal) -> bytes | None:
        """Said, and kept nowhere: whoever can publish must be able neither to fill the journal nor to use up an order's id."""
        self.not_ours += 1
        log.warning("command refused: %s", why)
        if command is None:
            return None
        return msgspec.json.encode(Answer(command=command.id, name=command.name, outcome="refused", why=why))


def _signed(payload: bytes) -> SignedCommand | None:
    if len(payload) > 2 * MAX_BODY:  # every quote in the text takes a backslash
        return None
    try:
        return msgspec.json.decode(payload, type=SignedCommand)
    except UNREADABLE:
        return None


def _claimed(signed: SignedCommand) -> Command | None:
    """What it says it is, for the answer alone."""
    try:
        return msgspec.json.decode(signed.body, type=Command)
    except UNREADABLE:
        return None


def _answer_of(row: CommandRow) -> bytes | None:
    if row.outcome is None:
        return None
    answer = Answer(command=row.id, name=row.name, outcome=row.outcome.value, why=row.why and row.why.value)
    return msgspec.json.encode(answer)
