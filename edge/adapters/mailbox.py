"""A bounded line of readings and camera changes for one slow or fast listener.

Used by edge.adapters.vision on the agent's loop; not for threads.
"""

import asyncio
from collections import deque

from edge.ports import CameraChange, Reading


class Mailbox:
    """When full, the oldest reading makes room: what a face showed seconds ago helps nobody. Changes stay."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._items: deque[Reading | CameraChange] = deque()
        self._filled = asyncio.Event()
        self.dropped = 0

    def put(self, item: Reading | CameraChange) -> None:
        """Add without waiting."""
        if len(self._items) >= self._bound:
            self._drop_one()
        self._items.append(item)
        self._filled.set()

    async def get(self) -> Reading | CameraChange:
        """The oldest item; waits for one. The caller may set a timeout around it."""
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        return self._items.popleft()

    def _drop_one(self) -> None:
        self.dropped += 1
        oldest_reading = next((place for place, item in enumerate(self._items) if isinstance(item, Reading)), 0)
        del self._items[oldest_reading]
