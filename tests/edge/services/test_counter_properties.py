"""Whatever a counter sees and whatever is pressed: what must never happen, does not."""

import asyncio
import itertools
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.escalation import EscalationRules
from edge.domain.level import Level
from edge.ports import CameraChange, CameraState, Reading
from edge.services.alerts import AlertService
from edge.services.counter import CounterService
from edge.services.faults import Faults
from edge.services.station import CounterRules
from sync.events import AlertRaised, MoodChanged, NudgeShown, Payload, VisitDropped, VisitEnded, VisitStarted
from tests.edge.services.centre import PLANS, unsupervised
from tests.edge.services.fakes import CALM, DISPLEASED, FURIOUS, PLEASED, FakeClock, face
from tests.edge.services.memory_ledger import MemoryLedger

CAP = 2
RULES = CounterRules(escalation=EscalationRules(window_s=5, cool_down_s=20, nudge_rest_s=5, cap_per_hour=CAP))

scenes = st.tuples(st.sampled_from([CALM, DISPLEASED, FURIOUS, FURIOUS, PLEASED, None]), st.floats(0.2, 8))
Happening = tuple[str, object]
happenings: st.SearchStrategy[Happening] = st.one_of(
    st.tuples(st.just("scene"), scenes),
    st.tuples(st.just("arrival"), scenes),
    st.tuples(st.just("departure"), scenes),
    st.tuples(st.just("empty"), st.floats(0.2, 6)),
    st.tuples(st.just("camera"), st.sampled_from([CameraState.LIVE, CameraState.BLACK, CameraState.LOST])),
    st.tuples(st.just("rate"), st.sampled_from(Level)),
    st.tuples(st.sampled_from(["opt out", "restart", "half an hour"]), st.none()),
)


class Life:
    """A counter with a ledger in memory and a record of when what was told."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.ledger = MemoryLedger(self.clock.now)
        self.told: list[tuple[datetime, Payload]] = []
        self._ids = map(str, itertools.count(1))
        self._track = 1
        self.counters = self._made()

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
        station = self.counters._stations["q1"]
        match kind, what:
            case "scene", (scores, float(seconds)):
                await self._film(seconds, scores)
            case "arrival", (scores, float(seconds)):
                await self._film(2.5, CALM)
                await self._film(seconds, scores)
            case "departure", (scores, float(seconds)):
                await self._film(seconds, scores)
                await self._film(3.5, "nobody")
            case "empty", float(seconds):
                await self._film(seconds, "nobody")
            case "camera", CameraState():
                await station.take(CameraChange("q1", what))
            case "rate", Level():
                await self.counters.rate("q1", what)
            case "opt out", _:
                await self.counters.opt_out("q1")
            case "restart", _:
                self.counters = self._made()
                await self.counters.recover()
            case _:
                self.clock.advance(1800)
                await station.tick()

    async def _film(self, seconds: float, scores: object) -> None:
        station = self.counters._stations["q1"]
        for _ in range(int(seconds * 10)):
            self.clock.advance(0.1)
            faces = () if scores == "nobody" else (face(scores, "brow_lowered"),)  # type: ignore[arg-type]
            await station.take(Reading("q1", self.clock.monotonic(), faces))
            self._note()

    def _note(self) -> None:
        self.told += [(self.clock.now(), payload) for payload in self.ledger.events[len(self.told) :]]


def played(stream: Sequence[Happening]) -> Life:
    life = Life()
    asyncio.run(life.live(stream))
    return life


@settings(max_examples=50, deadline=None)
@given(st.lists(happenings, min_size=6, max_size=25))
def test_a_counter_never_raises_more_alerts_an_hour_than_its_cap(stream: Sequence[Happening]) -> None:
    life = played(stream)

    raised = [at for at, payload in life.told if isinstance(payload, AlertRaised)]
    for first, beyond in zip(raised, raised[CAP:], strict=False):
        assert beyond - first >= timedelta(hours=1)
    life.ledger.close()


@settings(max_examples=50, deadline=None)
@given(st.lists(happenings, min_size=6, max_size=25))
def test_nothing_is_said_or_kept_of_a_visit_that_was_opted_out_of(stream: Sequence[Happening]) -> None:
    life = played(stream)

    events = [payload for _, payload in life.told]
    for place, payload in enumerate(events):
        if isinstance(payload, VisitDropped):
            later = [e for e in events[place + 1 :] if getattr(e, "visit", None) == payload.visit]
            assert not later
            said = [e for e in events if isinstance(e, MoodChanged | VisitEnded) and e.visit == payload.visit]
            assert not said
            assert not asyncio.run(life.ledger.read(lambda connection, of=payload.visit: _kept(connection, of)))  # type: ignore[misc]
    life.ledger.close()


@settings(max_examples=50, deadline=None)
@given(st.lists(happenings, min_size=6, max_size=25))
def test_a_visit_that_began_ends_once(stream: Sequence[Happening]) -> None:
    life = played([*stream, ("camera", CameraState.LIVE), ("empty", 8.0), ("restart", None)])

    began = [e.visit for _, e in life.told if isinstance(e, VisitStarted)]
    over = [e.visit for _, e in life.told if isinstance(e, VisitEnded | VisitDropped)]
    assert sorted(over) == sorted(set(over))
    assert set(began) <= set(over)
    nudged = {e.visit for _, e in life.told if isinstance(e, NudgeShown)}
    assert nudged <= set(began)
    life.ledger.close()


def _kept(connection: sqlite3.Connection, visit: str) -> list[object]:
    """What the tables still say of a visit: neither a row of it, nor what its face showed."""
    visits = connection.execute("SELECT * FROM visits WHERE visit = ?", (visit,)).fetchall()
    ratings = connection.execute("SELECT * FROM ratings WHERE visit = ?", (visit,)).fetchall()
    readings = connection.execute(
        "SELECT level, reasons FROM alerts WHERE visit = ? AND (level OR reasons) NOT NULL", (visit,)
    )
    return [*visits, *ratings, *readings.fetchall()]
