"""A part that fails comes back, and each loss and return is told once."""

import asyncio
import contextlib
import logging

import pytest

from edge.adapters.supervisor import Backoff, PartState, cancelled, supervise

FAST = Backoff(first_s=0.01, most_s=0.02, calm_s=10.0)


class Flaky:
    """Fails at once for `failures` runs, then runs for `then_s` and returns."""

    def __init__(self, failures: int, then_s: float) -> None:
        self.failures, self.then_s, self.runs = failures, then_s, 0

    async def run(self) -> None:
        self.runs += 1
        if self.runs <= self.failures:
            msg = "broken"
            raise RuntimeError(msg)
        await asyncio.sleep(self.then_s)


async def heard_of(flaky: Flaky, *, was_down: bool = False) -> list[PartState]:
    heard: list[PartState] = []

    async def changed(part: str, state: PartState) -> None:
        assert part == "part"
        heard.append(state)

    await supervise("part", flaky.run, changed, FAST, was_down=was_down)
    return heard


async def test_a_part_that_never_fails_is_not_talked_about() -> None:
    assert await heard_of(Flaky(0, 0.05)) == []


async def test_loss_and_return_are_told_once_each(caplog: pytest.LogCaptureFixture) -> None:
    flaky = Flaky(3, 0.2)
    with caplog.at_level(logging.WARNING):
        assert await heard_of(flaky) == [PartState.DOWN, PartState.RUNNING]
    assert flaky.runs == 4
    assert [bool(record.exc_info) for record in caplog.records] == [True, False, False], "the trace stands there once"


async def test_a_part_that_ends_before_it_is_calm_was_never_back() -> None:
    assert await heard_of(Flaky(1, 0.0)) == [PartState.DOWN]


@pytest.mark.parametrize("failures", [0, 2])
async def test_a_part_that_was_down_when_the_agent_stopped_is_told_to_be_back(failures: int) -> None:
    assert await heard_of(Flaky(failures, 0.2), was_down=True) == [PartState.RUNNING]


def test_backoff_doubles_up_to_its_limit() -> None:
    assert [Backoff().wait_s(n) for n in (1, 2, 3, 7, 1000)] == [0.5, 1.0, 2.0, 30.0, 30.0]


class Clumsy:
    """A part whose own task fails while it is being cancelled: the group then raises that, and says nothing of the cancelling."""

    def __init__(self) -> None:
        self.started, self.ends = asyncio.Event(), 0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._port())

    async def _port(self) -> None:
        try:
            self.started.set()
            await asyncio.sleep(60.0)
        finally:
            self.ends += 1
            if self.ends == 1:
                msg = "the port was gone already"
                raise OSError(msg)


async def test_a_part_that_fails_while_it_is_cancelled_is_not_started_again() -> None:
    clumsy = Clumsy()
    heard: list[PartState] = []

    async def changed(_part: str, state: PartState) -> None:
        heard.append(state)

    running = asyncio.create_task(supervise("clumsy", clumsy.run, changed, Backoff(first_s=0.01)))
    await clumsy.started.wait()
    running.cancel()
    await asyncio.wait([running], timeout=1.0)
    assert running.cancelled()
    assert heard == []


async def test_whoever_waits_for_a_cancelled_task_can_be_cancelled_too() -> None:
    """A task that does not want to go holds up nobody for longer than they want to wait."""
    may_go = asyncio.Event()

    async def stubborn() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await may_go.wait()
        await may_go.wait()

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await cancelled(task)
    may_go.set()
    await task


async def test_what_a_cancelled_task_failed_with_is_raised() -> None:
    task = asyncio.create_task(Flaky(failures=1, then_s=0.0).run())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="broken"):
        await cancelled(task)
