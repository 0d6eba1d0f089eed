"""The link against a real Mosquitto: nothing lost, effective once, whatever is killed or cut."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Self

import msgspec
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from sync.city.receiver import CityReceiver
from sync.errors import JournalFull
from sync.events import VisitStarted
from sync.jobs import Cadence
from sync.journal import Journal
from sync.keys import DeviceKey
from sync.link import Link, LinkOptions
from sync.marks import Receipt, ReceiptOutcome
from sync.mqtt import Broker, Version
from sync.resend import ResendRules
from sync.uplink import Tuning
from sync.verify import verify
from tests.sync.broker_fixtures import QUICK, Line, Mosquitto, Statuses, running, until

pytestmark = [pytest.mark.broker, pytest.mark.enable_socket, pytest.mark.timeout(60)]

Opener = Callable[..., Awaitable[Journal]]
VISIT = VisitStarted(visit="v1", counter="quay-01")
NEVER = Cadence(every=1_000_000, after_s=3_600)
PATIENT = Tuning(progress_every_s=0.05, resend=ResendRules(patience_s=1.0, pause_s=0.1))
OPTIONS = LinkOptions(pace=QUICK, tuning=PATIENT)


class Tries:
    """Options of a link that counts how often it has failed and waits to try again."""

    def __init__(self) -> None:
        self._failed = 0
        self.options = replace(OPTIONS, pace=replace(QUICK, sleep=self._sleep))

    async def more(self, tries: int) -> None:
        wanted = self._failed + tries
        await until(lambda: self._failed >= wanted)

    async def _sleep(self, seconds: float) -> None:
        self._failed += 1
        await asyncio.sleep(seconds)


def held(store: Path) -> list[bytes]:
    connection = sqlite3.connect(store)
    try:
        return [body for (body,) in connection.execute("SELECT body FROM city_events ORDER BY seq")]
    finally:
        connection.close()


def bodies(connection: sqlite3.Connection) -> list[bytes]:
    return [body for (body,) in connection.execute("SELECT body FROM events ORDER BY seq")]


async def assert_city_holds_everything(journal: Journal, store: Path) -> None:
    assert held(store) == await journal.read(bodies)


class Listener:
    """A plain paho subscriber: what any third party sees."""

    def __init__(self, port: int, topic: str) -> None:
        self.messages: list[tuple[str, bytes, bool]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe(topic, 1)
        self._client.on_message = lambda _c, _u, m: self.messages.append((m.topic, bytes(m.payload), m.retain))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()


async def test_every_event_reaches_the_city_once_and_is_receipted(
    open_journal: Opener, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 500)
    city = CityReceiver(tmp_path / "city.sqlite", mosquitto.broker, pace=QUICK)
    async with running(city), running(Link(journal, mosquitto.broker, OPTIONS)):
        await until(lambda: journal.backlog == 0)
        await journal.record(VISIT, VISIT)
        await until(lambda: journal.backlog == 0)
    assert city.counts().unique == 502
    assert (city.counts().forged, journal.marks.broker) == (0, 502)
    await assert_city_holds_everything(journal, tmp_path / "city.sqlite")


async def test_events_stand_on_the_contracts_topic(open_journal: Opener, mosquitto: Mosquitto) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(VISIT)
    with Listener(mosquitto.port, "motcua/v1/phuong-thu-duc/quay-01/#") as listener:
        async with running(Link(journal, mosquitto.broker, OPTIONS)):
            await until(lambda: any("/ev/" in topic for topic, _, _ in listener.messages))
    topic, body = next((topic, body) for topic, body, _ in listener.messages if "/ev/" in topic)
    assert topic == "motcua/v1/phuong-thu-duc/quay-01/ev/visit.started"
    assert [body] == await journal.read(lambda c: bodies(c)[:1])


async def test_a_broker_killed_in_the_middle_loses_nothing(
    open_journal: Opener, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 8_000)
    city = CityReceiver(tmp_path / "city.sqlite", mosquitto.broker, pace=QUICK)
    statuses = Statuses()
    async with running(city), running(Link(journal, mosquitto.broker, OPTIONS, statuses)):
        for part in (500, 2_500, 5_000):
            await until(lambda part=part: city.counts().unique >= part)  # type: ignore[misc]
            mosquitto.kill()
            mosquitto.start()
        await until(lambda: journal.backlog == 0, within_s=30)
    assert city.counts().unique == 8_000
    assert city.counts().forged == 0
    assert statuses.states[:2] == ["connected", "lost"]
    await assert_city_holds_everything(journal, tmp_path / "city.sqlite")


async def test_a_city_that_was_away_gets_what_the_broker_dropped(
    open_journal: Opener, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 50)
    async with running(Link(journal, mosquitto.broker, OPTIONS)):
        await until(lambda: journal.marks.broker == 50)  # acknowledged into the void: nobody subscribed
        assert journal.marks.city == 0
        there = Statuses()
        async with running(CityReceiver(tmp_path / "city.sqlite", mosquitto.broker, pace=QUICK, on_status=there)):
            await until(lambda: there.states == ["connected"])
            await journal.record(VISIT)  # the city sees a gap and asks
            await until(lambda: journal.backlog == 0)
        await journal.record(*[VISIT] * 20)
        await until(lambda: journal.marks.broker == 71)
        city = CityReceiver(tmp_path / "city.sqlite", mosquitto.broker, pace=QUICK)
        async with running(city):
            await until(lambda: journal.backlog == 0)  # this time the device loses patience by itself
    assert city.counts().unique == 71
    await assert_city_holds_everything(journal, tmp_path / "city.sqlite")


async def test_a_restarted_agent_goes_on_behind_the_receipt(
    open_journal: Opener, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    city = CityReceiver(tmp_path / "city.sqlite", mosquitto.broker, pace=QUICK)
    async with running(city):
        for _ in range(3):
            journal = await open_journal(cadence=NEVER)
            await journal.record(*[VISIT] * 100)
            async with running(Link(journal, mosquitto.broker, OPTIONS)):
                await until(lambda journal=journal: journal.backlog == 0)  # type: ignore[misc]
            await journal.close()
    assert (city.counts().unique, city.counts().duplicates) == (302, 0)  # two of the three closing checkpoints went up
    assert verify(tmp_path).ok


async def test_presence_is_retained_and_a_clean_stop_says_so(open_journal: Opener, mosquitto: Mosquitto) -> None:
    journal = await open_journal()
    status = "motcua/v1/phuong-thu-duc/quay-01/status"
    with Listener(mosquitto.port, status) as live:
        async with running(Link(journal, mosquitto.broker, OPTIONS)):
            await until(lambda: len(live.messages) == 1)
            with Listener(mosquitto.port, status) as late:
                await until(lambda: len(late.messages) == 1)
        await until(lambda: len(live.messages) == 2)
    online = {"state": "online", "boot": journal.identity.boot}
    assert [msgspec.json.decode(body) for _, body, _ in live.messages] == [online, online | {"state": "offline"}]
    assert late.messages[0][2]  # retained


async def test_the_will_speaks_for_a_device_that_was_cut_off(
    open_journal: Opener, line: Line, mosquitto: Mosquitto
) -> None:
    journal = await open_journal()
    with Listener(mosquitto.port, "motcua/v1/+/+/status") as listener:
        async with running(Link(journal, line.broker, OPTIONS)):
            await until(lambda: len(listener.messages) == 1)
            line.cut()
            await until(lambda: len(listener.messages) >= 3)
    states = [msgspec.json.decode(body)["state"] for _, body, _ in listener.messages]
    assert states[:3] == ["online", "offline", "online"]


@pytest.mark.parametrize(
    "answer", [b"\x20\x03\x00\x84\x00", b"\x20\x02\x00\x01", b""], ids=["v5-connack", "v3-connack", "hangs-up"]
)
async def test_a_broker_without_mqtt_5_is_served_in_3_1_1(
    open_journal: Opener, line: Line, tmp_path: Path, answer: bytes
) -> None:
    line.refuses_v5 = answer
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 300)
    statuses = Statuses()
    async with (
        running(CityReceiver(tmp_path / "city.sqlite", line.broker, pace=QUICK)),
        running(Link(journal, line.broker, OPTIONS, statuses)),
    ):
        await until(lambda: journal.backlog == 0)
    assert [(status.state.value, status.version) for status in statuses.told] == [("connected", Version.V311)]
    await assert_city_holds_everything(journal, tmp_path / "city.sqlite")


async def test_a_broker_that_only_seemed_old_gets_mqtt_5_again(open_journal: Opener, line: Line) -> None:
    line.refuses_v5 = b""
    statuses = Statuses()
    async with running(Link(await open_journal(), line.broker, OPTIONS, statuses)):
        await until(lambda: bool(statuses.told))
        line.refuses_v5 = None
        line.cut()
        await until(lambda: statuses.states == ["connected", "lost", "connected"])
    assert [status.version for status in statuses.told] == [Version.V311, None, Version.V5]


async def test_a_refused_publish_never_counts_as_delivered(
    open_journal: Opener, make_mosquitto: Callable[..., Mosquitto], tmp_path: Path
) -> None:
    secured = make_mosquitto(
        "allow_anonymous true", "acl_file {dir}/acl", files={"acl": "topic readwrite motcua/v1/+/+/status\n"}
    )
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 30)
    statuses, tries = Statuses(), Tries()
    async with running(Link(journal, secured.broker, tries.options, statuses)):
        await until(lambda: "refused" in statuses.states)
        await tries.more(5)
    assert (journal.marks.broker, journal.marks.city) == (0, 0)
    assert "0x87" in next(status.why for status in statuses.told if status.state == "refused")


async def test_no_broker_at_all_is_told_once(open_journal: Opener) -> None:
    journal = await open_journal()
    statuses, tries = Statuses(), Tries()
    async with running(Link(journal, Broker("127.0.0.1", 9), tries.options, statuses)):
        await tries.more(5)
    assert statuses.states == ["lost"]


async def test_the_status_is_told_once_at_each_change(open_journal: Opener, mosquitto: Mosquitto) -> None:
    journal = await open_journal()
    statuses, tries = Statuses(), Tries()
    async with running(Link(journal, mosquitto.broker, tries.options, statuses)):
        await until(lambda: statuses.states == ["connected"])
        mosquitto.kill()
        await until(lambda: statuses.states == ["connected", "lost"])
        await tries.more(5)
        mosquitto.start()
        await until(lambda: statuses.states == ["connected", "lost", "connected"])


# --- bad lines ---


@pytest.mark.parametrize(("delay_s", "chunk", "events"), [(0.0, 1, 15), (0.05, 65_536, 400), (0.002, 100, 100)])
async def test_a_slow_line_delivers(
    open_journal: Opener, line: Line, tmp_path: Path, delay_s: float, chunk: int, events: int
) -> None:
    line.delay_s, line.chunk = delay_s, chunk
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * events)
    city = CityReceiver(tmp_path / "city.sqlite", Broker("127.0.0.1", line._to), pace=QUICK)
    async with running(city), running(Link(journal, line.broker, OPTIONS)):
        await until(lambda: journal.backlog == 0, within_s=40)
    assert city.counts().unique == events


async def test_a_line_cut_again_and_again_delivers(open_journal: Opener, line: Line, tmp_path: Path) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 3_000)
    city = CityReceiver(tmp_path / "city.sqlite", Broker("127.0.0.1", line._to), pace=QUICK)
    async with running(city), running(Link(journal, line.broker, OPTIONS)):
        for number in range(1, 11):
            await until(lambda number=number: city.counts().unique >= 250 * number)  # type: ignore[misc]
            before = line.connects
            line.cut()
            await until(lambda before=before: line.connects > before)  # type: ignore[misc]
        await until(lambda: journal.backlog == 0, within_s=30)
    assert (city.counts().unique, city.counts().forged) == (3_000, 0)
    await assert_city_holds_everything(journal, tmp_path / "city.sqlite")


async def test_a_line_that_dies_without_a_word_is_given_up(open_journal: Opener, line: Line, tmp_path: Path) -> None:
    journal = await open_journal(cadence=NEVER)
    tuning = Tuning(ack_timeout_s=0.3, progress_every_s=0.05)
    statuses = Statuses()
    city = CityReceiver(tmp_path / "city.sqlite", Broker("127.0.0.1", line._to), pace=QUICK)
    async with running(city), running(Link(journal, line.broker, LinkOptions(pace=QUICK, tuning=tuning), statuses)):
        await until(lambda: statuses.states == ["connected"])
        line.is_dead = True
        await journal.record(VISIT)
        await until(lambda: "lost" in statuses.states)
        line.is_dead = False
        await until(lambda: journal.backlog == 0)


# --- receipts ---


async def publish(mosquitto: Mosquitto, topic: str, payload: bytes) -> None:
    client = paho.Client(CallbackAPIVersion.VERSION2)
    client.connect("127.0.0.1", mosquitto.port)
    client.loop_start()
    told = client.publish(topic, payload, 1)
    await asyncio.to_thread(told.wait_for_publish, 5)
    client.disconnect()
    client.loop_stop()


ACK = "motcua/v1/phuong-thu-duc/quay-01/ack"


async def test_a_receipt_for_another_history_is_told_and_moves_nothing(
    open_journal: Opener, mosquitto: Mosquitto, caplog: pytest.LogCaptureFixture
) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 5)
    told: list[ReceiptOutcome] = []

    async def tell(outcome: ReceiptOutcome) -> None:
        told.append(outcome)

    async with running(Link(journal, mosquitto.broker, OPTIONS, on_receipt=tell)):
        await until(lambda: journal.marks.broker == 5)
        for receipt in (Receipt(seq=3, head="f" * 64), Receipt(seq=9, head="f" * 64)):
            await publish(mosquitto, ACK, msgspec.json.encode(receipt))
            await until(lambda receipt=receipt: len(told) == (1 if receipt.seq == 3 else 2))  # type: ignore[misc]
        assert journal.marks.city == 0
        await publish(mosquitto, ACK, msgspec.json.encode(Receipt(seq=5, head=journal.head.hash)))
        await until(lambda: len(told) == 3)
    assert told == [ReceiptOutcome.MISMATCH, ReceiptOutcome.AHEAD, ReceiptOutcome.TAKEN]
    assert (journal.marks.city, journal.head.seq) == (5, 5)
    loud = [record.getMessage() for record in caplog.records if record.levelname == "CRITICAL"]
    assert loud == ["sync.receipt_mismatch"]


async def test_who_hears_of_a_receipt_may_meet_a_full_disk(open_journal: Opener, mosquitto: Mosquitto) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(VISIT)
    tries: list[ReceiptOutcome] = []

    async def refuse(outcome: ReceiptOutcome) -> None:
        tries.append(outcome)
        raise JournalFull("no room")

    async with running(Link(journal, mosquitto.broker, OPTIONS, on_receipt=refuse)) as link:
        await until(lambda: journal.marks.broker == 1)
        for number in (1, 2):
            await publish(mosquitto, ACK, msgspec.json.encode(Receipt(seq=1, head=journal.head.hash)))
            await until(lambda number=number: len(tries) == number)  # type: ignore[misc]
        assert not link.done()


DEEP = b'{"x":' + b"[" * 100_000
HUGE = b'{"seq":99999999999999999999,"head":"' + b"f" * 64 + b'"}'


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"null",
        b"\xff\xfe",
        b'{"seq":-1}',
        b'{"seq":"5","head":7}',
        pytest.param(DEEP, id="deep"),
        pytest.param(HUGE, id="huge"),
    ],
)
async def test_a_receipt_that_is_no_receipt_is_dropped(open_journal: Opener, mosquitto: Mosquitto, junk: bytes) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(VISIT)
    async with running(Link(journal, mosquitto.broker, OPTIONS)):
        await until(lambda: journal.marks.broker == 1)
        await publish(mosquitto, ACK, junk)
        await publish(mosquitto, ACK, msgspec.json.encode(Receipt(seq=1, head=journal.head.hash)))
        await until(lambda: journal.marks.city == 1)


async def test_with_a_city_key_only_signed_receipts_count(
    open_journal: Opener, mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    there = Statuses()
    journal = await open_journal(cadence=NEVER)
    await journal.record(VISIT, VISIT)
    key = DeviceKey.generate()
    options = LinkOptions(pace=QUICK, tuning=PATIENT, city_key=key.public)
    async with running(Link(journal, mosquitto.broker, options)):
        await until(lambda: journal.marks.broker == 2)
        await publish(mosquitto, ACK, msgspec.json.encode(Receipt(seq=2, head=journal.head.hash)))
        await until(lambda: "sync.receipt_not_signed_by_the_city" in caplog.text)
        assert journal.marks.city == 0
        city = CityReceiver(tmp_path / "city.sqlite", mosquitto.broker, key=key, pace=QUICK, on_status=there)
        async with running(city):
            await until(lambda: there.states == ["connected"])
            await journal.record(VISIT)
            await until(lambda: journal.backlog == 0)
