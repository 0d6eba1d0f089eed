"""The embedded city with a real broker: both databases, a database that goes away, strangers, presence, the daily root."""

import asyncio
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from sync.city.commands import CommandStore
from sync.city.database import open_database
from sync.city.known import Known
from sync.city.receiver import CityReceiver
from sync.city.roots import Root, RootKeeper, published
from sync.city.sender import CommandSender
from sync.city.stats import city_stats
from sync.city.terms import DeviceState
from sync.city.verify import verify_city
from sync.events import DeviceHealth
from sync.keys import DeviceKey
from sync.link import Link, LinkOptions
from sync.marks import Receipt
from sync.retention import Retention
from sync.topics import CITY_ROOT, Presence
from tests.sync.broker_fixtures import QUICK, Mosquitto, Statuses, free_port, running, until
from tests.sync.city_samples import KEY, SOURCE, Sender, early, with_body
from tests.sync.postgres_fixtures import Postgres
from tests.sync.samples import VISIT, Opener
from tests.sync.test_city import Only
from tests.sync.test_link import ACK, NEVER, OPTIONS, PATIENT, Listener, publish

pytestmark = [pytest.mark.broker, pytest.mark.enable_socket, pytest.mark.timeout(120)]
CITY = DeviceKey.from_seed(bytes(32))
HEALTH = DeviceHealth(uptime_s=1.0, memory_mb=80.0, disk_free_mb=9000.0, backlog=0, cameras_live=1)
DEVICE = "motcua/v1/phuong-thu-duc/quay-01"


async def test_a_journal_goes_whole_into_either_database(
    open_journal: Opener, mosquitto: Mosquitto, where: Path | str
) -> None:
    journal = await open_journal()
    await journal.record(*[VISIT] * 1_000)
    options = LinkOptions(pace=QUICK, tuning=PATIENT, city_key=CITY.public)
    city = CityReceiver(where, mosquitto.broker, key=CITY, pace=QUICK)
    async with running(city), running(Link(journal, mosquitto.broker, options)):
        await until(lambda: journal.backlog == 0, within_s=60)
        database = open_database(where)
        numbers = city_stats(database)  # before the device says goodbye
    assert (city.counts().unique, city.counts().forged) == (journal.head.seq, 0)
    report = verify_city(database)
    database.close()
    assert (report.findings, report.events) == ((), journal.head.seq)
    assert [(one.source, one.online, one.faults) for one in numbers.devices] == [(SOURCE, True, ())]


@pytest.mark.postgres
async def test_a_database_that_goes_away_loses_nothing(
    open_journal: Opener, mosquitto: Mosquitto, postgres: Postgres
) -> None:
    dsn = postgres.fresh()
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 500)
    statuses = Statuses()
    city = CityReceiver(dsn, mosquitto.broker, pace=QUICK, on_status=statuses)
    async with running(city), running(Link(journal, mosquitto.broker, OPTIONS)):
        await until(lambda: journal.backlog == 0, within_s=60)
        await asyncio.to_thread(postgres.stop)
        try:
            await journal.record(*[VISIT] * 500)
            await until(lambda: "lost" in statuses.states, within_s=60)
        finally:
            await asyncio.to_thread(postgres.start)
        await until(lambda: journal.backlog == 0, within_s=60)
    database = open_database(dsn)
    report = verify_city(database)
    database.close()
    assert (report.findings, report.events) == ((), 1_000)


def restore(backup: Path, file: Path) -> None:
    for rest in ("", "-wal", "-shm"):
        Path(f"{file}{rest}").unlink(missing_ok=True)
    backup.rename(file)


async def test_a_city_restored_from_yesterdays_backup_gets_the_rest_again(
    open_journal: Opener, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    journal = await open_journal(cadence=NEVER)
    file, backup = tmp_path / "city.sqlite", tmp_path / "backup.sqlite"
    async with running(Link(journal, mosquitto.broker, OPTIONS)):
        for number in (1, 2):
            await journal.record(*[VISIT] * 300)
            async with running(CityReceiver(file, mosquitto.broker, pace=QUICK)):
                await until(lambda: journal.backlog == 0, within_s=60)
            if number == 1:
                shutil.copy(file, backup)
        restore(backup, file)
        city = CityReceiver(file, mosquitto.broker, pace=QUICK)
        assert city.counts().unique == 300
        async with running(city):
            await until(lambda: city.counts().unique == 600, within_s=60)
    database = open_database(file)
    report = verify_city(database)
    database.close()
    assert (report.findings, report.events) == ((), 600)


async def test_a_city_that_lost_everything_does_not_have_the_same_sent_to_it_without_end(
    open_journal: Opener, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """The first event is deleted here, so none can be taken there; a line is paid by the byte."""
    journal = await open_journal(cadence=NEVER, retention=Retention(health=timedelta(days=-1)))
    await journal.record(HEALTH, *[VISIT] * 500)
    async with running(Link(journal, mosquitto.broker, OPTIONS)):
        async with running(CityReceiver(tmp_path / "lost.sqlite", mosquitto.broker, pace=QUICK)):
            await until(lambda: journal.backlog == 0, within_s=60)
        assert (await journal.prune()).total == 1
        city = CityReceiver(tmp_path / "new.sqlite", mosquitto.broker, pace=QUICK)
        async with running(city):
            await journal.record(VISIT)
            await until(lambda: city.counts().gaps > 0)
            await asyncio.sleep(8.0)
        database = open_database(tmp_path / "new.sqlite")
        stats = city_stats(database)
        database.close()
    assert 500 < stats.judged["ahead"] < 6_000  # after .1, .2, .4 ... 6.4 seconds and not every tenth of one


async def test_junk_and_lies_are_put_aside_and_the_rest_goes_on(mosquitto: Mosquitto, tmp_path: Path) -> None:
    there = Statuses()
    city = CityReceiver(tmp_path / "city.sqlite", mosquitto.broker, pace=QUICK, on_status=there)
    one, two, three = Sender().visits(3)
    async with running(city):
        await until(lambda: there.states == ["connected"])
        for topic, body in (
            (f"{DEVICE}/ev/visit.started", with_body(one, b"junk").body),
            (f"{DEVICE}/ev/x", b"\xff" * 70_000),
            (f"{DEVICE}/ev/alert.raised", one.body),
            ("motcua/v1/s s/d/ev/visit.started", one.body),
            (f"{DEVICE}/status", b"nonsense"),
            (f"{DEVICE}/early/visit.started", early(three).body),
            (f"{DEVICE}/ev/visit.started", one.body),
            (f"{DEVICE}/ev/visit.started", two.body),
        ):
            await publish(mosquitto, topic, body)
        await until(lambda: city.counts().unique == 2)
    assert (city.counts().forged, city.counts().gaps) == (4, 0)


async def test_a_stranger_gets_no_receipt(mosquitto: Mosquitto, tmp_path: Path) -> None:
    there = Statuses()
    known = Only(quay_02=Known(DeviceState.ACTIVE, (KEY.public,)))
    city = CityReceiver(tmp_path / "city.sqlite", mosquitto.broker, known=known, pace=QUICK, on_status=there)
    (stranger,) = Sender().visits(1)
    (friend,) = Sender(type(stranger.topics)("phuong-thu-duc", "quay-02")).visits(1)
    with Listener(mosquitto.port, "motcua/v1/+/+/ack") as acks:
        async with running(city):
            await until(lambda: there.states == ["connected"])
            for arrival in (stranger, friend):
                await publish(mosquitto, arrival.topics.events + arrival.kind, arrival.body)
            await until(lambda: bool(acks.messages))
    assert {topic for topic, _, _ in acks.messages} == {"motcua/v1/phuong-thu-duc/quay-02/ack"}
    assert (city.counts().unique, city.counts().forged) == (1, 1)


async def test_who_comes_online_hears_at_once_what_is_held(mosquitto: Mosquitto, tmp_path: Path) -> None:
    there, sender = Statuses(), Sender()
    city = CityReceiver(tmp_path / "city.sqlite", mosquitto.broker, key=CITY, pace=QUICK, on_status=there)
    city.store.take(sender.visits(3))
    online = msgspec.json.encode(Presence(state="online", boot="b"))
    with Listener(mosquitto.port, ACK) as acks:
        async with running(city):
            await until(lambda: there.states == ["connected"])
            await publish(mosquitto, f"{DEVICE}/status", online)
            await until(lambda: len(acks.messages) == 1)
            await publish(mosquitto, f"{DEVICE}/status", online)  # it was there all the time: we were away
            await until(lambda: len(acks.messages) == 2)
    receipts = [msgspec.json.decode(body, type=Receipt) for _, body, _ in acks.messages]
    assert [(one.seq, one.head, one.resend, one.is_from(CITY.public, SOURCE)) for one in receipts] == [
        (3, sender.head.hash, False, True), (3, sender.head.hash, True, True),
    ]  # fmt: skip


async def test_a_new_city_gets_what_was_sent_before_it_was_there(
    open_journal: Opener, mosquitto: Mosquitto, tmp_path: Path
) -> None:
    """The broker has acknowledged it all, and nothing new comes that would show a gap."""
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[VISIT] * 50)
    async with running(Link(journal, mosquitto.broker, OPTIONS)):
        await until(lambda: journal.marks.broker == 50)
        async with running(CityReceiver(tmp_path / "city.sqlite", mosquitto.broker, pace=QUICK)):
            await until(lambda: journal.backlog == 0)


async def test_the_root_of_the_day_is_published(mosquitto: Mosquitto, tmp_path: Path) -> None:
    folder = tmp_path / "roots"
    city = CityReceiver(tmp_path / "city.sqlite", mosquitto.broker, key=CITY, roots=folder, pace=QUICK)
    city.store.take(Sender().visits(3))
    async with running(city):
        await until(folder.is_dir)
        await until(lambda: bool(list(folder.glob("root-*.json"))))
        with Listener(mosquitto.port, CITY_ROOT) as listener:
            await until(lambda: bool(listener.messages))
    *_, root = published(folder)
    assert msgspec.json.decode(listener.messages[0][1], type=Root) == root
    assert (root.devices, root.is_from(CITY.public)) == (1, True)


async def test_where_workers_take_the_events_the_sender_publishes_it_and_finds_another_node(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    database = open_database(tmp_path / "city.sqlite")
    keeper = RootKeeper(database, CITY, tmp_path / "roots")
    keeper.turn(datetime.now(UTC), 0.0)
    gone = replace(mosquitto.broker, port=free_port(), others=((mosquitto.broker.host, mosquitto.port),))
    async with running(CommandSender(CommandStore(database), gone, pace=QUICK, newest_root=lambda: keeper.newest)):
        with Listener(mosquitto.port, CITY_ROOT) as listener:
            await until(lambda: bool(listener.messages))
    assert [msgspec.json.decode(listener.messages[0][1], type=Root)] == published(tmp_path / "roots")
    database.close()
