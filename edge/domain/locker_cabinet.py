"""A whole cabinet: which compartment to offer, whether one may be opened now, and a read of many doors at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edge.domain.door import Door
from edge.domain.locker import IN_HAND, Compartment, CompartmentState, LockerRules, cooling_s
from edge.domain.locker_actions import Action
from edge.domain.locker_events import DoorSeen, OtherMoved
from edge.domain.locker_step import step


@dataclass(frozen=True, slots=True)
class Choice:
    """What is known of a compartment that may be offered. `openings`: how often its door was opened so far."""

    compartment: str
    size: str
    low: bool
    openings: int


def choose(choices: Iterable[Choice], size: str, sizes: tuple[str, ...], *, low: bool = False) -> str | None:
    """The smallest size that fits, a low door before a high one, then the least worn. `low`: a low one or none."""
    wanted = sizes[sizes.index(size) :]
    fitting = (choice for choice in choices if choice.size in wanted and (choice.low or not low))
    ranked = sorted(fitting, key=lambda one: (wanted.index(one.size), not one.low, one.openings, one.compartment))
    return ranked[0].compartment if ranked else None


def is_offerable(compartment: Compartment, now_s: float, rules: LockerRules) -> bool:
    """Free, its door known to be closed, its lock cooled down."""
    is_free = compartment.state is CompartmentState.FREE and compartment.is_closed
    return is_free and not cooling_s(compartment, now_s, rules)


def is_busy(cabinet: Iterable[Compartment], rules: LockerRules) -> bool:
    """As many doors are being opened as may be at one time. A door that was left open does not block the cabinet."""
    return sum(compartment.state in IN_HAND for compartment in cabinet) >= rules.max_openings


def is_frozen(cabinet: Iterable[Compartment]) -> bool:
    """A wrong door moved: the door map or a board cannot be trusted. Citizens and loads wait; staff may test and recall."""
    return any(compartment.state is CompartmentState.WRONG_DOOR for compartment in cabinet)


def doors_seen(
    cabinet: Mapping[str, Compartment], seen: Mapping[str, Door], now_s: float, rules: LockerRules
) -> tuple[dict[str, Compartment], tuple[Action, ...]]:
    """Step every compartment with what was read of its door, wrong doors told apart from forced ones.

    The compartments that changed, and all actions. A door that opens unasked while another is being opened was opened by that
    pulse: both freeze. So they do when both are seen open in one look: contacts that all say the same at once (a plug that came
    off, a board that has fewer doors than configured) prove no opening.
    """
    now = dict(cabinet)
    actions: list[Action] = []
    frozen_by: dict[str, str] = {}
    for name in sorted(seen, key=lambda name: now[name].state is CompartmentState.OPENING):
        before = now[name]
        suspect = _suspect(now, name, now_s, rules) if _moves(before, seen[name]) else None
        now[name], told = step(before, DoorSeen(seen[name], frozen_by.get(name, suspect)), now_s, rules)
        actions += told
        if suspect is not None and _has_frozen(before, now[name]):
            frozen_by[suspect] = name
            now[suspect], told = step(now[suspect], OtherMoved(name), now_s, rules)
            actions += told
    return {name: after for name, after in now.items() if after != cabinet[name]}, tuple(actions)


def _moves(before: Compartment, door: Door) -> bool:
    """A door that was not read before may be open for long."""
    return before.is_closed and door is Door.OPEN


def _suspect(cabinet: Mapping[str, Compartment], name: str, now_s: float, rules: LockerRules) -> str | None:
    """The compartment whose pulse may have opened the door `name`."""
    others = (other for other in cabinet.values() if other.compartment != name and _was_pulsed(other, now_s, rules))
    return next((other.compartment for other in others), None)


def _was_pulsed(compartment: Compartment, now_s: float, rules: LockerRules) -> bool:
    if compartment.pulsed_s is None or compartment.state not in {CompartmentState.OPENING, CompartmentState.OPEN}:
        return False
    return compartment.state is CompartmentState.OPENING or now_s - compartment.pulsed_s <= rules.wrong_door_s


def _has_frozen(before: Compartment, after: Compartment) -> bool:
    return before.state is not after.state and after.state is CompartmentState.WRONG_DOOR
