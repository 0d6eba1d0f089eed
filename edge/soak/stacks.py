"""Where every task stands: for a campaign that stands still, and for whoever sends it, or an agent it has borne, SIGUSR1."""

import asyncio
import contextlib
import faulthandler
import gc
import signal
import sys
import traceback
from collections.abc import Iterator
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import TextIO


@contextlib.contextmanager
def on_signal(to: TextIO = sys.stderr) -> Iterator[None]:
    """SIGUSR1 writes the stacks of all threads, and then of the running loop's tasks if the loop itself does not stand still."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, lambda: _write(to))
    faulthandler.register(signal.SIGUSR1, to, chain=True)
    try:
        yield
    finally:
        faulthandler.unregister(signal.SIGUSR1)
        loop.remove_signal_handler(signal.SIGUSR1)


def all_tasks() -> str:
    """Every task that is not over, each with the calls it waits in, the innermost last."""
    tasks = sorted(asyncio.all_tasks(), key=lambda task: task.get_name())
    return "\n".join(line for task in tasks for line in _lines(task))


def _write(to: TextIO) -> None:
    to.write(f"{all_tasks()}\n")
    to.flush()


def _lines(task: "asyncio.Task[object]") -> Iterator[str]:
    yield f"task {task.get_name()}" + (f", {task.cancelling()} times cancelled" if task.cancelling() else "")
    for frame in _frames(task.get_coro()):
        place = traceback.FrameSummary(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
        yield f"  {place.filename}:{place.lineno} {place.name}: {place.line}"


def _frames(awaited: object) -> Iterator[FrameType]:
    """Down the chain of what waits for what; a future ends it, or a task, which has its own lines."""
    while True:
        match awaited:
            case CoroutineType(cr_frame=frame, cr_await=then) | GeneratorType(gi_frame=frame, gi_yieldfrom=then):
                pass
            case AsyncGeneratorType(ag_frame=frame, ag_await=then):
                pass
            case _:
                generators = (one for one in gc.get_referents(awaited) if isinstance(one, AsyncGeneratorType))
                frame, then = None, next(generators, None) if _is_step(awaited) else None
        if frame is not None:
            yield frame
        if then is None:
            return
        awaited = then


def _is_step(awaited: object) -> bool:
    """`anext` of an asynchronous generator, which does not say whose it is."""
    return type(awaited).__name__.startswith("async_generator_")
