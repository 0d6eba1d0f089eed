"""Every state with every event: what the table of `locker_step` promises, and nothing else."""

import itertools
from dataclasses import replace

import pytest

from edge.domain.door import Door, Pulse
from edge.domain.locker import CompartmentState, OpenFor, Purpose
from edge.domain.locker_actions import Refuse
from edge.domain.locker_events import (
    Aged,
    Authorised,
    BoardLost,
    Booted,
    BringBack,
    Cancel,
    Claim,
    DoorSeen,
    Event,
    Found,
    ItemSeen,
    NotWritten,
    OtherMoved,
    Pulsed,
    Recall,
    Reserve,
    TakeOut,
    Tick,
)
from edge.domain.locker_step import due_s, step
from tests.edge.domain.compartments import NOW_S, RULES, SAMPLES, names

EVENTS: dict[str, Event] = {
    "reserve": Reserve("s2", "o2", Purpose.RESULT, "an"),
    "deposit": Reserve("s2", "o2", Purpose.DEPOSIT, "kiosk"),
    "pickup": Claim("o2", OpenFor.PICKUP, "kiosk"),
    "collect": Claim("o2", OpenFor.COLLECT, "an"),
    "load": Claim("o2", OpenFor.LOAD, "an"),
    "test": Claim("o2", OpenFor.TEST, "tech"),
    "recall": Recall("o2", "an", "overdue"),
    "authorised": Authorised("o1", 1),
    "authorised_old": Authorised("o0", 1),
    "not_written": NotWritten("o1"),
    "cancel": Cancel("o1"),
    "answered": Pulsed("o1", Pulse.ANSWERED),
    "lost": Pulsed("o1", Pulse.LOST),
    "not_sent": Pulsed("o1", Pulse.NOT_SENT),
    "refused": Pulsed("o1", Pulse.REFUSED),
    "open": DoorSeen(Door.OPEN),
    "open_beside": DoorSeen(Door.OPEN, beside="08"),
    "closed": DoorSeen(Door.CLOSED),
    "unread": DoorSeen(Door.UNKNOWN),
    "other_moved": OtherMoved("08"),
    "item": ItemSeen(inside=True),
    "full": Found(inside=True, by="an"),
    "empty": Found(inside=False, by="an"),
    "aged": Aged(),
    "take_out": TakeOut("tech"),
    "sensor": TakeOut(None),
    "bring_back": BringBack("tech"),
    "board_lost": BoardLost(),
    "booted": Booted(),
    "tick": Tick(),
    "late_tick": Tick(),
}
REQUESTS = frozenset(
    [
        "reserve",
        "deposit",
        "pickup",
        "collect",
        "load",
        "test",
        "recall",
        "full",
        "empty",
        "take_out",
        "sensor",
        "bring_back",
    ]
)
QUIET_REQUESTS = {
    ("full", "occupied"),
    ("full", "overdue"),
    ("take_out", "out_of_service"),
    ("sensor", "out_of_service"),
}

# event: state -> next state and what is asked for. What is not here changes no state, and is refused when it is a request.
TABLE: dict[str, dict[str, tuple[str, str]]] = {
    "reserve": {"free": ("reserved", "Reserved Authorise")},
    "deposit": {"free": ("reserved", "Reserved Authorise")},
    "pickup": {
        "occupied": ("claimed", "Authorise"),
        "overdue": ("claimed", "Authorise"),
        "open_failed": ("claimed", "Authorise"),
        "open_unknown": ("claimed", "Authorise"),
    },
    "test": {"free": ("claimed", "Authorise")},
    "recall": {
        "occupied": ("recall", "Authorise"),
        "overdue": ("recall", "Authorise"),
        "open_failed": ("recall", "Authorise"),
        "open_unknown": ("recall", "Authorise"),
        "forced": ("recall", "Authorise"),
        "wrong_door": ("recall", "Authorise"),
        "out_of_service": ("recall", "Authorise"),
    },
    "authorised": {
        "reserved": ("opening", "SendPulse"),
        "claimed": ("opening", "SendPulse"),
        "recall": ("opening", "SendPulse"),
    },
    "not_written": {
        "reserved": ("free", "Released Ended"),
        "claimed": ("occupied", "Ended"),
        "recall": ("occupied", "Ended"),
    },
    "cancel": {
        "reserved": ("free", "Released Ended"),
        "claimed": ("occupied", "Ended"),
        "recall": ("occupied", "Ended"),
    },
    "answered": {"opening": ("opening", "ReadAll")},
    "lost": {"opening": ("opening", "ReadAll")},
    "refused": {"opening": ("opening", "ReadAll")},
    "not_sent": {"opening": ("occupied", "Fault Ended")},
    "open": {
        "unknown": ("forced", "Fault"),
        "free": ("forced", "Fault"),
        "reserved": ("forced", "Fault Ended Released"),
        "opening": ("open", "Opened UseUpCode"),
        "closed": ("open", ""),
        "occupied": ("forced", "Fault"),
        "claimed": ("forced", "Fault Ended"),
        "open_failed": ("open", "Opened UseUpCode"),
        "open_unknown": ("forced", "Fault"),
        "overdue": ("forced", "Fault"),
        "recall": ("forced", "Fault Ended"),
        "out_of_service": ("forced", "Fault"),
    },
    "open_beside": {
        "unknown": ("forced", "Fault"),  # it may be open for long
        "free": ("wrong_door", "Fault"),
        "reserved": ("wrong_door", "Fault Ended Released"),
        "opening": ("open", "Opened UseUpCode"),
        "closed": ("open", ""),
        "occupied": ("wrong_door", "Fault"),
        "claimed": ("wrong_door", "Fault Ended"),
        "open_failed": ("open", "Opened UseUpCode"),
        "open_unknown": ("wrong_door", "Fault"),
        "overdue": ("wrong_door", "Fault"),
        "recall": ("wrong_door", "Fault Ended"),
        "out_of_service": ("wrong_door", "Fault"),
    },
    "closed": {"unknown": ("occupied", ""), "open": ("closed", ""), "left_open": ("closed", "")},
    "unread": {"opening": ("open_unknown", "Fault Ended")},
    "board_lost": {"opening": ("open_unknown", "Fault Ended")},
    "other_moved": {"opening": ("wrong_door", "Fault Ended")},
    "full": {
        "unknown": ("occupied", ""),
        "open_failed": ("occupied", ""),
        "open_unknown": ("occupied", ""),
        "forced": ("occupied", ""),
        "wrong_door": ("occupied", ""),
    },
    "empty": {
        "unknown": ("free", "KillCode Released"),
        "occupied": ("free", "KillCode Released"),
        "overdue": ("free", "KillCode Released"),
        "open_failed": ("free", "KillCode Released"),
        "open_unknown": ("free", "KillCode Released"),
        "forced": ("free", "KillCode Released"),
        "wrong_door": ("free", "KillCode Released"),
        "out_of_service": ("out_of_service", "KillCode Released"),
    },
    "aged": {"occupied": ("overdue", "")},
    "take_out": dict.fromkeys(
        ("unknown", "free", "occupied", "overdue", "open_failed", "open_unknown", "forced", "wrong_door"),
        ("out_of_service", "Fault"),
    ),
    "bring_back": {"out_of_service": ("occupied", "Fault")},
    "booted": dict.fromkeys(CompartmentState, ("unknown", "ReadAll")),
    "late_tick": {
        "reserved": ("free", "Released Ended"),
        "claimed": ("occupied", "Ended"),
        "recall": ("occupied", "Ended"),
        "opening": ("opening", "ReadAll"),
        "open": ("open", "Warn"),
        "closed": ("free", "Closed Collected Ended"),
    },
}
TABLE["sensor"] = TABLE["take_out"]


@pytest.mark.parametrize(("name", "state"), list(itertools.product(EVENTS, CompartmentState)))
def test_every_state_with_every_event(name: str, state: CompartmentState) -> None:
    now_s = 1_000.0 if name == "late_tick" else NOW_S - 0.5
    after, actions = step(SAMPLES[state], EVENTS[name], now_s, RULES)

    expected = TABLE.get(name, {}).get(state)
    if expected is not None:
        assert expected == (after.state, names(actions))
    elif name in REQUESTS and (name, state) not in QUIET_REQUESTS:
        assert (SAMPLES[state], "Refuse") == (after, names(actions))
    else:
        assert (state, "") == (after.state, names(actions))


@pytest.mark.parametrize(("name", "state"), list(itertools.product(EVENTS, CompartmentState)))
def test_a_step_neither_loses_a_stay_nor_touches_another_compartment(name: str, state: CompartmentState) -> None:
    before = SAMPLES[state]
    after, actions = step(before, EVENTS[name], 1_000.0, RULES)

    told = names(actions).split()
    assert after.compartment == before.compartment
    assert {getattr(action, "compartment", "07") for action in actions} <= {"07"}
    if before.stay is not None:
        ends = ("Released" in told) + ("Collected" in told)
        assert ends == (after.stay is None)


@pytest.mark.parametrize("state", CompartmentState)
def test_a_tick_that_is_due_moves_something(state: CompartmentState) -> None:
    due = due_s(SAMPLES[state], RULES)
    if due is not None:
        assert (SAMPLES[state], ()) != step(SAMPLES[state], Tick(), due, RULES)
        assert (SAMPLES[state], ()) == step(SAMPLES[state], Tick(), due - 0.01, RULES)


@pytest.mark.parametrize(
    ("state", "name"), [(s, n) for s in CompartmentState for n in ("pickup", "test", "recall", "reserve")]
)
@pytest.mark.parametrize("door", [Door.UNKNOWN, Door.OPEN])
def test_only_a_door_that_is_known_to_be_closed_is_opened(state: CompartmentState, name: str, door: Door) -> None:
    sample = replace(SAMPLES[state], door=door)
    after, actions = step(sample, EVENTS[name], NOW_S, RULES)

    assert sample == after
    assert [type(action) for action in actions] == [Refuse]
