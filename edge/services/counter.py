"""The counters of this device: watches their cameras, drives visits, serves the pages' desk. Supervised by the app.

Each counter runs under a supervisor of its own: what happens to one camera does not touch the others.
"""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial

from ulid import ULID

from edge.domain.escalation import Stage
from edge.domain.level import Level
from edge.domain.reasons import PRESSED
from edge.ports import CameraState, Clock, CounterView, Eyes, Ledger, NotThere
from edge.services.alerts import AlertService
from edge.services.faults import Faults
from edge.services.plan import CounterPlan
from edge.services.station import CounterRules, Inherited, Station
from edge.services.visit_changes import VisitChanges
from edge.store import alerts as alert_table
from edge.store import visits as visit_table
from edge.store.visits import OpenVisit

Run = Callable[[], Awaitable[None]]
Supervise = Callable[[str, Run], Awaitable[None]]  # runs a part again and again when it fails


class CounterService:
    """`edge.ports.CounterDesk`. Call `recover` once, then `run`, and `close_unfinished` as soon as the disk takes it."""

    def __init__(
        self, plans: Mapping[str, CounterPlan], eyes: Mapping[str, Eyes], *, ledger: Ledger, alerts: AlertService,
        faults: Faults, clock: Clock, rules: CounterRules, supervise: Supervise,
        fresh: Callable[[], str] = lambda: str(ULID()), tick_s: float = 0.25,
    ) -> None:  # fmt: skip
        self._plans = plans
        self._eyes = eyes
        self._ledger = ledger
        self._alerts = alerts
        self._clock = clock
        self._rules = rules
        self._supervise = supervise
        self._tick_s = tick_s
        self._subscribers: list[Callable[[CounterView], None]] = []
        self._unfinished: list[OpenVisit] = []
        self._stations = {
            counter: Station(
                plan, rules, ledger=ledger, alerts=alerts, faults=faults, clock=clock, fresh=fresh, told=self._tell
            )
            for counter, plan in plans.items()
        }

    async def recover(self) -> None:
        """Take over what must outlive a restart; it reads only, so that a full disk keeps nobody from starting."""
        self._unfinished = list(await self._ledger.read(visit_table.unfinished))
        opted_out = await self._ledger.read(visit_table.opted_out)
        inherited = {counter: Inherited(is_opted_out=True) for counter in opted_out}
        for visit in self._unfinished:
            inherited.setdefault(visit.counter, await self._ledger.read(partial(self._inherited, visit=visit)))
        for counter, what in inherited.items():
            if counter in self._stations:
                self._stations[counter].inherit(what)

    async def close_unfinished(self) -> None:
        """Close the visits that the last stop interrupted; call it again when the journal refused."""
        while self._unfinished:
            await self._close(self._unfinished[0])
            del self._unfinished[0]

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for counter in self._stations:
                run = self._supervise(f"counter/{counter}", partial(self._run_station, counter))
                group.create_task(_waited(run), name=f"counter-{counter}")

    def counters(self) -> tuple[str, ...]:
        return tuple(self._stations)

    def view(self, counter: str) -> CounterView:
        return self._station(counter).view

    def cameras_live(self) -> int:
        return sum(station.view.camera is CameraState.LIVE for station in self._stations.values())

    def subscribe(self, callback: Callable[[CounterView], None]) -> Callable[[], None]:
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    async def rate(self, counter: str, level: Level) -> None:
        await self._station(counter).rate(level)

    async def opt_out(self, counter: str) -> None:
        await self._station(counter).opt_out()

    async def _run_station(self, counter: str) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(counter), name=f"eyes-{counter}")
            group.create_task(self._tick(counter), name=f"tick-{counter}")

    async def _watch(self, counter: str) -> None:
        """A stream that ends or breaks leaves a broken camera behind, unless the agent is being stopped."""
        station, ending = self._stations[counter], CameraState.WORKER_DOWN
        is_stopping = False
        try:
            async for item in self._eyes[counter].watch():
                await station.take(item)
            ending = CameraState.LOST
        except asyncio.CancelledError:
            is_stopping = True
            raise
        finally:
            if not is_stopping:
                await station.camera(ending)

    async def _tick(self, counter: str) -> None:
        while True:
            await self._stations[counter].tick()
            await asyncio.sleep(self._tick_s)

    def _inherited(self, connection: sqlite3.Connection, visit: OpenVisit) -> Inherited:
        rating = visit_table.rating_of(connection, visit.visit)
        if rating is not None and not rating.is_negative:
            return Inherited(stage=Stage.STOPPED)
        alerted_s = alert_table.last_told(connection, visit.visit)
        is_pressed = rating is Level.ANGRY
        if alerted_s is None:
            return Inherited(is_press_untold=is_pressed)
        is_told = any(PRESSED in alert.reasons for alert in alert_table.of_visit(connection, visit.visit))
        return Inherited(stage=Stage.ALERTED, alerted_s=alerted_s, is_press_untold=is_pressed and not is_told)

    async def _close(self, visit: OpenVisit) -> None:
        plan = self._plans.get(visit.counter) or CounterPlan(visit.counter, visit.counter, "", "", ())
        changes = VisitChanges(plan, self._alerts.changes)
        await self._ledger.transact(partial(changes.interrupted, visit=visit, now=self._clock.now()))

    def _tell(self, view: CounterView) -> None:
        for callback in tuple(self._subscribers):
            callback(view)

    def _station(self, counter: str) -> Station:
        try:
            return self._stations[counter]
        except KeyError as error:
            raise NotThere(counter) from error


async def _waited(run: Awaitable[None]) -> None:
    await run
