"""Which of these boxes is it? For a while every screen of the device says its name. `edge.command_ports.IdentifyDesk`."""

from collections.abc import Callable
from contextlib import suppress

from edge.ports import Clock

SECONDS = 30.0
AT_MOST_S = 300.0


class Identify:
    """Nothing of it is stored: after a restart the screens are quiet."""

    def __init__(self, clock: Clock, name: str) -> None:
        self.name = name
        self._clock = clock
        self._until_s = 0.0
        self._subscribers: list[Callable[[float], None]] = []

    def start(self, seconds: float = SECONDS) -> None:
        """From now on for so long; the longer of two counts."""
        seconds = min(seconds, AT_MOST_S)
        self._until_s = max(self._until_s, self._clock.monotonic() + seconds)
        for callback in tuple(self._subscribers):
            callback(self.left_s())

    def left_s(self) -> float:
        """How long it goes on; 0 when it is over."""
        return max(0.0, self._until_s - self._clock.monotonic())

    def subscribe(self, callback: Callable[[float], None]) -> Callable[[], None]:
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe
