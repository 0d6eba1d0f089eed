"""The right moment for a failure: just before an unlock reaches its board, when a door opens, or a while later. For `edge.soak.stage`."""

import asyncio
from collections.abc import Callable

from edge.soak.hardware import Hardware


class Moments:
    """Each action waits for its moment once."""

    def __init__(self, hardware: Hardware) -> None:
        self._at_unlock: list[Callable[[], None]] = []
        self._at_open: list[Callable[[str], None]] = []
        self._timers: set[asyncio.TimerHandle] = set()
        self._before_unlock, self._before_move = hardware.on_unlock, hardware.on_move
        hardware.on_unlock, hardware.on_move = self._unlock, self._move

    def at_unlock(self, action: Callable[[], None]) -> None:
        """When the next unlock is about to reach its board."""
        self._at_unlock.append(action)

    def at_open(self, action: Callable[[str], None]) -> None:
        """When the next door opens."""
        self._at_open.append(action)

    def later(self, after_s: float, action: Callable[[], None]) -> None:
        self._timers = {timer for timer in self._timers if timer.when() > asyncio.get_running_loop().time()}
        self._timers.add(asyncio.get_running_loop().call_later(after_s, action))

    def clear(self) -> None:
        """What has not happened yet does not happen any more: it belongs to the failure that is over."""
        while self._timers:
            self._timers.pop().cancel()
        self._at_unlock.clear()
        self._at_open.clear()

    def _unlock(self, compartment: str) -> None:
        self._before_unlock(compartment)
        while self._at_unlock:
            self._at_unlock.pop(0)()

    def _move(self, compartment: str, is_open: bool) -> None:  # noqa: FBT001 - a callback's own signature
        self._before_move(compartment, is_open)
        while is_open and self._at_open:
            self._at_open.pop(0)(compartment)
