"""What may happen to an alert, each as a change of tables and the events that tell it. Runs inside the journal's transactions.

The alert service, the SMS post and the counter service combine these with changes of their own.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from edge.domain import chain as chains
from edge.domain.chain import AlertState, Happening
from edge.domain.escalation import EscalationRules, Why
from edge.domain.level import Level
from edge.ports import NotThere
from edge.services.plan import CounterPlan
from edge.store import alerts as table
from edge.store import outbox
from edge.store.alerts import AlertRow
from edge.store.times import is_over
from sync.events import AlertAcknowledged, AlertClosed, AlertContested, AlertRaised, Payload

_HOUR_S = 3600.0
_ALMOST = 0.98  # the counter's own cool-down runs on another clock; refused for half a second, its alert would wait for the next one
_CLOSED: Mapping[AlertState, Literal["acknowledged", "nobody_answered", "contested", "withdrawn"]] = {
    AlertState.ACKNOWLEDGED: "acknowledged",
    AlertState.UNANSWERED: "nobody_answered",
    AlertState.CONTESTED: "contested",
    AlertState.WITHDRAWN: "withdrawn",
}

Via = Literal["sms", "page"]
Role = Literal["officer", "leader"]
Payloads = Sequence[Payload]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why an alert is asked for."""

    counter: str
    visit: str
    why: Why
    level: Level
    since: datetime
    reasons: tuple[str, ...]


class AlertChanges:
    """Stateless but for the rules; `now` is the moment of the change in the site's zone."""

    def __init__(self, plans: Mapping[str, CounterPlan], rules: EscalationRules) -> None:
        self._plans = plans
        self._rules = rules

    def raise_alert(self, connection: sqlite3.Connection, cause: Cause, ids: Sequence[str], now: datetime) -> Payloads:
        """Nothing when the visit or its counter has had its alerts. `ids` are candidates for the alert's id."""
        now_s, plan = now.timestamp(), self._plans[cause.counter]
        alert = table.first_free(connection, ids)
        if alert is None or self._is_too_much(connection, cause, now_s):
            return ()
        chain, told = chains.raised(plan.contacts, now_s, self._rules.told_at_once, self._rules.next_contact_s)
        row = AlertRow(
            alert, cause.visit, cause.counter, plan.unit, now_s, cause.since.timestamp(), cause.why, cause.level,
            cause.reasons, chain,
        )  # fmt: skip
        table.insert(connection, row, now)
        outbox.queue(connection, alert, told, now)
        return (_raised(row, cause.since),)

    def next_contact(self, connection: sqlite3.Connection, alert: str, now: datetime) -> Payloads:
        """Nobody answered in time. Checked again here: an answer may have come since the caller looked."""
        row = _found(connection, alert)
        due_s, most_s = row.chain.due_s, self._rules.next_contact_s
        is_due = due_s is not None and is_over(due_s, now.timestamp(), most_s)
        return self._step(connection, row, Happening.DUE, now) if is_due else ()

    def due(self, connection: sqlite3.Connection, now: datetime) -> tuple[AlertRow, ...]:
        """Whose next contact should be told by now."""
        return table.due(connection, now.timestamp(), self._rules.next_contact_s)

    def unreachable(self, connection: sqlite3.Connection, alert: str, now: datetime) -> Payloads:
        """An SMS failed: when none can arrive any more, the next contact is told without waiting."""
        if any(row.status.may_arrive for row in outbox.of_alert(connection, alert)):
            return ()
        return self._step(connection, _found(connection, alert), Happening.FAILED, now)

    def acknowledge(self, connection: sqlite3.Connection, alert: str, by: str, via: Via, now: datetime) -> Payloads:
        """Nothing when somebody owns it already, or when it is not to be owned any more."""
        closed = self._step(connection, _found(connection, alert), Happening.ACKNOWLEDGED, now)
        if not closed:
            return ()
        table.save_owner(connection, alert, by)
        return (AlertAcknowledged(alert=alert, by=by, via=via), *closed)

    def contest(
        self, connection: sqlite3.Connection, alert: str, *, by: str, role: Role, note: str, now: datetime
    ) -> Payloads:
        """The first contest stands. The note goes into the table only."""
        closed = self._step(connection, _found(connection, alert), Happening.CONTESTED, now)
        if not closed:
            return ()
        table.save_contest(connection, alert, by, role, note)
        return (AlertContested(alert=alert, by=by, role=role), *closed)

    def withdraw(self, connection: sqlite3.Connection, visit: str, now: datetime, *, erase: bool) -> Payloads:
        """The visit's citizen had the last word. `erase`: what the face showed goes from the tables too."""
        payloads: list[Payload] = []
        for row in table.of_visit(connection, visit):
            payloads += self._step(connection, row, Happening.WITHDRAWN, now)
        if erase:
            table.erase_reading(connection, visit)
        return payloads

    def _is_too_much(self, connection: sqlite3.Connection, cause: Cause, now_s: float) -> bool:
        last_s = table.last_told(connection, cause.visit)
        if last_s is not None and abs(now_s - last_s) < self._rules.cool_down_s * _ALMOST:
            return True
        return table.raised_between(connection, cause.counter, now_s - _HOUR_S, now_s) >= self._rules.cap_per_hour

    def _step(self, connection: sqlite3.Connection, row: AlertRow, happening: Happening, now: datetime) -> Payloads:
        """Save the next state of the chain; an event when it closed or changed how it was closed."""
        after, told = chains.step(row.chain, happening, now.timestamp(), self._rules.next_contact_s)
        table.save_chain(connection, row.alert, after)
        outbox.queue(connection, row.alert, told, now)
        if after.state is row.chain.state:
            return ()
        if after.state is not AlertState.UNANSWERED:  # whom no SMS could reach is told when one can go
            outbox.cancel_queued(connection, row.alert)
        return (AlertClosed(alert=row.alert, why=_CLOSED[after.state]),)


def _raised(row: AlertRow, since: datetime) -> AlertRaised:
    return AlertRaised(
        alert=row.alert, visit=row.visit, counter=row.counter, unit=row.unit, why=row.why.value,
        level=(row.level or row.why.level).value, since=since, reasons=row.reasons,
    )  # fmt: skip


def _found(connection: sqlite3.Connection, alert: str) -> AlertRow:
    row = table.find(connection, alert)
    if row is None:
        raise NotThere(alert)
    return row
