"""Which of these boxes is it? For a while every screen of the device says its name, and what has sound beeps.

`edge.command_ports.IdentifyDesk`.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from edge.ports import Clock

SECONDS = 30.0
AT_MOST_S = 300.0
HEARD_S = 4.0  # until a loudspeaker has played its first round, or a kiosk's browser has begun to


class Identify:
    """Nothing of it is stored: after a restart the screens are quiet."""

    def __init__(self, clock: Clock, name: str) -> None:
        self.name = name
        self._clock = clock
        self._until_s = 0.0
        self._subscribers: list[Callable[[float], None]] = []
        self._sounding: list[Callable[[float], None]] = []  # those of them that can beep
        self._heard = asyncio.Event()

    def start(self, seconds: float = SECONDS) -> None:
        """From now on for so long; the longer of two counts."""
        seconds = min(seconds, AT_MOST_S)
        self._until_s = max(self._until_s, self._clock.monotonic() + seconds)
        self._heard.clear()
        for callback in tuple(self._subscribers):
            callback(self.left_s())

    async def is_heard(self, within_s: float = HEARD_S) -> bool:
        """Whether something beeps since the last `start`: at once where nothing can, else as soon as it is known."""
        if not self._sounding:
            return False
        try:
            async with asyncio.timeout(within_s):
                await self._heard.wait()
        except TimeoutError:
            return False
        return True

    def sounded(self) -> None:
        """A loudspeaker or a kiosk's browser beeps."""
        self._heard.set()

    def left_s(self) -> float:
        """How long it goes on; 0 when it is over."""
        return max(0.0, self._until_s - self._clock.monotonic())

    def subscribe(self, callback: Callable[[float], None], *, sounds: bool = False) -> Callable[[], None]:
        """`sounds`: it can beep, and says `sounded` when it does."""
        lists = [self._subscribers, *([self._sounding] if sounds else [])]
        for each in lists:
            each.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                for each in lists:
                    each.remove(callback)

        return unsubscribe
