"""The compartment's state machine (skeleton; the table follows)."""

from typing import TypeAlias

from edge.domain.locker import Compartment, LockerRules
from edge.domain.locker_actions import Action
from edge.domain.locker_events import Event

Step: TypeAlias = tuple[Compartment, tuple[Action, ...]]


def step(compartment: Compartment, event: Event, now_s: float, rules: LockerRules) -> Step:
    """The compartment after `event`, and what is to be done and told."""
    raise NotImplementedError


def due_s(compartment: Compartment, rules: LockerRules) -> float | None:
    """When the compartment needs its next `Tick`; None: not until something else happens."""
    raise NotImplementedError
