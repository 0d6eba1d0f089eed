"""The link's manners and what comes down, over a real Mosquitto: alerts overtake, lines are spared, commands are answered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from sync.errors import JournalFull
from sync.events import AlertRaised, LockerCollected, VisitStarted
from sync.jobs import Cadence
from sync.journal import Journal
from sync.link import Downward, Link, LinkOptions
from sync.manners import Manners
from sync.marks import Receipt, ReceiptOutcome
from sync.mqtt import Version
from sync.resend import ResendRules
from sync.topics import Topics
from sync.uplink import Tuning
from tests.sync.broker_fixtures import QUICK, Line, Mosquitto, Statuses, running, until

pytestmark = [pytest.mark.broker, pytest.mark.enable_socket, pytest.mark.timeout(60)]

Opener = Callable[..., Awaitable[Journal]]
VISIT = VisitStarted(visit="v1", counter="quay-01")
ALERT = AlertRaised(
    alert="a1", visit="v1", counter="quay-01", unit="tu-phap", why="anger", level="angry",
    since=datetime(2026, 11, 21, 8, tzinfo=UTC), reasons=(),
)  # fmt: skip
HANDOVER = LockerCollected(stay="s1", compartment="n01", purpose="result", dossier=None, by="citizen")
NEVER = Cadence(every=1_000_000, after_s=3_600)
TUNING = Tuning(progress_every_s=0.05, resend=ResendRules(patience_s=3_600.0, pause_s=0.05))
OURS = Topics("phuong-thu-duc", "quay-01")


class Seq(msgspec.Struct):
    seq: int


@dataclass
class Heard:
    """A third party: every message of this device in the order it came. `say` publishes as the city would."""

    port: int
    messages: list[tuple[str, bytes, bytes | None]] = field(default_factory=list)
    is_there: bool = False
    _seqs: dict[str, list[int]] = field(default_factory=lambda: {OURS.events: [], OURS.early: []})

    def __post_init__(self) -> None:
        self.client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
        self.client.on_connect = lambda client, *_: client.subscribe("motcua/v1/#", 1)
        self.client.on_message = self._heard
        self.client.on_subscribe = lambda *_: setattr(self, "is_there", True)
        self.client.connect("127.0.0.1", self.port)
        self.client.loop_start()

    def _heard(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        correlation = getattr(message.properties, "CorrelationData", None)
        self.messages.append((message.topic, bytes(message.payload), correlation))
        if message.topic.startswith((OURS.events, OURS.early)):
            which = OURS.events if message.topic.startswith(OURS.events) else OURS.early
            self._seqs[which].append(msgspec.json.decode(message.payload, type=Seq).seq)

    async def say(self, topic: str, payload: bytes, *, retain: bool = False, **said: Any) -> None:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        for name, value in said.items():
            setattr(properties, name, value)
        told = self.client.publish(topic, payload, 1, retain, properties)
        await asyncio.to_thread(told.wait_for_publish, 5)

    def on(self, prefix: str) -> list[bytes]:
        return [body for topic, body, _ in list(self.messages) if topic.startswith(prefix)]

    def seqs(self, which: str) -> list[int]:
        """Of the events, or of the early copies, in the order they came."""
        return list(self._seqs[which])


@pytest.fixture
async def heard(mosquitto: Mosquitto) -> AsyncIterator[Heard]:
    made = Heard(mosquitto.port)
    await until(lambda: made.is_there)
    yield made
    made.client.disconnect()
    made.client.loop_stop()


@dataclass
class Hands:
    """A clock for the link's own waits that stands still until it is moved."""

    at: float = 1_000.0

    def __call__(self) -> float:
        return self.at


def options(tuning: Tuning = TUNING, monotonic: Callable[[], float] | None = None) -> LinkOptions:
    return LinkOptions(pace=replace(QUICK, monotonic=monotonic) if monotonic else QUICK, tuning=tuning)


# --- alerts overtake ---


async def test_a_backlog_of_five_thousand_does_not_hold_up_an_alert(
    open_journal: Opener, line: Line, heard: Heard
) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 5_000)
    line.delay_s = 0.02  # 50 windows of 20 a second at the most
    async with running(Link(journal, line.broker, options(replace(TUNING, window=20)))):
        await until(lambda: len(heard.seqs(OURS.events)) >= 40)
        await journal.record(ALERT)
        await until(lambda: heard.on(OURS.early) != [])
        before = heard.seqs(OURS.events)
        assert len(before) < 4_000  # most of the backlog was still to come
        line.delay_s = 0.0
        await until(lambda: 5_001 in heard.seqs(OURS.events))
    assert sorted(set(heard.seqs(OURS.events))) == list(range(1, 5_002))
    assert heard.on(OURS.early) == [heard.on(OURS.events + "alert.raised")[0]]
    assert [topic for topic, _, _ in heard.messages if topic.startswith(OURS.early)] == [OURS.early + "alert.raised"]


async def test_an_alert_that_waits_overtakes_on_each_connection_and_a_resend_copies_nothing_twice(
    open_journal: Opener, line: Line, heard: Heard
) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 3_000, ALERT)
    line.delay_s = 0.02
    async with running(Link(journal, line.broker, options(replace(TUNING, window=20)))):
        await until(lambda: heard.seqs(OURS.early) == [3_001])
        line.cut()
        await until(
            lambda: heard.seqs(OURS.early) == [3_001, 3_001]
        )  # nobody knows what of a lost connection came through
        line.delay_s = 0.0
        await until(lambda: 3_001 in heard.seqs(OURS.events))
        await heard.say(OURS.receipts, msgspec.json.encode(Receipt(seq=0, head="0" * 64, resend=True)))
        await until(lambda: heard.seqs(OURS.events).count(3_001) == 2)
    assert heard.seqs(OURS.early) == [3_001, 3_001]


async def test_a_device_that_is_up_to_date_sends_no_early_copies(
    open_journal: Opener, mosquitto: Mosquitto, heard: Heard
) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(VISIT)
    async with running(Link(journal, mosquitto.broker, options())):
        await until(lambda: heard.seqs(OURS.events) == [1])
        await journal.record(ALERT, VISIT)
        await until(lambda: heard.seqs(OURS.events) == [1, 2, 3])
    assert heard.on(OURS.early) == []


# --- narrow and metered lines ---


async def test_a_bandwidth_cap_holds_the_drain_but_no_alert(
    open_journal: Opener, mosquitto: Mosquitto, heard: Heard
) -> None:
    journal, hands = await open_journal(cadence=NEVER), Hands()
    await journal.record(*[VISIT] * 100)
    tuning = replace(TUNING, manners=Manners(max_bytes_s=5_000.0))
    async with running(Link(journal, mosquitto.broker, options(tuning, hands))):
        await until(lambda: len(heard.seqs(OURS.events)) > 5)
        await journal.record(ALERT)
        await until(lambda: heard.seqs(OURS.early) == [101])
        first = len(heard.seqs(OURS.events))
        assert first < 20  # a second's worth at 5 kB/s
        hands.at += 2.0
        await until(lambda: len(heard.seqs(OURS.events)) > first)
        assert len(heard.seqs(OURS.events)) < 40
        for _ in range(20):
            hands.at += 1.0
            done = len(heard.seqs(OURS.events))
            await until(lambda done=done: len(heard.seqs(OURS.events)) > done or done == 101)  # type: ignore[misc]
    assert heard.seqs(OURS.events) == list(range(1, 102))


async def test_a_metered_line_waits_for_the_batch_unless_something_may_not_wait(
    open_journal: Opener, mosquitto: Mosquitto, heard: Heard
) -> None:
    journal, hands = await open_journal(cadence=NEVER), Hands()
    await journal.record(VISIT)
    is_metered = [True]
    tuning = replace(TUNING, manners=Manners(is_metered=lambda: is_metered[0], batch_s=900.0))
    async with running(Link(journal, mosquitto.broker, options(tuning, hands))):
        await until(lambda: heard.seqs(OURS.events) == [1])
        await journal.record(VISIT, VISIT)
        await journal.record(HANDOVER)
        await journal.record(VISIT, VISIT)
        await until(lambda: heard.seqs(OURS.events) == [1, 2, 3, 4])
        hands.at += 900.0
        await until(lambda: heard.seqs(OURS.events) == [1, 2, 3, 4, 5, 6])
        await journal.record(VISIT)
        await journal.record(ALERT)
        await until(lambda: 8 in heard.seqs(OURS.events))
        await journal.record(VISIT)
        is_metered[0] = False
        await until(lambda: 9 in heard.seqs(OURS.events))
    assert heard.seqs(OURS.events) == list(range(1, 10))
    assert heard.on(OURS.early) == []  # it could go in its turn


# --- commands ---


@dataclass
class Desk:
    """Answers every command with its own text; `is_full` as a disk that takes nothing."""

    taken: list[bytes] = field(default_factory=list)
    is_full: bool = False

    async def __call__(self, body: bytes) -> bytes | None:
        self.taken.append(body)
        if self.is_full:
            raise JournalFull("no room")
        return b"answer to " + body


@pytest.mark.parametrize("version", [Version.V5, Version.V311])
async def test_a_command_is_handed_over_and_answered(
    open_journal: Opener, mosquitto: Mosquitto, heard: Heard, version: Version
) -> None:
    journal, desk, statuses = await open_journal(cadence=NEVER), Desk(), Statuses()
    link = Link(
        journal, mosquitto.broker, replace(options(), versions=(version,)), statuses, downward=Downward(on_command=desk)
    )
    async with running(link):
        await until(lambda: statuses.states == ["connected"])
        await until(lambda: OURS.status in [topic for topic, _, _ in heard.messages])
        await heard.say(OURS.commands + "device.identify", b"one")
        await until(lambda: heard.on(OURS.answers) == [b"answer to one"])
        desk.is_full = True
        await heard.say(OURS.commands + "device.identify", b"two")
        await until(lambda: desk.taken == [b"one", b"two"])
        desk.is_full = False
        await heard.say(OURS.commands + "device.identify", b"three")
        await until(lambda: heard.on(OURS.answers) == [b"answer to one", b"answer to three"])


async def test_an_answer_goes_where_mqtt_5_wished_but_never_to_a_foreign_topic(
    open_journal: Opener, mosquitto: Mosquitto, heard: Heard
) -> None:
    journal, statuses = await open_journal(cadence=NEVER), Statuses()
    link = Link(journal, mosquitto.broker, options(), statuses, downward=Downward(on_command=Desk()))
    async with running(link):
        await until(lambda: OURS.status in [topic for topic, _, _ in heard.messages])
        mine = OURS.answers + "/desk-7"
        await heard.say(OURS.commands + "x", b"one", ResponseTopic=mine, CorrelationData=b"c1")
        await until(lambda: (mine, b"answer to one", b"c1") in heard.messages)
        foreign = Topics("phuong-khac", "quay-01").answers
        await heard.say(OURS.commands + "x", b"two", ResponseTopic=foreign)
        await until(lambda: (OURS.answers, b"answer to two", None) in heard.messages)
    assert heard.on(foreign) == []


async def test_everything_goes_up_once_more_when_a_person_asks(
    open_journal: Opener, mosquitto: Mosquitto, heard: Heard
) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 5)
    link = Link(journal, mosquitto.broker, options())
    async with running(link):
        await until(lambda: heard.seqs(OURS.events) == [1, 2, 3, 4, 5])
        await journal.mark_city(Receipt(seq=5, head=journal.head.hash))
        await link.resend_from(2)
        await until(lambda: heard.seqs(OURS.events) == [1, 2, 3, 4, 5, 3, 4, 5])
        await until(lambda: journal.again is None)
    async with running(Link(journal, mosquitto.broker, options())):
        await journal.record(VISIT)
        await until(lambda: heard.seqs(OURS.events)[8:] == [6])


async def test_what_a_person_asked_for_is_not_forgotten_when_the_agent_stops(
    open_journal: Opener, mosquitto: Mosquitto, heard: Heard
) -> None:
    """Also not when it is asked for twice, and stopped before any of it was sent."""
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 5)
    link = Link(journal, mosquitto.broker, options())
    async with running(link):
        await until(lambda: heard.seqs(OURS.events) == [1, 2, 3, 4, 5])
        await journal.mark_city(Receipt(seq=5, head=journal.head.hash))
    for seq in (2, 4):
        await link.resend_from(seq)
    await journal.close()
    again = await open_journal(cadence=NEVER)
    async with running(Link(again, mosquitto.broker, options())):
        await until(lambda: heard.seqs(OURS.events)[5:8] == [3, 4, 5])
        await until(lambda: again.again is None)


async def test_what_the_city_asks_for_is_not_lost_to_a_receipt_that_only_repeats_its_head(
    open_journal: Opener, mosquitto: Mosquitto, heard: Heard
) -> None:
    journal, is_busy, may_go = await open_journal(cadence=NEVER), asyncio.Event(), asyncio.Event()
    heads = []
    for _ in range(3):
        await journal.record(VISIT)
        heads.append(journal.head.hash)
    has_two = Receipt(seq=2, head=heads[1])

    async def dawdle(_: ReceiptOutcome) -> None:
        is_busy.set()
        await may_go.wait()

    async with running(Link(journal, mosquitto.broker, options(), on_receipt=dawdle)):
        await until(lambda: heard.seqs(OURS.events) == [1, 2, 3])
        await heard.say(OURS.receipts, msgspec.json.encode(Receipt(seq=1, head=heads[0])))
        await is_busy.wait()
        await heard.say(OURS.receipts, msgspec.json.encode(msgspec.structs.replace(has_two, resend=True)))
        await heard.say(OURS.receipts, msgspec.json.encode(has_two))
        await until(lambda: len(heard.on(OURS.receipts)) == 3)
        may_go.set()
        await until(lambda: heard.seqs(OURS.events) == [1, 2, 3, 3])


# --- the city's clock ---


async def test_the_citys_clock_is_told_of_live_receipts_only(
    open_journal: Opener, mosquitto: Mosquitto, heard: Heard
) -> None:
    journal, told = await open_journal(cadence=NEVER), list[datetime]()
    await journal.record(VISIT)

    async def tell(at: datetime) -> None:
        told.append(at)

    old = datetime(2026, 11, 20, 8, tzinfo=UTC)
    await heard.say(OURS.receipts, msgspec.json.encode(Receipt(seq=1, head=journal.head.hash, at=old)), retain=True)
    async with running(Link(journal, mosquitto.broker, options(), downward=Downward(on_time=tell))):
        await until(lambda: journal.marks.city == 1)
        await journal.record(VISIT)
        now = datetime(2026, 11, 21, 8, tzinfo=UTC)
        await heard.say(OURS.receipts, msgspec.json.encode(Receipt(seq=2, head=journal.head.hash)))
        await until(lambda: journal.marks.city == 2)
        await heard.say(OURS.receipts, msgspec.json.encode(Receipt(seq=2, head=journal.head.hash, at=now)))
        await until(lambda: told == [now])
