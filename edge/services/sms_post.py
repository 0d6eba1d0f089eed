"""The post office of alerts: hands the outbox to the SMS transport, takes delivery reports and answers. Supervised by the app.

A message is handed over under one `ref` for ever; the transport drops a second handing over of the same ref, so an agent
that dies between handing over and noting it sends nobody two SMS.
"""

import asyncio
import logging
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from edge.domain.chain import AlertState, answered_id
from edge.domain.msisdn import Msisdn, NotAMobileNumber
from edge.ports import Clock, Ledger, SmsPort, SmsReply, SmsReport, SmsStatus
from edge.services.alert_text import AlertText
from edge.services.alerts import AlertService
from edge.services.faults import Faults
from edge.services.plan import CounterPlan
from edge.services.sms_sending import UNNOTED_S, Handover, PostRules, Recalls, hand_over, is_progress, send_for_ever
from edge.store import alerts as table
from edge.store import outbox
from edge.store.alerts import AlertRow
from edge.store.outbox import Sending, SmsRow
from sync.events import AlertSms, Payload

log = logging.getLogger(__name__)


class SmsPost:
    """`run` works for ever; `send_due` and `take` are its single steps."""

    def __init__(
        self, ledger: Ledger, port: SmsPort, alerts: AlertService, text: AlertText, *, plans: Mapping[str, CounterPlan],
        contacts: Mapping[str, Msisdn], faults: Faults, clock: Clock, rules: PostRules | None = None,
    ) -> None:  # fmt: skip
        self._ledger = ledger
        self._port = port
        self._alerts = alerts
        self._text = text
        self._plans = plans
        self._contacts = contacts
        self._faults = faults
        self._clock = clock
        self._rules = rules or PostRules()
        self._recalls = Recalls(port, self._rules.submit_s, clock.monotonic)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            sending = send_for_ever(self.send_due, self._alerts.to_send, self._rules)
            group.create_task(sending, name="sms-send")
            group.create_task(self._receive_for_ever(), name="sms-receive")

    async def send_due(self) -> int:
        """Take back what nobody needs any more, then hand over what is due now, a few at once; how many were tried."""
        await self._take_back_outlived()
        now_s, rules = self._clock.now().timestamp(), self._rules
        rows = await self._ledger.read(
            lambda connection: outbox.waiting(connection, now_s, rules.at_once, rules.most_wait_s)
        )
        async with asyncio.TaskGroup() as group:
            for row in rows:
                group.create_task(self._send(row), name=f"sms-{row.ref}")
        return len(rows)

    async def take(self, item: SmsReport | SmsReply) -> None:
        """Note a report or an answer durably, then let the transport forget it."""
        if isinstance(item, SmsReport):
            await self._report(item)
        else:
            await self._reply(item)
        await self._port.done(item)

    async def _receive_for_ever(self) -> None:
        async for item in self._port.inbox():
            await self.take(item)

    async def _take_back_outlived(self) -> None:
        since_s = self._clock.now().timestamp() - UNNOTED_S
        rows = {row.ref: row for row in await self._ledger.read(partial(outbox.outlived, since_s=since_s))}
        for ref in await self._recalls.taken_back(rows):
            if rows[ref].status is Sending.CANCELLED:
                continue  # as it was noted long ago
            await self._ledger.transact(partial(_taken_back, row=rows[ref]))
            await self._alerts.announce(rows[ref].alert)

    async def _send(self, row: SmsRow) -> None:
        alert = await self._ledger.read(lambda connection: table.find(connection, row.alert))
        number = self._contacts.get(row.contact)
        if alert is None or number is None:
            log.error("alert %s: contact %s is not in the configuration any more", row.alert, row.contact)
            await self._note(row.ref, Sending.FAILED)
            return
        if alert.chain.state is AlertState.UNANSWERED and self._is_given_up(row):
            await self._note(row.ref, Sending.FAILED)  # yesterday's anger helps nobody
            return
        words = self._words(alert)
        match await hand_over(
            self._port, self._faults, self._rules.submit_s, ref=row.ref, to=number.reveal(), text=words
        ):
            case Handover.TAKEN:
                await self._note(row.ref, Sending.SUBMITTED)
            case Handover.REFUSED:
                log.warning("alert %s: the SMS to %s was refused", row.alert, row.contact)
                await self._note(row.ref, Sending.FAILED)
            case Handover.NOT_NOW:
                await self._put_off(row)

    async def _put_off(self, row: SmsRow) -> None:
        if self._is_given_up(row):
            await self._note(row.ref, Sending.FAILED)
            return
        next_s = self._clock.now().timestamp() + self._rules.wait_s(row.attempts)

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            outbox.put_off(connection, row.ref, next_s)
            return ()

        await self._ledger.transact(change)

    def _is_given_up(self, row: SmsRow) -> bool:
        return self._clock.now().timestamp() - row.told_s >= self._rules.give_up_s

    async def _note(self, ref: str, status: Sending) -> None:
        now = self._clock.now()
        recorded = await self._ledger.transact(lambda connection: self._noted(connection, ref, status, now))
        alert = next((item.payload.alert for item in recorded if isinstance(item.payload, AlertSms)), None)
        if alert is not None:
            self._alerts.to_send.set()
            await self._alerts.announce(alert)

    def _noted(self, connection: sqlite3.Connection, ref: str, status: Sending, now: datetime) -> Sequence[Payload]:
        row = outbox.find(connection, ref)
        if row is None or not is_progress(row.status, status):
            return ()
        outbox.note(connection, ref, status)
        told = AlertSms(alert=row.alert, ref=ref, contact=row.contact, status=SmsStatus(status).value)
        next_told = self._alerts.changes.unreachable(connection, row.alert, now) if status is Sending.FAILED else ()
        return (told, *next_told)

    async def _report(self, report: SmsReport) -> None:
        await self._note(report.ref, Sending(report.status.value))

    async def _reply(self, reply: SmsReply) -> None:
        answer = answered_id(reply.text)
        keys = self._keys_of(reply.sender)
        since_s = self._clock.now().timestamp() - self._rules.late_answer_s
        found = await self._ledger.read(lambda connection: _answered(connection, answer, keys, since_s))
        if found is None:
            log.info("an SMS that answers no alert was put aside")
            return
        alert, key = found
        await self._alerts.acknowledge(alert, key, via="sms")

    def _keys_of(self, sender: str) -> frozenset[str]:
        try:
            number = Msisdn.parse(sender)
        except NotAMobileNumber:
            return frozenset()
        return frozenset(key for key, known in self._contacts.items() if known == number)

    def _words(self, alert: AlertRow) -> str:
        plan = self._plans.get(alert.counter)
        since = datetime.fromtimestamp(alert.since_s, self._clock.now().tzinfo)
        return self._text.compose(alert.alert, plan.name if plan else alert.counter, since, alert.why, alert.reasons)


def _taken_back(connection: sqlite3.Connection, row: SmsRow) -> Sequence[Payload]:
    """The contract has no word for it, and "failed" would be the city's last word about an alert that others received."""
    outbox.note(connection, row.ref, Sending.CANCELLED)
    return ()


def _answered(
    connection: sqlite3.Connection, answer: str | None, keys: frozenset[str], since_s: float
) -> tuple[str, str] | None:
    """The alert meant, and who in its chain answered."""
    if answer is None or not keys:
        return None
    if answer:
        row = table.find(connection, answer)
        rows = [row] if row else []
    else:
        rows = _meant_by_one(connection, keys, since_s)
    if len(rows) != 1:
        return None
    key = next((contact for contact in rows[0].chain.contacts if contact in keys), None)
    return None if key is None else (rows[0].alert, key)


def _meant_by_one(connection: sqlite3.Connection, keys: frozenset[str], since_s: float) -> list[AlertRow]:
    """A bare `1` means the only open alert that this person was told of, else the only unanswered one of these hours: an SMS may be late."""
    is_open = [row for row in table.in_state(connection, AlertState.OPEN) if _told(connection, row.alert) & keys]
    return is_open or [
        row
        for row in table.in_state(connection, AlertState.UNANSWERED)
        if row.raised_s > since_s and _reached(connection, row.alert) & keys
    ]


def _told(connection: sqlite3.Connection, alert: str) -> frozenset[str]:
    return frozenset(row.contact for row in outbox.of_alert(connection, alert))


def _reached(connection: sqlite3.Connection, alert: str) -> frozenset[str]:
    return frozenset(
        row.contact
        for row in outbox.of_alert(connection, alert)
        if row.status.may_arrive and row.status is not Sending.QUEUED
    )
