"""Keeps the agent's parts running: a part that fails is logged, restarted with backoff, and nothing else suffers.

Used by `edge.agent`. This is the one place that catches every exception.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits 0.5 s, then twice as long each time, 30 s at most; forgets after `calm_s` without a failure."""

    first_s: float = 0.5
    most_s: float = 30.0
    calm_s: float = 60.0

    def wait_s(self, failures: int) -> float:
        return min(self.most_s, self.first_s * 2.0 ** min(failures - 1, 16))


class PartState(Enum):
    RUNNING = "running"
    DOWN = "down"


OnChange = Callable[[str, PartState], Awaitable[None]]


async def supervise(
    part: str,
    run: Callable[[], Awaitable[None]],
    changed: OnChange,
    backoff: Backoff | None = None,
    *,
    was_down: bool = False,
) -> None:
    """Run `part` for ever; return when it returns. `changed` hears of a loss once, and of the return once it is calm.

    `was_down`: the loss was told before this process began.
    """
    backoff = backoff or Backoff()
    state, failures, last = PartState.DOWN if was_down else PartState.RUNNING, 0, ""
    while True:
        started = time.monotonic()
        is_down = state is PartState.DOWN
        calm = asyncio.create_task(_calm(part, changed, backoff), name=f"{part} calm") if is_down else None
        try:
            await _apart(part, run)
        except Exception as error:
            failures = 1 if time.monotonic() - started > backoff.calm_s else failures + 1
            is_known, last = repr(error) == last, repr(error)  # one trace tells it all, be the port taken for days
            log.log(
                logging.WARNING if is_known else logging.ERROR, "%s failed, restart %d in %.1f s: %s", part, failures,
                backoff.wait_s(failures), type(error).__name__, exc_info=None if is_known else error,
            )  # fmt: skip
        else:
            return
        finally:
            if calm is not None and calm.cancel() is False:
                state = PartState.RUNNING
        if state is PartState.RUNNING:
            state = PartState.DOWN
            await changed(part, state)
        await asyncio.sleep(backoff.wait_s(failures))


async def _calm(part: str, changed: OnChange, backoff: Backoff) -> None:
    await asyncio.sleep(2 * backoff.first_s)
    await changed(part, PartState.RUNNING)


async def _apart(part: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run it in a task of its own, so that whoever is cancelled here knows it, whatever the part fails with meanwhile.

    Before Python 3.13 a task group whose child fails while it is cancelled raises that alone, and one whose child fails by itself
    leaves its task looking cancelled: neither the exception nor `cancelling` tells.
    """
    working = asyncio.create_task(_awaited(run), name=part)
    try:
        await asyncio.wait([working])
    except asyncio.CancelledError:
        working.cancel()
        await asyncio.wait([working])
        failed = None if working.cancelled() else working.exception()
        raise asyncio.CancelledError from failed
    working.result()


async def _awaited(run: Callable[[], Awaitable[None]]) -> None:
    await run()


async def cancelled(task: "asyncio.Task[None]") -> None:
    """Cancel a task and wait until it is gone; what it failed with before is raised."""
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
