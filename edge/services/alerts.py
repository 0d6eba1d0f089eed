"""Alerts: raised, told along the chain, taken on, contested, withdrawn. The desk behind the pages; supervised by the app.

What is decided stands in the tables; this object holds nothing that a restart could lose. `sms_post.py` sends and receives.
"""

import asyncio
import logging
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial

from edge.domain.chain import new_id
from edge.domain.escalation import EscalationRules
from edge.ports import AlertView, Clock, Ledger, NotThere
from edge.services.alert_changes import AlertChanges, Cause, Role, Via
from edge.services.plan import CounterPlan
from edge.store import alerts as table
from edge.store import outbox
from edge.store.alerts import AlertRow
from sync.events import AlertRaised

log = logging.getLogger(__name__)

_CANDIDATES = 8  # ids drawn for one alert: among 30^4 the chance that all are taken is nil


class AlertService:
    """`edge.ports.AlertDesk`, and what the counter service asks for. `to_send` is set when the outbox may hold something."""

    def __init__(
        self, ledger: Ledger, plans: Mapping[str, CounterPlan], clock: Clock, rules: EscalationRules,
        *, choose: Callable[[str], str] = secrets.choice, poll_s: float = 1.0,
    ) -> None:  # fmt: skip
        self.changes = AlertChanges(plans, rules)
        self.to_send = asyncio.Event()
        self._ledger = ledger
        self._plans = plans
        self._clock = clock
        self._choose = choose
        self._poll_s = poll_s
        self._subscribers: list[Callable[[AlertView], None]] = []

    async def run(self) -> None:
        """Tell the next contact whenever nobody answered in time, for ever."""
        while True:
            await self.advance()
            await asyncio.sleep(self._poll_s)

    async def raise_alert(self, cause: Cause) -> AlertView | None:
        """Durable with its SMS in the outbox when this returns. None: visit or counter has had its alerts."""
        now = self._clock.now()
        ids = [new_id(self._choose) for _ in range(_CANDIDATES)]
        recorded = await self._ledger.transact(lambda connection: self.changes.raise_alert(connection, cause, ids, now))
        raised = next((item.payload for item in recorded if isinstance(item.payload, AlertRaised)), None)
        if raised is None:
            log.warning("%s: an alert was held back by the cool-down or the cap of the hour", cause.counter)
            return None
        self.to_send.set()
        log.info("alert %s raised counter=%s why=%s", raised.alert, cause.counter, cause.why)
        return await self.announce(raised.alert)

    async def advance(self) -> None:
        """Tell whoever is due now; close what nobody answered."""
        now = self._clock.now()
        for row in await self._ledger.read(lambda connection: self.changes.due(connection, now)):
            await self._ledger.transact(partial(self.changes.next_contact, alert=row.alert, now=now))
            self.to_send.set()
            await self.announce(row.alert)

    async def acknowledge(self, alert: str, by: str, via: Via = "page") -> AlertView:
        now = self._clock.now()
        owned = await self._ledger.transact(
            lambda connection: self.changes.acknowledge(connection, alert, by, via, now)
        )
        if owned:
            log.info("alert %s acknowledged by=%s via=%s", alert, by, via)
        return await self.announce(alert)

    async def contest(self, alert: str, by: str, role: str, note: str) -> AlertView:
        """Whoever is no officer contests as leader. The first contest stands."""
        now = self._clock.now()
        as_role: Role = "officer" if role == "officer" else "leader"
        change = partial(self.changes.contest, alert=alert, by=by, role=as_role, note=note, now=now)
        await self._ledger.transact(change)
        return await self.announce(alert)

    async def recent(self, limit: int = 50, counter: str | None = None) -> tuple[AlertView, ...]:
        def query(connection: sqlite3.Connection) -> list[AlertView]:
            return [self._view(connection, row) for row in table.recent(connection, limit, counter)]

        return tuple(await self._ledger.read(query))

    def subscribe(self, callback: Callable[[AlertView], None]) -> Callable[[], None]:
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    async def announce(self, alert: str) -> AlertView:
        """Tell the subscribers how an alert is now. Raise NotThere."""

        def query(connection: sqlite3.Connection) -> AlertView | None:
            row = table.find(connection, alert)
            return None if row is None else self._view(connection, row)

        view = await self._ledger.read(query)
        if view is None:
            raise NotThere(alert)
        for callback in tuple(self._subscribers):
            callback(view)
        return view

    async def announce_visit(self, visit: str) -> None:
        for row in await self._ledger.read(lambda connection: table.of_visit(connection, visit)):
            await self.announce(row.alert)

    def _view(self, connection: sqlite3.Connection, row: AlertRow) -> AlertView:
        zone, plan = self._clock.now().tzinfo, self._plans.get(row.counter)
        return AlertView(
            alert=row.alert,
            counter=row.counter,
            counter_name=plan.name if plan else row.counter,
            unit=plan.unit_name if plan else row.unit,
            raised=datetime.fromtimestamp(row.raised_s, zone),
            since=datetime.fromtimestamp(row.since_s, zone),
            why=row.why.value,
            level=row.level or row.why.level,
            reasons=row.reasons,
            state=row.chain.state,
            contacts=tuple((sms.contact, sms.status.value) for sms in outbox.of_alert(connection, row.alert)),
            owner=row.owner,
            contested_by=row.contested_by,
            note=row.note,
        )
