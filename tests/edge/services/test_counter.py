"""A counter from the first face to the last event, over a real journal."""

import asyncio
from functools import partial

import pytest

from edge.adapters.supervisor import Backoff, PartState, supervise
from edge.domain.level import Level
from edge.ports import (
    AlertState,
    AlertView,
    CameraChange,
    CameraState,
    CounterPhase,
    CounterView,
    Face,
    NotThere,
    Reading,
)
from edge.services.alert_changes import Cause
from edge.services.counter import CounterService
from edge.services.statistics import StatisticsService
from sync.events import (
    AlertClosed,
    AlertRaised,
    DeviceFault,
    DeviceRecovered,
    MoodChanged,
    NudgeShown,
    RatingGiven,
    VisitDropped,
    VisitEnded,
    VisitStarted,
)
from tests.edge.services.centre import PLANS, RULES, Centre
from tests.edge.services.fakes import CALM, DISPLEASED, FURIOUS, PLEASED, EyesBroken, face, live


async def test_a_satisfied_visit(centre: Centre) -> None:
    await centre.play((CALM, 4), (PLEASED, 5))
    await centre.empty()

    visit = await centre.events(VisitStarted, MoodChanged, VisitEnded)
    assert [VisitStarted, MoodChanged, MoodChanged, VisitEnded] == [type(payload) for payload in visit]
    ended = visit[-1]
    assert isinstance(ended, VisitEnded)
    assert (ended.level, ended.camera, ended.evidence, ended.rating) == ("satisfied", "satisfied", "enough", None)
    assert ended.seconds_present == pytest.approx(8.9)
    assert sum(ended.shares.values()) == pytest.approx(1, abs=1e-3)


async def test_nothing_of_a_reading_is_on_the_disk_before_the_visit_has_ended(centre: Centre) -> None:
    await centre.play((CALM, 4), (PLEASED, 5))

    assert await centre.events(MoodChanged) == []
    assert await centre.rows("SELECT camera, shares FROM visits") == [(None, None)]


async def test_displeasure_is_nudged_within_the_budget_and_mended(centre: Centre) -> None:
    await centre.play((CALM, 4), (DISPLEASED, 1.4))
    assert len(await centre.events(NudgeShown)) == 1
    nudge = centre.counters.view("q1").nudge
    assert nudge is not None
    assert (nudge.level, nudge.reasons) == (Level.DISSATISFIED, ("brow_lowered",))

    await centre.play((CALM, 4))
    assert centre.counters.view("q1").nudge is None
    assert await centre.events(AlertRaised) == []


async def test_anger_has_its_sms_handed_over_within_three_seconds(centre: Centre) -> None:
    await centre.play((CALM, 4), (FURIOUS, 2.5))
    await centre.post.send_due()

    raised = await centre.events(AlertRaised)
    assert [(a.why, a.level) for a in raised if isinstance(a, AlertRaised)] == [("anger", "angry")]
    assert sorted(to for to, _ in centre.phone.sent.values()) == ["+84900000001", "+84900000002"]


async def test_displeasure_that_lasts_is_escalated_after_the_window(centre: Centre) -> None:
    await centre.play((CALM, 4), (DISPLEASED, 1.4 + RULES.escalation.window_s))

    raised = await centre.events(AlertRaised)
    assert [(a.why, a.level) for a in raised if isinstance(a, AlertRaised)] == [("not_mended", "dissatisfied")]


async def test_half_a_second_of_grimace_does_nothing(centre: Centre) -> None:
    await centre.play((CALM, 4), (FURIOUS, 0.5), (CALM, 4))

    assert await centre.events(NudgeShown, AlertRaised) == []


async def test_a_visit_that_could_not_be_read_is_counted_and_not_scored(centre: Centre) -> None:
    await centre.play((None, 6))
    await centre.empty()

    (ended,) = await centre.events(VisitEnded)
    assert isinstance(ended, VisitEnded)
    assert (ended.evidence, ended.level, ended.shares, ended.reasons) == ("not_enough", None, {}, ())


async def test_the_citizens_rating_outranks_the_camera(centre: Centre) -> None:
    await centre.play((CALM, 4), (FURIOUS, 1))
    await centre.counters.rate("q1", Level.SATISFIED)
    await centre.play((FURIOUS, 5))
    assert centre.counters.view("q1").rating is Level.SATISFIED
    await centre.empty()

    (ended,) = await centre.events(VisitEnded)
    assert isinstance(ended, VisitEnded)
    assert (ended.level, ended.rating) == ("satisfied", "satisfied")
    assert ended.camera in {"angry", "dissatisfied"}
    assert await centre.events(AlertRaised) == []


async def test_a_citizen_who_presses_very_dissatisfied_is_believed_at_once(centre: Centre) -> None:
    await centre.play((CALM, 4))
    await centre.counters.rate("q1", Level.ANGRY)
    await centre.play((CALM, 1))

    raised = await centre.events(AlertRaised)
    assert [(a.why, a.level, a.reasons) for a in raised if isinstance(a, AlertRaised)] == [
        ("anger", "angry", ("pressed",))
    ]
    await centre.play((CALM, 5))
    assert len(await centre.events(AlertRaised)) == 1


async def test_a_citizen_who_takes_the_press_back_withdraws_the_alert(centre: Centre) -> None:
    await centre.play((CALM, 4))
    await centre.counters.rate("q1", Level.ANGRY)
    await centre.play((CALM, 1))
    await centre.counters.rate("q1", Level.SATISFIED)

    (closed,) = await centre.events(AlertClosed)
    assert isinstance(closed, AlertClosed)
    assert closed.why == "withdrawn"


async def test_one_press_raises_one_alert(centre: Centre) -> None:
    await centre.play((CALM, 4))
    await centre.counters.rate("q1", Level.ANGRY)
    for _ in range(25):
        await centre.play((CALM, 60))
    assert len(await centre.events(AlertRaised)) == 1


async def test_the_last_press_counts(centre: Centre) -> None:
    await centre.play((CALM, 4))
    await centre.counters.rate("q1", Level.SATISFIED)  # a slip of the finger
    await centre.play((CALM, 3))
    await centre.counters.rate("q1", Level.ANGRY)
    await centre.play((CALM, 3))
    assert len(await centre.events(AlertRaised)) == 1


async def test_a_second_press_is_told_where_the_first_alert_never_left(centre: Centre) -> None:
    centre.phone.is_down = True
    await centre.play((CALM, 4))
    for level in (Level.ANGRY, Level.SATISFIED, Level.ANGRY):
        await centre.counters.rate("q1", level)
        await centre.play((CALM, 3))
    centre.phone.is_down = False
    await centre.post.send_due()
    assert len(centre.phone.sent) == 2
    assert [alert.state for alert in await centre.alerts.recent()].count(AlertState.OPEN) == 1


async def test_whoever_presses_again_and_again_does_not_ring_each_time(centre: Centre) -> None:
    await centre.play((CALM, 4))
    for level in (Level.ANGRY, Level.SATISFIED, Level.ANGRY, Level.SATISFIED, Level.ANGRY):
        await centre.counters.rate("q1", level)
        await centre.play((CALM, 3))
        await centre.post.send_due()
    assert len(centre.phone.sent) == 2  # leader and head, once


async def test_a_press_of_somebody_who_turns_away_is_told(centre: Centre) -> None:
    await centre.play((CALM, 6))
    await centre.show(2.9)
    await centre.counters.rate("q1", Level.ANGRY)
    await centre.show(2)
    (ended,) = await centre.events(VisitEnded)
    assert isinstance(ended, VisitEnded)
    assert ended.rating == "angry"
    assert len(await centre.events(AlertRaised)) == 1


async def test_anger_that_lasts_is_told_again_after_the_cool_down(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal took a moment longer for the first alert than for the second."""
    raise_alert, is_slow = centre.alerts.raise_alert, [True]

    async def slowly(cause: Cause) -> AlertView | None:
        if is_slow.pop() if is_slow else False:
            centre.clock.advance(0.3)
        return await raise_alert(cause)

    monkeypatch.setattr(centre.alerts, "raise_alert", slowly)
    await centre.play((CALM, 4), (FURIOUS, 700))
    assert len(await centre.events(AlertRaised)) == 2


async def test_a_late_rating_amends_the_visit_and_withdraws_its_alert(centre: Centre) -> None:
    await centre.play((CALM, 4), (FURIOUS, 3))
    await centre.empty(10)
    await centre.counters.rate("q1", Level.SATISFIED)

    (given,) = await centre.events(RatingGiven)
    (ended,) = await centre.events(VisitEnded)
    assert isinstance(given, RatingGiven)
    assert isinstance(ended, VisitEnded)
    assert given.visit == ended.visit
    assert [closed.why for closed in await centre.events(AlertClosed) if isinstance(closed, AlertClosed)] == [
        "withdrawn"
    ]


async def test_opting_out_leaves_nothing_but_the_count(centre: Centre) -> None:
    await centre.play((CALM, 4), (FURIOUS, 3))
    await centre.counters.opt_out("q1")
    assert centre.counters.view("q1").phase is CounterPhase.OPTED_OUT
    assert centre.counters.view("q1").nudge is None
    before = len(await centre.events())
    await centre.play((FURIOUS, 10))
    await centre.empty()

    assert before == len(await centre.events())
    assert await centre.events(MoodChanged, VisitEnded) == []
    assert len(await centre.events(VisitDropped)) == 1
    assert await centre.rows("SELECT * FROM visits") == []
    assert await centre.rows("SELECT counter, visits FROM dropped_visits") == [("q1", 1)]
    assert await centre.rows("SELECT state, level, reasons FROM alerts") == [("withdrawn", None, None)]
    assert await centre.post.send_due() == 0
    assert await centre.rows("SELECT * FROM opted_out") == []


async def test_the_next_visit_says_nothing_of_one_that_was_opted_out_of(centre: Centre) -> None:
    await centre.play((CALM, 4), (FURIOUS, 3))
    await centre.counters.opt_out("q1")
    await centre.empty()
    await centre.play((CALM, 4), (PLEASED, 4))
    await centre.empty()

    moods = await centre.events(MoodChanged)
    assert [(mood.visit, mood.level) for mood in moods if isinstance(mood, MoodChanged)] == [
        ("visit-1-2", "neutral"),
        ("visit-1-2", "satisfied"),
    ]


async def test_an_opt_out_holds_over_a_restart(centre: Centre) -> None:
    await centre.play((CALM, 4))
    await centre.counters.opt_out("q1")
    again = await centre.killed()
    await again.play((FURIOUS, 10))

    assert await again.events(NudgeShown, AlertRaised, VisitEnded) == []
    assert again.counters.view("q1").phase is CounterPhase.OPTED_OUT
    await again.journal.close()


async def test_a_visit_interrupted_by_a_crash_is_counted(centre: Centre) -> None:
    await centre.play((CALM, 4), (PLEASED, 5))
    again = await centre.killed()

    (ended,) = await again.events(VisitEnded)
    assert isinstance(ended, VisitEnded)
    assert (ended.evidence, ended.level, ended.seconds_present) == ("not_enough", None, 0.0)
    third = await again.killed()
    assert len(await third.events(VisitEnded)) == 1
    await third.journal.close()


async def test_a_crash_does_not_raise_the_same_anger_twice(centre: Centre) -> None:
    await centre.play((CALM, 4), (FURIOUS, 3))
    again = await centre.killed()
    await again.play((FURIOUS, 20))

    assert len(await again.events(AlertRaised)) == 1
    await again.journal.close()


async def test_a_press_that_a_crash_kept_from_being_told_is_told_by_the_next_life(centre: Centre) -> None:
    one = await centre.killed()
    await one.play((CALM, 4))
    await one.counters.rate("q1", Level.ANGRY)
    two = await one.killed()
    await two.play((CALM, 6))
    assert [event.reasons for event in await two.events(AlertRaised) if isinstance(event, AlertRaised)] == [
        ("pressed",)
    ]
    three = await two.killed()
    await three.play((CALM, 6))
    assert len(await three.events(AlertRaised)) == 1
    await three.journal.close()


async def test_a_press_that_a_cool_down_held_back_is_told_after_a_crash_too(centre: Centre) -> None:
    one = await centre.killed()
    await one.play((CALM, 4), (FURIOUS, 3), (CALM, 60))
    await one.counters.rate("q1", Level.ANGRY)
    await one.play((CALM, 2))
    two = await one.killed()
    for _ in range(15):
        await two.play((CALM, 60))

    raised = [alert.reasons for alert in await two.events(AlertRaised) if isinstance(alert, AlertRaised)]
    assert raised == [("brow_lowered",), ("pressed",)]
    await two.journal.close()


async def test_after_a_crash_the_citizens_good_rating_still_holds(centre: Centre) -> None:
    await centre.play((CALM, 4))
    await centre.counters.rate("q1", Level.SATISFIED)
    again = await centre.killed()
    await again.play((FURIOUS, 5))

    assert await again.events(AlertRaised) == []
    await again.journal.close()


async def test_after_a_crash_the_next_visitor_is_a_new_one(centre: Centre) -> None:
    await centre.play((CALM, 4), (FURIOUS, 3))
    again = await centre.killed()
    await again.empty(4)
    await again.play((FURIOUS, 5))

    assert len(await again.events(AlertRaised)) == 2
    await again.journal.close()


async def test_no_more_alerts_than_the_cap_allows(centre: Centre) -> None:
    for _ in range(6):
        await centre.play((CALM, 3), (FURIOUS, 3))
        await centre.empty(5)

    assert RULES.escalation.cap_per_hour == len(await centre.events(AlertRaised))


async def test_a_clock_that_was_put_back_lets_the_next_alerts_out(centre: Centre) -> None:
    for _ in range(3):
        await centre.play((CALM, 3), (FURIOUS, 3))
        await centre.empty(5)
    centre.clock.put(hours=-7)
    await centre.play((CALM, 3), (FURIOUS, 3))
    assert len(await centre.events(AlertRaised)) == 4


@pytest.mark.parametrize("first_look", [(), (face(CALM, track=9, box=(0.2, 0.3, 0.2, 0.3)),)])
@pytest.mark.parametrize("is_blind_first", [False, True])
async def test_an_opt_out_holds_though_the_camera_was_away_and_the_citizen_moved(
    centre: Centre, first_look: tuple[Face, ...], *, is_blind_first: bool
) -> None:
    await centre.play((CALM, 4))
    if is_blind_first:
        await centre.blind(1)
    await centre.counters.opt_out("q1")
    if not is_blind_first:
        await centre.play((CALM, 2))
        await centre.blind(1)
    centre.clock.advance(9)
    await centre.counters._stations["q1"].tick()
    await centre.show(0.1, *first_look)
    await centre.show(8, face(CALM, track=9, box=(0.2, 0.3, 0.2, 0.3)))
    assert len(await centre.events(VisitStarted)) == 1


async def test_what_the_pages_see(centre: Centre) -> None:
    seen: list[CounterView] = []
    stop = centre.counters.subscribe(seen.append)
    await centre.play((CALM, 4), (DISPLEASED, 2))
    stop()
    await centre.empty()

    phases = [view.phase for view in seen]
    assert phases[:4] == [CounterPhase.EMPTY, CounterPhase.SETTLING, CounterPhase.SETTLING, CounterPhase.MEASURING]
    assert [v.level for v in seen if v.level and not v.nudge] == [Level.NEUTRAL, Level.DISSATISFIED]
    assert seen[-1].visit_since is not None
    assert (centre.counters.view("q1").phase, centre.counters.view("q1").visit) == (CounterPhase.EMPTY, None)


async def test_a_face_that_cannot_be_read_is_unreadable_not_neutral(centre: Centre) -> None:
    await centre.play((CALM, 4), (None, 3))

    view = centre.counters.view("q1")
    assert (view.phase, view.level) == (CounterPhase.UNREADABLE, None)


@pytest.mark.parametrize("state", [CameraState.BLACK, CameraState.FROZEN, CameraState.CORRUPT, CameraState.LOST, CameraState.WORKER_DOWN])  # fmt: skip
async def test_a_broken_camera_is_told_once_and_reads_nobody(centre: Centre, state: CameraState) -> None:
    station = centre.counters._stations["q1"]
    await centre.play((CALM, 4))
    for _ in range(3):
        await station.take(CameraChange("q1", state))
    if state in {CameraState.BLACK, CameraState.FROZEN, CameraState.CORRUPT}:
        await station.take(Reading("q1", centre.clock.monotonic(), (face(FURIOUS),)))
    assert (CounterPhase.CAMERA_FAULT, state) == (station.view.phase, station.view.camera)
    assert [tile.ok for tile in centre.faults.tiles() if tile.part == "camera/q1"] == [False]
    centre.clock.advance(30)
    await station.tick()
    await station.take(live("q1"))

    assert [DeviceFault(part="camera/q1", why=state.value)] == await centre.events(DeviceFault)
    assert [DeviceRecovered(part="camera/q1", after_s=30.0)] == await centre.events(DeviceRecovered)
    assert len(await centre.events(VisitEnded)) == 1


async def test_a_camera_broken_before_the_restart_is_not_told_again(centre: Centre) -> None:
    await centre.counters._stations["q1"].take(CameraChange("q1", CameraState.BLACK))
    again = await centre.killed()
    await again.counters._stations["q1"].take(CameraChange("q1", CameraState.BLACK))
    await again.counters._stations["q1"].take(live("q1"))

    assert (len(await again.events(DeviceFault)), len(await again.events(DeviceRecovered))) == (1, 1)
    await again.journal.close()


async def test_eyes_that_crash_leave_the_other_counter_alone(centre: Centre) -> None:
    async def changed(_part: str, _state: PartState) -> None:
        pass

    quick = Backoff(first_s=0.01, most_s=0.01)
    service = CounterService(
        PLANS, centre.eyes, ledger=centre.journal, alerts=centre.alerts, faults=centre.faults, clock=centre.clock,
        rules=RULES, supervise=partial(_supervised, changed, quick), tick_s=0.01,
    )  # fmt: skip
    are_live = asyncio.Event()
    service.subscribe(lambda _: are_live.set() if service.cameras_live() == len(PLANS) else are_live.clear())
    running = asyncio.create_task(service.run())
    for counter in PLANS:
        centre.eyes[counter].fed.put_nowait(live(counter))
    centre.eyes["q1"].fed.put_nowait(EyesBroken())
    await centre.eyes["q1"].fed.join()
    for _ in range(40):
        centre.clock.advance(0.1)
        centre.eyes["q2"].fed.put_nowait(Reading("q2", centre.clock.monotonic(), (face(CALM),)))
    await centre.eyes["q2"].fed.join()

    assert service.view("q2").level is Level.NEUTRAL
    centre.eyes["q1"].fed.put_nowait(live("q1"))
    await centre.eyes["q1"].fed.join()
    await are_live.wait()
    assert [DeviceFault(part="camera/q1", why="worker_down")] == await centre.events(DeviceFault)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def _supervised(changed, backoff, part, run):  # type: ignore[no-untyped-def]
    await supervise(part, run, changed, backoff)


async def test_an_unknown_counter(centre: Centre) -> None:
    with pytest.raises(NotThere):
        centre.counters.view("q9")
    with pytest.raises(NotThere):
        await centre.counters.rate("q9", Level.NEUTRAL)


async def test_statistics_keep_camera_and_ratings_apart(centre: Centre) -> None:
    await centre.play((CALM, 4), (PLEASED, 5))
    await centre.counters.rate("q1", Level.ANGRY)
    await centre.counters.rate("q1", Level.VERY_SATISFIED)
    await centre.empty()
    await centre.play((None, 5))
    await centre.empty()
    await centre.play((CALM, 4))
    await centre.counters.opt_out("q1")
    await centre.empty()
    await centre.play((CALM, 4), (FURIOUS, 6), counter="q2")
    await centre.empty(counter="q2")
    await centre.counters.rate("q2", Level.SATISFIED)
    statistics, today = StatisticsService(centre.journal), centre.clock.now().date()

    day = await statistics.day(today)
    assert {level: n for level, n in day.camera.items() if n} == {Level.SATISFIED: 1, Level.ANGRY: 1}
    assert {level: n for level, n in day.ratings.items() if n} == {Level.VERY_SATISFIED: 1, Level.SATISFIED: 1}
    assert (day.not_enough, day.dropped, day.scored) == (1, 1, 2)
    assert (await statistics.day(today, "q2")).scored == 1

    agreement = await statistics.agreement(today, today)
    assert (agreement.both, agreement.same) == (2, 1)
    assert agreement.table == {(Level.SATISFIED, Level.VERY_SATISFIED): 1, (Level.ANGRY, Level.SATISFIED): 1}

    rows = {(row.counter, row.hour): row for row in await statistics.hours(today)}
    assert {("q1", 8), ("q2", 8)} == set(rows)
    assert (rows["q2", 8].alerts, rows["q2", 8].contested) == (1, 0)
    (alert,) = await centre.alerts.recent()
    await centre.alerts.contest(alert.alert, "lan", "officer", "đang đeo khẩu trang")
    (_, q2) = await statistics.hours(today)
    assert (q2.alerts, q2.contested) == (0, 1)
