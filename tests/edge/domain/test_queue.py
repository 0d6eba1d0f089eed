"""One ticket through its states, one call after the other, and how long one waits."""

from datetime import date
from itertools import product

import pytest

from edge.domain import queue
from edge.domain import ticket as ticket_rules
from edge.domain.queue import NUMBERS_A_DAY, Day, Move, Press, QueueRules, Refusal, Service, Told
from edge.domain.queue_calls import QueuePlan, act_at, call_next, next_ticket
from edge.domain.queue_wait import Wait, expected, staffed, typical_s
from edge.domain.ticket import TRANSITIONS, Action, Priority, Ticket, TicketState

TODAY = date(2026, 11, 27)
CIVIL = Service("ho-tich", "A", ("q1", "q2"), guess_s=600.0)
LAND = Service("dat-dai", "B", ("q2",), guess_s=1200.0)
PLAN = QueuePlan({"ho-tich": CIVIL, "dat-dai": LAND})
OLDER, NONE = Priority.OLDER, Priority.NONE


def moved(outcome: Move | Refusal) -> Day:
    assert isinstance(outcome, Move), outcome
    return outcome.day


def told(outcome: Move | Refusal) -> list[tuple[Told, str]]:
    assert isinstance(outcome, Move), outcome
    return [(what, ticket.label) for what, ticket, _ in outcome.happened]


def a_day(*asked: tuple[Service, Priority]) -> Day:
    day = Day(TODAY)
    for place, (service, priority) in enumerate(asked):
        day = moved(queue.issue(day, service, priority, float(place)))
    return day


def press(
    day: Day, label: str, action: Action, now_s: float = 100.0, counter: str = "q1", to: str | None = None
) -> Day:
    return moved(act_at(day, PLAN, label, Press(counter, action, to), now_s))


def in_state(state: TicketState) -> Day:
    """A001 in that state at q1, A002 waiting behind it."""
    day = a_day((CIVIL, NONE), (CIVIL, NONE))
    path = {
        TicketState.WAITING: (),
        TicketState.CALLED: (Action.CALL,),
        TicketState.SERVING: (Action.CALL, Action.COME),
        TicketState.PARKED: (Action.CALL, Action.PARK),
        TicketState.SERVED: (Action.CALL, Action.COME, Action.FINISH),
        TicketState.NO_SHOW: (Action.CALL, Action.NO_SHOW),
    }
    if state is TicketState.DAY_OVER:
        return queue.close(day, 50.0).day
    for action in path[state]:
        day = press(day, "A001", action, 50.0)
    return day


@pytest.mark.parametrize(("state", "action"), list(product(TicketState, Action)))
def test_every_state_meets_every_action(state: TicketState, action: Action) -> None:
    day = in_state(state)
    ticket = day.tickets[1]
    outcome = queue.act(day, QueueRules(), ticket, Press("q1", action, "dat-dai"), 100.0)
    after = TRANSITIONS.get((state, action))
    if after is None:
        assert outcome is Refusal.NOT_NOW
    elif action is not Action.CLOSE:
        assert moved(outcome).tickets[1].state is after


def test_the_table_in_the_docstring_is_the_table() -> None:
    rows = [
        line.split() for line in (ticket_rules.__doc__ or "").splitlines() if line.split()[:1] and line[0] in "wcspnd"
    ]
    header = next(row for row in rows if row[0] == "state")[1:]
    written: dict[tuple[str, str], str] = {}
    for row in rows:
        if row[0] in set(TicketState):
            cells = [cell for cell in row[1:] if cell != "(1)"]
            written |= {(row[0], action): cell for action, cell in zip(header, cells, strict=True) if cell != "-"}
    assert written == {(str(state), str(action)): str(after) for (state, action), after in TRANSITIONS.items()}


def test_numbers_of_a_letter_count_from_one() -> None:
    day = a_day((CIVIL, NONE), (LAND, NONE), (CIVIL, OLDER))
    assert [ticket.label for ticket in day.tickets.values()] == ["A001", "B001", "A002"]


def test_when_every_number_is_taken_it_says_so() -> None:
    last = Ticket(1, "A", NUMBERS_A_DAY, "ho-tich", NONE, 0.0, TicketState.SERVED)
    assert queue.issue(Day(TODAY, {1: last}), CIVIL, NONE, 1.0) is Refusal.FULL
    assert told(queue.issue(Day(TODAY, {1: last}), LAND, NONE, 1.0)) == [(Told.ISSUED, "B001")]


def test_next_finishes_and_calls_in_one_press() -> None:
    day = press(press(a_day((CIVIL, NONE), (CIVIL, NONE)), "A001", Action.CALL), "A001", Action.COME, 160.0)
    outcome = call_next(day, PLAN, "q1", 460.0)
    assert told(outcome) == [(Told.SERVED, "A001"), (Told.CALLED, "A002")]
    assert moved(outcome).tickets[1].served_s == 300.0


def test_next_with_nobody_left_only_finishes() -> None:
    day = press(press(a_day((CIVIL, NONE)), "A001", Action.CALL), "A001", Action.COME)
    assert told(call_next(day, PLAN, "q1", 460.0)) == [(Told.SERVED, "A001")]
    assert call_next(moved(call_next(day, PLAN, "q1", 460.0)), PLAN, "q1", 500.0) is Refusal.NOBODY


def test_next_asks_first_whether_the_called_one_came() -> None:
    day = press(a_day((CIVIL, NONE), (CIVIL, NONE)), "A001", Action.CALL)
    assert call_next(day, PLAN, "q1", 200.0) is Refusal.BUSY
    assert act_at(day, PLAN, "A002", Press("q1", Action.CALL), 200.0) is Refusal.BUSY


def test_a_counter_calls_only_what_it_serves() -> None:
    day = a_day((LAND, NONE))
    assert next_ticket(day, PLAN, "q1") is None
    assert act_at(day, PLAN, "B001", Press("q1", Action.CALL), 1.0) is Refusal.NOT_HERE
    assert act_at(day, PLAN, "B001", Press("q2", Action.CALL), 1.0)
    assert act_at(day, PLAN, "Z999", Press("q1", Action.CALL), 1.0) is Refusal.GONE


def test_a_counter_leaves_anothers_ticket_alone() -> None:
    day = press(a_day((CIVIL, NONE)), "A001", Action.CALL, counter="q2")
    assert act_at(day, PLAN, "A001", Press("q1", Action.FINISH), 2.0) is Refusal.NOT_HERE


def test_finishing_a_ticket_that_nobody_marked_as_come_counts_from_the_call() -> None:
    day = press(press(a_day((CIVIL, NONE)), "A001", Action.CALL, 100.0), "A001", Action.FINISH, 400.0)
    assert day.tickets[1].served_s == 300.0


def test_a_skipped_citizen_comes_back_behind_three_and_is_closed_at_the_third_miss() -> None:
    day = a_day(*[(CIVIL, NONE)] * 6)
    for miss in range(2):
        day = press(press(day, "A001", Action.CALL), "A001", Action.SKIP)
        place = [one.label for one in day.waiting("ho-tich")].index("A001")
        assert place == 3, miss
        assert day.tickets[1].state is TicketState.WAITING
    day = press(day, "A001", Action.CALL)
    outcome = act_at(day, PLAN, "A001", Press("q1", Action.SKIP), 9.0)
    assert told(outcome) == [(Told.NO_SHOW, "A001")]
    assert moved(outcome).tickets[1].state is TicketState.NO_SHOW


def test_a_skipped_citizen_who_is_alone_stays_first() -> None:
    day = press(press(a_day((CIVIL, NONE)), "A001", Action.CALL), "A001", Action.SKIP)
    assert [one.label for one in day.waiting("ho-tich")] == ["A001"]


def test_a_transferred_citizen_keeps_number_and_place() -> None:
    day = a_day((CIVIL, NONE), (LAND, NONE))
    day = press(press(day, "A001", Action.CALL), "A001", Action.TRANSFER, to="dat-dai")
    assert [one.label for one in day.waiting("dat-dai")] == ["A001", "B001"]
    found = next_ticket(day, PLAN, "q2")
    assert found is not None
    assert found.label == "A001"


@pytest.mark.parametrize("to", ["ho-tich", "khong-co", None])
def test_a_transfer_needs_another_service(to: str | None) -> None:
    day = press(a_day((CIVIL, NONE)), "A001", Action.CALL)
    assert act_at(day, PLAN, "A001", Press("q1", Action.TRANSFER, to), 2.0) is Refusal.NOT_NOW


def test_a_parked_citizen_leaves_the_counter_free_and_is_called_again() -> None:
    day = press(press(a_day((CIVIL, NONE), (CIVIL, NONE)), "A001", Action.CALL), "A001", Action.PARK)
    assert day.at_counter("q1") is None
    assert told(call_next(day, PLAN, "q1", 5.0)) == [(Told.CALLED, "A002")]
    assert press(day, "A001", Action.CALL).tickets[1].calls == 2


def test_two_priority_tickets_then_somebody_else() -> None:
    day = a_day(*[(CIVIL, NONE)] * 3, *[(CIVIL, OLDER)] * 6)
    called = []
    while (found := next_ticket(day, PLAN, "q1")) is not None:
        called.append(found.label)
        day = press(press(day, found.label, Action.CALL), found.label, Action.FINISH)
    assert called == ["A004", "A005", "A001", "A006", "A007", "A002", "A008", "A009", "A003"]


def test_why_somebody_had_priority_is_forgotten_with_the_ticket() -> None:
    day = press(press(a_day((CIVIL, Priority.PREGNANT)), "A001", Action.CALL), "A001", Action.FINISH)
    assert day.tickets[1].priority is Priority.UNSAID
    assert queue.close(a_day((CIVIL, Priority.DISABLED)), 1.0).day.tickets[1].priority is Priority.UNSAID
    assert queue.close(a_day((CIVIL, NONE)), 1.0).day.tickets[1].priority is NONE


def test_the_day_ends_for_everybody_who_is_left() -> None:
    day = press(a_day((CIVIL, NONE), (CIVIL, NONE)), "A001", Action.CALL)
    outcome = queue.close(day, 9.0)
    assert told(outcome) == [(Told.DAY_OVER, "A001"), (Told.DAY_OVER, "A002")]
    assert [was for _, _, was in outcome.happened] == ["q1", None]
    assert outcome.day.is_idle
    assert queue.close(outcome.day, 10.0).happened == ()


# --- waiting ---


def served(order: int, seconds: float, service: Service = CIVIL, over_s: float = 1000.0) -> Ticket:
    began = over_s - seconds
    return Ticket(
        order, service.letter, order, service.key, NONE, 0.0, TicketState.SERVED, order, 1, 0, "q1", began, began, began,
        over_s,
    )  # fmt: skip


def test_todays_times_outweigh_the_guess_as_they_come() -> None:
    assert typical_s(Day(TODAY), CIVIL) == 600.0
    assert typical_s(Day(TODAY, {1: served(1, 300.0)}), CIVIL) == pytest.approx((3 * 600 + 300) / 4)
    many = {order: served(order, 300.0, over_s=1000.0 + order) for order in range(1, 60)}
    assert typical_s(Day(TODAY, many), CIVIL) == pytest.approx((3 * 600 + 20 * 300) / 23)


def test_a_ticket_left_open_over_lunch_does_not_spoil_the_estimate() -> None:
    assert typical_s(Day(TODAY, {1: served(1, 9000.0, over_s=10_000.0)}), CIVIL) == pytest.approx((3 * 600 + 2400) / 4)


def test_an_empty_hall_means_no_wait() -> None:
    assert expected(Day(TODAY), PLAN, "ho-tich", NONE, 0.0) == Wait(0, 0.0)


def test_two_counters_share_the_queue() -> None:
    day = a_day(*[(CIVIL, NONE)] * 4)
    assert expected(day, PLAN, "ho-tich", NONE, 10.0) == Wait(4, 1200.0)


def test_what_is_left_at_the_counter_counts() -> None:
    day = press(a_day((LAND, NONE)), "B001", Action.CALL, 0.0, "q2")
    day = press(day, "B001", Action.COME, 0.0, "q2")
    assert expected(day, PLAN, "dat-dai", NONE, 300.0) == Wait(0, 900.0)
    assert expected(day, PLAN, "dat-dai", NONE, 5000.0) == Wait(0, 0.0)


def test_priority_waits_less_and_others_wait_no_longer_than_told() -> None:
    day = a_day(*[(LAND, NONE)] * 3)
    assert expected(day, PLAN, "dat-dai", OLDER, 0.0) == Wait(0, 0.0)
    assert expected(day, PLAN, "dat-dai", NONE, 0.0) == Wait(3, 3600.0)


def test_a_service_that_shares_a_counter_waits_for_the_other() -> None:
    day = a_day((LAND, NONE))
    busy = press(day, "B001", Action.CALL, 0.0, "q2")
    assert expected(moved(queue.issue(busy, LAND, NONE, 1.0)), PLAN, "dat-dai", NONE, 0.0) == Wait(1, 2400.0)


def test_a_counter_that_called_nobody_for_long_is_not_counted_on() -> None:
    day = press(press(a_day((CIVIL, NONE)), "A001", Action.CALL, 0.0), "A001", Action.FINISH, 60.0)
    assert staffed(day, PLAN, 100.0) == {"q1", "q2"}, "q2 alone serves the other service"
    only = QueuePlan({"ho-tich": CIVIL})
    assert staffed(day, only, 100.0) == {"q1"}
    assert staffed(day, only, 60.0 + 1801.0) == {"q1", "q2"}


def test_a_service_without_counters_has_no_estimate() -> None:
    plan = QueuePlan({"x": Service("x", "X", ())})
    assert expected(Day(TODAY), plan, "x", NONE, 0.0) is None
