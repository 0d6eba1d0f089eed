"""Whatever a counter sees and whatever is pressed: what must never happen, does not."""

import asyncio
import sqlite3
from collections.abc import Sequence
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain.level import Level
from edge.ports import CameraState
from sync.events import AlertRaised, MoodChanged, NudgeShown, VisitDropped, VisitEnded, VisitStarted
from tests.edge.services.fakes import CALM, DISPLEASED, FURIOUS, PLEASED
from tests.edge.services.life import CAP, Happening, Life

scenes = st.tuples(st.sampled_from([CALM, DISPLEASED, FURIOUS, FURIOUS, PLEASED, None]), st.floats(0.2, 8))
happenings: st.SearchStrategy[Happening] = st.one_of(
    st.tuples(st.just("scene"), scenes),
    st.tuples(st.just("arrival"), scenes),
    st.tuples(st.just("departure"), scenes),
    st.tuples(st.just("empty"), st.floats(0.2, 6)),
    st.tuples(st.just("camera"), st.sampled_from([CameraState.LIVE, CameraState.BLACK, CameraState.LOST])),
    st.tuples(st.just("rate"), st.sampled_from(Level)),
    st.tuples(st.sampled_from(["opt out", "restart", "half an hour"]), st.none()),
)


def played(stream: Sequence[Happening]) -> Life:
    life = Life()
    asyncio.run(life.live(stream))
    return life


@settings(max_examples=50)
@given(st.lists(happenings, min_size=6, max_size=25))
def test_a_counter_never_raises_more_alerts_an_hour_than_its_cap(stream: Sequence[Happening]) -> None:
    life = played(stream)

    raised = [at for at, payload in life.told if isinstance(payload, AlertRaised)]
    for first, beyond in zip(raised, raised[CAP:], strict=False):
        assert beyond - first >= timedelta(hours=1)
    life.ledger.close()


@settings(max_examples=50)
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


@settings(max_examples=50)
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
