"""One SMS transport, two posts: reports go to the post whose ref it is, what citizens and staff write goes to the alerts.

Supervised by the app. The transport forgets an item only when the post that owns it said `done`; until then each walk over an
inbox gives it again.
"""

import asyncio
from collections.abc import AsyncIterator

from edge.ports import SmsPort, SmsReply, SmsReport
from edge.store.locker_outbox import PREFIX

ROOM = 256  # items one post may leave undone in memory; then the transport keeps the rest, on its disk, for both posts

Item = SmsReport | SmsReply


class SwitchedPort:
    """An `SmsPort` for one post: sends like any, and hears only what is its own. One walk over `inbox` at a time."""

    def __init__(self, port: SmsPort, room: int) -> None:
        self._port = port
        self._room = room
        self._held: dict[Item, None] = {}
        self._given: set[Item] = set()
        self._is_news = asyncio.Event()
        self._is_room = asyncio.Event()

    async def submit(self, ref: str, to: str, text: str) -> None:
        await self._port.submit(ref, to, text)

    async def take_back(self, ref: str) -> bool:
        return await self._port.take_back(ref)

    async def inbox(self) -> AsyncIterator[Item]:
        self._given.clear()
        while True:
            self._is_news.clear()
            for item in [one for one in self._held if one not in self._given]:
                self._given.add(item)
                yield item
            await self._is_news.wait()

    async def done(self, item: Item) -> None:
        await self._port.done(item)
        self._held.pop(item, None)
        self._given.discard(item)
        self._is_room.set()

    async def keep(self, item: Item) -> None:
        """Wait for room; an item that is held already is not held twice."""
        while item not in self._held and len(self._held) >= self._room:
            self._is_room.clear()
            await self._is_room.wait()
        self._held[item] = None
        self._is_news.set()


class SmsSwitch:
    """`alerts` and `locker` are the two ports; `run` feeds them from the one that the transport has."""

    def __init__(self, port: SmsPort, *, room: int = ROOM) -> None:
        self._port = port
        self.alerts = SwitchedPort(port, room)
        self.locker = SwitchedPort(port, room)

    async def run(self) -> None:
        async for item in self._port.inbox():
            is_lockers = isinstance(item, SmsReport) and item.ref.startswith(PREFIX)
            await (self.locker if is_lockers else self.alerts).keep(item)
