"""Sends the city's orders over MQTT: one connection, and a look into the database every second. For the city's server and tests.

It goes to the next node when one is gone. Where workers take the events it also publishes the daily root, which is no order.
Several may run at once: an order that goes out twice is done once.
"""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from sync.city.commands import CommandStore
from sync.city.errors import DatabaseLost
from sync.city.roots import Root
from sync.errors import BrokerLost
from sync.hosts import Hosts
from sync.mqtt import Broker, Connection, Handlers, Version
from sync.reconnect import LinkStatus, Pace, Reconnector
from sync.topics import CITY_ROOT

LOOK_S = 1.0


class CommandSender:
    """`run` is one supervised coroutine. `client_id` differs between machines. `newest_root`: what is to stand on `CITY_ROOT`."""

    def __init__(
        self, store: CommandStore, broker: Broker, *, client_id: str = "city-commands", look_s: float = LOOK_S,
        versions: tuple[Version, ...] = (Version.V5, Version.V311), pace: Pace | None = None,
        on_status: Callable[[LinkStatus], None] = lambda _: None, newest_root: Callable[[], Root | None] = lambda: None,
    ) -> None:  # fmt: skip
        self.store, self.client_id, self.look_s, self.newest_root = store, client_id, look_s, newest_root
        self.hosts = Hosts(broker, versions, client_id)
        self._reconnector = Reconnector(versions, pace or Pace(), on_status)

    async def run(self) -> None:
        """Until cancelled. A lost broker or database is waited for."""
        loop = asyncio.get_running_loop()

        def connected(version: Version) -> None:
            loop.call_soon_threadsafe(self._reconnector.connected, version)

        await self._reconnector.keep(lambda version: _Sending(self, version, connected))


class _Sending:
    """One connection's work, in its own thread."""

    def __init__(self, sender: CommandSender, version: Version, connected: Callable[[Version], None]) -> None:
        self.has_progressed = False
        self._sender, self._version, self._connected = sender, version, connected
        self._stopping = threading.Event()
        self._open: dict[int, str] = {}  # mid -> order, not acknowledged yet
        self._root: Root | None = None
        handlers = Handlers(on_puback=self._on_puback, on_message=lambda _topic, _payload: None)
        self._connection = Connection(sender.hosts.next(version), sender.client_id, version, handlers)

    def run(self) -> None:
        """Until `stop`; raise what the connection raises. A lost database ends the connection too."""
        try:
            self._connection.open()
            self._connected(self._version)
            while not self._stopping.is_set():
                self._look()
                self._publish_root()
                self._connection.turn(self._sender.look_s)
        except DatabaseLost as error:
            raise BrokerLost(f"the database is away: {error}") from error
        finally:
            self._connection.close(goodbye=self._stopping.is_set())

    def stop(self) -> None:
        self._stopping.set()
        self._connection.wake()

    def _look(self) -> None:
        """Noted as sent before the broker says so: what was lost on the way goes again, as any that is not answered."""
        now = datetime.now(UTC)
        letters = [one for one in self._sender.store.due(now) if one.id not in self._open.values()]
        for letter in letters:
            self._open[self._connection.publish(letter.topic, letter.payload)] = letter.id
        if letters:
            self._sender.store.sent([one.id for one in letters], now)

    def _publish_root(self) -> None:
        """Once a connection and root: a broker may have forgotten what it retained."""
        root = self._sender.newest_root()
        if root is not None and root != self._root:
            self._root = root
            self._connection.publish(CITY_ROOT, msgspec.json.encode(root), retain=True)

    def _on_puback(self, mid: int, _code: int) -> None:
        self._open.pop(mid, None)
        self.has_progressed = True
