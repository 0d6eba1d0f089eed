"""A bounded line of what a worker reports, for one slow or fast listener.

Used by edge.adapters.vision and edge.adapters.voice on the agent's loop; not for threads.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator
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


class Mailboxes(Generic[T]):
    """One for each listener there is."""

    def __init__(self, bound: int, fleeting: type = Reading) -> None:
        self._bound, self._fleeting = bound, fleeting
        self._open: set[Mailbox[T]] = set()
        self._dropped = 0

    @property
    def dropped(self) -> int:
        """Items no listener took in time, those of listeners that have left included."""
        return self._dropped + sum(box.dropped for box in self._open)

    def put(self, item: T) -> None:
        """Add to each without waiting."""
        for box in self._open:
            box.put(item)

    @contextlib.contextmanager
    def one(self, first: T) -> Iterator[Mailbox[T]]:
        """The mailbox of a listener that begins now, `first` in it."""
        box: Mailbox[T] = Mailbox(self._bound, self._fleeting)
        box.put(first)
        self._open.add(box)
        try:
            yield box
        finally:
            self._open.discard(box)
            self._dropped += box.dropped
