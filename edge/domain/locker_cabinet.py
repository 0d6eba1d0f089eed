"""A whole cabinet: which compartment to offer, whether one may be opened now, and a read of many doors at once."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from edge.domain.door import Door
from edge.domain.locker import Compartment, CompartmentState, LockerRules
from edge.domain.locker_actions import Action


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


def is_offerable(compartment: Compartment) -> bool:
    """Free, and its door is known to be closed."""
    return compartment.state is CompartmentState.FREE and compartment.door is Door.CLOSED


def is_busy(cabinet: Iterable[Compartment], rules: LockerRules) -> bool:
    """As many doors are being opened as may be at one time. A door that was left open does not block the cabinet."""
    raise NotImplementedError


def is_frozen(cabinet: Iterable[Compartment]) -> bool:
    """A wrong door moved: the door map or a board cannot be trusted. Citizens and loads wait; staff may test and recall."""
    return any(compartment.state is CompartmentState.WRONG_DOOR for compartment in cabinet)


def doors_seen(
    cabinet: Mapping[str, Compartment], seen: Mapping[str, Door], now_s: float, rules: LockerRules
) -> tuple[dict[str, Compartment], tuple[Action, ...]]:
    """Step every compartment with what was read of its door, wrong doors told apart from forced ones.

    The compartments that changed, and all actions.
    """
    raise NotImplementedError
