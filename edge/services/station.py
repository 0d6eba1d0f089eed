"""One counter: its visitor, level, nudge and alerts, from readings and presses to durable events. `counter.py` owns it.

Nothing of a visit's readings is on the disk before the visit has ended, so an opt-out can drop them for good.
"""

import asyncio
import logging
import math
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from edge.domain import escalation as escalations
from edge.domain import visit as visits
from edge.domain.escalation import Escalation, EscalationRules, Felt, RaiseAlert, ShowNudge, Stage, Why
from edge.domain.level import Level
from edge.domain.reasons import PRESSED, telling
from edge.domain.visit import Presence, VisitRules, VisitState
from edge.ports import CameraChange, CameraState, Clock, CounterView, Ledger, NudgeNote, Reading
from edge.services.alert_changes import Cause
from edge.services.alerts import AlertService
from edge.services.faults import Faults
from edge.services.kept import kept_or_told
from edge.services.plan import CounterPlan
from edge.services.visit_changes import VisitChanges, mood_payload
from edge.services.visit_view import view_of
from sync.events import MoodChanged, NudgeShown, Payload

log = logging.getLogger(__name__)

MOODS_AT_MOST = 500  # of one visit; the oldest go first
BROKEN = frozenset(CameraState) - {CameraState.OPENING, CameraState.LIVE}
_MISLEADING = {CameraState.BLACK, CameraState.FROZEN, CameraState.CORRUPT}  # frames come, but show nothing true
OWED_AT_MOST = 100  # changes that the journal refused; beyond that frames wait, an opt-out never does


@dataclass(frozen=True, slots=True)
class CounterRules:
    visit: VisitRules = field(default_factory=VisitRules)
    escalation: EscalationRules = field(default_factory=EscalationRules)


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a restart must not forget: an opt-out in force, and how far the interrupted visit was escalated."""

    is_opted_out: bool = False
    stage: Stage = Stage.QUIET
    alerted_s: float = 0.0  # epoch
    is_press_untold: bool = False


class Station:
    """One caller at a time is let in; the view is told whenever it differs."""

    def __init__(
        self, plan: CounterPlan, rules: CounterRules, *, ledger: Ledger, alerts: AlertService, faults: Faults,
        clock: Clock, fresh: Callable[[], str], told: Callable[[CounterView], None],
    ) -> None:  # fmt: skip
        self._plan = plan
        self._rules = rules
        self._ledger = ledger
        self._alerts = alerts
        self._faults = faults
        self._clock = clock
        self._fresh = fresh
        self._told = told
        self._changes = VisitChanges(plan, alerts.changes)
        self._lock = asyncio.Lock()
        self._state = VisitState()
        self._escalation = Escalation()
        self._inherited: Inherited | None = None
        self._first_frame_s: float | None = None
        self._camera = CameraState.OPENING
        self._is_camera_told = True  # nothing to tell of a camera that opens
        self._since: datetime | None = None
        self._nudge: NudgeNote | None = None
        self._is_press_untold = False  # somebody pressed "very dissatisfied", and no alert says so yet
        self._moods: deque[MoodChanged] = deque(maxlen=MOODS_AT_MOST)
        self._owed: list[Callable[[sqlite3.Connection], Sequence[Payload]]] = []
        self.view = self._look(None)

    def inherit(self, inherited: Inherited) -> None:
        """Call before the first reading."""
        self._inherited = inherited
        if inherited.is_opted_out:
            self._state = VisitState(Presence.OPTED_OUT)
        self._show()

    async def take(self, item: Reading | CameraChange) -> None:
        if isinstance(item, CameraChange):
            await self.camera(item.state)
            return
        if self._camera in _MISLEADING:
            return
        if self._camera is not CameraState.LIVE:
            await self.camera(CameraState.LIVE)
        await self._step(visits.Frame(item.at, item.faces))

    async def camera(self, state: CameraState) -> None:
        """Each loss and each return is told once; while it is lost nobody is measured.

        What the journal refused to take is told when the same state comes again: a counter that is started anew hears it first.
        """
        if state is not self._camera:
            self._camera, self._is_camera_told = state, False
            self._show()
        if self._is_camera_told:
            return
        part = f"camera/{self._plan.counter}"
        if state in BROKEN:
            await self._step(visits.Blind(self._clock.monotonic()))
            await self._faults.fault(part, state.value)
        elif state is CameraState.LIVE:
            await self._faults.recovered(part)
        self._is_camera_told = True

    async def tick(self) -> None:
        await self._step(visits.Tick(self._clock.monotonic()))

    async def rate(self, level: Level) -> None:
        await self._step(visits.Rate(self._clock.monotonic(), level))

    async def opt_out(self) -> None:
        await self._step(visits.OptOut(self._clock.monotonic()))

    async def _step(self, event: visits.Event) -> None:
        async with self._lock:
            if len(self._owed) >= OWED_AT_MOST and not isinstance(event, visits.OptOut):
                await self._pay(grouped=False)
            if self._first_frame_s is None and isinstance(event, visits.Frame):
                self._first_frame_s = event.at_s
            before = self._state
            self._state, actions = visits.step(before, event, self._rules.visit, self._fresh)
            self._react(actions)
            self._owe(actions, has_left=_has_left(before, self._state))
            is_urgent = any(isinstance(action, visits.Dropped | visits.Rated) for action in actions)
            await self._pay(grouped=not is_urgent)
            if self._state.visit is not None and _may_urge(event, self._state.presence):
                await self._urge_after(event)
            self._show()
        for action in actions:
            if isinstance(action, visits.Dropped | visits.Rated) and action.visit:
                await self._alerts.announce_visit(action.visit)

    def _react(self, actions: Sequence[visits.Action]) -> None:
        """What holds from this moment, whatever becomes of the journal: an opt-out first of all."""
        for action in actions:
            self._log(action)
            match action:
                case visits.Started():
                    self._begin(action)
                case visits.MoodMoved():
                    self._moods.append(self._mood(action))
                case visits.Rated(level=level, is_late=False, visit=str()):
                    self._is_press_untold = level is Level.ANGRY
                    self._settle(escalations.Rated(level))
                case visits.Dropped():
                    self._moods.clear()
                    self._settle(escalations.OptedOut())
                case visits.Ended():
                    self._settle(escalations.Left())

    # --- what is recorded ---

    def _owe(self, actions: Sequence[visits.Action], *, has_left: bool) -> None:
        lasting = [action for action in actions if not isinstance(action, visits.MoodMoved)]
        if not lasting and not has_left:
            return
        self._owed.append(
            partial(
                self._changes.record,
                actions=lasting,
                moods=tuple(self._moods),
                has_left=has_left,
                when=self._wall(),
                now=self._clock.now(),
            )
        )
        if any(isinstance(action, visits.Ended) for action in lasting):
            self._moods.clear()

    async def _pay(self, *, grouped: bool) -> None:
        """Record what is owed, in order. What the journal refuses is owed still, and tried again at the next step."""
        while self._owed:
            change, is_refused = self._owed.pop(0), True
            try:
                await self._ledger.transact(change, grouped=grouped)
                is_refused = False
            except asyncio.CancelledError:
                is_refused = False  # the journal has it: whoever is cancelled only misses the answer
                raise
            finally:
                if is_refused:
                    self._owed.insert(0, change)

    def _log(self, action: visits.Action) -> None:
        if isinstance(action, visits.Dropped):
            log.info("visit %s counter=%s dropped=opted_out", action.visit, self._plan.counter)
        if isinstance(action, visits.Ended):
            s = action.summary
            log.info(
                "visit %s counter=%s present_s=%.1f usable_s=%.1f evidence=%s level=%s camera=%s rating=%s",
                s.visit, self._plan.counter, s.seconds_present, s.seconds_usable, s.evidence, s.level, s.camera, s.rating,
            )  # fmt: skip

    def _mood(self, moved: visits.MoodMoved) -> MoodChanged:
        return mood_payload(self._plan.counter, moved, self._wall()(moved.at_s))

    # --- nudge and alert ---

    def _begin(self, started: visits.Started) -> None:
        self._since = self._wall()(started.started_s)
        self._nudge, self._is_press_untold = None, False
        self._escalation = Escalation()
        was, self._inherited = self._inherited, None
        first_s = self._first_frame_s if self._first_frame_s is not None else started.started_s
        if was is not None and started.started_s - first_s < self._rules.visit.gone_s:  # the one of before the restart
            alerted_s = self._clock.monotonic() - (self._clock.now().timestamp() - was.alerted_s)
            self._escalation = Escalation(was.stage, since_s=alerted_s)
            self._is_press_untold = was.is_press_untold

    def _settle(self, event: escalations.Event) -> None:
        """The citizen's word or leaving: it can only take the nudge away."""
        self._escalation, actions = escalations.step(self._escalation, event, self._rules.escalation)
        if actions:
            self._nudge = None

    async def _urge_after(self, event: visits.Event) -> None:
        """A press is kept by now and must not look refused because its alert is: the next tick tries that again."""
        is_press = isinstance(event, visits.Rate)
        with kept_or_told(log, "counter: a press is kept, its alert not yet") if is_press else nullcontext():
            await self._urge(self._felt(event.at_s))

    async def _urge(self, felt: Felt) -> None:
        before, is_lost = self._escalation, True
        self._escalation, actions = escalations.step(before, felt, self._rules.escalation)
        try:
            for action in actions:
                await self._act(action)
            is_lost = False
        finally:
            if is_lost:  # tried again with the next frame; the transaction itself refuses a second alert of one cause
                self._escalation = before

    async def _act(self, action: escalations.Action) -> None:
        match action:
            case ShowNudge():
                await self._show_nudge()
            case RaiseAlert(why):
                await self._raise(why)
            case _:
                self._nudge = None

    async def _show_nudge(self) -> None:
        mood, visit = self._state.mood, self._state.visit
        if visit is None or mood.level is None:
            return
        since = self._wall()(mood.negative_since_s or mood.at_s or 0.0)
        nudge = NudgeNote(since, mood.level, telling(mood.reasons, mood.level))
        shown = NudgeShown(
            visit=visit, counter=self._plan.counter, level=nudge.level.value, since=since, reasons=nudge.reasons
        )
        await self._ledger.record(shown)
        self._nudge = nudge

    def _felt(self, at_s: float) -> Felt:
        """What the camera says, or the citizen: a pressed "very dissatisfied" is anger by their own word, and not for a moment.

        Once it was told the camera speaks again: the press stands for the whole visit, the anger need not.
        """
        mood = self._state.mood
        if self._is_press_untold:
            return Felt(at_s, Level.ANGRY, math.inf, math.inf)
        return Felt(at_s, mood.level, mood.negative_for_s, mood.angry_for_s)

    async def _raise(self, why: Why) -> None:
        mood, visit = self._state.mood, self._state.visit
        if visit is None:
            return
        since = self._wall()(mood.negative_since_s or mood.at_s or 0.0)
        if why is Why.NOT_MENDED and self._nudge:
            since = min(since, self._nudge.since)
        if self._is_press_untold:
            cause = Cause(self._plan.counter, visit, why, Level.ANGRY, self._clock.now(), (PRESSED,))
        else:
            level = mood.level if mood.level and mood.level.is_negative else why.level
            cause = Cause(self._plan.counter, visit, why, level, since, telling(mood.reasons, level))
        if await self._alerts.raise_alert(cause) is not None:
            self._is_press_untold = False

    # --- what is shown ---

    def _show(self) -> None:
        seen = self._look(self.view)
        if seen != self.view:
            self.view = seen
            self._told(seen)

    def _look(self, last: CounterView | None) -> CounterView:
        return view_of(
            self._plan, self._state, camera=self._camera, is_broken=self._camera in BROKEN, nudge=self._nudge,
            since=self._since, last=last, stale_s=self._rules.visit.satisfaction.stale_s,
        )  # fmt: skip

    def _wall(self) -> Callable[[float], datetime]:
        """From the monotonic clock of the readings to the site's time, as of now."""
        now, mono_s = self._clock.now(), self._clock.monotonic()
        return lambda at_s: now - timedelta(seconds=mono_s - at_s)


def _may_urge(event: visits.Event, presence: Presence) -> bool:
    """A press of somebody who turns away already is looked at at once: the next frame may be the one that ends the visit."""
    return isinstance(event, visits.Frame | visits.Tick) or (
        isinstance(event, visits.Rate) and presence is Presence.AWAY
    )


def _has_left(before: VisitState, after: VisitState) -> bool:
    return before.presence is Presence.OPTED_OUT and after.presence is Presence.EMPTY
