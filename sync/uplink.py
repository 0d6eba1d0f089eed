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
from sync.manners import AT_ONCE, Bucket, Hold, Manners
from sync.marks import Again
from sync.mqtt import Broker, Connection, Handlers, Incoming, Version, Will
from sync.resend import Resend, ResendRules
from sync.schema import open_reader
from sync.topics import Topics
from sync.urgent import URGENT, EarlyCopies
from sync.window import Window

_PAGE = 500  # rows one read takes from the journal
_TURN_S = 1.0  # look at the clocks at least this often
_GOODBYE_S = 1.0  # how long a stop waits for what is in flight
_FAILURE = 0x80  # reason codes from here on are failures (MQTT 5, 2.4)
_NEXT = "SELECT seq, type, body FROM events WHERE seq > ? ORDER BY seq LIMIT ?"
_LOOK = 20_000  # rows that one turn looks through for urgent ones
_LAST = "SELECT coalesce(max(seq), 0) FROM events"
_KINDS = ", ".join(f"'{kind}'" for kind in URGENT)
_URGENT = f"SELECT seq, type, body FROM events WHERE seq > ? AND seq <= ? AND type IN ({_KINDS}) ORDER BY seq"  # noqa: S608 - our own constants
_AT_ONCE = f"SELECT coalesce(max(seq), 0) FROM events WHERE seq > ? AND seq <= ? AND {AT_ONCE}"  # noqa: S608 - the same
_SAYINGS = 100  # answers that wait for the connection's turn; the oldest is dropped, its event says the same


@dataclass(frozen=True, slots=True)
class Tuning:
    """Numbers that tests make small."""

    window: int = 100
    ack_timeout_s: float = 30.0
    progress_every_s: float = 0.5
    resend: ResendRules = field(default_factory=ResendRules)
    manners: Manners = field(default_factory=Manners)


@dataclass(frozen=True, slots=True)
class Reports:
    """What the link wants to know, called in the uplink's thread."""

    connected: Callable[[Version], None]
    progress: Callable[[int], None]  # the broker has everything up to here
    receipt: Callable[[Incoming], None]
    sent_again: Callable[[Again], None]  # the broker has all of it
    command: Callable[[Incoming], None] | None = None  # None: nobody here takes commands


@dataclass(frozen=True, slots=True)
class Saying:
    """Something that is said once, if the connection stands."""

    topic: str
    payload: bytes
    correlation: bytes | None = None


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
    """One connection's work. `run` in a thread; `wake`, `city_has`, `resend_from`, `send_again`, `say` and `stop` from any other."""

    def __init__(self, voyage: Voyage, reports: Reports, *, start: int, city: int, again: Again | None = None) -> None:
        self.has_progressed = False
        self._voyage = voyage
        self._tuning = voyage.tuning
        self._reports = reports
        self._window = Window(voyage.tuning.window, start)
        self._read_up_to = start
        self._ahead: deque[tuple[int, str, bytes]] = deque()
        self._is_exhausted = False
        self._stopping = threading.Event()
        self._sayings: deque[Saying] = deque(maxlen=_SAYINGS)
        self._orders = deque([again] if again else [])
        self._owed: tuple[Again, int] | None = None  # what goes up once more, and its last seq
        self._refused: int | None = None
        will = Will(voyage.topics.status, _presence("offline", voyage.boot))
        handlers = Handlers(self._on_puback, lambda _topic, _payload: None, self._on_incoming)
        client_id = f"{voyage.topics.site}.{voyage.topics.device}"
        self._connection = Connection(voyage.broker, client_id, voyage.version, handlers, will)
        self._reported = start
        now = voyage.monotonic()
        self._reported_at = self._acked_at = now
        self._resend = Resend(voyage.tuning.resend, city, now)
        self._event_prefix = voyage.topics.events
        self._sent_up_to = start
        self._early = EarlyCopies(start)
        self._is_looked = False
        self._last = self._at_once = 0
        self._bucket = Bucket(voyage.tuning.manners.max_bytes_s, now)
        self._hold = Hold(voyage.tuning.manners.batch_s, now)

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
        self._is_exhausted = self._is_looked = False
        self._connection.wake()

    def city_has(self, seq: int) -> None:
        """The city confirmed everything up to here."""
        self._resend.city_has(seq)

    def resend_from(self, seq: int) -> None:
        """The city misses what follows `seq`: send it again."""
        self._resend.ask(seq)
        self._connection.wake()

    def send_again(self, again: Again) -> None:
        """Send everything behind its seq once more, also what the city has confirmed."""
        self._orders.append(again)
        self._connection.wake()

    def say(self, saying: Saying) -> None:
        """Once, on this connection; what finds no room in the queue pushes the oldest out."""
        self._sayings.append(saying)
        self._connection.wake()

    # --- private: one turn ---

    def _turn(self, journal: sqlite3.Connection) -> None:
        now = self._voyage.monotonic()
        again = self._ordered_again(journal)
        if again is None:
            again = self._resend.due(now, self._window.watermark)
        if again is not None:
            self._rewind(min(again, self._sent_up_to))  # never forward over what is being sent again already
        self._look(journal)
        self._overtake(now)
        wait_s = self._fill(journal, now)
        self._connection.turn(wait_s if self._is_looked else 0.0)
        self._check_line(now)
        if now - self._reported_at >= self._tuning.progress_every_s or not self._window.in_flight:
            self._report(now)
        self._settle_again()

    def _ordered_again(self, journal: sqlite3.Connection) -> int | None:
        if not self._orders:
            return None
        while self._orders:
            again = self._orders.popleft()  # the last one says what all of them come to
        self._owed = again, *journal.execute(_LAST).fetchone()
        return again.seq

    def _settle_again(self) -> None:
        if self._owed is None:
            return
        again, last = self._owed
        if self._sent_up_to >= last and not self._window.carries_up_to(last):
            self._owed = None
            self._reports.sent_again(again)

    def _look(self, journal: sqlite3.Connection) -> None:
        """Look a stretch ahead of the drain. A wake meanwhile leaves the flag down, so nothing is overlooked."""
        if self._is_looked:
            return
        self._is_looked = True
        (self._last,) = journal.execute(_LAST).fetchone()
        stretch = self._early.looked_up_to, min(self._early.looked_up_to + _LOOK, self._last)
        if stretch[0] >= stretch[1]:
            return
        self._early.saw(journal.execute(_URGENT, stretch), stretch[1])
        self._at_once = max(self._at_once, *journal.execute(_AT_ONCE, stretch).fetchone())
        if stretch[1] < self._last:
            self._is_looked = False

    def _overtake(self, now: float) -> None:
        """What does not wait for the drain: answers, and early copies of what would. They may overdraw the bandwidth."""
        while self._sayings and self._has_room:
            saying = self._sayings.popleft()
            self._connection.publish(saying.topic, saying.payload, correlation=saying.correlation)
            self._bucket.take(len(saying.topic) + len(saying.payload))
        while (
            self._early.is_waiting and self._has_room and (row := self._early.next(self._sent_up_to, self._reach(now)))
        ):
            topic = self._voyage.topics.early + row[1]
            self._connection.publish(topic, row[2])
            self._bucket.take(len(topic) + len(row[2]))

    @property
    def _has_room(self) -> bool:
        return self._connection.unacknowledged < self._connection.receive_maximum

    def _reach(self, now: float) -> int:
        """How many events can go in their turn at once."""
        if self._bucket.wait_s(now) > 0:
            return 0
        held = max(0.0, self._limit(now) - self._sent_up_to)
        return int(min(self._window.room, self._bucket.events, held))

    def _limit(self, now: float) -> float:
        is_metered = self._tuning.manners.is_metered()
        return self._hold.limit(now, is_metered=is_metered, last=self._last, at_once=self._at_once)

    def _fill(self, journal: sqlite3.Connection, now: float) -> float:
        """Send what may go; how long to wait for something to come in."""
        if not self._window.in_flight:
            self._acked_at = now  # the wait for an acknowledgement begins with the first publish
        limit = self._limit(now)
        while self._window.room > 0 and (self._ahead or self._read(journal)):
            wait_s = self._bucket.wait_s(now)
            if wait_s > 0 or self._ahead[0][0] > limit:
                return min(wait_s or _TURN_S, _TURN_S)
            seq, kind, body = self._ahead.popleft()
            topic = self._event_prefix + kind
            self._window.sent(self._connection.publish(topic, body), seq)
            self._bucket.take(len(topic) + len(body))
            self._sent_up_to = seq
        return _TURN_S

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
        self._read_up_to = self._sent_up_to = seq
        self._is_exhausted = False

    # --- private: greeting, goodbye, what comes in ---

    def _greet(self) -> None:
        self._connection.open()
        self._window.size = max(1, min(self._tuning.window, self._connection.receive_maximum - 1))
        self._subscribe()
        self._connection.publish(self._voyage.topics.status, _presence("online", self._voyage.boot), retain=True)
        self._reports.connected(self._voyage.version)

    def _subscribe(self) -> None:
        """RabbitMQ 3.10, which speaks 3.1.1 only, keeps what was subscribed to at QoS 1 in a queue of the node where that was.

        When that node has died no other lets the device in until it is back. What comes down is said again by the city anyway.
        """
        qos = 0 if self._voyage.version is Version.V311 else 1
        self._connection.subscribe(self._voyage.topics.receipts, qos)
        if self._reports.command:  # to RabbitMQ a dot in a name is a level more
            self._connection.subscribe(self._voyage.topics.commands + "#", qos)

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

    def _on_incoming(self, message: Incoming) -> None:
        if message.topic == self._voyage.topics.receipts:
            self._reports.receipt(message)
        elif message.topic.startswith(self._voyage.topics.commands) and self._reports.command:
            self._reports.command(message)


def _presence(state: str, boot: str) -> bytes:
    return msgspec.json.encode({"state": state, "boot": boot})
