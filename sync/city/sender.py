"""Sends the city's orders over MQTT: one connection, and a look into the database every second. For the city's server and tests.

Several may run at once: an order that goes out twice is done once.
"""

import asyncio
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from sync.city.commands import CommandStore
from sync.city.errors import DatabaseLost
from sync.errors import BrokerLost
from sync.mqtt import Broker, Connection, Handlers, Version
from sync.reconnect import LinkStatus, Pace, Reconnector

LOOK_S = 1.0


class CommandSender:
    """`run` is one supervised coroutine. `client_id` differs between machines."""

    def __init__(
        self, store: CommandStore, broker: Broker, *, client_id: str = "city-commands", look_s: float = LOOK_S,
        versions: tuple[Version, ...] = (Version.V5, Version.V311), pace: Pace | None = None,
        on_status: Callable[[LinkStatus], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.store, self.broker, self.client_id, self.look_s = store, broker, client_id, look_s
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
        handlers = Handlers(on_puback=self._on_puback, on_message=lambda _topic, _payload: None)
        self._connection = Connection(sender.broker, sender.client_id, version, handlers)

    def run(self) -> None:
        """Until `stop`; raise what the connection raises. A lost database ends the connection too."""
        try:
            self._connection.open()
            self._connected(self._version)
            while not self._stopping.is_set():
                self._look()
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

    def _on_puback(self, mid: int, _code: int) -> None:
        self._open.pop(mid, None)
        self.has_progressed = True
