"""A board that is lost in the second between a door's closing and the end of its opening."""

from edge.domain.door import Door
from edge.domain.locker import Compartment, CompartmentState, LockerRules, OpenFor, Purpose
from edge.domain.locker_cabinet import is_busy
from edge.domain.locker_events import Authorised, BoardLost, Claim, DoorSeen, Tick
from edge.domain.locker_step import step

RULES = LockerRules()


def closing() -> Compartment:
    """A citizen has just pushed the door shut."""
    one = Compartment("n1", CompartmentState.OCCUPIED, Door.CLOSED, stay="s", purpose=Purpose.RESULT, is_loaded=True)
    for at_s, event in (
        (100.0, Claim("o", OpenFor.PICKUP, "kiosk")), (100.0, Authorised("o", 1)), (101.0, DoorSeen(Door.OPEN, None)),
        (110.0, DoorSeen(Door.CLOSED, None)), (110.5, BoardLost()),
    ):  # fmt: skip
        one, _ = step(one, event, at_s, RULES)
    return one


def test_it_keeps_the_other_doors_busy_no_longer_than_a_door_left_open() -> None:
    one = closing()
    told: list[object] = []
    others = Compartment("n2", CompartmentState.OCCUPIED, Door.CLOSED)
    assert is_busy([one, others], RULES)
    for at_s in range(111, 111 + round(RULES.left_open_s) + 2):
        one, actions = step(one, Tick(), float(at_s), RULES)
        told += actions
    assert not is_busy([one, others], RULES)
    assert one.state is CompartmentState.LEFT_OPEN
    assert told, "staff are told"
