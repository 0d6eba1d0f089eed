"""One compartment as the rules see it: its state, its stay, the opening in progress. `locker_step.step` moves it.

A *stay* is one use of one compartment, from reserved to free again; an *opening* is one door opened for one person.
Seconds named `..._s` here are the agent's monotonic clock: they mean nothing after a restart and are not stored.
"""

from dataclasses import dataclass
from enum import StrEnum

from edge.domain.door import Door


class Purpose(StrEnum):
    """Which way the paper goes: a result out to the citizen, or a citizen's dossier in."""

    RESULT = "result"
    DEPOSIT = "deposit"


class CompartmentState(StrEnum):
    """As DESIGN 3 names them; `OPENING`, `OPEN` and `CLOSED` occur on the way in and on the way out."""

    UNKNOWN = "unknown"  # after boot, until the sensor is read
    FREE = "free"
    RESERVED = "reserved"
    OPENING = "opening"
    OPEN = "open"
    CLOSED = "closed"
    OCCUPIED = "occupied"
    CLAIMED = "claimed"
    OPEN_FAILED = "open_failed"
    OPEN_UNKNOWN = "open_unknown"
    LEFT_OPEN = "left_open"
    FORCED = "forced"
    WRONG_DOOR = "wrong_door"
    OVERDUE = "overdue"
    RECALL = "recall"
    OUT_OF_SERVICE = "out_of_service"


class OpenFor(StrEnum):
    """What a door is opened for: the `purpose` of `locker.opened`."""

    PICKUP = "pickup"
    DEPOSIT = "deposit"
    LOAD = "load"
    COLLECT = "collect"
    RECALL = "recall"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Opening:
    """One door opened for one person, until it is closed again or given up."""

    opening: str
    what_for: OpenFor
    by: str
    back_to: CompartmentState  # where a door that surely stayed closed goes back to
    since_s: float
    pulses: int = 1  # authorised so far, each on disk before it is sent
    sent_s: float | None = None  # the last pulse; None: its authorisation is still being written
    asked_s: float | None = None  # nothing was seen in time: since when the doors' own answer is waited for
    again_s: float | None = None  # the door was read and is closed: not before this comes the next pulse
    opened_s: float | None = None  # seen open
    is_refused: bool = False  # the board said no
    why: str | None = None  # of a recall
    second: str | None = None  # the second person of an opening of all doors


@dataclass(frozen=True, slots=True)
class Compartment:
    """`before`: while UNKNOWN, the state that stood on the disk; `taken_from`: while OUT_OF_SERVICE, the one before that.

    `inside`: what an item sensor or an officer said since the door was opened. `pulsed_s`: the lock's coil is warm since then.
    """

    compartment: str
    state: CompartmentState = CompartmentState.UNKNOWN
    door: Door = Door.UNKNOWN
    since_s: float = 0.0
    before: CompartmentState | None = CompartmentState.FREE
    taken_from: CompartmentState | None = None
    stay: str | None = None
    purpose: Purpose | None = None
    is_loaded: bool = False  # something was put in: open then closed was seen
    is_overdue: bool = False
    inside: bool | None = None
    is_warned: bool = False  # the citizen was asked to close the door
    opening: Opening | None = None
    pulsed_s: float | None = None

    @property
    def is_closed(self) -> bool:
        return self.door is Door.CLOSED


@dataclass(frozen=True, slots=True)
class LockerRules:
    """`cool_down_s`: at least what the lock's coil needs between two pulses (its duty cycle)."""

    open_within_s: float = 5.0
    read_within_s: float = 2.0
    cool_down_s: float = 6.0
    max_pulses: int = 3
    late_open_s: float = 60.0  # a jammed door pulled open this long after its pulse is still that opening
    settle_s: float = 1.0  # a door that bounces is not closed yet
    close_it_s: float = 30.0
    left_open_s: float = 60.0
    authorise_within_s: float = 10.0
    wrong_door_s: float = 2.0  # another door that opens so soon after a pulse was opened by it
    max_openings: int = 1  # at one time in a cabinet: the supply dips, and one person stands there
    sizes: tuple[str, ...] = ("small", "medium", "large")  # smallest first


# somebody is at this door, or its authorisation is being written
IN_HAND = frozenset({
    CompartmentState.RESERVED,
    CompartmentState.CLAIMED,
    CompartmentState.RECALL,
    CompartmentState.OPENING,
    CompartmentState.OPEN,
    CompartmentState.CLOSED,
})  # fmt: skip
ASKED_FOR = frozenset({CompartmentState.RESERVED, CompartmentState.CLAIMED, CompartmentState.RECALL})
SEEN_OPEN = frozenset({CompartmentState.OPEN, CompartmentState.LEFT_OPEN, CompartmentState.CLOSED})
WAITING = frozenset({CompartmentState.OCCUPIED, CompartmentState.OVERDUE})
# only staff, or in the first two the citizen's own code, lead out of these
TROUBLED = frozenset({
    CompartmentState.OPEN_FAILED,
    CompartmentState.OPEN_UNKNOWN,
    CompartmentState.FORCED,
    CompartmentState.WRONG_DOOR,
})  # fmt: skip


def resting(compartment: Compartment) -> CompartmentState:
    """Where a compartment is when nobody is at its door and nothing is wrong."""
    if compartment.stay is None:
        return CompartmentState.FREE
    return CompartmentState.OVERDUE if compartment.is_overdue else CompartmentState.OCCUPIED


def emptied(compartment: Compartment, state: CompartmentState, now_s: float) -> Compartment:
    """The stay is over."""
    return Compartment(
        compartment.compartment, state, compartment.door, now_s, before=None, pulsed_s=compartment.pulsed_s
    )


def cooling_s(compartment: Compartment, now_s: float, rules: LockerRules) -> float:
    """How long the coil must still cool down; 0 when it may be pulsed."""
    if compartment.pulsed_s is None:
        return 0.0
    return max(0.0, compartment.pulsed_s + rules.cool_down_s - now_s)
