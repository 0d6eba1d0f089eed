"""Gathers deliveries into batches: what waits, up to a size, after lingering a moment for company. For `sync.city.worker`."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sync.city.engine import Delivery, Intake
from sync.city.receipts import arrival_of, presence_of
from sync.city.terms import Arrival
from sync.city.topology import UNROUTED, topic_of
from sync.topics import Presence, Topics


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction takes, and whom to acknowledge it to afterwards."""

    arrivals: list[Arrival] = field(default_factory=list)
    presences: list[tuple[Topics, Presence]] = field(default_factory=list)
    last_tags: dict[Intake, int] = field(default_factory=dict)
    unrouted: set[Topics] = field(default_factory=set)  # whose events no binding sent to a shard

    def put(self, delivery: Delivery, now: datetime) -> None:
        """Tags of a channel rise, so its last one acknowledges them all."""
        self.last_tags[delivery.intake] = delivery.tag
        topic = topic_of(delivery.routing_key)
        arrival, said = arrival_of(topic, delivery.body, now), presence_of(topic, delivery.body)
        if arrival is not None:
            self.arrivals.append(arrival)
            if delivery.intake.queue == UNROUTED:
                self.unrouted.add(arrival.topics)
        elif said is not None:
            self.presences.append(said)


class Batches:
    """Unbounded here, because the prefetch of every queue bounds it at the broker."""

    def __init__(self, size: int, linger_s: float) -> None:
        self._size = size
        self._linger_s = linger_s
        self._waiting: deque[Delivery] = deque()
        self._arrived = asyncio.Event()
        self._is_enough = asyncio.Event()

    def add(self, delivery: Delivery) -> None:
        self._waiting.append(delivery)
        self._arrived.set()
        if len(self._waiting) >= self._size:
            self._is_enough.set()

    async def next(self) -> Batch:
        """At least one delivery. Those of a queue that was given up meanwhile are left out: they come again elsewhere."""
        while True:
            await self._arrived.wait()
            await self._linger()
            batch, now = Batch(), datetime.now(UTC)
            for _ in range(min(self._size, len(self._waiting))):
                delivery = self._waiting.popleft()
                if delivery.intake.is_open:
                    batch.put(delivery, now)
            self._note_rest()
            if batch.last_tags:
                return batch

    async def _linger(self) -> None:
        try:
            async with asyncio.timeout(self._linger_s):
                await self._is_enough.wait()
        except TimeoutError:
            return

    def _note_rest(self) -> None:
        if not self._waiting:
            self._arrived.clear()
        if len(self._waiting) < self._size:
            self._is_enough.clear()
