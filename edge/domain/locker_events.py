"""What happens to a compartment: the second argument of `locker_step.step`."""

from dataclasses import dataclass
from typing import TypeAlias

from edge.domain.door import Door, Pulse
from edge.domain.locker import OpenFor, Purpose


@dataclass(frozen=True, slots=True)
class Reserve:
    """A stay begins: an officer loads a result, or a citizen deposits."""

    stay: str
    opening: str
    purpose: Purpose
    by: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Open it for somebody who may: PICKUP (the code was right), COLLECT a deposit, LOAD once more, TEST."""

    opening: str
    what_for: OpenFor
    by: str


@dataclass(frozen=True, slots=True)
class Recall:
    """Staff take back what is inside. `second` when all doors are opened: `overdue.refuse_second` judged the two."""

    opening: str
    by: str
    why: str
    second: str | None = None


@dataclass(frozen=True, slots=True)
class Authorised:
    """The authorisation that `Authorise` asked for is on the disk (fsync)."""

    opening: str
    pulse: int


@dataclass(frozen=True, slots=True)
class NotWritten:
    """The authorisation could not be written: no pulse."""

    opening: str


@dataclass(frozen=True, slots=True)
class Cancel:
    """The person went away before anything was sent."""

    opening: str


@dataclass(frozen=True, slots=True)
class Pulsed:
    """What became of the pulse of `SendPulse`."""

    opening: str
    pulse: Pulse


@dataclass(frozen=True, slots=True)
class DoorSeen:
    """A door was read, polled or pushed. `beside`: another compartment that opened with it, by whose pulse or by what else."""

    door: Door
    beside: str | None = None


@dataclass(frozen=True, slots=True)
class OtherMoved:
    """While this door was being opened, another one opened."""

    other: str


@dataclass(frozen=True, slots=True)
class ItemSeen:
    """An item sensor, where there is one, says whether something lies inside."""

    inside: bool


@dataclass(frozen=True, slots=True)
class Found:
    """Staff looked: is the stay's paper inside? `inside` False is also the officer's "nothing was put in after all"."""

    inside: bool
    by: str


@dataclass(frozen=True, slots=True)
class Aged:
    """The stay is overdue (`overdue.due`); it can still be collected."""


@dataclass(frozen=True, slots=True)
class TakeOut:
    """Out of service. `by` None: the agent itself, because of a sensor that cannot be right."""

    by: str | None


@dataclass(frozen=True, slots=True)
class BringBack:
    by: str


@dataclass(frozen=True, slots=True)
class BoardLost:
    pass


@dataclass(frozen=True, slots=True)
class Booted:
    """The agent starts: nothing that was known of the door holds, nothing opens by itself."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed: sent when `locker_step.due_s` says, at least."""


Event: TypeAlias = (
    Reserve
    | Claim
    | Recall
    | Authorised
    | NotWritten
    | Cancel
    | Pulsed
    | DoorSeen
    | OtherMoved
    | ItemSeen
    | Found
    | Aged
    | TakeOut
    | BringBack
    | BoardLost
    | Booted
    | Tick
)
