"""What staff say of a compartment after they looked, and taking it out of service and back. For `locker_step`."""

from dataclasses import replace

from edge.domain.door import Door
from edge.domain.locker import (
    IN_HAND,
    SEEN_OPEN,
    TROUBLED,
    WAITING,
    Compartment,
    CompartmentState,
    OpenFor,
    Purpose,
    emptied,
    resting,
)
from edge.domain.locker_actions import (
    Fault,
    FaultWhy,
    KillCode,
    Refuse,
    RefuseWhy,
    Released,
    ReleasedWhy,
)
from edge.domain.locker_events import Aged, BringBack, Found, TakeOut
from edge.domain.locker_opening import Step

_UNSURE = frozenset({CompartmentState.OPEN_UNKNOWN, CompartmentState.FORCED, CompartmentState.WRONG_DOOR})


def told(compartment: Compartment, event: Found | Aged | TakeOut | BringBack, now_s: float) -> Step:
    match event:
        case Found(inside=True):
            return _found_inside(compartment, now_s)
        case Found():
            return _found_empty(compartment, event, now_s)
        case Aged():
            return _aged(compartment, now_s)
        case TakeOut():
            return _taken_out(compartment, event, now_s)
        case BringBack():
            return _brought_back(compartment, event, now_s)


def _refuse(compartment: Compartment, why: RefuseWhy) -> Step:
    return compartment, (Refuse(compartment.compartment, why),)


def _in_hand(compartment: Compartment) -> bool:
    """Somebody is at the door, or was when the agent stopped and nobody has looked since."""
    state = compartment.before if compartment.state is CompartmentState.UNKNOWN else compartment.state
    return state in IN_HAND | SEEN_OPEN


def _found_inside(compartment: Compartment, now_s: float) -> Step:
    if compartment.state in WAITING:
        return compartment, ()
    if _in_hand(compartment) and compartment.state is not CompartmentState.UNKNOWN:
        return _refuse(compartment, RefuseWhy.BUSY)
    is_known = compartment.is_loaded or compartment.purpose is Purpose.DEPOSIT
    if compartment.stay is None or not is_known:  # a result that was never seen loaded has no code: load it again
        return _refuse(compartment, RefuseWhy.NOT_THERE)
    if compartment.door is Door.OPEN or compartment.state is CompartmentState.OUT_OF_SERVICE:
        return _refuse(compartment, RefuseWhy.NOT_TRUSTED)
    state = resting(compartment)
    return replace(compartment, state=state, before=None, since_s=now_s, is_loaded=True, opening=None), ()


def _found_empty(compartment: Compartment, event: Found, now_s: float) -> Step:
    if _in_hand(compartment) and compartment.state is not CompartmentState.UNKNOWN:
        return _empty_in_hand(compartment)
    if compartment.stay is None:
        return _brought_back(compartment, BringBack(event.by), now_s)
    if compartment.door is Door.OPEN:
        return _refuse(compartment, RefuseWhy.NOT_TRUSTED)
    is_load = compartment.state in WAITING and compartment.purpose is Purpose.RESULT
    why = ReleasedWhy.LEFT_EMPTY if is_load else ReleasedWhy.FOUND_EMPTY
    is_out = compartment.state is CompartmentState.OUT_OF_SERVICE
    state = CompartmentState.OUT_OF_SERVICE if is_out else CompartmentState.FREE
    name, stay = compartment.compartment, compartment.stay
    return emptied(compartment, state, now_s), (KillCode(name, stay), Released(name, stay, why))


def _empty_in_hand(compartment: Compartment) -> Step:
    """The officer says so while the door is still open: it counts when the door is closed."""
    opening = compartment.opening
    if compartment.state in SEEN_OPEN and opening is not None and opening.what_for is OpenFor.LOAD:
        return replace(compartment, inside=False), ()
    return _refuse(compartment, RefuseWhy.BUSY)


def _aged(compartment: Compartment, now_s: float) -> Step:
    if compartment.stay is None or not compartment.is_loaded:
        return compartment, ()
    compartment = replace(compartment, is_overdue=True)
    if compartment.state is CompartmentState.OCCUPIED:
        compartment = replace(compartment, state=CompartmentState.OVERDUE, since_s=now_s)
    return compartment, ()


def _taken_out(compartment: Compartment, event: TakeOut, now_s: float) -> Step:
    if _in_hand(compartment):
        return _refuse(compartment, RefuseWhy.BUSY)
    if compartment.state is CompartmentState.OUT_OF_SERVICE:
        return compartment, ()
    before = compartment.before if compartment.state is CompartmentState.UNKNOWN else compartment.state
    if before is CompartmentState.OUT_OF_SERVICE:
        before = compartment.taken_from
    why = FaultWhy.OUT_OF_SERVICE if event.by else FaultWhy.SENSOR
    fault = Fault(compartment.compartment, compartment.stay, why, event.by)
    state = CompartmentState.OUT_OF_SERVICE
    return replace(compartment, state=state, since_s=now_s, before=None, taken_from=before, opening=None), (fault,)


def _brought_back(compartment: Compartment, event: BringBack, now_s: float) -> Step:
    """What nobody could be sure of before is still not sure: taking out of service and back mends nothing inside."""
    is_out = compartment.state is CompartmentState.OUT_OF_SERVICE
    if not (is_out or (compartment.state in TROUBLED and compartment.stay is None)):
        return _refuse(compartment, RefuseWhy.BUSY if _in_hand(compartment) else RefuseWhy.NOT_THERE)
    if compartment.door is not Door.CLOSED:
        return _refuse(compartment, RefuseWhy.NOT_TRUSTED)
    back = compartment.taken_from
    state = back if compartment.stay is not None and back in _UNSURE else resting(compartment)
    fault = Fault(compartment.compartment, compartment.stay, FaultWhy.BACK_IN_SERVICE, event.by)
    return replace(compartment, state=state, since_s=now_s, taken_from=None, opening=None), (fault,)
