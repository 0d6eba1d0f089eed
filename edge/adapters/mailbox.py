"""A bounded line of what a worker reports, for one slow or fast listener.

Used by edge.adapters.vision and edge.adapters.voice on the agent's loop; not for threads.
"""

import asyncio
from collections import deque
from typing import Generic, TypeVar

from edge.ports import Reading

T = TypeVar("T")


class Mailbox(Generic[T]):
    """When full, the oldest item of the `fleeting` kind makes room: what was so seconds ago helps nobody. Changes stay."""

    def __init__(self, bound: int, fleeting: type = Reading) -> None:
        self._bound, self._fleeting = bound, fleeting
        self._items: deque[T] = deque()
        self._filled = asyncio.Event()
        self.dropped = 0

    def put(self, item: T) -> None:
        """Add without waiting."""
        if len(self._items) >= self._bound:
            self._drop_one()
        self._items.append(item)
        self._filled.set()

    async def get(self) -> T:
        """The oldest item; waits for one. The caller may set a timeout around it."""
        while not self._items:
            self._filled.clear()
            await self._filled.wait()
        return self._items.popleft()

    def _drop_one(self) -> None:
        self.dropped += 1
        oldest = next((place for place, item in enumerate(self._items) if isinstance(item, self._fleeting)), 0)
        del self._items[oldest]
