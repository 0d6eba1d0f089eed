"""One opening on its way: authorised, pulsed, waited for, given up. For `locker_step`.

A pulse follows a durable authorisation of exactly that pulse. A second one is sent only after the doors were read and this one
is known to be closed, and the coil had time to cool down; after `max_pulses` a person is told.
"""

from dataclasses import replace
from typing import TypeAlias

from edge.domain.door import Door, Pulse
from edge.domain.locker import (
    ASKED_FOR,
    TROUBLED,
    Compartment,
    CompartmentState,
    LockerRules,
    Opening,
    emptied,
)
from edge.domain.locker_actions import (
    Action,
    Authorise,
    Ended,
    Fault,
    FaultWhy,
    ReadAll,
    Released,
    ReleasedWhy,
    SendPulse,
    Warn,
    WarnWhy,
)
from edge.domain.locker_events import Authorised, NotWritten, Pulsed, Tick
from edge.domain.locker_outcome import settled

Step: TypeAlias = tuple[Compartment, tuple[Action, ...]]
_STICKY = (TROUBLED | {CompartmentState.OUT_OF_SERVICE}) - {CompartmentState.OPEN_FAILED}


def advanced(
    compartment: Compartment, event: Authorised | NotWritten | Pulsed | Tick, now_s: float, rules: LockerRules
) -> Step:
    opening = compartment.opening
    if opening is None or (not isinstance(event, Tick) and event.opening != opening.opening):
        return compartment, ()  # an answer to an opening that is over
    match event:
        case Authorised():
            return _authorised(compartment, opening, event, now_s)
        case NotWritten():
            return _not_written(compartment, opening, now_s)
        case Pulsed():
            return _pulsed(compartment, opening, event, now_s)
        case Tick():
            return _ticked(compartment, opening, now_s, rules)


def due_s(compartment: Compartment, rules: LockerRules) -> float | None:
    """When the compartment needs its next `Tick`; None: not until something else happens."""
    opening = compartment.opening
    if opening is None:
        return None
    match compartment.state:
        case CompartmentState.RESERVED | CompartmentState.CLAIMED | CompartmentState.RECALL:
            return opening.since_s + rules.authorise_within_s
        case CompartmentState.OPENING:
            return _opening_due_s(opening, rules)
        case CompartmentState.OPEN:
            return compartment.since_s + (rules.left_open_s if compartment.is_warned else rules.close_it_s)
        case CompartmentState.CLOSED:  # a board that was lost in that second holds nobody up
            return compartment.since_s + (rules.settle_s if compartment.is_closed else rules.left_open_s)
        case _:
            return None


def withdrawn(compartment: Compartment, opening: Opening, now_s: float, why: str) -> Step:
    """Surely nothing was sent: the compartment is what it was, and a stay that had just begun is over."""
    ended = Ended(compartment.compartment, opening.opening, why)
    if opening.back_to is CompartmentState.FREE and compartment.stay is not None:
        told = ReleasedWhy.CANCELLED if why == "cancelled" else ReleasedWhy.NOT_OPENED
        released = Released(compartment.compartment, compartment.stay, told)
        return emptied(compartment, CompartmentState.FREE, now_s), (released, ended)
    return replace(compartment, state=opening.back_to, since_s=now_s, opening=None), (ended,)


def failed(compartment: Compartment, opening: Opening, now_s: float) -> Step:
    """The door was read and is closed, and no further pulse will be sent. A code stays valid."""
    why = FaultWhy.BOARD_REFUSED if opening.is_refused else FaultWhy.OPEN_FAILED
    fault = Fault(compartment.compartment, compartment.stay, why)
    ended = Ended(compartment.compartment, opening.opening, why.value)
    state = opening.back_to if opening.back_to in _STICKY else CompartmentState.OPEN_FAILED
    if opening.back_to is CompartmentState.FREE and compartment.stay is not None:
        released = Released(compartment.compartment, compartment.stay, ReleasedWhy.NOT_OPENED)
        return emptied(compartment, state, now_s), (fault, released, ended)
    kept = opening if state is CompartmentState.OPEN_FAILED and compartment.stay is not None else None
    return replace(compartment, state=state, since_s=now_s, opening=kept), (fault, ended)


def unknown(compartment: Compartment, opening: Opening, now_s: float, why: FaultWhy = FaultWhy.OPEN_UNKNOWN) -> Step:
    """Nobody can tell whether the door opened. A code stays valid, staff are called."""
    fault = Fault(compartment.compartment, compartment.stay, why)
    ended = Ended(compartment.compartment, opening.opening, why.value)
    kept = None if compartment.is_closed else opening
    return replace(compartment, state=CompartmentState.OPEN_UNKNOWN, since_s=now_s, opening=kept), (fault, ended)


def confirmed_closed(compartment: Compartment, opening: Opening, now_s: float, rules: LockerRules) -> Step:
    """The doors were read after the time to open was over, and this one is closed."""
    if opening.pulses >= rules.max_pulses:
        return failed(compartment, opening, now_s)
    again_s = max(now_s, (compartment.pulsed_s or now_s) + rules.cool_down_s)
    return replace(compartment, opening=replace(opening, asked_s=None, again_s=again_s)), ()


def _authorised(compartment: Compartment, opening: Opening, event: Authorised, now_s: float) -> Step:
    is_awaited = compartment.state in ASKED_FOR | {CompartmentState.OPENING} and opening.sent_s is None
    if not is_awaited or event.pulse != opening.pulses:
        return compartment, ()
    if not compartment.is_closed:  # its board was lost meanwhile
        return _not_written(compartment, opening, now_s, "not_trusted")
    pulse = SendPulse(compartment.compartment, compartment.stay or opening.opening, opening.opening)
    opening = replace(opening, sent_s=now_s, again_s=None)
    state = CompartmentState.OPENING
    return replace(compartment, state=state, since_s=now_s, pulsed_s=now_s, opening=opening), (pulse,)


def _not_written(compartment: Compartment, opening: Opening, now_s: float, why: str = "not_written") -> Step:
    if compartment.state in ASKED_FOR:
        return withdrawn(compartment, opening, now_s, why)
    if compartment.state is CompartmentState.OPENING and opening.sent_s is None:
        return failed(compartment, opening, now_s)
    return compartment, ()


def _pulsed(compartment: Compartment, opening: Opening, event: Pulsed, now_s: float) -> Step:
    if compartment.state is not CompartmentState.OPENING or opening.sent_s is None:
        return compartment, ()
    match event.pulse:
        case Pulse.ANSWERED | Pulse.LOST:
            return compartment, (ReadAll(),)
        case Pulse.REFUSED:
            opening = replace(opening, is_refused=True, asked_s=now_s)
            return replace(compartment, opening=opening), (ReadAll(),)
        case Pulse.NOT_SENT:
            return _not_sent(compartment, opening, now_s)


def _not_sent(compartment: Compartment, opening: Opening, now_s: float) -> Step:
    if opening.pulses > 1:  # the pulses before did not open it: that was read
        return failed(compartment, opening, now_s)
    fault = Fault(compartment.compartment, compartment.stay, FaultWhy.BOARD_LOST)
    compartment, actions = withdrawn(compartment, opening, now_s, FaultWhy.BOARD_LOST.value)
    return compartment, (fault, *actions)


def _ticked(compartment: Compartment, opening: Opening, now_s: float, rules: LockerRules) -> Step:
    due = due_s(compartment, rules)
    if due is None or now_s < due:
        return compartment, ()
    match compartment.state:
        case CompartmentState.OPENING:
            return _waited(compartment, opening, now_s)
        case CompartmentState.OPEN:
            return _still_open(compartment, now_s)
        case CompartmentState.CLOSED if compartment.is_closed:
            return settled(compartment, opening, now_s)
        case CompartmentState.CLOSED:
            return _still_open(replace(compartment, is_warned=True), now_s)
        case _:
            return withdrawn(compartment, opening, now_s, "not_written")


def _opening_due_s(opening: Opening, rules: LockerRules) -> float:
    if opening.sent_s is None:
        return opening.since_s + rules.authorise_within_s
    if opening.again_s is not None:
        return opening.again_s
    if opening.asked_s is not None:
        return opening.asked_s + rules.read_within_s
    return opening.sent_s + rules.open_within_s


def _waited(compartment: Compartment, opening: Opening, now_s: float) -> Step:
    if opening.sent_s is None:
        return failed(compartment, opening, now_s)
    if opening.again_s is not None:
        opening = replace(opening, pulses=opening.pulses + 1, since_s=now_s, sent_s=None)
        name, stay = compartment.compartment, compartment.stay or opening.opening
        return replace(compartment, opening=opening), (Authorise(name, stay, opening.opening, opening.pulses),)
    if opening.asked_s is not None:
        return unknown(replace(compartment, door=Door.UNKNOWN), opening, now_s)
    return replace(compartment, opening=replace(opening, asked_s=now_s)), (ReadAll(),)


def _still_open(compartment: Compartment, now_s: float) -> Step:
    if not compartment.is_warned:
        warning = Warn(compartment.compartment, compartment.stay, WarnWhy.CLOSE_IT)
        return replace(compartment, is_warned=True), (warning,)
    fault = Fault(compartment.compartment, compartment.stay, FaultWhy.LEFT_OPEN)
    return replace(compartment, state=CompartmentState.LEFT_OPEN, since_s=now_s), (fault,)
