"""A made-up fleet on one MQTT connection: it says what its devices say, and keeps it until the city's receipt. For the demo and tests."""

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from edge.adapters.fleet_sim import SimDevice
from sync.city.terms import Arrival
from sync.errors import UNREADABLE
from sync.marks import Receipt
from sync.mqtt import Broker, Connection, Handlers, Version
from sync.reconnect import Pace, Reconnector
from sync.topics import ROOT, Presence

TURN_S = 0.05
_receipt = msgspec.json.Decoder(Receipt)
_encode = msgspec.json.encode


class FleetLine:
    """`run` is one supervised coroutine; `say` may be called from any thread."""

    def __init__(self, devices: Sequence[SimDevice], away: Sequence[SimDevice], broker: Broker, per_s: float) -> None:
        """`away` are told to be offline. `per_s`: how often any device says something by itself."""
        self.devices, self.away, self.broker, self.per_s = devices, away, broker, per_s
        self.waiting: dict[str, deque[tuple[int, Arrival]]] = {one.source: deque() for one in devices}
        self.fresh: deque[tuple[SimDevice, int, list[Arrival]]] = deque()
        self.published = 0
        self._lock = threading.Lock()
        self._reconnector = Reconnector((Version.V311,), Pace(base_s=0.1), lambda _: None)

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()

        def connected(version: Version) -> None:
            loop.call_soon_threadsafe(self._reconnector.connected, version)

        await self._reconnector.keep(lambda version: _Session(self, version, connected))

    def say(self, device: SimDevice, speak: Callable[[datetime], list[Arrival]]) -> None:
        """Let one device speak now. Its chain moves here, one at a time."""
        with self._lock:
            arrivals = speak(datetime.now(UTC))
            self.fresh.append((device, device.head.seq, arrivals))


class _Session:
    def __init__(self, line: FleetLine, version: Version, connected: Callable[[Version], None]) -> None:
        self.has_progressed = False
        self._line, self._version, self._connected = line, version, connected
        self._stopping = threading.Event()
        self._by_topic = {one.topics.receipts: one for one in line.devices}
        self._draw = random.Random(7)  # noqa: S311 - who speaks next is no secret
        handlers = Handlers(on_puback=lambda _mid, _code: None, on_message=self._on_message)
        self._connection = Connection(line.broker, "fleet-sim", version, handlers)

    def run(self) -> None:
        """Until `stop`; raise what the connection raises."""
        try:
            self._connection.open()
            self._connected(self._version)
            self._connection.subscribe(f"{ROOT}/+/+/ack")
            self._greet()
            last = time.monotonic()
            while not self._stopping.is_set():
                now = time.monotonic()
                self._speak((now - last) * self._line.per_s)
                last = now
                self._send_fresh()
                self._connection.turn(TURN_S)
        finally:
            self._connection.close(goodbye=self._stopping.is_set())

    def stop(self) -> None:
        self._stopping.set()
        self._connection.wake()

    def _greet(self) -> None:
        """Who is there, and what the city has not confirmed."""
        for devices, state in ((self._line.devices, "online"), (self._line.away, "offline")):
            for one in devices:
                presence = msgspec.convert({"state": state, "boot": one.boot}, Presence)
                self._connection.publish(one.topics.status, _encode(presence), retain=True)
        for one in self._line.devices:
            self._send_again(one, 0)

    def _speak(self, wanted: float) -> None:
        times = int(wanted) + (self._draw.random() < wanted % 1)
        for _ in range(min(times, 100)):
            device = self._draw.choice(self._line.devices)
            device.backlog = len(self._line.waiting[device.source])
            self._line.say(device, device.moment)

    def _send_fresh(self) -> None:
        while self._line.fresh:
            device, last, arrivals = self._line.fresh.popleft()
            seq = last - len(arrivals)
            for arrival in arrivals:
                seq += 1
                self._line.waiting[device.source].append((seq, arrival))
                self._publish(arrival)

    def _publish(self, arrival: Arrival) -> None:
        self._connection.publish(arrival.topics.events + arrival.kind, arrival.body)
        self._line.published += 1
        self.has_progressed = True

    def _on_message(self, topic: str, payload: bytes) -> None:
        device = self._by_topic.get(topic)
        try:
            receipt = _receipt.decode(payload)
        except UNREADABLE:
            return
        if device is None:
            return
        waiting = self._line.waiting[device.source]
        while waiting and waiting[0][0] <= receipt.seq:
            waiting.popleft()
        if receipt.resend:
            self._send_again(device, receipt.seq)

    def _send_again(self, device: SimDevice, after: int) -> None:
        for seq, arrival in self._line.waiting[device.source]:
            if seq > after:
                self._publish(arrival)
