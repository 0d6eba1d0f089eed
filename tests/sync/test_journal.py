"""The journal as its users see it: transactions, order, refusals, the exact bytes."""

import asyncio
import hashlib
import math
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.ports import Ledger
from sync.chain import Head
from sync.errors import BreaksContract, JournalBusy, JournalClosed, JournalUnusable, MigrationFailed
from sync.events import (
    GENESIS,
    Event,
    MoodChanged,
    Payload,
    Recorded,
    VisitStarted,
)
from sync.verify import verify
from tests.sync.samples import RATING, VISIT, Opener, count, tally


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
    with pytest.raises(ValueError, match="small letters"):
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


async def test_what_is_no_payload_at_all_harms_nobody_else(open_journal: Opener) -> None:
    journal = await open_journal()
    nonsense: Any = "visit.started"
    outcomes = await asyncio.gather(
        journal.record(nonsense, grouped=True),
        journal.transact(tally(nonsense), grouped=True),
        journal.transact(lambda _: nonsense, grouped=True),
        journal.record(VISIT, grouped=True),
        return_exceptions=True,
    )
    assert [isinstance(outcome, Exception) for outcome in outcomes] == [True, True, True, False]
    assert await journal.read(count) == 0
    assert (await journal.record(VISIT))[0].seq == 2


async def test_the_journal_is_the_ledger_that_the_agent_knows(open_journal: Opener) -> None:
    ledger: Ledger = await open_journal()
    (recorded,) = await ledger.record(VISIT)
    assert recorded.seq == 1
