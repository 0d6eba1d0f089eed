"""Holds processes to a share of a core each, so that a small machine can show what more machines would. For `edge.bench.sync_held`.

By stopping and continuing them (SIGSTOP, SIGCONT) against their own processor clocks: needs no root and no cgroup.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Iterable, Iterator

LOOK_S = 0.01
SAVED_S = 0.02  # of processor time at most, for a process that had nothing to do


class _Held:
    """One process and what it may still use. Its budget grows with the clock and shrinks with its use."""

    def __init__(self, pid: int, share: float) -> None:
        self._pid, self._share = pid, share
        self._clock = (~pid << 3) | 2  # Linux: the processor clock of another process, in nanoseconds
        self._used, self._at = time.clock_gettime(self._clock), time.monotonic()
        self._left, self._is_stopped = 0.0, False

    def look(self) -> None:
        used, at = time.clock_gettime(self._clock), time.monotonic()
        self._left = min(self._left + (at - self._at) * self._share - (used - self._used), SAVED_S)
        self._used, self._at = used, at
        if (self._left < 0) != self._is_stopped:
            self._is_stopped = self._left < 0
            os.kill(self._pid, signal.SIGSTOP if self._is_stopped else signal.SIGCONT)

    def let_go(self) -> None:
        with contextlib.suppress(OSError):
            os.kill(self._pid, signal.SIGCONT)


@contextlib.contextmanager
def held_to(share: float, pids: Iterable[int]) -> Iterator[None]:
    """Each of these processes uses at most `share` of a core (0.05: a twentieth) meanwhile."""
    held = [_Held(pid, share) for pid in pids]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_S):
            for one in held:
                with contextlib.suppress(OSError):  # it has ended by itself
                    one.look()

    thread = threading.Thread(target=watch, name="cpu share", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
        for one in held:
            one.let_go()
