"""Somebody with a watch beside a campaign: what stands still is told with the stacks of every task, and cut off."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from edge.soak import stacks

HUNG_S = 240.0  # nothing that is played takes a minute; each of its waits has its own end
STEP_S, GONE_S = 1.0, 30.0


class Hung(Exception):
    """It did not come to its end in time, and is cut off now."""


class Stuck(Hung):
    """It does not even end when it is cancelled: nothing can be played on after it."""


async def watched(work: Coroutine[Any, Any, None], within_s: float, hung: Callable[[str], Awaitable[None]]) -> None:
    """Raise what `work` raises; Hung or Stuck where it has not ended in time, after `hung` was given all stacks.

    A second counts when this loop had time for it: a machine that is busy with other things gives more of them.
    """
    task = asyncio.create_task(work, name="watched")
    try:
        if await _ends(task, within_s):
            return task.result()
        await hung(stacks.all_tasks())
    finally:
        task.cancel()
    if not await _ends(task, GONE_S):
        raise Stuck
    raise Hung


def where(error: BaseException) -> str:
    """What was waited for in vain: the innermost function of the campaign itself, and what it says."""
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__) if "soak" in frame.filename]
    said = f": {error}" if str(error) else ""
    return f"{type(error).__name__} in {' < '.join(reversed(names[-4:]))}{said}"


async def _ends(task: "asyncio.Task[None]", within_s: float) -> bool:
    for _ in range(round(within_s / STEP_S)):
        await asyncio.wait([task], timeout=STEP_S)
        if task.done():
            return True
    return False
