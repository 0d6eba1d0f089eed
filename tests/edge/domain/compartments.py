"""One compartment in each state, and short ways to step it. For the tests of the locker's rules."""

from dataclasses import replace

from edge.domain.door import Door
from edge.domain.locker import Compartment, CompartmentState, LockerRules, OpenFor, Opening, Purpose
from edge.domain.locker_actions import Action
from edge.domain.locker_events import Authorised, Booted, Claim, DoorSeen, Event, Reserve, Tick
from edge.domain.locker_step import step

RULES = LockerRules()
NOW_S = 100.0
STATE = CompartmentState
FREE = Compartment("07", STATE.FREE, Door.CLOSED, before=None)
WITH_RESULT = replace(FREE, state=STATE.OCCUPIED, stay="s1", purpose=Purpose.RESULT, is_loaded=True)
PICKUP = Opening("o1", OpenFor.PICKUP, "kiosk", STATE.OCCUPIED, since_s=99.0)
LOAD = Opening("o1", OpenFor.LOAD, "an", STATE.FREE, since_s=99.0)


def at(
    state: CompartmentState, opening: Opening | None = None, door: Door = Door.CLOSED, since_s: float = 99.0
) -> Compartment:
    """The compartment with a result inside, in some state."""
    return replace(WITH_RESULT, state=state, opening=opening, door=door, since_s=since_s)


SAMPLES = {
    STATE.UNKNOWN: replace(at(STATE.UNKNOWN, door=Door.UNKNOWN), before=STATE.OCCUPIED),
    STATE.FREE: FREE,
    STATE.RESERVED: replace(at(STATE.RESERVED, LOAD), is_loaded=False),
    STATE.OPENING: replace(at(STATE.OPENING, replace(PICKUP, sent_s=99.0)), pulsed_s=99.0),
    STATE.OPEN: at(STATE.OPEN, replace(PICKUP, sent_s=90.0, opened_s=91.0), Door.OPEN),
    STATE.CLOSED: at(STATE.CLOSED, replace(PICKUP, sent_s=90.0, opened_s=91.0)),
    STATE.OCCUPIED: at(STATE.OCCUPIED),
    STATE.CLAIMED: at(STATE.CLAIMED, PICKUP),
    STATE.OPEN_FAILED: replace(at(STATE.OPEN_FAILED, replace(PICKUP, sent_s=80.0)), pulsed_s=80.0),
    STATE.OPEN_UNKNOWN: at(STATE.OPEN_UNKNOWN),
    STATE.LEFT_OPEN: at(STATE.LEFT_OPEN, replace(PICKUP, sent_s=20.0, opened_s=21.0), Door.OPEN),
    STATE.FORCED: at(STATE.FORCED),
    STATE.WRONG_DOOR: at(STATE.WRONG_DOOR),
    STATE.OVERDUE: replace(at(STATE.OVERDUE), is_overdue=True),
    STATE.RECALL: at(STATE.RECALL, replace(PICKUP, what_for=OpenFor.RECALL, by="an", why="overdue")),
    STATE.OUT_OF_SERVICE: replace(at(STATE.OUT_OF_SERVICE), taken_from=STATE.OCCUPIED),
}


def names(actions: tuple[Action, ...]) -> str:
    return " ".join(type(action).__name__ for action in actions)


class Story:
    """Steps one compartment and keeps all that it asked for."""

    def __init__(self, compartment: Compartment = FREE, now_s: float = NOW_S, rules: LockerRules = RULES) -> None:
        self.compartment, self.now_s, self.rules = compartment, now_s, rules
        self.actions: list[Action] = []

    def then(self, event: Event, after_s: float = 0.1) -> tuple[Action, ...]:
        self.now_s += after_s
        self.compartment, actions = step(self.compartment, event, self.now_s, self.rules)
        self.actions += actions
        return actions

    def pulsed(self, event: Reserve | Claim) -> None:
        """Asked for, written, sent."""
        self.then(event)
        self.then(Authorised(event.opening, 1))

    def tick(self, after_s: float) -> tuple[Action, ...]:
        return self.then(Tick(), after_s)

    def opened_and_closed(self) -> tuple[Action, ...]:
        self.then(DoorSeen(Door.OPEN), 1.0)
        self.then(DoorSeen(Door.CLOSED), 5.0)
        return self.tick(self.rules.settle_s)

    def booted(self, door: Door) -> tuple[Action, ...]:
        self.then(Booted())
        return self.then(DoorSeen(door))

    @property
    def state(self) -> CompartmentState:
        return self.compartment.state
