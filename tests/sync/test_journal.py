"""The journal as its users see it: transactions, order, refusals, followers."""

import asyncio
import hashlib
import math
import os
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.ports import Ledger
from sync.chain import Head
from sync.errors import BreaksContract, JournalBusy, JournalClosed, JournalFull, JournalUnusable, MigrationFailed
from sync.events import (
    GENESIS,
    PAYLOADS,
    DeviceHealth,
    Event,
    MoodChanged,
    Payload,
    RatingGiven,
    Recorded,
    VisitStarted,
)
from sync.follow import RECENT
from sync.journal import Journal
from sync.verify import verify
from sync.writer import Cadence

Opener = Callable[..., Awaitable[Journal]]
VISIT = VisitStarted(visit="v1", counter="quay-01")
RATING = RatingGiven(counter="quay-01", visit="v1", level="satisfied")


def tally(*payloads: Payload) -> Callable[[sqlite3.Connection], Sequence[Payload]]:
    def change(connection: sqlite3.Connection) -> Sequence[Payload]:
        connection.execute("INSERT INTO tally VALUES (1)")
        return payloads

    return change


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM tally").fetchone()[0])


def bodies(connection: sqlite3.Connection) -> list[bytes]:
    return [body for (body,) in connection.execute("SELECT body FROM events ORDER BY seq")]


async def test_a_change_and_its_event_are_kept_together(open_journal: Opener) -> None:
    journal = await open_journal()
    recorded = await journal.transact(tally(VISIT))
    assert recorded[0].seq == 1
    assert recorded[0].payload == VISIT
    assert await journal.read(count) == 1


async def test_the_bytes_are_a_cloud_event_with_the_sites_offset_in_milliseconds(open_journal: Opener) -> None:
    journal = await open_journal()
    (recorded,) = await journal.record(VISIT)
    (body,) = await journal.read(bodies)
    event = msgspec.json.decode(body)
    assert event | {"id": ""} == {
        "specversion": "1.0",
        "id": "",
        "source": "/sites/phuong-thu-duc/devices/quay-01",
        "type": "vn.motcua.visit.started.v1",
        "time": "2026-11-21T08:15:30.123+07:00",
        "datacontenttype": "application/json",
        "seq": 1,
        "prevhash": GENESIS,
        "data": {"visit": "v1", "counter": "quay-01"},
    }
    assert len(event["id"]) == 26
    assert recorded == Recorded(seq=1, time=msgspec.json.decode(body, type=Event).time, payload=VISIT)


async def test_each_event_carries_the_hash_of_the_exact_bytes_before_it(open_journal: Opener) -> None:
    journal = await open_journal()
    await journal.record(*[VISIT] * 5)
    stored = await journal.read(bodies)
    linked = [msgspec.json.decode(body, type=Event).prevhash for body in stored]
    assert linked == [GENESIS, *(hashlib.sha256(body).hexdigest() for body in stored[:-1])]
    assert journal.head == Head(5, hashlib.sha256(stored[-1]).hexdigest())


async def test_event_ids_rise_even_when_the_clock_steps_back(open_journal: Opener, clock: Any) -> None:
    journal = await open_journal()
    await journal.record(*[VISIT] * 3)
    clock.forward(hours=-1)
    await journal.record(*[VISIT] * 3)
    ids = [msgspec.json.decode(body, type=Event).id for body in await journal.read(bodies)]
    assert ids == sorted(set(ids))


async def test_a_failing_change_leaves_its_neighbours_unharmed(open_journal: Opener) -> None:
    journal = await open_journal()

    def broken(connection: sqlite3.Connection) -> Sequence[Payload]:
        connection.execute("INSERT INTO tally VALUES (1)")
        raise LookupError("no such visit")

    outcomes = await asyncio.gather(
        *(journal.transact(change, grouped=True) for change in (tally(VISIT), broken, tally(RATING))),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [tuple, LookupError, tuple]
    assert await journal.read(count) == 2
    assert [recorded.seq for outcome in outcomes if isinstance(outcome, tuple) for recorded in outcome] == [1, 2]


@pytest.mark.parametrize("statement", ["COMMIT", "ROLLBACK", "BEGIN"])
async def test_a_change_cannot_end_the_journals_transaction(open_journal: Opener, statement: str) -> None:
    journal = await open_journal()

    def rogue(connection: sqlite3.Connection) -> Sequence[Payload]:
        connection.execute("INSERT INTO tally VALUES (1)")
        connection.execute(statement)
        return (VISIT,)

    with pytest.raises(sqlite3.DatabaseError):
        await journal.transact(rogue)
    assert await journal.read(count) == 0
    assert (await journal.record(VISIT))[0].seq == 1


@pytest.mark.parametrize("how", ["commit", "rollback", "with", "executescript"])
async def test_nor_by_the_modules_shortcuts(open_journal: Opener, how: str) -> None:
    journal = await open_journal()

    def rogue(connection: sqlite3.Connection) -> Sequence[Payload]:
        connection.execute("INSERT INTO tally VALUES (1)")
        if how == "with":
            with connection:
                return ()
        getattr(connection, how)(*(["SELECT 1"] if how == "executescript" else []))
        return ()

    with pytest.raises(sqlite3.ProgrammingError):
        await journal.transact(rogue)
    assert await journal.read(count) == 0


async def test_a_reader_cannot_write(open_journal: Opener) -> None:
    journal = await open_journal()
    with pytest.raises(sqlite3.OperationalError):
        await journal.read(tally())


async def test_seq_goes_on_where_it_stopped(open_journal: Opener, tmp_path: Path) -> None:
    first = await open_journal()
    await first.record(VISIT, VISIT)
    await first.close()  # signs: seq 3 is a checkpoint
    again = await open_journal()
    assert (await again.record(VISIT))[0].seq == 4
    await again.close()
    assert verify(tmp_path).ok


async def test_a_closed_journal_refuses(open_journal: Opener) -> None:
    journal = await open_journal()
    await journal.close()
    await journal.close()
    with pytest.raises(JournalClosed):
        await journal.record(VISIT)
    with pytest.raises(JournalClosed):
        await journal.read(count)


async def test_closing_keeps_what_was_submitted_before(open_journal: Opener) -> None:
    journal = await open_journal()
    waiting = [asyncio.ensure_future(journal.record(VISIT, grouped=True)) for _ in range(25)]
    await asyncio.sleep(0)
    await journal.close()
    assert [recorded.seq for (recorded,) in await asyncio.gather(*waiting)] == list(range(1, 26))


async def test_one_process_at_a_time(open_journal: Opener) -> None:
    await open_journal()
    with pytest.raises(JournalBusy):
        await open_journal()


async def test_another_devices_journal_is_refused(open_journal: Opener) -> None:
    await (await open_journal()).close()
    with pytest.raises(JournalUnusable, match="belongs to"):
        await open_journal(device="quay-02")


async def test_names_that_could_not_stand_in_a_topic_are_refused(open_journal: Opener) -> None:
    with pytest.raises(ValueError, match="site and device"):
        await open_journal(device="quay/+")


async def test_migrations_are_applied_once_and_in_order(open_journal: Opener) -> None:
    await (await open_journal()).close()
    more = [
        "-- 001 tally\nCREATE TABLE tally (n INTEGER NOT NULL) STRICT;",
        "-- 002 colour\nALTER TABLE tally ADD COLUMN colour TEXT; -- why not",
    ]
    journal = await open_journal(migrations=more)
    assert await journal.read(lambda c: [row[1] for row in c.execute("PRAGMA table_info(tally)")]) == ["n", "colour"]


@pytest.mark.parametrize(
    "script",
    [
        "-- 001 tally\nCREATE TABLE tally (other TEXT);",
        "-- 002 broken\nCREATE TABLE x (a);\nNONSENSE;",
        "CREATE TABLE nameless (a);",
    ],
)
async def test_a_wrong_migration_changes_nothing(open_journal: Opener, script: str) -> None:
    await (await open_journal()).close()
    with pytest.raises(MigrationFailed):
        await open_journal(migrations=[script])
    journal = await open_journal()
    assert await journal.read(
        lambda c: c.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'x'").fetchone()
    ) == (0,)


async def test_a_damaged_file_is_refused_by_name(open_journal: Opener, tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"this is no database" * 100)
    with pytest.raises(JournalUnusable):
        await open_journal()


async def test_only_the_owner_can_read_key_and_journal(open_journal: Opener, tmp_path: Path) -> None:
    await open_journal()
    for name in ("device.key", "journal.sqlite"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


async def test_a_key_that_others_can_read_is_refused(open_journal: Opener, tmp_path: Path) -> None:
    await (await open_journal()).close()
    (tmp_path / "device.key").chmod(0o644)
    with pytest.raises(JournalUnusable, match="chmod 600"):
        await open_journal()


@pytest.mark.parametrize(
    "payload",
    [
        VisitStarted(visit=7, counter="c"),  # type: ignore[arg-type]
        VisitStarted(visit=object(), counter="c"),  # type: ignore[arg-type]
        MoodChanged(visit="v", counter="c", previous=None, level="angry", valence=math.nan, reasons=()),
    ],
)
async def test_a_payload_that_nobody_could_read_does_not_get_in(open_journal: Opener, payload: Payload) -> None:
    journal = await open_journal()
    outcomes = await asyncio.gather(
        journal.record(VISIT, grouped=True),
        journal.record(VISIT, payload, grouped=True),
        journal.transact(tally(payload), grouped=True),
        journal.record(VISIT, grouped=True),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [tuple, BreaksContract, BreaksContract, tuple]
    assert journal.head.seq == 2
    assert await journal.read(count) == 0


async def test_the_journal_is_the_ledger_that_the_agent_knows(open_journal: Opener) -> None:
    ledger: Ledger = await open_journal()
    (recorded,) = await ledger.record(VISIT)
    assert recorded.seq == 1


# --- checkpoints ---


def types(connection: sqlite3.Connection) -> list[str]:
    return [kind for (kind,) in connection.execute("SELECT type FROM events ORDER BY seq")]


async def test_a_checkpoint_comes_after_so_many_events(open_journal: Opener) -> None:
    journal = await open_journal(cadence=Cadence(every=3))
    for _ in range(7):
        await journal.record(VISIT)
    kinds = await journal.read(types)
    assert [seq for seq, kind in enumerate(kinds, 1) if kind == "ledger.checkpoint"] == [4, 8]


async def test_a_checkpoint_comes_after_so_long_and_does_not_feed_on_itself(open_journal: Opener) -> None:
    journal = await open_journal(cadence=Cadence(after_s=0.01))
    follower = journal.follow()
    await journal.record(VISIT)
    assert [(await anext(follower)).payload.TYPE for _ in range(2)] == ["visit.started", "ledger.checkpoint"]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(follower), 0.1)  # ten times the cadence


async def test_a_clean_close_signs_the_end_once(open_journal: Opener, tmp_path: Path) -> None:
    journal = await open_journal()
    await journal.record(VISIT)
    await journal.close()
    await (await open_journal()).close()  # nothing new: nothing to sign
    report = verify(tmp_path)
    assert (report.ok, report.events, report.checkpoints, report.signed_upto) == (True, 2, 1, 1)


# --- a full disk ---


def pages(connection: sqlite3.Connection, limit: int | None) -> None:
    (used,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {used + limit if limit is not None else 1_000_000}")


async def set_room(journal: Journal, limit: int | None) -> None:
    def change(connection: sqlite3.Connection) -> Sequence[Payload]:
        pages(connection, limit)
        return ()

    await journal.transact(change)


async def fill(journal: Journal) -> int:
    """Record until the journal refuses; how many events it accepted."""
    accepted = 0
    while True:
        try:
            accepted += len(await journal.record(*[VISIT] * 10))
        except JournalFull:
            return accepted


async def test_a_full_disk_refuses_clearly_keeps_what_was_accepted_and_recovers(
    open_journal: Opener, tmp_path: Path
) -> None:
    journal = await open_journal(cadence=Cadence(every=1_000_000))
    await set_room(journal, 10)
    accepted = await fill(journal)
    with pytest.raises(JournalFull):
        await journal.transact(lambda _: [VISIT] * 1_000)
    assert journal.is_refusing
    await set_room(journal, None)
    assert accepted > 0
    assert not journal.is_refusing
    assert (await journal.record(VISIT))[0].seq == accepted + 1
    await journal.close()
    assert verify(tmp_path).events == accepted + 2
    assert verify(tmp_path).ok


async def test_neighbours_of_a_refused_change_are_refused_alike(open_journal: Opener, tmp_path: Path) -> None:
    journal = await open_journal()
    await set_room(journal, 2)
    outcomes = await asyncio.gather(
        *(journal.record(*[VISIT] * 100, grouped=True) for _ in range(3)),
        journal.transact(tally(VISIT), grouped=True),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes} == {JournalFull}
    assert journal.head.seq == 0
    assert verify(tmp_path).ok


async def test_a_changes_own_sqlite_error_is_its_callers(open_journal: Opener) -> None:
    journal = await open_journal()

    def failing(connection: sqlite3.Connection) -> Sequence[Payload]:
        raise sqlite3.OperationalError("disk I/O error")

    with pytest.raises(sqlite3.OperationalError, match="disk I/O"):
        await journal.transact(failing)
    assert (await journal.record(VISIT))[0].seq == 1


# --- followers ---


async def test_a_follower_gets_everything_from_the_call_on_in_order(open_journal: Opener) -> None:
    journal = await open_journal()
    await journal.record(VISIT)
    follower = journal.follow()
    await journal.record(RATING, VISIT)
    await journal.transact(tally(RATING))
    seen = [await anext(follower) for _ in range(3)]
    assert [(event.seq, event.payload) for event in seen] == [(2, RATING), (3, VISIT), (4, RATING)]


async def test_a_slow_follower_catches_up_from_the_disk(open_journal: Opener) -> None:
    journal = await open_journal(cadence=Cadence(every=1_000_000))
    slow = journal.follow()
    events = RECENT + 700
    await journal.record(*[VISIT] * events)
    assert [(await anext(slow)).seq for _ in range(events)] == list(range(1, events + 1))


async def test_a_follower_may_begin_in_the_past(open_journal: Opener) -> None:
    journal = await open_journal()
    await journal.record(VISIT, RATING)
    await journal.close()
    journal = await open_journal()
    follower = journal.follow(after=1)
    event = await anext(follower)
    assert (event.seq, event.payload) == (2, RATING)


async def test_following_ends_with_the_journal_after_its_last_event(open_journal: Opener) -> None:
    journal = await open_journal()
    follower = journal.follow()
    await journal.record(VISIT)
    await journal.close()
    assert [event.payload.TYPE async for event in follower] == ["visit.started", "ledger.checkpoint"]


async def test_a_slow_follower_outlives_the_journal(open_journal: Opener) -> None:
    journal = await open_journal(cadence=Cadence(every=1_000_000))
    follower = journal.follow()
    events = RECENT + 700
    await journal.record(*[VISIT] * events)
    await journal.close()
    assert [event.seq async for event in follower] == list(range(1, events + 2))


async def test_a_closed_journal_is_one_file(open_journal: Opener, tmp_path: Path) -> None:
    journal = await open_journal()
    await journal.record(VISIT)
    await journal.read(count)
    await journal.close()
    assert sorted(os.listdir(tmp_path)) == [  # noqa: PTH208 - names only, no blocking to speak of
        "device.key",
        "journal.lock",
        "journal.sqlite",
    ]


async def test_a_waiting_follower_wakes_for_each_of_many_writers(open_journal: Opener) -> None:
    journal = await open_journal(cadence=Cadence(every=1_000_000))
    follower = journal.follow()

    async def read() -> list[int]:
        return [(await anext(follower)).seq for _ in range(60)]

    reading = asyncio.ensure_future(read())
    await asyncio.gather(*(journal.record(VISIT, grouped=bool(n % 2)) for n in range(60)))
    assert await reading == list(range(1, 61))


async def test_commit_listeners_are_told_until_they_unsubscribe(open_journal: Opener) -> None:
    journal = await open_journal()
    told: list[int] = []
    unsubscribe = journal.on_commit(lambda: told.append(journal.head.seq))
    await journal.record(VISIT)
    unsubscribe()
    await journal.record(VISIT)
    assert told == [1]


def test_every_payload_type_is_registered_once() -> None:
    assert all(name == kind.TYPE for name, kind in PAYLOADS.items())
    assert DeviceHealth.TYPE in PAYLOADS
