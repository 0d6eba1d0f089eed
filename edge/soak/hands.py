"""The hands at the doors: whoever opened one closes it again, in a human's time. For `edge.soak.town`.

People here are as quick, measured by the agent's polling, as hurried people in the field: the two looks after which an opening
is told may take 230 ms here (100 ms poll, two boards on a Modbus line) and 600 ms there, where nobody closes a door within a second.
"""

import asyncio
from random import Random
from typing import Protocol

STEPS = 10


class Doors(Protocol):
    """As people can touch them."""

    def push(self, compartment: str) -> None: ...


class Hands:
    """`pause_s`: how long a door stands open, from and to. `is_careless`: nobody closes what opens from now on."""

    def __init__(self, chance: Random, doors: Doors, pause_s: tuple[float, float] = (0.4, 0.7)) -> None:
        self.pause_s = pause_s
        self.is_careless = False
        self._chance = chance
        self._doors = doors
        self._closing: dict[str, asyncio.Task[None]] = {}

    def door_moved(self, compartment: str, *, is_open: bool) -> None:
        """One person stands at a door: who wanted to close one that is closed by now does not close the next opening."""
        if (closing := self._closing.pop(compartment, None)) is not None:
            closing.cancel()
        if is_open and not self.is_careless:
            pause_s = self._chance.uniform(*self.pause_s)
            self._closing[compartment] = asyncio.create_task(self._close(compartment, pause_s), name="hand")

    async def _close(self, compartment: str, pause_s: float) -> None:
        """In small steps: while a busy machine keeps this process waiting, a hand does not move either."""
        for _ in range(STEPS):
            await asyncio.sleep(pause_s / STEPS)
        del self._closing[compartment]
        self._doors.push(compartment)
