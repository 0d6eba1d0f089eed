"""Whatever people press in whatever order: no number twice, none lost, priority starves nobody, a restart changes nothing."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date, time
from functools import partial

from hypothesis import given, settings
from hypothesis import strategies as st

from edge.domain import queue
from edge.domain.opening import Opening, Span
from edge.domain.queue import Day, Move, Press, Refusal
from edge.domain.queue_calls import act_at, call_next, next_ticket
from edge.domain.ticket import Action, Priority, TicketState
from edge.queue_ports import Slip
from edge.services.queue import QueueService
from edge.store import tickets as table
from sync.events import Payload, TicketCalled, TicketIssued, TicketServed, TicketSkipped
from tests.edge.services.fakes import FakeClock
from tests.edge.services.memory_ledger import MemoryLedger
from tests.edge.services.queue_hall import FRIDAY, PLAN, SETUP, desk

TODAY = date(2026, 11, 27)
_WHOLE_DAY = (Span(time.min, time.max),)
NEVER_CLOSED = replace(
    SETUP, opening=Opening((_WHOLE_DAY, _WHOLE_DAY, _WHOLE_DAY, _WHOLE_DAY, _WHOLE_DAY, _WHOLE_DAY, _WHOLE_DAY))
)
COUNTERS = ("q1", "q2", "q3")
Step = tuple[str, ...]

takes = st.tuples(st.just("take"), st.sampled_from(list(PLAN.services)), st.sampled_from(list(Priority)[:4]))
nexts = st.tuples(st.just("next"), st.sampled_from(COUNTERS))
presses = st.tuples(
    st.just("press"), st.sampled_from(COUNTERS), st.sampled_from([str(action) for action in Action]),
    st.sampled_from([f"{letter}{number:03}" for letter in "AB" for number in range(1, 6)]),
    st.sampled_from(list(PLAN.services)),
)  # fmt: skip
restarts = st.tuples(st.just("restart"))
midnights = st.tuples(st.just("midnight"))
lives = st.lists(st.one_of(takes, takes, nexts, nexts, presses, presses, presses, restarts), max_size=60)


def played(day: Day, step: Step, now_s: float) -> Move | Refusal:
    """One step by the pure rules alone."""
    if step[0] == "take":
        return queue.issue(day, PLAN.services[step[1]], Priority(step[2]), now_s)
    if step[0] == "next":
        return call_next(day, PLAN, step[1], now_s)
    _, counter, action, label, to = step
    return act_at(day, PLAN, label, Press(counter, Action(action), to), now_s)


@given(lives)
@settings(max_examples=150)
def test_no_number_twice_none_lost_one_at_a_counter(life: list[Step]) -> None:
    day, given_out = Day(TODAY), Counter[str]()
    for now, step in enumerate(step for step in life if step[0] != "restart"):
        outcome = played(day, step, float(now))
        if isinstance(outcome, Refusal):
            continue
        before, day = day, outcome.day
        if step[0] == "take":
            given_out[outcome.happened[0][1].label] += 1
        assert set(before.tickets) <= set(day.tickets), "none is lost"
        assert all(before.tickets[order].label == day.tickets[order].label for order in before.tickets)
        assert all(day.tickets[order] == ticket for order, ticket in before.tickets.items() if ticket.state.is_over)
        busy = Counter(ticket.at for ticket in day.tickets.values() if ticket.state.is_at_counter)
        assert max(busy.values(), default=0) <= 1, "one citizen at a counter"
        assert None not in busy
        assert all((ticket.over_s is not None) == ticket.state.is_over for ticket in day.tickets.values())
    assert set(given_out.values()) <= {1}, "no number twice"
    assert set(given_out) == {ticket.label for ticket in day.tickets.values()}
    assert queue.close(day, 1e6).day.is_idle


@given(st.integers(0, 12), st.lists(st.integers(0, 3), min_size=1, max_size=80), st.data())
@settings(max_examples=100)
def test_priority_never_starves_others(before: int, arrivals: list[int], data: st.DataObject) -> None:
    """However many with priority come: the bound that `queue_calls` promises, for two counters that press as they like."""
    day = Day(TODAY)
    for _ in range(before + 1):
        day = _moved(queue.issue(day, PLAN.services["ho-tich"], Priority.NONE, 0.0))
    mine, calls, run = day.tickets[before + 1], 0, PLAN.rules.priority_run
    most = (before + 1) * (run + 1) + run
    for coming in [*arrivals, *[3] * most][:most]:
        for _ in range(coming):
            day = _moved(queue.issue(day, PLAN.services["ho-tich"], Priority.OLDER, 1.0))
        counter = data.draw(st.sampled_from(("q1", "q2")))
        found = next_ticket(day, PLAN, counter)
        if found is None:
            break
        day, calls = _moved(call_next(day, PLAN, counter, 2.0)), calls + 1
        day = _moved(act_at(day, PLAN, found.label, Press(counter, Action.FINISH), 3.0))
        if found.order == mine.order:
            break
    assert day.tickets[mine.order].state is TicketState.SERVED
    assert calls <= most


@given(st.lists(st.one_of(takes, takes, nexts, nexts, presses, presses, restarts, midnights), max_size=60))
@settings(max_examples=60)
def test_a_restart_or_midnight_at_any_point_changes_nothing(life: list[Step]) -> None:
    asyncio.run(_lived(life))


async def _lived(life: list[Step]) -> None:
    clock = FakeClock(FRIDAY)
    ledger = MemoryLedger(clock.now)
    here, pure, past = desk(ledger, clock, setup=NEVER_CLOSED), Day(TODAY), list[Day]()
    await here.load()
    for step in life:
        clock.advance(1)
        if step[0] == "restart":
            here = desk(ledger, clock, setup=NEVER_CLOSED)
            await here.load()
        elif step[0] == "midnight":
            clock.advance(24 * 3600)
            past.append(queue.close(pure, clock.now().timestamp()).day)
            pure = Day(clock.now().date())
            await here.step()
        else:
            outcome = played(pure, step, clock.now().timestamp())
            pure = pure if isinstance(outcome, Refusal) else outcome.day
            answer = await _asked(here, step)
            assert (answer is None) == isinstance(outcome, Move), step
        assert here._day == pure, "tables, memory and pure rules agree"
    for day in past:
        assert await ledger.read(partial(table.load, day=day.day)) == day, "and so do the days that are over"
    _agrees(ledger.events, [*past, pure])
    ledger.close()


async def _asked(service: QueueService, step: Step) -> object | None:
    if step[0] == "take":
        slip = await service.issue(step[1], Priority(step[2]))
        return None if isinstance(slip, Slip) else slip
    if step[0] == "next":
        return await service.call_next(step[1])
    _, counter, action, label, to = step
    return await service.press(counter, label, Action(action), to)


def _agrees(events: list[Payload], days: list[Day]) -> None:
    """The events alone tell how many are in which state."""
    tickets = [ticket for day in days for ticket in day.tickets.values()]
    kinds = Counter(type(event) for event in events)
    states = Counter(ticket.state for ticket in tickets)
    gone = Counter(event.why for event in events if isinstance(event, TicketSkipped))
    assert kinds[TicketIssued] == len(tickets)
    assert kinds[TicketServed] == states[TicketState.SERVED]
    assert (gone["no_show"], gone["day_over"]) == (states[TicketState.NO_SHOW], states[TicketState.DAY_OVER])
    called = {event.ticket for event in events if isinstance(event, TicketCalled)}
    assert len(called) == sum(ticket.called_s is not None for ticket in tickets)
    assert len({event.ticket for event in events if isinstance(event, TicketIssued)}) == len(tickets), "unique for ever"


def _moved(outcome: Move | Refusal) -> Day:
    assert isinstance(outcome, Move), outcome
    return outcome.day
