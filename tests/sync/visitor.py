"""Somebody who comes to a broker over one connection and says and hears what the test wants."""

import contextlib
import threading
import time
from collections.abc import Iterator

from sync.broker import Broker, Version
from sync.errors import BrokerLost, LinkError
from sync.mqtt import Connection, Handlers

CUT_WITHIN_S = 5.0  # what is required of a revocation


class Visitor:
    """One connection at the broker, pumped by a thread of its own until it ends."""

    def __init__(self, broker: Broker, client_id: str, version: Version = Version.V5) -> None:
        self.codes: dict[int, int] = {}
        self.heard: list[tuple[str, bytes]] = []
        self.ended_at: float | None = None
        self.news = threading.Condition()
        handlers = Handlers(on_puback=self._puback, on_message=self._message)
        self.connection = Connection(broker, client_id, version, handlers)
        self._subscribed = 0
        self.connection._client.on_subscribe = self._suback
        try:
            self.connection.open()
        except LinkError:
            self.connection.close(goodbye=False)
            raise
        self._is_leaving = False
        self._thread = threading.Thread(target=self._pump, daemon=True)
        self._lock = threading.Lock()
        self._thread.start()

    def publish(self, topic: str, payload: bytes = b"{}", *, retain: bool = False) -> int:
        """The reason code the broker answered with. Raise BrokerLost where the line ended instead."""
        with self._lock:
            mid = self.connection.publish(topic, payload, retain=retain)
        self.connection.wake()
        with self.news:
            self.news.wait_for(lambda: mid in self.codes or self.ended_at, timeout=10)
        if mid not in self.codes:
            raise BrokerLost("hung up")
        return self.codes[mid]

    def subscribe(self, topic: str) -> None:
        """Returns when the broker has answered, whatever it says, or hung up: what others publish from then on is heard."""
        with self._lock:
            expected = self._subscribed + 1
            self.connection.subscribe(topic)
        self.connection.wake()
        with self.news:
            assert self.news.wait_for(lambda: self._subscribed >= expected or self.ended_at, timeout=10)

    def wait_until_cut(self, within_s: float) -> bool:
        with self.news:
            return self.news.wait_for(lambda: self.ended_at is not None, timeout=within_s)

    def wait_for_message(self, within_s: float = 10.0) -> tuple[str, bytes] | None:
        with self.news:
            self.news.wait_for(lambda: self.heard, timeout=within_s)
            return self.heard[0] if self.heard else None

    def leave(self) -> None:
        self._is_leaving = True
        self.connection.wake()
        self._thread.join(10)
        self.connection.close(goodbye=True)

    def _pump(self) -> None:
        try:
            while not self._is_leaving:
                with self._lock:
                    self.connection.turn(0.02)
        except LinkError:
            with self.news:
                self.ended_at = time.monotonic()
                self.news.notify_all()

    def _puback(self, mid: int, code: int) -> None:
        with self.news:
            self.codes[mid] = code
            self.news.notify_all()

    def _suback(self, *_: object) -> None:
        with self.news:
            self._subscribed += 1
            self.news.notify_all()

    def _message(self, topic: str, payload: bytes) -> None:
        with self.news:
            self.heard.append((topic, payload))
            self.news.notify_all()


@contextlib.contextmanager
def visiting(broker: Broker, client_id: str = "anything", version: Version = Version.V5) -> Iterator[Visitor]:
    visitor = Visitor(broker, client_id, version)
    try:
        yield visitor
    finally:
        visitor.leave()
