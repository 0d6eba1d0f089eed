"""What a visit's actions do to tables and events. Runs inside the journal's transactions; `station.py` owns it."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

from edge.domain import visit as visits
from edge.domain.level import Level
from edge.domain.reasons import telling
from edge.domain.verdict import Evidence, Summary
from edge.services.alert_changes import AlertChanges
from edge.services.plan import CounterPlan
from edge.store import visits as table
from edge.store.visits import OpenVisit
from sync.events import LevelName, MoodChanged, Payload, RatingGiven, VisitDropped, VisitEnded, VisitStarted

When = Callable[[float], datetime]


class VisitChanges:
    """Of one counter. `when` turns the monotonic seconds of an action into the site's time."""

    def __init__(self, plan: CounterPlan, alerts: AlertChanges) -> None:
        self._plan = plan
        self._alerts = alerts

    def record(
        self, connection: sqlite3.Connection, *, actions: Sequence[visits.Action], moods: Sequence[MoodChanged],
        has_left: bool, when: When, now: datetime,
    ) -> Sequence[Payload]:  # fmt: skip
        """`has_left`: the citizen who had opted out is gone."""
        payloads: list[Payload] = []
        if has_left:
            table.opted_out_left(connection, self._plan.counter)
        for action in actions:
            match action:
                case visits.Started():
                    payloads += self._started(connection, action, when)
                case visits.Rated():
                    payloads += self._rated(connection, action, now)
                case visits.Dropped():
                    payloads += self._dropped(connection, action, now)
                case visits.Ended(summary):
                    payloads += self._ended(connection, summary, moods, when)
        return payloads

    def interrupted(self, connection: sqlite3.Connection, visit: OpenVisit, now: datetime) -> Sequence[Payload]:
        """The agent died during this visit: it is counted, and nothing is said about it but the citizen's rating."""
        rating = table.rating_of(connection, visit.visit)
        started = datetime.fromtimestamp(visit.started_s, now.tzinfo)
        summary = Summary(visit.visit, 0.0, 0.0, 0.0, Evidence.NOT_ENOUGH, {}, None, None, None, (), rating)
        table.end(connection, summary, started)
        return (ended_payload(self._plan, summary, started),)

    def _started(self, connection: sqlite3.Connection, action: visits.Started, when: When) -> Sequence[Payload]:
        table.begin(connection, action.visit, self._plan.counter, when(action.started_s))
        return (VisitStarted(visit=action.visit, counter=self._plan.counter),)

    def _rated(self, connection: sqlite3.Connection, action: visits.Rated, now: datetime) -> Sequence[Payload]:
        table.rate(connection, action.visit, self._plan.counter, action.level, now)
        given = RatingGiven(counter=self._plan.counter, visit=action.visit, level=action.level.value)
        if action.visit is None or action.level.is_negative:
            return (given,)
        return (given, *self._alerts.withdraw(connection, action.visit, now, erase=False))

    def _dropped(self, connection: sqlite3.Connection, action: visits.Dropped, now: datetime) -> Sequence[Payload]:
        table.drop(connection, action.visit, self._plan.counter, now)
        dropped = VisitDropped(visit=action.visit, counter=self._plan.counter, why="opted_out")
        return (dropped, *self._alerts.withdraw(connection, action.visit, now, erase=True))

    def _ended(
        self, connection: sqlite3.Connection, summary: Summary, moods: Sequence[MoodChanged], when: When
    ) -> Sequence[Payload]:
        table.end(connection, summary, when(summary.ended_s))
        ended = ended_payload(self._plan, summary, when(summary.started_s))
        return (*(moods if summary.evidence is Evidence.ENOUGH else ()), ended)


def mood_payload(counter: str, moved: visits.MoodMoved, at: datetime) -> MoodChanged:
    return MoodChanged(
        visit=moved.visit, counter=counter, previous=_name(moved.previous), level=moved.level.value,
        valence=round(moved.valence, 3), reasons=telling(moved.reasons, moved.level), at=at,
    )  # fmt: skip


def ended_payload(plan: CounterPlan, summary: Summary, started: datetime) -> VisitEnded:
    return VisitEnded(
        visit=summary.visit, counter=plan.counter, unit=plan.unit, started=started,
        seconds_present=round(max(0.0, summary.seconds_present), 2), seconds_usable=round(summary.seconds_usable, 2),
        evidence=summary.evidence.value,
        shares={level.value: round(min(share, 1.0), 4) for level, share in summary.shares.items()},
        level=_name(summary.level), level_at_end=_name(summary.level_at_end), peak=_name(summary.peak),
        reasons=summary.reasons, rating=_name(summary.rating), camera=_name(summary.camera),
    )  # fmt: skip


def _name(level: Level | None) -> LevelName | None:
    return None if level is None else level.value
