"""A counter with a ledger in memory: what properties and failures are tried on, thousands of frames at a time."""

import itertools
from collections.abc import Sequence
from datetime import datetime

from edge.domain.escalation import EscalationRules
from edge.domain.level import Level
from edge.ports import CameraChange, CameraState, Reading
from edge.services.alerts import AlertService
from edge.services.counter import CounterService
from edge.services.faults import Faults
from edge.services.station import CounterRules, Station
from sync.events import Payload
from tests.edge.services.centre import PLANS, unsupervised
from tests.edge.services.fakes import CALM, FakeClock, face
from tests.edge.services.memory_ledger import MemoryLedger

Happening = tuple[str, object]
CAP = 2
RULES = CounterRules(escalation=EscalationRules(window_s=5, cool_down_s=20, nudge_rest_s=5, cap_per_hour=CAP))


class Life:
    """A counter with a ledger in memory and a record of when what was told."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.ledger = MemoryLedger(self.clock.now)
        self.told: list[tuple[datetime, Payload]] = []
        self._ids = map(str, itertools.count(1))
        self._track = 1
        self.counters = self._made()

    @property
    def station(self) -> Station:
        return self.counters._stations["q1"]

    def _made(self) -> CounterService:
        alerts = AlertService(self.ledger, PLANS, self.clock, RULES.escalation)
        return CounterService(
            PLANS, {}, ledger=self.ledger, alerts=alerts, faults=Faults(self.ledger, self.clock), clock=self.clock,
            rules=RULES, supervise=unsupervised, fresh=lambda: next(self._ids),
        )  # fmt: skip

    async def live(self, stream: Sequence[Happening]) -> None:
        for kind, what in stream:
            await self._happen(kind, what)
            self._note()

    async def _happen(self, kind: str, what: object) -> None:
        station = self.station
        match kind, what:
            case "scene", (scores, float(seconds)):
                await self.film(seconds, scores)
            case "arrival", (scores, float(seconds)):
                await self.film(2.5, CALM)
                await self.film(seconds, scores)
            case "departure", (scores, float(seconds)):
                await self.film(seconds, scores)
                await self.film(3.5, "nobody")
            case "empty", float(seconds):
                await self.film(seconds, "nobody")
            case "camera", CameraState():
                await station.take(CameraChange("q1", what))
            case "rate", Level():
                await self.counters.rate("q1", what)
            case "opt out", _:
                await self.counters.opt_out("q1")
            case "restart", _:
                self.counters = self._made()
                await self.counters.recover()
                await self.counters.close_unfinished()
            case _:
                self.clock.advance(1800)
                await station.tick()

    async def film(self, seconds: float, scores: object) -> None:
        for _ in range(int(seconds * 10)):
            self.clock.advance(0.1)
            faces = () if scores == "nobody" else (face(scores, "brow_lowered"),)  # type: ignore[arg-type]
            await self.station.take(Reading("q1", self.clock.monotonic(), faces))
            self._note()

    def _note(self) -> None:
        self.told += [(self.clock.now(), payload) for payload in self.ledger.events[len(self.told) :]]
