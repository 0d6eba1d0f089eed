"""What an opening came to, once its door was seen open and is closed again. For `locker_step`."""

from dataclasses import replace

from edge.domain.locker import Compartment, CompartmentState, OpenFor, Opening, Purpose, emptied, resting
from edge.domain.locker_actions import (
    Action,
    Closed,
    Collected,
    Deposited,
    Ended,
    IssueCode,
    KillCode,
    Loaded,
    Opened,
    Recalled,
    Released,
    ReleasedWhy,
    UseUpCode,
    Warn,
    WarnWhy,
)


def opened(compartment: Compartment, opening: Opening, now_s: float) -> tuple[Compartment, tuple[Action, ...]]:
    """The door is seen open for the first time: now, and not before, the code is spent."""
    name, stay = compartment.compartment, compartment.stay
    actions: list[Action] = [Opened(name, stay, opening.what_for, opening.by)]
    if stay is not None and opening.what_for is OpenFor.PICKUP:
        actions.append(UseUpCode(name, stay))
    if stay is not None and opening.what_for is OpenFor.RECALL:
        actions.append(KillCode(name, stay))
    opening = replace(opening, opened_s=now_s, asked_s=None, again_s=None)
    after = replace(
        compartment, state=CompartmentState.OPEN, since_s=now_s, opening=opening, inside=None, is_warned=False
    )
    return after, tuple(actions)


def settled(compartment: Compartment, opening: Opening, now_s: float) -> tuple[Compartment, tuple[Action, ...]]:
    """Closed for good: the facts in their order, and the state after."""
    opened_s = now_s if opening.opened_s is None else opening.opened_s
    closed = Closed(compartment.compartment, compartment.stay, max(0.0, compartment.since_s - opened_s))
    compartment, facts = _outcome(compartment, opening, now_s)
    return compartment, (closed, *facts, Ended(compartment.compartment, opening.opening))


def _outcome(compartment: Compartment, opening: Opening, now_s: float) -> tuple[Compartment, tuple[Action, ...]]:
    if compartment.stay is None:
        return _back(compartment, opening, now_s)
    match opening.what_for:
        case OpenFor.LOAD | OpenFor.DEPOSIT:
            return _put_in(compartment, compartment.stay, opening, now_s)
        case OpenFor.PICKUP | OpenFor.COLLECT:
            return _taken_out(compartment, compartment.stay, opening, now_s)
        case OpenFor.RECALL | OpenFor.TEST:
            return _taken_back(compartment, compartment.stay, opening, now_s)


def _put_in(
    compartment: Compartment, stay: str, opening: Opening, now_s: float
) -> tuple[Compartment, tuple[Action, ...]]:
    name = compartment.compartment
    if compartment.inside is False:
        return emptied(compartment, CompartmentState.FREE, now_s), (Released(name, stay, ReleasedWhy.LEFT_EMPTY),)
    compartment = replace(compartment, is_loaded=True, opening=None, since_s=now_s)
    compartment = replace(compartment, state=resting(compartment))
    if opening.what_for is OpenFor.DEPOSIT:
        return compartment, (Deposited(name, stay),)
    return compartment, (Loaded(name, stay, opening.by), IssueCode(name, stay))


def _taken_out(
    compartment: Compartment, stay: str, opening: Opening, now_s: float
) -> tuple[Compartment, tuple[Action, ...]]:
    name = compartment.compartment
    if compartment.inside:
        state = resting(compartment)
        return replace(compartment, state=state, since_s=now_s, opening=None), (Warn(name, stay, WarnWhy.ITEM_LEFT),)
    purpose = compartment.purpose or Purpose.RESULT
    return emptied(compartment, CompartmentState.FREE, now_s), (Collected(name, stay, purpose, opening.by),)


def _taken_back(
    compartment: Compartment, stay: str, opening: Opening, now_s: float
) -> tuple[Compartment, tuple[Action, ...]]:
    name = compartment.compartment
    recalled = Recalled(name, stay, opening.by, opening.why or "fault", opening.second)
    compartment, _ = _back(compartment, opening, now_s)
    return compartment, (recalled, Released(name, stay, ReleasedWhy.RECALLED))


def _back(compartment: Compartment, opening: Opening, now_s: float) -> tuple[Compartment, tuple[Action, ...]]:
    """Free, unless it was out of service before: it was seen to open and close."""
    is_out = opening.back_to is CompartmentState.OUT_OF_SERVICE
    state = CompartmentState.OUT_OF_SERVICE if is_out else CompartmentState.FREE
    told: tuple[Action, ...] = ()
    if opening.what_for is OpenFor.RECALL:
        told = (Recalled(compartment.compartment, None, opening.by, opening.why or "fault", opening.second),)
    return emptied(compartment, state, now_s), told
