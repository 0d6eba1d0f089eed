"""Stories of one compartment: both ways, jams, lost replies, power cuts, wrong doors."""

from dataclasses import replace

import pytest

from edge.domain.door import Door, Pulse
from edge.domain.locker import Compartment, CompartmentState, OpenFor, Purpose
from edge.domain.locker_actions import (
    Authorise,
    Closed,
    Collected,
    Deposited,
    Ended,
    Fault,
    FaultWhy,
    IssueCode,
    KillCode,
    Loaded,
    Opened,
    ReadAll,
    Recalled,
    Refuse,
    RefuseWhy,
    Released,
    ReleasedWhy,
    SendPulse,
    UseUpCode,
    Warn,
    WarnWhy,
)
from edge.domain.locker_cabinet import Choice, choose, doors_seen, is_busy, is_frozen, is_offerable
from edge.domain.locker_events import (
    Aged,
    Authorised,
    BoardLost,
    Booted,
    BringBack,
    Claim,
    DoorSeen,
    Found,
    ItemSeen,
    NotWritten,
    Pulsed,
    Recall,
    Reserve,
    TakeOut,
)
from tests.edge.domain.compartments import FREE, NOW_S, PICKUP, RULES, SAMPLES, STATE, WITH_RESULT, Story, at

LOADING = Reserve("s1", "o1", Purpose.RESULT, "an")
DEPOSITING = Reserve("s1", "o1", Purpose.DEPOSIT, "kiosk")
PICKING_UP = Claim("o2", OpenFor.PICKUP, "kiosk")


def a_jammed_pickup(pulses: int) -> Story:
    story = Story(WITH_RESULT)
    story.then(PICKING_UP)
    for pulse in range(1, pulses + 1):
        story.then(Authorised("o2", pulse))
        story.then(Pulsed("o2", Pulse.ANSWERED))
        story.tick(RULES.open_within_s)
        story.then(DoorSeen(Door.CLOSED))
        story.tick(RULES.cool_down_s)
    return story


# --- both ways ---


def test_a_result_goes_in_and_out() -> None:
    story = Story()
    story.pulsed(LOADING)
    loaded = story.opened_and_closed()
    story.pulsed(PICKING_UP)
    opened = story.then(DoorSeen(Door.OPEN))
    story.then(DoorSeen(Door.CLOSED))
    collected = story.tick(RULES.settle_s)

    assert loaded[1:] == (Loaded("07", "s1", "an"), IssueCode("07", "s1"), Ended("07", "o1"))
    assert opened == (Opened("07", "s1", OpenFor.PICKUP, "kiosk"), UseUpCode("07", "s1"))
    assert collected[1:] == (Collected("07", "s1", Purpose.RESULT, "kiosk"), Ended("07", "o2"))
    assert (story.state, story.compartment.stay) == (STATE.FREE, None)


def test_a_deposit_goes_in_and_an_officer_collects_it() -> None:
    story = Story()
    story.pulsed(DEPOSITING)
    deposited = story.opened_and_closed()
    story.pulsed(Claim("o2", OpenFor.COLLECT, "an"))
    collected = story.opened_and_closed()

    assert isinstance(deposited[0], Closed)
    assert pytest.approx(5.0) == deposited[0].open_s
    assert deposited[1:] == (Deposited("07", "s1"), Ended("07", "o1"))
    assert collected[1:] == (Collected("07", "s1", Purpose.DEPOSIT, "an"), Ended("07", "o2"))


def test_the_pulse_waits_for_the_disk() -> None:
    story = Story(WITH_RESULT)

    assert story.then(PICKING_UP) == (Authorise("07", "s1", "o2", 1),)
    assert story.then(Authorised("another", 1)) == ()
    assert story.then(Authorised("o2", 2)) == ()
    assert story.then(Authorised("o2", 1)) == (SendPulse("07", "s1", "o2"),)
    assert story.then(Authorised("o2", 1)) == ()


def test_a_board_lost_while_the_disk_wrote_is_not_pulsed() -> None:
    story = Story(WITH_RESULT)
    story.then(PICKING_UP)
    story.then(BoardLost())

    assert story.then(Authorised("o2", 1)) == (Ended("07", "o2", "not_trusted"),)
    assert story.state is STATE.OCCUPIED


def test_a_deposit_that_never_opened_is_released_and_the_door_not_offered_again() -> None:
    story = Story(rules=replace(RULES, max_pulses=1))
    story.pulsed(DEPOSITING)
    story.tick(RULES.open_within_s)

    assert story.then(DoorSeen(Door.CLOSED)) == (
        Fault("07", "s1", FaultWhy.OPEN_FAILED),
        Released("07", "s1", ReleasedWhy.NOT_OPENED),
        Ended("07", "o1", "open_failed"),
    )
    assert (story.state, story.compartment.stay) == (STATE.OPEN_FAILED, None)
    assert not is_offerable(story.compartment, story.now_s + 60, RULES)


def test_a_deposit_whose_pulse_surely_did_not_leave_costs_nobody_a_door() -> None:
    story = Story()
    story.pulsed(DEPOSITING)
    story.then(Pulsed("o1", Pulse.NOT_SENT))

    assert (story.state, story.compartment.stay) == (STATE.FREE, None)
    assert Released("07", "s1", ReleasedWhy.NOT_OPENED) in story.actions


@pytest.mark.parametrize("event", [ItemSeen(inside=False), Found(inside=False, by="an")])
def test_an_officer_who_put_nothing_in_issues_no_code(event: ItemSeen | Found) -> None:
    story = Story()
    story.pulsed(LOADING)
    story.then(DoorSeen(Door.OPEN))
    story.then(event)
    story.then(DoorSeen(Door.CLOSED))

    assert Released("07", "s1", ReleasedWhy.LEFT_EMPTY) in story.tick(RULES.settle_s)
    assert not [action for action in story.actions if isinstance(action, IssueCode | Loaded)]


def test_a_paper_left_inside_keeps_the_stay() -> None:
    story = Story(WITH_RESULT)
    story.pulsed(PICKING_UP)
    story.then(DoorSeen(Door.OPEN))
    story.then(ItemSeen(inside=True))
    story.then(DoorSeen(Door.CLOSED))

    assert Warn("07", "s1", WarnWhy.ITEM_LEFT) in story.tick(RULES.settle_s)
    assert (story.state, story.compartment.stay) == (STATE.OCCUPIED, "s1")
    assert not [action for action in story.actions if isinstance(action, Collected)]


# --- doors that do not do as they are told ---


def test_three_pulses_each_read_and_each_cooled_down_then_a_person() -> None:
    story = a_jammed_pickup(RULES.max_pulses)

    assert [action.pulse for action in story.actions if isinstance(action, Authorise)] == [1, 2, 3]
    assert story.actions.count(SendPulse("07", "s1", "o2")) == 3
    assert story.actions[-2:] == [Fault("07", "s1", FaultWhy.OPEN_FAILED), Ended("07", "o2", "open_failed")]
    assert not [action for action in story.actions if isinstance(action, UseUpCode | KillCode)]


def test_no_second_pulse_before_the_coil_is_cool() -> None:
    story = Story(WITH_RESULT, rules=replace(RULES, cool_down_s=30.0))
    story.pulsed(PICKING_UP)
    story.tick(RULES.open_within_s)
    story.then(DoorSeen(Door.CLOSED))

    assert story.tick(20.0) == ()
    assert story.tick(5.0) == (Authorise("07", "s1", "o2", 2),)


def test_no_second_pulse_when_the_first_one_is_only_assumed_to_have_failed() -> None:
    story = Story(WITH_RESULT)
    story.pulsed(PICKING_UP)
    assert story.tick(RULES.open_within_s) == (ReadAll(),)

    assert story.tick(RULES.read_within_s) == (
        Fault("07", "s1", FaultWhy.OPEN_UNKNOWN),
        Ended("07", "o2", "open_unknown"),
    )
    assert story.state is STATE.OPEN_UNKNOWN


def test_the_second_pulse_of_a_full_disk_is_not_sent() -> None:
    story = a_jammed_pickup(1)
    story.then(NotWritten("o2"))

    assert (story.state, story.actions.count(SendPulse("07", "s1", "o2"))) == (STATE.OPEN_FAILED, 1)


def test_a_board_that_refuses_is_named() -> None:
    story = Story(WITH_RESULT, rules=replace(RULES, max_pulses=1))
    story.pulsed(PICKING_UP)
    story.then(Pulsed("o2", Pulse.REFUSED))

    assert Fault("07", "s1", FaultWhy.BOARD_REFUSED) in story.then(DoorSeen(Door.CLOSED))


def test_a_code_is_tried_again_after_a_jam_but_not_at_once() -> None:
    story = Story(WITH_RESULT, rules=replace(RULES, max_pulses=1))
    story.pulsed(PICKING_UP)
    story.tick(RULES.open_within_s)
    story.then(DoorSeen(Door.CLOSED))

    (refused,) = story.then(Claim("o3", OpenFor.PICKUP, "kiosk"), 0.0)
    assert isinstance(refused, Refuse)
    assert (refused.why, 0 < (refused.wait_s or 0) <= RULES.cool_down_s) == (RefuseWhy.WAIT, True)
    assert story.then(Claim("o3", OpenFor.PICKUP, "kiosk"), RULES.cool_down_s) == (Authorise("07", "s1", "o3", 1),)


@pytest.mark.parametrize(("late_s", "state"), [(30.0, STATE.OPEN), (120.0, STATE.FORCED)])
def test_a_jammed_door_that_gives_way(late_s: float, state: CompartmentState) -> None:
    story = a_jammed_pickup(RULES.max_pulses)
    story.then(DoorSeen(Door.OPEN), late_s)

    assert state is story.state
    assert (UseUpCode("07", "s1") in story.actions) is (state is STATE.OPEN)


def test_a_reply_and_a_sensor_lost_together_are_never_success() -> None:
    story = Story(WITH_RESULT)
    story.pulsed(PICKING_UP)
    story.then(Pulsed("o2", Pulse.LOST))
    story.then(DoorSeen(Door.UNKNOWN))

    assert story.state is STATE.OPEN_UNKNOWN
    assert not [action for action in story.actions if isinstance(action, Opened | UseUpCode | Collected)]


def test_the_lost_door_is_seen_open_after_all() -> None:
    story = Story(WITH_RESULT)
    story.pulsed(PICKING_UP)
    story.then(BoardLost())
    story.then(DoorSeen(Door.OPEN), 500.0)
    story.then(DoorSeen(Door.CLOSED))

    assert Collected("07", "s1", Purpose.RESULT, "kiosk") in story.tick(RULES.settle_s)


def test_the_lost_door_is_closed_again_and_the_code_still_good() -> None:
    story = Story(WITH_RESULT)
    story.pulsed(PICKING_UP)
    story.then(BoardLost())
    story.then(DoorSeen(Door.CLOSED))
    assert story.state is STATE.OPEN_UNKNOWN

    assert story.then(Claim("o3", OpenFor.PICKUP, "kiosk"), 10.0) == (Authorise("07", "s1", "o3", 1),)


def test_what_was_seen_closed_after_a_loss_does_not_open_for_that_pulse_any_more() -> None:
    story = Story(WITH_RESULT)
    story.pulsed(PICKING_UP)
    for event in (BoardLost(), DoorSeen(Door.CLOSED), DoorSeen(Door.OPEN)):
        story.then(event)

    assert story.state is STATE.FORCED
    assert UseUpCode("07", "s1") not in story.actions


def test_a_door_that_springs_closed_between_two_pushes_counts() -> None:
    story = Story(WITH_RESULT)
    story.pulsed(PICKING_UP)
    story.then(DoorSeen(Door.OPEN), 0.05)
    story.then(DoorSeen(Door.CLOSED), 0.0)

    assert Collected("07", "s1", Purpose.RESULT, "kiosk") in story.tick(RULES.settle_s)


def test_a_door_that_bounces_is_closed_once() -> None:
    story = Story(WITH_RESULT)
    story.pulsed(PICKING_UP)
    for door in (Door.OPEN, Door.CLOSED, Door.OPEN, Door.CLOSED):
        story.then(DoorSeen(door))
    story.tick(RULES.settle_s)

    assert tuple(len([a for a in story.actions if isinstance(a, kind)]) for kind in (Opened, Collected)) == (1, 1)


def test_who_leaves_the_door_open_is_asked_and_then_staff_are_told() -> None:
    story = Story(WITH_RESULT)
    story.pulsed(PICKING_UP)
    story.then(DoorSeen(Door.OPEN))

    assert story.tick(RULES.close_it_s) == (Warn("07", "s1", WarnWhy.CLOSE_IT),)
    assert story.tick(RULES.left_open_s) == (Fault("07", "s1", FaultWhy.LEFT_OPEN),)
    assert not is_busy([story.compartment], RULES)
    story.then(DoorSeen(Door.CLOSED), 3600.0)
    assert Collected("07", "s1", Purpose.RESULT, "kiosk") in story.tick(RULES.settle_s)


def test_a_door_forced_while_reserved_ends_the_reservation() -> None:
    story = Story()
    story.then(LOADING)

    assert story.then(DoorSeen(Door.OPEN)) == (
        Fault("07", "s1", FaultWhy.FORCED),
        Ended("07", "o1", "forced"),
        Released("07", "s1", ReleasedWhy.NOT_OPENED),
    )


# --- power cuts ---


@pytest.mark.parametrize("state", [STATE.RESERVED, STATE.CLAIMED, STATE.RECALL, STATE.OPENING])
def test_what_may_have_opened_in_the_dark_is_for_staff(state: CompartmentState) -> None:
    story = Story(SAMPLES[state])
    actions = story.booted(Door.CLOSED)

    assert (story.state, story.compartment.stay) == (STATE.OPEN_UNKNOWN, "s1")
    assert Fault("07", "s1", FaultWhy.OPEN_UNKNOWN) in actions


def test_after_a_start_the_coil_may_be_warm_and_a_door_that_opens_is_forced() -> None:
    story = Story(SAMPLES[STATE.OPENING])
    story.booted(Door.CLOSED)

    assert isinstance(refused := story.then(PICKING_UP)[0], Refuse)
    assert refused.why is RefuseWhy.WAIT
    story.then(DoorSeen(Door.OPEN))
    assert story.state is STATE.FORCED


def test_a_result_grows_old_while_its_door_is_not_read() -> None:
    story = Story(SAMPLES[STATE.OCCUPIED])
    for event in (Booted(), Aged(), DoorSeen(Door.CLOSED)):
        story.then(event)

    assert story.state is STATE.OVERDUE


@pytest.mark.parametrize("state", [STATE.OPEN, STATE.CLOSED, STATE.LEFT_OPEN])
def test_open_was_recorded_so_closed_now_is_a_handover(state: CompartmentState) -> None:
    story = Story(SAMPLES[state])
    story.booted(Door.CLOSED)

    assert Collected("07", "s1", Purpose.RESULT, "kiosk") in story.tick(RULES.settle_s)
    assert not [action for action in story.actions if isinstance(action, Opened)]


@pytest.mark.parametrize("state", [STATE.RESERVED, STATE.CLAIMED, STATE.RECALL, STATE.OPENING])
def test_an_authorised_door_found_open_is_seen_open_now(state: CompartmentState) -> None:
    story = Story(SAMPLES[state])
    actions = story.booted(Door.OPEN)

    assert STATE.OPEN is story.state
    assert isinstance(actions[0], Opened)


@pytest.mark.parametrize("state", [STATE.FREE, STATE.OCCUPIED, STATE.OVERDUE, STATE.OPEN_FAILED, STATE.OPEN_UNKNOWN])
def test_a_door_found_open_that_nobody_opened_is_an_alarm(state: CompartmentState) -> None:
    story = Story(SAMPLES[state])
    story.booted(Door.OPEN)

    assert (STATE.FORCED, SAMPLES[state].stay) == (story.state, story.compartment.stay)


@pytest.mark.parametrize(
    "state",
    [STATE.FREE, STATE.OCCUPIED, STATE.OVERDUE, STATE.OPEN_FAILED, STATE.OPEN_UNKNOWN, STATE.FORCED, STATE.WRONG_DOOR],
)
def test_at_rest_before_is_at_rest_after(state: CompartmentState) -> None:
    story = Story(SAMPLES[state])
    story.then(Booted())
    story.booted(Door.CLOSED)  # a second start before the first read changes nothing

    assert (state, SAMPLES[state].stay) == (story.state, story.compartment.stay)


def test_until_a_door_is_read_nothing_can_be_asked_of_it() -> None:
    story = Story(SAMPLES[STATE.OCCUPIED])
    story.then(Booted())

    assert story.then(PICKING_UP) == (Refuse("07", RefuseWhy.NOT_TRUSTED),)
    assert story.then(Recall("o3", "an", "fault")) == (Refuse("07", RefuseWhy.NOT_TRUSTED),)
    assert story.then(Found(inside=False, by="an"))[1:] == (Released("07", "s1", ReleasedWhy.FOUND_EMPTY),)


def test_a_deposit_lost_in_the_dark_is_taken_back_not_collected() -> None:
    story = Story(replace(SAMPLES[STATE.RESERVED], purpose=Purpose.DEPOSIT))
    story.booted(Door.CLOSED)
    story.then(Claim("o2", OpenFor.COLLECT, "an"), 10.0)
    story.then(Authorised("o2", 1))
    actions = story.opened_and_closed()

    assert actions[1:3] == (Recalled("07", "s1", "an", "fault"), Released("07", "s1", ReleasedWhy.RECALLED))


def test_a_result_lost_in_the_dark_is_loaded_again() -> None:
    story = Story(SAMPLES[STATE.RESERVED])
    story.booted(Door.CLOSED)
    assert story.then(Found(inside=True, by="an")) == (Refuse("07", RefuseWhy.NOT_THERE),)
    assert story.then(PICKING_UP, 10.0) == (Refuse("07", RefuseWhy.NOT_THERE),)

    story.then(Claim("o2", OpenFor.LOAD, "an"))
    story.then(Authorised("o2", 1))
    assert IssueCode("07", "s1") in story.opened_and_closed()


# --- staff ---


def test_an_officer_takes_back_with_a_reason() -> None:
    story = Story(SAMPLES[STATE.OVERDUE])
    story.then(Recall("o2", "an", "overdue", second="binh"))
    story.then(Authorised("o2", 1))
    opened = story.then(DoorSeen(Door.OPEN))
    story.then(DoorSeen(Door.CLOSED))

    assert opened[1] == KillCode("07", "s1")
    assert story.tick(RULES.settle_s)[1:3] == (
        Recalled("07", "s1", "an", "overdue", "binh"),
        Released("07", "s1", ReleasedWhy.RECALLED),
    )


def test_an_empty_door_opens_only_in_a_recall_of_all() -> None:
    story = Story()
    assert story.then(Recall("o2", "an", "fire")) == (Refuse("07", RefuseWhy.NOT_THERE),)

    assert story.then(Recall("o2", "an", "fire", second="binh")) == (Authorise("07", "o2", "o2", 1),)
    story.then(Authorised("o2", 1))
    assert story.opened_and_closed()[1:] == (Recalled("07", None, "an", "fire", "binh"), Ended("07", "o2"))


def test_a_test_leaves_a_compartment_out_of_service_as_it_was() -> None:
    story = Story(FREE)
    story.then(TakeOut("tech"))
    story.pulsed(Claim("o2", OpenFor.TEST, "tech"))
    story.opened_and_closed()

    states = [story.state]
    story.then(BringBack("tech"))
    assert [*states, story.state] == [STATE.OUT_OF_SERVICE, STATE.FREE]


@pytest.mark.parametrize("state", [STATE.OPEN_UNKNOWN, STATE.FORCED, STATE.WRONG_DOOR])
def test_out_of_service_and_back_mends_nothing_inside(state: CompartmentState) -> None:
    story = Story(SAMPLES[state])
    story.then(TakeOut("tech"))
    story.booted(Door.CLOSED)
    story.then(BringBack("tech"))

    assert (state, "s1") == (story.state, story.compartment.stay)


# --- the cabinet ---


def a_cabinet(*compartments: Compartment) -> dict[str, Compartment]:
    return {name: replace(one, compartment=name) for name, one in zip(("07", "08", "09"), compartments, strict=False)}


@pytest.mark.parametrize("later_s", [0.0, RULES.open_within_s])
def test_a_pulse_that_opens_the_wrong_door_freezes_both(later_s: float) -> None:
    """Also one that sticks and is pulled open a while later: the right door has still not opened."""
    cabinet = a_cabinet(SAMPLES[STATE.OPENING], SAMPLES[STATE.OCCUPIED], FREE)
    seen = {"09": Door.CLOSED, "08": Door.OPEN, "07": Door.CLOSED}
    changed, actions = doors_seen(cabinet, seen, NOW_S + later_s, RULES)

    assert {name: one.state for name, one in changed.items()} == {"07": STATE.WRONG_DOOR, "08": STATE.WRONG_DOOR}
    assert [action.compartment for action in actions if isinstance(action, Fault)] == ["08", "07"]
    assert is_frozen(changed.values())
    assert not [action for action in actions if isinstance(action, UseUpCode)]


@pytest.mark.parametrize("order", [("07", "08"), ("08", "07")])
def test_doors_that_open_together_with_the_right_one_prove_nothing(order: tuple[str, str]) -> None:
    """A plug with several contacts came off, or a board is not the one that was configured: no code is spent, nothing handed over."""
    cabinet = a_cabinet(SAMPLES[STATE.OPENING], SAMPLES[STATE.OCCUPIED])
    changed, actions = doors_seen(cabinet, dict.fromkeys(order, Door.OPEN), NOW_S, RULES)
    assert {name: one.state for name, one in changed.items()} == {"07": STATE.WRONG_DOOR, "08": STATE.WRONG_DOOR}
    assert [action.compartment for action in actions if isinstance(action, Fault)] == ["08", "07"]
    assert not [action for action in actions if isinstance(action, UseUpCode)]

    for doors in ({"07": Door.OPEN}, {"07": Door.CLOSED, "08": Door.CLOSED}, {"07": Door.OPEN}):
        changed, actions = doors_seen(changed, doors, NOW_S + 1, RULES) if changed else (changed, ())
        assert actions == ()


def test_the_right_door_opens_after_the_wrong_one_and_its_code_is_spent() -> None:
    frozen = doors_seen(a_cabinet(SAMPLES[STATE.OPENING], FREE), {"08": Door.OPEN}, NOW_S, RULES)[0]
    after, actions = doors_seen(frozen, {"07": Door.OPEN}, NOW_S + 1, RULES)

    assert STATE.WRONG_DOOR is after["07"].state
    assert UseUpCode("07", "s1") in actions


def test_also_when_the_agent_was_restarted_in_between() -> None:
    frozen = doors_seen(a_cabinet(SAMPLES[STATE.OPENING], FREE), {"08": Door.OPEN}, NOW_S, RULES)[0]["07"]
    story = Story(frozen)
    story.booted(Door.CLOSED)

    assert UseUpCode("07", "s1") in story.then(DoorSeen(Door.OPEN))
    assert STATE.WRONG_DOOR is story.state


@pytest.mark.parametrize("later_s", [10.0, 1_000.0])
def test_a_door_forced_long_after_a_pulse_is_no_wrong_door(later_s: float) -> None:
    cabinet = a_cabinet(SAMPLES[STATE.OPEN], SAMPLES[STATE.OCCUPIED])
    changed, _ = doors_seen(cabinet, {"08": Door.OPEN}, NOW_S + later_s, RULES)

    assert {name: one.state for name, one in changed.items()} == {"08": STATE.FORCED}


CHOICES = (
    Choice("01", "small", low=False, openings=2),
    Choice("02", "small", low=True, openings=9),
    Choice("03", "small", low=True, openings=4),
    Choice("04", "medium", low=False, openings=0),
    Choice("05", "large", low=True, openings=0),
)


@pytest.mark.parametrize(
    ("size", "low", "without", "chosen"),
    [
        ("small", False, "", "03"),
        ("small", True, "", "03"),
        ("small", False, "03", "02"),
        ("small", False, "02 03", "01"),
        ("small", True, "02 03", "05"),
        ("small", False, "01 02 03", "04"),
        ("medium", False, "", "04"),
        ("medium", True, "", "05"),
        ("large", False, "", "05"),
        ("large", False, "05", None),
        ("medium", True, "05", None),
    ],
)
def test_the_smallest_that_fits_then_low_then_least_worn(
    size: str, low: bool, without: str, chosen: str | None
) -> None:
    offered = [choice for choice in CHOICES if choice.compartment not in without.split()]

    assert chosen == choose(offered, size, RULES.sizes, low=low)


def test_only_a_closed_and_cool_free_door_is_offered() -> None:
    assert is_offerable(FREE, NOW_S, RULES)
    assert not is_offerable(replace(FREE, door=Door.UNKNOWN), NOW_S, RULES)
    assert not is_offerable(replace(FREE, pulsed_s=NOW_S - 1), NOW_S, RULES)
    assert not is_offerable(WITH_RESULT, NOW_S, RULES)


def test_one_person_at_a_time() -> None:
    at_work = [FREE, at(STATE.CLAIMED, PICKUP)]

    assert is_busy(at_work, RULES)
    assert not is_busy(at_work, replace(RULES, max_openings=2))
    assert not is_busy([FREE, WITH_RESULT], RULES)
