"""Drains the journal over one connection, in its own thread: reads rows, keeps the window full, watches acknowledgements.

Only `sync.link` uses it. It tells the link through `Reports`, which are called in this thread.
"""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from sync.errors import BrokerLost, BrokerRefused
from sync.mqtt import Broker, Connection, Handlers, Version, Will
from sync.resend import Resend, ResendRules
from sync.schema import open_reader
from sync.topics import Topics
from sync.window import Window

_PAGE = 500  # rows one read takes from the journal
_TURN_S = 1.0  # look at the clocks at least this often
_GOODBYE_S = 1.0  # how long a stop waits for what is in flight
_FAILURE = 0x80  # reason codes from here on are failures (MQTT 5, 2.4)
_NEXT = "SELECT seq, type, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?"


@dataclass(frozen=True, slots=True)
class Tuning:
    """Numbers that tests make small."""

    window: int = 100
    ack_timeout_s: float = 30.0
    progress_every_s: float = 0.5
    resend: ResendRules = field(default_factory=ResendRules)


@dataclass(frozen=True, slots=True)
class Reports:
    """What the link wants to know, called in the uplink's thread."""

    connected: Callable[[Version], None]
    progress: Callable[[int], None]  # the broker has everything up to here
    receipt: Callable[[bytes], None]


@dataclass(frozen=True, slots=True)
class Voyage:
    """Everything one connection needs."""

    journal: Path
    broker: Broker
    topics: Topics
    boot: str
    version: Version
    tuning: Tuning
    monotonic: Callable[[], float]


class Uplink:
    """One connection's work. `run` in a thread; `wake`, `city_has`, `resend_from` and `stop` from any other."""

    def __init__(self, voyage: Voyage, reports: Reports, *, start: int, city: int) -> None:
        self.has_progressed = False
        self._voyage = voyage
        self._tuning = voyage.tuning
        self._reports = reports
        self._window = Window(voyage.tuning.window, start)
        self._read_up_to = start
        self._ahead: deque[tuple[int, str, bytes]] = deque()
        self._is_exhausted = False
        self._stopping = threading.Event()
        self._refused: int | None = None
        will = Will(voyage.topics.status, _presence("offline", voyage.boot))
        handlers = Handlers(on_puback=self._on_puback, on_message=self._on_message)
        client_id = f"{voyage.topics.site}.{voyage.topics.device}"
        self._connection = Connection(voyage.broker, client_id, voyage.version, handlers, will)
        self._reported = start
        now = voyage.monotonic()
        self._reported_at = self._acked_at = now
        self._resend = Resend(voyage.tuning.resend, city, now)
        self._event_prefix = voyage.topics.events

    def run(self) -> None:
        """Until `stop`; raise VersionRefused, BrokerLost or BrokerRefused when the connection ends otherwise."""
        goodbye = False
        try:
            self._greet()
            with closing(open_reader(self._voyage.journal)) as journal:
                while not self._stopping.is_set():
                    self._turn(journal)
            goodbye = self._say_goodbye()
        finally:
            self._report(self._voyage.monotonic())
            self._connection.close(goodbye=goodbye)

    def stop(self) -> None:
        self._stopping.set()
        self._connection.wake()

    def wake(self) -> None:
        """There may be new events."""
        self._is_exhausted = False
        self._connection.wake()

    def city_has(self, seq: int) -> None:
        """The city confirmed everything up to here."""
        self._resend.city_has(seq)

    def resend_from(self, seq: int) -> None:
        """The city misses what follows `seq`: send it again."""
        self._resend.ask(seq)
        self._connection.wake()

    # --- private: one turn ---

    def _turn(self, journal: sqlite3.Connection) -> None:
        now = self._voyage.monotonic()
        again = self._resend.due(now, self._window.watermark)
        if again is not None:
            self._rewind(again)
        self._fill(journal, now)
        self._connection.turn(_TURN_S if self._is_waiting() else 0.0)
        self._check_line(now)
        if now - self._reported_at >= self._tuning.progress_every_s or not self._window.in_flight:
            self._report(now)

    def _is_waiting(self) -> bool:
        return self._window.room == 0 or (self._is_exhausted and not self._ahead)

    def _fill(self, journal: sqlite3.Connection, now: float) -> None:
        if not self._window.in_flight:
            self._acked_at = now  # the wait for an acknowledgement begins with the first publish
        while self._window.room > 0 and (self._ahead or self._read(journal)):
            seq, kind, body = self._ahead.popleft()
            self._window.sent(self._connection.publish(self._event_prefix + kind, body), seq)

    def _read(self, journal: sqlite3.Connection) -> bool:
        """The next page of rows. A wake during the read leaves the flag down, so nothing is overlooked."""
        if self._is_exhausted:
            return False
        self._is_exhausted = True
        rows = journal.execute(_NEXT, (self._read_up_to, _PAGE)).fetchall()
        if not rows:
            return False
        self._is_exhausted = False
        self._ahead.extend(rows)
        self._read_up_to = rows[-1][0]
        return True

    def _check_line(self, now: float) -> None:
        if self._refused is not None:
            raise BrokerRefused(f"the broker refused an event: reason code 0x{self._refused:02x}")
        if self._window.in_flight and now - self._acked_at > self._tuning.ack_timeout_s:
            raise BrokerLost("the broker acknowledges nothing any more")

    def _report(self, now: float) -> None:
        self._reported_at = now
        if self._window.watermark > self._reported:
            self._reported = self._window.watermark
            self._reports.progress(self._reported)

    def _rewind(self, seq: int) -> None:
        self._ahead.clear()
        self._read_up_to = seq
        self._is_exhausted = False

    # --- private: greeting, goodbye, what comes in ---

    def _greet(self) -> None:
        self._connection.open()
        self._window.size = max(1, min(self._tuning.window, self._connection.receive_maximum - 1))
        self._connection.subscribe(self._voyage.topics.receipts)
        self._connection.publish(self._voyage.topics.status, _presence("online", self._voyage.boot), retain=True)
        self._reports.connected(self._voyage.version)

    def _say_goodbye(self) -> bool:
        self._connection.publish(self._voyage.topics.status, _presence("offline", self._voyage.boot), retain=True)
        deadline = self._voyage.monotonic() + _GOODBYE_S
        while self._connection.unacknowledged and self._voyage.monotonic() < deadline:
            self._connection.turn(_GOODBYE_S / 10)
        return True

    def _on_puback(self, mid: int, code: int) -> None:
        if code >= _FAILURE and self._window.carries(mid):
            self._refused = code
        elif self._window.acknowledged(mid) is not None:
            self._acked_at = self._voyage.monotonic()
            self.has_progressed = True

    def _on_message(self, topic: str, payload: bytes) -> None:
        if topic == self._voyage.topics.receipts:
            self._reports.receipt(payload)


def _presence(state: str, boot: str) -> bytes:
    return msgspec.json.encode({"state": state, "boot": boot})
