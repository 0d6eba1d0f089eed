"""The embedded city: one broker, one database, one process; for a small town, the demo and the tests.

`run` is one supervised coroutine; `counts` says what came. What was not committed is in the device's journal until its
receipt, so neither the broker's session (it is clean) nor a delayed PUBACK has to hold anything.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from sync.city.database import open_database
from sync.city.errors import DatabaseLost
from sync.city.known import KnownDevices
from sync.city.receipts import arrival_of, presence_of, receipt_of
from sync.city.roots import RootKeeper
from sync.city.store import CityStore, Due
from sync.city.terms import Arrival, Judgement
from sync.errors import BrokerLost
from sync.keys import DeviceKey
from sync.mqtt import Broker, Connection, Handlers, Version
from sync.reconnect import LinkStatus, Pace, Reconnector
from sync.topics import CITY_ROOT, EVERY_DEVICES_EARLY, EVERY_DEVICES_EVENTS, EVERY_DEVICES_STATUS, Presence, Topics

RECEIPT_EVERY_S = 0.1  # receipts are cumulative, so a few a second are enough
GATHER_S = 0.02
BATCH = 2_000  # messages one transaction takes at most
_TURN_S = 1.0
_KEPT = {Judgement.NEW, Judgement.UNKNOWN_VERSION}
_ORDINARY = _KEPT | {Judgement.DUPLICATE, Judgement.AHEAD, Judgement.EARLY}


@dataclass(frozen=True, slots=True)
class Counts:
    """Since the store was made (`unique`) or opened (the rest). `gaps` counts how often something was missing.

    `forged`: everything that was quarantined.
    """

    unique: int
    duplicates: int
    gaps: int
    forged: int


class CityReceiver:
    """Give it a SQLite file or a PostgreSQL DSN, and a broker. With `key` it signs its receipts.

    It then also makes each day's root and publishes it, retained, and into `roots`, where that folder is given.
    Without `known` it takes events from anybody and trusts the first key it sees (`sync.city.known.Anybody`).
    """

    def __init__(
        self,
        store: Path | str,
        broker: Broker,
        *,
        key: DeviceKey | None = None,
        known: KnownDevices | None = None,
        roots: Path | None = None,
        versions: tuple[Version, ...] = (Version.V5, Version.V311),
        pace: Pace | None = None,
        on_status: Callable[[LinkStatus], None] = lambda _: None,
    ) -> None:
        self.broker = broker
        self.key = key
        self.store = CityStore(open_database(store), known)
        self.roots = RootKeeper(self.store.database, key, roots) if key else None
        self._judged: Counter[Judgement] = Counter()
        self._gaps = 0
        self._unique = self.store.unique()
        self._reconnector = Reconnector(versions, pace or Pace(), on_status)

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()

        def connected(version: Version) -> None:
            loop.call_soon_threadsafe(self._reconnector.connected, version)

        try:
            await self._reconnector.keep(lambda version: _Reception(self, version, connected))
        finally:
            self.store.database.close()

    def counts(self) -> Counts:
        """May be asked at any time."""
        quarantined = sum(times for judgement, times in self._judged.items() if judgement not in _ORDINARY)
        return Counts(self._unique, self._judged[Judgement.DUPLICATE], self._gaps, quarantined)

    def take(self, arrivals: list[Arrival]) -> tuple[Due, ...]:
        """Keep what is new, in one transaction, and count. Who must be told."""
        outcome = self.store.take(arrivals)
        self._judged += outcome.judged
        self._unique += sum(outcome.judged[judgement] for judgement in _KEPT)
        self._gaps += sum(due.resend for due in outcome.due)
        return outcome.due


class _Reception:
    """One connection's work: collect during a turn, commit, send receipts."""

    def __init__(self, city: CityReceiver, version: Version, connected: Callable[[Version], None]) -> None:
        self.has_progressed = False
        self._city = city
        self._version = version
        self._connected = connected
        self._is_stopping = False
        self._arrivals: list[Arrival] = []
        self._seen: list[tuple[Topics, Presence]] = []
        self._due: dict[str, Due] = {}
        self._told_at = 0.0
        handlers = Handlers(on_puback=lambda _mid, _code: None, on_message=self._on_message)
        self._connection = Connection(city.broker, "city-receiver", version, handlers)

    def run(self) -> None:
        """Until `stop`; raise what the connection raises. A lost database ends the connection too: devices send again."""
        try:
            self._city.store.unique()  # no broker's word that we are there before the database can take anything
            self._connection.open()
            for topic in (EVERY_DEVICES_EVENTS, EVERY_DEVICES_EARLY, EVERY_DEVICES_STATUS):
                self._connection.subscribe(topic)
            self._connected(self._version)
            while not self._is_stopping:
                self._connection.turn(RECEIPT_EVERY_S if self._due else _TURN_S)
                self._gather()
                self._take()
                self._tell()
                self._publish_root()
        except DatabaseLost as error:
            raise BrokerLost(f"the city's database: {error}") from error
        finally:
            self._connection.close(goodbye=self._is_stopping)

    def stop(self) -> None:
        self._is_stopping = True
        self._connection.wake()

    def _on_message(self, topic: str, payload: bytes) -> None:
        arrival = arrival_of(topic, payload, datetime.now(UTC))
        if arrival:
            self._arrivals.append(arrival)
        elif seen := presence_of(topic, payload):
            self._seen.append(seen)

    def _gather(self) -> None:
        """What comes within the next moment goes into the same commit, as in the journal: a sync is what a commit costs."""
        until = time.monotonic() + GATHER_S
        while 0 < len(self._arrivals) < BATCH and (left := until - time.monotonic()) > 0:
            self._connection.turn(left)

    def _take(self) -> None:
        if self._seen:
            seen, self._seen = self._seen, []
            self._owe(self._city.store.present(seen))
        while self._arrivals and not self._is_stopping:
            arrivals, self._arrivals = self._arrivals[:BATCH], self._arrivals[BATCH:]
            self._owe(self._city.take(arrivals))
            self.has_progressed = True

    def _owe(self, due: Iterable[Due]) -> None:
        self._due |= {one.source: one.after(self._due.get(one.source)) for one in due}

    def _tell(self) -> None:
        now = time.monotonic()
        if not self._due or now - self._told_at < RECEIPT_EVERY_S:
            return
        self._told_at = now
        self._city.store.told(
            self._due.values()
        )  # before: a receipt that only might have gone out binds the city as well
        for due in self._due.values():
            receipt = receipt_of(due, self._city.key)
            self._connection.publish(due.topics.receipts, msgspec.json.encode(receipt), retain=True)
        self._due.clear()

    def _publish_root(self) -> None:
        keeper = self._city.roots
        root = keeper.turn(datetime.now(UTC), time.monotonic()) if keeper else None
        if root:
            self._connection.publish(CITY_ROOT, msgspec.json.encode(root), retain=True)
