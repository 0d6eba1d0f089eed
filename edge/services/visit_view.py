"""What the pages see of a counter, from its state. Pure; `station.py` calls it."""

from datetime import datetime

from edge.domain.reasons import telling
from edge.domain.visit import Presence, VisitState
from edge.ports import CameraState, CounterPhase, CounterView, NudgeNote
from edge.services.plan import CounterPlan

_PHASES = {
    Presence.EMPTY: CounterPhase.EMPTY,
    Presence.SETTLING: CounterPhase.SETTLING,
    Presence.OPTED_OUT: CounterPhase.OPTED_OUT,
}


def view_of(
    plan: CounterPlan, state: VisitState, *, camera: CameraState, is_broken: bool, nudge: NudgeNote | None,
    since: datetime | None, last: CounterView | None, stale_s: float,
) -> CounterView:  # fmt: skip
    """Reasons are looked up anew only when the level changes: a screen that flickers is read by nobody."""
    phase = CounterPhase.CAMERA_FAULT if is_broken else _phase(state, stale_s)
    level = state.mood.level if phase is CounterPhase.MEASURING else None
    has_same_level = last is not None and (last.visit, last.level) == (state.visit, level)
    reasons = last.reasons if last and has_same_level else telling(state.mood.reasons, level) if level else ()
    return CounterView(
        counter=plan.counter, name=plan.name, unit=plan.unit_name, phase=phase, camera=camera, visit=state.visit,
        visit_since=since if state.visit else None, level=level, reasons=reasons, nudge=nudge, rating=state.rating,
    )  # fmt: skip


def _phase(state: VisitState, stale_s: float) -> CounterPhase:
    simple = _PHASES.get(state.presence)
    if simple is not None:
        return simple
    mood, citizen = state.mood, state.citizen
    present_s = citizen.last_s - citizen.first_s if citizen else 0.0
    if mood.at_s is None and (mood.resting.is_settled or present_s > stale_s):
        return CounterPhase.UNREADABLE
    return CounterPhase.MEASURING if mood.level is not None else CounterPhase.SETTLING
