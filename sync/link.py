"""The link to the city: keeps one uplink running, for ever, and moves the journal's watermarks.

`Link(...).run()` is one supervised coroutine; cancel it to say goodbye and stop. Close the journal afterwards.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import msgspec

from sync.errors import UNREADABLE, JournalError
from sync.hosts import Hosts
from sync.inbox import ReceiptInbox, Waiting
from sync.journal import Journal
from sync.marks import Again, Receipt, ReceiptOutcome
from sync.mqtt import Broker, Incoming, Version
from sync.reconnect import LinkState, LinkStatus, Pace, Reconnector
from sync.topics import Topics
from sync.uplink import Reports, Saying, Tuning, Uplink, Voyage

T = TypeVar("T")
_log = logging.getLogger(__name__)
__all__ = ["Downward", "Link", "LinkOptions", "LinkState", "LinkStatus", "OnReceipt", "Pace"]
OnReceipt = Callable[[ReceiptOutcome], Awaitable[None]]
OnTime = Callable[[datetime], Awaitable[None]]
OnCommand = Callable[[bytes], Awaitable[bytes | None]]
COMMANDS_AT_MOST = 64  # waiting; the newest is dropped, unanswered, and the city sends it again


async def _nobody(_: object) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True)
class Downward:
    """What comes down besides receipts. A JournalError of these is logged and no more: the city says it again.

    `on_time`: what the city's clock said just now. `on_command`: the bytes of one command and the bytes of its answer, one after
    the other; without it, commands are not subscribed to.
    """

    on_command: OnCommand | None = None
    on_time: OnTime = _nobody


@dataclass(frozen=True, slots=True)
class LinkOptions:
    """`city_key` (hex): only receipts signed with it count. `versions`: tried in this order."""

    city_key: str | None = None
    versions: tuple[Version, ...] = (Version.V5, Version.V311)
    tuning: Tuning = field(default_factory=Tuning)
    pace: Pace = field(default_factory=Pace)


class Link:
    """One device's way up. `on_status` and `on_receipt` are called on the loop; every readable receipt is told.

    A JournalError of `on_receipt` is logged and no more: the city says it again.
    """

    def __init__(
        self,
        journal: Journal,
        broker: Broker,
        options: LinkOptions | None = None,
        on_status: Callable[[LinkStatus], None] = lambda _: None,
        on_receipt: OnReceipt = _nobody,
        *,
        downward: Downward | None = None,
    ) -> None:
        self.topics = Topics(journal.identity.site, journal.identity.device)
        self._journal = journal
        self._options = options or LinkOptions()
        self._hosts = Hosts(broker, self._options.versions, journal.identity.source)
        self._reconnector = Reconnector(self._options.versions, self._options.pace, on_status)
        self._uplink: Uplink | None = None
        self._acked = 0
        self._downward = downward or Downward()
        self._done: Again | None = None  # what went up once more and is not noted yet
        self._receipts = ReceiptInbox()
        self._commands: asyncio.Queue[Incoming] = asyncio.Queue(COMMANDS_AT_MOST)
        self._moved = asyncio.Event()
        self._on_receipt = on_receipt
        self._is_contradicted = False

    async def run(self) -> None:
        """Until cancelled. A broken receipt or a lost broker never ends it; a failing journal does."""
        unsubscribe = self._journal.on_commit(self._wake)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._reconnector.keep(self._make_uplink), name="link-connection")
                tasks.create_task(self._keep_marks(), name="link-marks")
                tasks.create_task(self._take_receipts(), name="link-receipts")
                tasks.create_task(self._take_commands(), name="link-commands")
        finally:
            unsubscribe()
            await self._persist_broker_mark()

    @property
    def status(self) -> LinkStatus | None:
        """The last status told; None before the first attempt ended."""
        return self._reconnector.status

    async def resend_from(self, seq: int) -> None:
        """Send everything behind `seq` once more, however many connections and starts of the agent that takes. Raise JournalError."""
        again = await self._journal.ask_again(seq)
        if self._uplink:
            self._uplink.send_again(again)

    def _wake(self) -> None:
        if self._uplink:
            self._uplink.wake()

    def _make_uplink(self, version: Version) -> Uplink:
        marks, options = self._journal.marks, self._options
        voyage = Voyage(
            self._journal.path,
            self._hosts.next(version),
            self.topics,
            self._journal.identity.boot,
            version,
            options.tuning,
            options.pace.monotonic,
        )
        start = marks.city or marks.broker  # a broker may have lost what it acknowledged; a city does not
        self._uplink = Uplink(voyage, self._reports(), start=start, city=marks.city, again=self._journal.again)
        return self._uplink

    # --- what the uplink reports, from its thread to the loop ---

    def _reports(self) -> Reports:
        loop = asyncio.get_running_loop()

        return Reports(
            connected=lambda version: _call(loop, self._reconnector.connected, version),
            progress=lambda seq: _call(loop, self._progressed, seq),
            receipt=lambda message: _call(loop, self._received, message),
            sent_again=lambda done: _call(loop, self._sent_again, done),
            command=self._downward.on_command and (lambda message: _call(loop, self._commanded, message)),
        )

    def _progressed(self, seq: int) -> None:
        self._acked = max(self._acked, seq)
        self._moved.set()

    def _sent_again(self, done: Again) -> None:
        self._done = done
        self._moved.set()

    def _received(self, message: Incoming) -> None:
        receipt = self._readable(message.payload)
        if receipt:
            self._receipts.put(Waiting(receipt, is_live=not message.is_retained))

    def _commanded(self, message: Incoming) -> None:
        if self._commands.full():
            _log.warning("sync.command_dropped", extra={"waiting": COMMANDS_AT_MOST})
        else:
            self._commands.put_nowait(message)

    # --- watermarks ---

    async def _keep_marks(self) -> None:
        while True:
            await self._moved.wait()
            self._moved.clear()
            await self._persist_broker_mark()

    async def _persist_broker_mark(self) -> None:
        done, self._done = self._done, None
        try:
            if self._acked > self._journal.marks.broker:
                await self._journal.mark_broker(self._acked)
            if done is not None:
                await self._journal.sent_again(done)
        except JournalError as error:  # a full disk: the mark only saves sending twice, so it can wait
            _log.warning("sync.mark_not_kept", extra={"why": str(error)})

    async def _take_receipts(self) -> None:
        while True:
            waiting = await self._receipts.get()
            await self._take(waiting.receipt, is_live=waiting.is_live)

    def _readable(self, payload: bytes) -> Receipt | None:
        try:
            receipt = msgspec.json.decode(payload, type=Receipt)
        except UNREADABLE:
            _log.warning("sync.receipt_unreadable")
            return None
        key = self._options.city_key
        if key and not receipt.is_from(key, self._journal.identity.source):
            _log.warning("sync.receipt_not_signed_by_the_city")
            return None
        return receipt

    async def _take(self, receipt: Receipt, *, is_live: bool) -> None:
        """The time of a retained receipt was right when it was sent, which may be long ago."""
        try:
            outcome = await self._journal.mark_city(receipt)
            self._act_on(receipt, outcome)
            await self._on_receipt(outcome)
            if receipt.at and is_live:
                await self._downward.on_time(receipt.at)
        except JournalError as error:  # a full disk: the city will say it again
            _log.warning("sync.receipt_not_kept", extra={"why": str(error)})

    def _act_on(self, receipt: Receipt, outcome: ReceiptOutcome) -> None:
        """A contradiction is loud, once: the city holds another history. Nothing is deleted until a person has looked."""
        if outcome.is_contradiction and not self._is_contradicted:
            _log.critical("sync.receipt_%s", outcome.value, extra={"seq": receipt.seq})
        self._is_contradicted = outcome.is_contradiction
        if self._uplink and not outcome.is_contradiction:
            self._uplink.city_has(self._journal.marks.city)
            if receipt.resend:
                self._uplink.resend_from(receipt.seq)

    # --- commands ---

    async def _take_commands(self) -> None:
        """In the order they came, one after the other."""
        while True:
            message = await self._commands.get()
            if self._downward.on_command is None:
                continue
            try:
                answer = await self._downward.on_command(message.payload)
            except JournalError as error:  # not kept, so not done: the city sends it again
                _log.warning("sync.command_not_kept", extra={"why": str(error)})
                continue
            if answer is not None and self._uplink:
                self._uplink.say(Saying(self.topics.answer_at(message.answer_to), answer, message.correlation))


def _call(loop: asyncio.AbstractEventLoop, handler: Callable[[T], None], value: T) -> None:
    with contextlib.suppress(RuntimeError):  # the loop ended first: nobody is left to be told
        loop.call_soon_threadsafe(handler, value)
