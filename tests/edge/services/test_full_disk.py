"""The journal refuses for a while: nothing the citizen was promised waits for it, and nothing is lost or told twice."""

from collections.abc import AsyncIterator

import pytest

from edge.domain.level import Level
from edge.ports import CameraChange, CameraState, CounterPhase
from edge.services.alert_changes import Cause
from edge.services.alerts import AlertService
from sync.events import AlertRaised, DeviceFault, DeviceRecovered, NudgeShown, RatingGiven, VisitDropped, VisitEnded
from tests.edge.services.fakes import CALM, FURIOUS, PLEASED
from tests.edge.services.life import Life
from tests.edge.services.memory_ledger import LedgerFull


@pytest.fixture
async def life() -> AsyncIterator[Life]:
    made = Life()
    yield made
    made.ledger.close()


def told(life: Life, kind: type) -> int:
    return sum(isinstance(payload, kind) for payload in life.ledger.events)


async def test_an_opt_out_holds_at_once_and_is_recorded_later(life: Life) -> None:
    await life.film(4, CALM)
    life.ledger.is_full = True
    with pytest.raises(LedgerFull):
        await life.counters.opt_out("q1")
    with pytest.raises(LedgerFull):
        await life.film(1, FURIOUS)
    life.ledger.is_full = False
    await life.film(5, FURIOUS)

    assert CounterPhase.OPTED_OUT is life.counters.view("q1").phase
    assert (told(life, VisitDropped), told(life, NudgeShown), told(life, VisitEnded)) == (1, 0, 0)


async def test_a_visit_that_ended_meanwhile_is_recorded_once(life: Life) -> None:
    await life.film(4, CALM)
    await life.film(3, PLEASED)
    await life.film(2.5, "nobody")
    life.ledger.is_full = True
    with pytest.raises(LedgerFull):
        await life.film(1, "nobody")
    with pytest.raises(LedgerFull):
        await life.counters.rate("q1", Level.SATISFIED)
    life.ledger.is_full = False
    await life.film(1, "nobody")

    assert (told(life, VisitEnded), told(life, RatingGiven)) == (1, 1)


async def test_anger_that_could_not_be_recorded_is_raised_as_soon_as_it_can(life: Life) -> None:
    await life.film(4, CALM)
    await life.film(1.0, FURIOUS)
    life.ledger.is_full = True
    for _ in range(5):
        with pytest.raises(LedgerFull):
            await life.film(2, FURIOUS)
    life.ledger.is_full = False
    await life.film(5, FURIOUS)

    assert told(life, AlertRaised) == 1


async def test_a_press_that_is_kept_is_not_refused_because_its_alert_is(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_alerts: AlertService, _cause: Cause) -> None:
        raise LedgerFull

    await life.film(4, CALM)
    await life.film(0.5, "nobody")
    with monkeypatch.context() as patch:
        patch.setattr(AlertService, "raise_alert", refuse)
        await life.counters.rate("q1", Level.ANGRY)
    assert (told(life, RatingGiven), told(life, AlertRaised)) == (1, 0)
    await life.counters._stations["q1"].tick()
    assert (told(life, RatingGiven), told(life, AlertRaised)) == (1, 1)


async def test_a_camera_lost_meanwhile_shows_at_once_and_is_told_once_when_it_can_be(life: Life) -> None:
    await life.film(4, CALM)
    station, lost = life.counters._stations["q1"], CameraChange("q1", CameraState.LOST)
    life.ledger.is_full = True
    for _ in range(2):  # the counter's part is started again, and its eyes say first what the camera is now
        with pytest.raises(LedgerFull):
            await station.take(lost)
        assert CounterPhase.CAMERA_FAULT is life.counters.view("q1").phase
    life.ledger.is_full = False
    for _ in range(2):
        await station.take(lost)
    assert (told(life, DeviceFault), told(life, DeviceRecovered)) == (1, 0)

    await life.film(0.1, CALM)
    assert (told(life, DeviceFault), told(life, DeviceRecovered)) == (1, 1)
