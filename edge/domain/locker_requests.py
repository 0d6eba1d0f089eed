"""What people ask of a compartment: to reserve, to open, to take back, to go away again. For `locker_step`."""

from dataclasses import replace

from edge.domain.door import Door
from edge.domain.locker import (
    ASKED_FOR,
    IN_HAND,
    WAITING,
    Compartment,
    CompartmentState,
    LockerRules,
    OpenFor,
    Opening,
    Purpose,
    cooling_s,
)
from edge.domain.locker_actions import Action, Authorise, Refuse, RefuseWhy, Reserved
from edge.domain.locker_events import Cancel, Claim, Recall, Reserve
from edge.domain.locker_opening import Step, withdrawn

_FOR_CITIZENS = WAITING | {CompartmentState.OPEN_FAILED, CompartmentState.OPEN_UNKNOWN}
_FOR_STAFF = _FOR_CITIZENS | {CompartmentState.FORCED, CompartmentState.WRONG_DOOR, CompartmentState.OUT_OF_SERVICE}


def requested(
    compartment: Compartment, event: Reserve | Claim | Recall | Cancel, now_s: float, rules: LockerRules
) -> Step:
    if isinstance(event, Cancel):
        return _cancelled(compartment, event, now_s)
    why = _refusal(compartment, event)
    if why is not None:
        return compartment, (Refuse(compartment.compartment, why),)
    if wait_s := cooling_s(compartment, now_s, rules):
        return compartment, (Refuse(compartment.compartment, RefuseWhy.WAIT, wait_s),)
    match event:
        case Reserve():
            return _reserved(compartment, event, now_s)
        case Claim():
            return _claimed(compartment, event, now_s)
        case Recall():
            return _recalled(compartment, event, now_s)


def _refusal(compartment: Compartment, event: Reserve | Claim | Recall) -> RefuseWhy | None:
    """Unknown is never good enough: only a door that is known to be closed is opened."""
    if compartment.state in IN_HAND | {CompartmentState.LEFT_OPEN}:
        return RefuseWhy.BUSY
    match event:
        case Reserve():
            why = _not_reservable(compartment)
        case Claim(what_for=OpenFor.TEST):
            why = _not_testable(compartment)
        case Claim():
            why = _not_claimable(compartment, event.what_for)
        case Recall():
            why = _not_recallable(compartment, event)
    return why or (None if compartment.door is Door.CLOSED else RefuseWhy.NOT_TRUSTED)


def _not_reservable(compartment: Compartment) -> RefuseWhy | None:
    if compartment.stay is not None:
        return RefuseWhy.ALREADY_INSIDE
    return None if compartment.state is CompartmentState.FREE else RefuseWhy.NOT_TRUSTED


def _not_testable(compartment: Compartment) -> RefuseWhy | None:
    if compartment.stay is not None:
        return RefuseWhy.ALREADY_INSIDE
    return None if compartment.state in _FOR_STAFF | {CompartmentState.FREE} else RefuseWhy.NOT_TRUSTED


def _not_claimable(compartment: Compartment, what_for: OpenFor) -> RefuseWhy | None:
    match what_for:
        case OpenFor.PICKUP:
            is_there = compartment.purpose is Purpose.RESULT and compartment.is_loaded
        case OpenFor.LOAD:
            is_there = compartment.purpose is Purpose.RESULT and not compartment.is_loaded
        case OpenFor.COLLECT:
            is_there = compartment.purpose is Purpose.DEPOSIT
        case OpenFor.DEPOSIT | OpenFor.RECALL | OpenFor.TEST:
            is_there = False
    if not is_there:
        return RefuseWhy.NOT_THERE
    return None if compartment.state in _FOR_CITIZENS else RefuseWhy.NOT_TRUSTED


def _not_recallable(compartment: Compartment, event: Recall) -> RefuseWhy | None:
    if compartment.stay is None and event.second is None:
        return RefuseWhy.NOT_THERE
    return None if compartment.state in _FOR_STAFF | {CompartmentState.FREE} else RefuseWhy.NOT_TRUSTED


def _reserved(compartment: Compartment, event: Reserve, now_s: float) -> Step:
    what_for = OpenFor.LOAD if event.purpose is Purpose.RESULT else OpenFor.DEPOSIT
    opening = Opening(event.opening, what_for, event.by, compartment.state, now_s)
    told = Reserved(compartment.compartment, event.stay, event.purpose, event.by)
    compartment = replace(compartment, stay=event.stay, purpose=event.purpose, is_loaded=False, is_overdue=False)
    compartment, actions = _asked(compartment, CompartmentState.RESERVED, opening, now_s)
    return compartment, (told, *actions)


def _claimed(compartment: Compartment, event: Claim, now_s: float) -> Step:
    opening = Opening(event.opening, event.what_for, event.by, compartment.state, now_s)
    if event.what_for is OpenFor.COLLECT and not compartment.is_loaded:  # nobody saw it put in: not a handover
        opening = replace(opening, what_for=OpenFor.RECALL, why="fault")
    return _asked(compartment, CompartmentState.CLAIMED, opening, now_s)


def _recalled(compartment: Compartment, event: Recall, now_s: float) -> Step:
    opening = Opening(event.opening, OpenFor.RECALL, event.by, compartment.state, now_s)
    opening = replace(opening, why=event.why, second=event.second)
    return _asked(compartment, CompartmentState.RECALL, opening, now_s)


def _asked(compartment: Compartment, state: CompartmentState, opening: Opening, now_s: float) -> Step:
    authorise = Authorise(compartment.compartment, compartment.stay or opening.opening, opening.opening, opening.pulses)
    actions: tuple[Action, ...] = (authorise,)
    return replace(compartment, state=state, since_s=now_s, opening=opening), actions


def _cancelled(compartment: Compartment, event: Cancel, now_s: float) -> Step:
    opening = compartment.opening
    if compartment.state in ASKED_FOR and opening is not None and opening.opening == event.opening:
        return withdrawn(compartment, opening, now_s, "cancelled")
    return compartment, ()
