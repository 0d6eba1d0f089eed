"""What is seen of the doors, and how a compartment is found after a start. For `locker_step`."""

from dataclasses import replace

from edge.domain.door import Door
from edge.domain.locker import (
    ASKED_FOR,
    IN_HAND,
    SEEN_OPEN,
    WAITING,
    Compartment,
    CompartmentState,
    LockerRules,
    Opening,
    emptied,
    resting,
)
from edge.domain.locker_actions import Action, Closed, Ended, Fault, FaultWhy, ReadAll, Released, ReleasedWhy
from edge.domain.locker_events import BoardLost, Booted, DoorSeen, ItemSeen, OtherMoved
from edge.domain.locker_opening import Step, confirmed_closed, unknown
from edge.domain.locker_outcome import opened


def observed(
    compartment: Compartment,
    event: DoorSeen | OtherMoved | ItemSeen | BoardLost | Booted,
    now_s: float,
    rules: LockerRules,
) -> Step:
    match event:
        case DoorSeen():
            return _door_seen(compartment, event, now_s, rules)
        case BoardLost():
            return _lost(compartment, now_s, FaultWhy.BOARD_LOST)
        case OtherMoved():
            return _other_moved(compartment, now_s)
        case ItemSeen(inside):
            return replace(compartment, inside=inside), ()
        case Booted():
            return _booted(compartment, now_s), (ReadAll(),)


def _door_seen(compartment: Compartment, event: DoorSeen, now_s: float, rules: LockerRules) -> Step:
    first_sight = compartment.door is Door.UNKNOWN
    if event.door is Door.UNKNOWN:
        return _lost(compartment, now_s, FaultWhy.OPEN_UNKNOWN)
    compartment = replace(compartment, door=event.door)
    if compartment.state is CompartmentState.UNKNOWN:
        return _found(compartment, now_s)
    if event.door is Door.CLOSED:
        return _seen_closed(compartment, now_s, rules)
    return _seen_open(compartment, event, now_s, rules, first_sight=first_sight)


def _lost(compartment: Compartment, now_s: float, why: FaultWhy) -> Step:
    compartment = replace(compartment, door=Door.UNKNOWN)
    opening = compartment.opening
    if compartment.state is CompartmentState.OPENING and opening is not None:
        return unknown(compartment, opening, now_s, why)
    return compartment, ()


def _seen_closed(compartment: Compartment, now_s: float, rules: LockerRules) -> Step:
    opening = compartment.opening
    if opening is None:
        return compartment, ()
    match compartment.state:
        case CompartmentState.OPENING if opening.asked_s is not None:
            return confirmed_closed(compartment, opening, now_s, rules)
        case CompartmentState.OPEN | CompartmentState.LEFT_OPEN:
            return replace(compartment, state=CompartmentState.CLOSED, since_s=now_s), ()
        case (
            CompartmentState.OPEN_UNKNOWN
        ):  # it may have opened and closed unseen: what comes later is not this opening
            return replace(compartment, opening=None), ()
        case CompartmentState.WRONG_DOOR if opening.opened_s is not None:
            closed = Closed(compartment.compartment, compartment.stay, max(0.0, now_s - opening.opened_s))
            return replace(compartment, opening=None), (closed,)
        case _:
            return compartment, ()


def _seen_open(
    compartment: Compartment, event: DoorSeen, now_s: float, rules: LockerRules, *, first_sight: bool
) -> Step:
    opening = compartment.opening
    match compartment.state:
        case CompartmentState.OPEN | CompartmentState.LEFT_OPEN | CompartmentState.FORCED:
            return compartment, ()
        case CompartmentState.CLOSED:  # it bounced
            return replace(compartment, state=CompartmentState.OPEN, since_s=now_s), ()
        case CompartmentState.WRONG_DOOR:
            return _opened_beside(compartment, event, now_s)
        case CompartmentState.OUT_OF_SERVICE if compartment.stay is None:
            return compartment, ()
        case _ if opening is not None and _is_its_own(compartment, now_s, rules, first_sight=first_sight):
            return opened(compartment, opening, now_s)
        case _:
            return _forced(compartment, event.beside, now_s)


def _is_its_own(compartment: Compartment, now_s: float, rules: LockerRules, *, first_sight: bool) -> bool:
    """Whether a door that is open now was opened by the pulse of this opening."""
    if compartment.state is CompartmentState.OPENING:
        return True
    if compartment.state not in {CompartmentState.OPEN_FAILED, CompartmentState.OPEN_UNKNOWN}:
        return False  # nothing was sent yet
    is_late = compartment.pulsed_s is None or now_s - compartment.pulsed_s > rules.late_open_s
    return not is_late or (compartment.state is CompartmentState.OPEN_UNKNOWN and first_sight)


def _forced(compartment: Compartment, beside: str | None, now_s: float) -> Step:
    """Open without an authorisation: an alarm, and nothing in it counts until staff have looked."""
    name, stay, opening = compartment.compartment, compartment.stay, compartment.opening
    state = CompartmentState.WRONG_DOOR if beside else CompartmentState.FORCED
    actions: list[Action] = [Fault(name, stay, FaultWhy(state.value))]
    if opening is not None and compartment.state in ASKED_FOR:
        actions.append(Ended(name, opening.opening, state.value))
    if compartment.state is CompartmentState.RESERVED and stay is not None:
        return emptied(compartment, state, now_s), (*actions, Released(name, stay, ReleasedWhy.NOT_OPENED))
    return replace(compartment, state=state, since_s=now_s, opening=None, taken_from=None), tuple(actions)


def _opened_beside(compartment: Compartment, event: DoorSeen, now_s: float) -> Step:
    """The right door opened after a wrong one: the code is spent, the compartment stays frozen."""
    if event.beside:  # both in one look, so this one proves nothing; and what comes later is not this opening
        return replace(compartment, opening=None), ()
    if compartment.opening is None or compartment.opening.opened_s is not None:
        return compartment, ()
    after, actions = opened(compartment, compartment.opening, now_s)
    return replace(after, state=CompartmentState.WRONG_DOOR), actions


def _other_moved(compartment: Compartment, now_s: float) -> Step:
    opening = compartment.opening
    if compartment.state is not CompartmentState.OPENING or opening is None:
        return compartment, ()
    fault = Fault(compartment.compartment, compartment.stay, FaultWhy.WRONG_DOOR)
    ended = Ended(compartment.compartment, opening.opening, FaultWhy.WRONG_DOOR.value)
    return replace(compartment, state=CompartmentState.WRONG_DOOR, since_s=now_s), (fault, ended)


def _booted(compartment: Compartment, now_s: float) -> Compartment:
    before = compartment.before if compartment.state is CompartmentState.UNKNOWN else compartment.state
    opening = compartment.opening
    if opening is not None:
        opened_s = None if opening.opened_s is None else now_s
        opening = replace(opening, since_s=now_s, sent_s=None, asked_s=None, again_s=None, opened_s=opened_s)
    return replace(
        compartment, state=CompartmentState.UNKNOWN, before=before, door=Door.UNKNOWN, since_s=now_s, opening=opening,
        inside=None, is_warned=False, pulsed_s=now_s if before in IN_HAND else None,
    )  # fmt: skip


def _found(compartment: Compartment, now_s: float) -> Step:
    """The first read after a start decides what the state on the disk is worth."""
    before = compartment.before or resting(compartment)
    compartment = replace(compartment, state=before, before=None, since_s=now_s)
    is_open = compartment.door is Door.OPEN
    opening = compartment.opening
    if opening is not None and before in SEEN_OPEN:
        state = CompartmentState.OPEN if is_open else CompartmentState.CLOSED
        return replace(compartment, state=state), ()
    if opening is not None and before in IN_HAND:
        return opened(compartment, opening, now_s) if is_open else _in_the_dark(compartment, opening, now_s)
    if before in WAITING:
        compartment = replace(compartment, state=resting(compartment))
    return _found_at_rest(compartment, now_s)


def _in_the_dark(compartment: Compartment, opening: Opening, now_s: float) -> Step:
    """An authorisation was on the disk and nobody saw the door open: it may have, while the agent was down."""
    if compartment.stay is None:
        return replace(compartment, state=opening.back_to, opening=None), ()
    return unknown(compartment, opening, now_s)


def _found_at_rest(compartment: Compartment, now_s: float) -> Step:
    if compartment.door is Door.CLOSED:
        keeps = compartment.state is CompartmentState.WRONG_DOOR
        return (compartment if keeps else replace(compartment, opening=None)), ()
    if compartment.state is CompartmentState.OPEN_UNKNOWN and compartment.opening is not None:
        return opened(compartment, compartment.opening, now_s)
    if compartment.state in {CompartmentState.FORCED, CompartmentState.WRONG_DOOR}:
        return compartment, ()
    if compartment.state is CompartmentState.OUT_OF_SERVICE and compartment.stay is None:
        return compartment, ()
    return _forced(compartment, None, now_s)
