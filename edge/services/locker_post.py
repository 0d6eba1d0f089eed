"""The locker's post office: tells citizens by SMS that a result lies there, with its code. Supervised by the app.

A message is handed over under one `ref` for ever, as the post of alerts does it. The code is asked of the code book when the message
is handed over, and forgotten there once the transport has it; it is in no table, log or event of this post.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from edge.domain.msisdn import Msisdn, NotAMobileNumber
from edge.domain.pickup_code import PickupCode
from edge.locker_ports import CodeBook, Seal
from edge.ports import Clock, Ledger, SmsPort, SmsReply, SmsReport
from edge.services.faults import Faults
from edge.services.locker_text import LockerText
from edge.services.sms_sending import UNNOTED_S, Handover, PostRules, Recalls, hand_over, is_progress, send_for_ever
from edge.store import locker_outbox as outbox
from edge.store.locker_outbox import LockerSmsRow, SmsKind
from edge.store.outbox import Sending
from sync.events import Payload

log = logging.getLogger(__name__)


class LockerPost:
    """`run` works for ever; `send_due` and `take` are its single steps. What cannot be sent stays queued until somebody cancels it."""

    def __init__(
        self, ledger: Ledger, port: SmsPort, codes: CodeBook, seal: Seal, text: LockerText, *, faults: Faults, clock: Clock,
        rules: PostRules | None = None,
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._port = port
        self._codes = codes
        self._seal = seal
        self._text = text
        self._faults = faults
        self._clock = clock
        self._rules = rules or PostRules()
        self._recalls = Recalls(port, self._rules.submit_s, clock.monotonic)
        self._to_send = asyncio.Event()
        self._watching: list[Callable[[str], None]] = []

    async def run(self) -> None:
        await self.settle()
        async with asyncio.TaskGroup() as group:
            group.create_task(send_for_ever(self.send_due, self._to_send, self._rules), name="locker-sms-send")
            group.create_task(self._receive_for_ever(), name="locker-sms-receive")

    def wake(self) -> None:
        """Something was queued and is durable; without this it waits for the next look."""
        self._to_send.set()

    def subscribe(self, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call `callback` on the loop with the stay whose SMS has a new status; the returned function unsubscribes."""
        self._watching.append(callback)
        return lambda: self._watching.remove(callback)

    async def settle(self) -> None:
        """An agent may have died between handing a code over and forgetting it: forget it now."""
        for row in await self._ledger.read(outbox.untold):
            await self._forget_code(row)

    async def send_due(self) -> int:
        """Take back what nobody needs any more, then hand over what is due now, a few at once; how many were tried."""
        await self._take_back_outlived()
        now_s, rules = self._clock.now().timestamp(), self._rules
        rows = await self._ledger.read(
            lambda connection: outbox.waiting(connection, now_s, rules.at_once, rules.most_wait_s)
        )
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(self._send(row), name=row.ref)
        return len(rows)

    async def _take_back_outlived(self) -> None:
        """A code that opens nothing any more must not reach a citizen after the one that does."""
        since_s = self._clock.now().timestamp() - UNNOTED_S
        rows = await self._ledger.read(partial(outbox.outlived, since_s=since_s))
        for ref in await self._recalls.taken_back([row.ref for row in rows]):
            await self._note(ref, Sending.CANCELLED)

    async def take(self, item: SmsReport | SmsReply) -> None:
        """Note a report durably, then let the transport forget it. Nobody is meant to answer these SMS."""
        if isinstance(item, SmsReport):
            await self._note(item.ref, Sending(item.status.value))
        await self._port.done(item)

    async def _receive_for_ever(self) -> None:
        async for item in self._port.inbox():
            await self.take(item)

    async def _send(self, row: LockerSmsRow) -> None:
        number = self._number(row)
        if number is None:
            log.error("%s: its number cannot be read with this device's key", row.ref)
            await self._note(row.ref, Sending.FAILED)
            return
        code = None
        if row.kind is SmsKind.CODE:
            code = await self._codes.to_send(row.stay, row.number)
            if code is None:
                await self._note(row.ref, Sending.CANCELLED)
                return
        await self._hand_over(row, number, code)

    async def _hand_over(self, row: LockerSmsRow, number: Msisdn, code: PickupCode | None) -> None:
        since = datetime.fromtimestamp(row.queued_s, self._clock.now().tzinfo)
        text = self._text.compose(row.kind, row.words, since, code)
        match await hand_over(
            self._port, self._faults, self._rules.submit_s, ref=row.ref, to=number.reveal(), text=text
        ):
            case Handover.TAKEN:
                await self._change(lambda connection: outbox.note_handed(connection, row.ref))
                if row.kind is SmsKind.CODE:
                    await self._forget_code(row)
            case Handover.REFUSED:
                log.warning("%s: refused", row.ref)
                await self._note(row.ref, Sending.FAILED)
            case Handover.NOT_NOW:
                next_s = self._clock.now().timestamp() + self._rules.wait_s(row.attempts)
                await self._change(lambda connection: outbox.put_off(connection, row.ref, next_s))

    async def _forget_code(self, row: LockerSmsRow) -> None:
        await self._codes.sent(row.stay, row.number)
        await self._change(lambda connection: outbox.note_told(connection, row.ref))

    async def _note(self, ref: str, status: Sending) -> None:
        noted: list[str] = []

        def change(connection: sqlite3.Connection) -> None:
            row = outbox.find(connection, ref)
            if row is not None and _is_news(row.status, status):
                outbox.note(connection, ref, status)
                noted.append(row.stay)

        await self._change(change)
        for stay in noted:
            for callback in tuple(self._watching):
                callback(stay)

    async def _change(self, change: Callable[[sqlite3.Connection], None]) -> None:
        """The contract has no event for a citizen's SMS: the tables alone hold it."""

        def silent(connection: sqlite3.Connection) -> Sequence[Payload]:
            change(connection)
            return ()

        await self._ledger.transact(silent)

    def _number(self, row: LockerSmsRow) -> Msisdn | None:
        if row.phone is None:
            return None
        try:
            return Msisdn.parse(self._seal.open(row.phone))
        except (NotAMobileNumber, ValueError):
            return None


def _is_news(known: Sending, told: Sending) -> bool:
    return known is Sending.QUEUED if told is Sending.CANCELLED else is_progress(known, told)
