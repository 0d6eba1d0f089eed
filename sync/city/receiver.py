"""A small city: takes every device's events once, checks their chains, and sends receipts with the head it holds.

For the demo and the tests. `run` is one supervised coroutine; `counts` says what came.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sync.chain import source_of
from sync.city.store import CityStore, Counts, Taken
from sync.keys import DeviceKey
from sync.marks import Receipt
from sync.mqtt import Broker, Connection, Handlers, Version
from sync.reconnect import LinkStatus, Pace, Reconnector
from sync.topics import EVERY_DEVICES_EVENTS, Topics, topics_of

RECEIPT_EVERY_S = 0.1  # receipts are cumulative, so a few a second are enough
_TURN_S = 1.0


class CityReceiver:
    """Give it a directory for its store and a broker. With `key` it signs its receipts."""

    def __init__(
        self,
        store: Path,
        broker: Broker,
        *,
        key: DeviceKey | None = None,
        versions: tuple[Version, ...] = (Version.V5, Version.V311),
        pace: Pace | None = None,
        on_status: Callable[[LinkStatus], None] = lambda _: None,
    ) -> None:
        self._broker = broker
        self._key = key
        self._store = CityStore(store)
        self._taken: Counter[str] = Counter()
        self._unique = self._store.unique()
        self._reconnector = Reconnector(versions, pace or Pace(), on_status)

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()

        def connected(version: Version) -> None:
            loop.call_soon_threadsafe(self._reconnector.connected, version)

        try:
            await self._reconnector.keep(lambda version: _Reception(self, version, connected))
        finally:
            self._store.close()

    def counts(self) -> Counts:
        """May be asked at any time."""
        taken = self._taken
        return Counts(self._unique, taken[Taken.DUPLICATE], taken["gap"], taken[Taken.FORGED])

    def receipt_for(self, topics: Topics, *, resend: bool) -> Receipt:
        """What to tell one device."""
        source = source_of(topics.site, topics.device)
        head = self._store.head(source)
        receipt = Receipt(seq=head.seq, head=head.hash, resend=resend, at=datetime.now(UTC))
        return receipt.signed(self._key, source) if self._key else receipt

    def take(self, messages: list[tuple[str, bytes]]) -> dict[Topics, bool]:
        """Keep what is new, in one transaction. For each device that needs a receipt: whether it must send again."""
        told: dict[Topics, bool] = {}
        self._store.begin()
        for topic, body in messages:
            topics = topics_of(topic)
            if topics:
                taken = self._store.take(topics, topic.rsplit("/", 1)[1], body)
                self._count(topics, taken, told)
        self._store.commit()
        return told

    def _count(self, topics: Topics, taken: Taken, told: dict[Topics, bool]) -> None:
        self._taken[taken] += 1
        self._unique += taken is Taken.NEW
        if taken is Taken.AHEAD and not told.get(topics):
            self._taken["gap"] += 1
        if taken is not Taken.FORGED:
            told[topics] = taken is Taken.AHEAD


class _Reception:
    """One connection's work: collect during a turn, commit, send receipts."""

    def __init__(self, city: CityReceiver, version: Version, connected: Callable[[Version], None]) -> None:
        self.has_progressed = False
        self._city = city
        self._version = version
        self._connected = connected
        self._is_stopping = False
        self._messages: list[tuple[str, bytes]] = []
        self._due: dict[Topics, bool] = {}
        self._told_at = 0.0
        handlers = Handlers(on_puback=lambda _mid, _code: None, on_message=self._on_message)
        self._connection = Connection(city._broker, "city-receiver", version, handlers)  # noqa: SLF001 - its own inner part

    def run(self) -> None:
        """Until `stop`; raise what the connection raises."""
        try:
            self._connection.open()
            self._connection.subscribe(EVERY_DEVICES_EVENTS)
            self._connected(self._version)
            while not self._is_stopping:
                self._connection.turn(RECEIPT_EVERY_S if self._due else _TURN_S)
                self._take()
                self._tell()
        finally:
            self._connection.close(goodbye=self._is_stopping)

    def stop(self) -> None:
        self._is_stopping = True
        self._connection.wake()

    def _on_message(self, topic: str, payload: bytes) -> None:
        self._messages.append((topic, payload))

    def _take(self) -> None:
        if self._messages:
            messages, self._messages = self._messages, []
            self._due |= self._city.take(messages)
            self.has_progressed = True

    def _tell(self) -> None:
        now = time.monotonic()
        if not self._due or now - self._told_at < RECEIPT_EVERY_S:
            return
        self._told_at = now
        for topics, resend in self._due.items():
            receipt = self._city.receipt_for(topics, resend=resend)
            self._connection.publish(topics.receipts, msgspec.json.encode(receipt), retain=True)
        self._due.clear()
