"""What the journal forgets, when, and that the chain holds without it."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sync import inspect
from sync.city.database import open_database
from sync.city.store import CityStore
from sync.city.terms import Arrival, Judgement
from sync.city.verify import verify_city
from sync.errors import JournalFull
from sync.events import GENESIS, DeviceHealth, Keep, Payload, RatingGiven, VisitStarted
from sync.jobs import Cadence
from sync.journal import Journal
from sync.keys import DeviceKey
from sync.marks import Receipt, ReceiptOutcome
from sync.retention import Retention
from sync.topics import Topics
from sync.verify import verify

Opener = Callable[..., Awaitable[Journal]]
HEALTH = DeviceHealth(uptime_s=1.0, memory_mb=80.0, disk_free_mb=9000.0, backlog=0, cameras_live=1)
READING = VisitStarted(visit="v1", counter="quay-01")
PROOF = RatingGiven(counter="quay-01", visit="v1", level="satisfied")
MIXED: tuple[Payload, ...] = (HEALTH, READING, PROOF, HEALTH, HEALTH, READING, READING, PROOF)
NEVER = Cadence(every=1_000_000)


async def receipt_for(journal: Journal) -> Receipt:
    return Receipt(seq=journal.head.seq, head=journal.head.hash)


async def kept(journal: Journal) -> list[tuple[int, str]]:
    return await journal.read(lambda c: c.execute("SELECT seq, keep FROM events ORDER BY seq").fetchall())


async def test_nothing_goes_before_the_citys_receipt(open_journal: Opener, clock: Any) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*MIXED)
    await journal.mark_broker(8)
    clock.forward(days=1000)
    assert (await journal.prune()).total == 0


async def test_nothing_goes_before_its_retention_time(open_journal: Opener, clock: Any) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*MIXED)
    await journal.mark_city(await receipt_for(journal))
    clock.forward(days=6)
    assert (await journal.prune()).total == 0


async def test_each_class_goes_in_its_time_and_the_chain_still_holds(
    open_journal: Opener, clock: Any, tmp_path: Path
) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*MIXED)
    await journal.mark_city(await receipt_for(journal))
    clock.forward(days=8)
    assert (await journal.prune()).events == {Keep.HEALTH: 3, Keep.READING: 0, Keep.PROOF: 0}
    assert verify(tmp_path).ok
    clock.forward(days=30)
    assert (await journal.prune()).events == {Keep.HEALTH: 0, Keep.READING: 3, Keep.PROOF: 0}
    assert await kept(journal) == [(3, "proof"), (8, "proof")]
    assert verify(tmp_path).ok
    clock.forward(days=365)
    await journal.prune()
    assert await kept(journal) == []
    assert verify(tmp_path).ok
    await journal.record(READING)
    await journal.close()
    assert (verify(tmp_path).ok, verify(tmp_path).events) == (True, 2)
    assert inspect.stats(tmp_path).pruned == 8


async def test_a_restored_backup_is_taken_from_once_it_begins_a_new_journal(
    open_journal: Opener, clock: Any, tmp_path: Path
) -> None:
    """A retirement alone is not enough: its first events are forgotten."""
    city = CityStore(open_database(tmp_path / "city.sqlite"), clock=clock)
    journal = await open_journal()
    await journal.record(*MIXED)
    city.take(await held(journal))
    await journal.mark_city(await receipt_for(journal))
    clock.forward(days=8)
    await journal.prune()
    assert city.retire(journal.identity.source, "ky-thuat")
    await journal.record(*MIXED)
    assert city.take(await held(journal)).judged[Judgement.NEW] == 0
    await journal.close()
    move_away(tmp_path)
    anew = await open_journal()
    await anew.record(*MIXED)
    assert city.take(await held(anew)).judged[Judgement.NEW] == anew.head.seq
    assert verify_city(city.database).ok
    city.database.close()


def move_away(folder: Path) -> None:
    for part in folder.glob("journal.sqlite*"):
        part.rename(part.with_name(f"moved-{part.name}"))


async def held(journal: Journal) -> list[Arrival]:
    """What the journal holds, as it reaches the city."""
    topics = Topics(journal.identity.site, journal.identity.device)
    rows = await journal.read(lambda c: c.execute("SELECT type, body FROM events ORDER BY seq").fetchall())
    return [Arrival(topics, kind, bytes(body), datetime.now(UTC)) for kind, body in rows]


async def test_holes_that_touch_are_one_hole(open_journal: Opener, clock: Any) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*MIXED)
    await journal.mark_city(await receipt_for(journal))
    for days in (8, 30, 365):
        clock.forward(days=days)
        await journal.prune()
    holes = await journal.read(lambda c: c.execute("SELECT first, last, prevhash, hash FROM ledger_pruned").fetchall())
    assert holes == [(1, 8, GENESIS, journal.head.hash)]


async def test_a_pruned_journal_can_be_exported_and_verified(open_journal: Opener, clock: Any, tmp_path: Path) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*MIXED)
    await journal.mark_city(await receipt_for(journal))
    clock.forward(days=8)
    await journal.prune()
    exported = inspect.export(tmp_path, tmp_path / "out.jsonl")
    assert (exported.count, verify(exported.events).ok) == (5, True)


async def test_what_the_city_has_not_confirmed_stays(open_journal: Opener, clock: Any) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*MIXED[:4])
    await journal.mark_city(await receipt_for(journal))
    await journal.record(*MIXED[4:])
    clock.forward(days=1000)
    await journal.prune()
    assert [seq for seq, _ in await kept(journal)] == [5, 6, 7, 8]


# --- receipts ---


async def test_a_matching_receipt_moves_both_watermarks_for_good(open_journal: Opener) -> None:
    journal = await open_journal()
    await journal.record(*MIXED)
    assert await journal.mark_city(await receipt_for(journal)) is ReceiptOutcome.TAKEN
    assert (journal.marks.city, journal.marks.broker, journal.backlog) == (8, 8, 0)
    await journal.close()
    again = await open_journal()
    assert (again.marks.city, again.backlog) == (8, 1)


@pytest.mark.parametrize(
    ("receipt", "outcome"),
    [
        (Receipt(seq=0, head=GENESIS), ReceiptOutcome.STALE),
        (Receipt(seq=0, head="f" * 64), ReceiptOutcome.MISMATCH),
        (Receipt(seq=5, head="f" * 64), ReceiptOutcome.MISMATCH),
        (Receipt(seq=9, head="f" * 64), ReceiptOutcome.AHEAD),
    ],
)
async def test_another_receipt_moves_nothing(open_journal: Opener, receipt: Receipt, outcome: ReceiptOutcome) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*MIXED)
    assert await journal.mark_city(receipt) is outcome
    assert journal.marks.city == 0


async def test_an_older_receipt_is_stale(open_journal: Opener) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*MIXED[:4])
    older = await receipt_for(journal)
    await journal.record(*MIXED[4:])
    await journal.mark_city(await receipt_for(journal))
    assert await journal.mark_city(older) is ReceiptOutcome.STALE
    assert journal.marks.city == 8


async def test_a_receipt_about_what_was_deleted_says_neither_yes_nor_no(open_journal: Opener, clock: Any) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*MIXED)
    await journal.mark_city(await receipt_for(journal))
    clock.forward(days=1000)
    await journal.prune()
    assert await journal.mark_city(Receipt(seq=4, head="f" * 64)) is ReceiptOutcome.GONE
    assert (
        await journal.mark_city(Receipt(seq=8, head="f" * 64)) is ReceiptOutcome.MISMATCH
    )  # a hole's end is remembered


def test_a_signed_receipt_is_for_one_device_and_by_one_city() -> None:
    city, other = DeviceKey.generate(), DeviceKey.generate()
    receipt = Receipt(seq=3, head="a" * 64).signed(city, "/sites/s/devices/d")
    assert receipt.is_from(city.public, "/sites/s/devices/d")
    assert not receipt.is_from(city.public, "/sites/s/devices/e")
    assert not receipt.is_from(other.public, "/sites/s/devices/d")
    assert not Receipt(seq=3, head="a" * 64).is_from(city.public, "/sites/s/devices/d")


def test_the_time_of_a_receipt_is_signed_with_it_and_travels_in_any_zone() -> None:
    city, source = DeviceKey.generate(), "/sites/s/devices/d"
    at = datetime(2026, 11, 21, 8, 15, 30, 123_456, tzinfo=timezone(timedelta(hours=7)))
    receipt = Receipt(seq=3, head="a" * 64, at=at).signed(city, source)
    travelled = msgspec.json.decode(msgspec.json.encode(receipt), type=Receipt)
    assert (travelled.at, travelled.is_from(city.public, source)) == (at, True)
    for other in (at + timedelta(seconds=1), None):
        assert not msgspec.structs.replace(receipt, at=other).is_from(city.public, source)


def forge_receipt(connection: sqlite3.Connection) -> tuple[Payload, ...]:
    connection.execute("UPDATE ledger_receipts SET head = ?", ("f" * 64,))
    return ()


async def test_a_rewritten_journal_contradicts_the_receipt(open_journal: Opener, tmp_path: Path) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*MIXED)
    await journal.mark_city(await receipt_for(journal))
    await journal.transact(forge_receipt)
    assert (verify(tmp_path).ok, verify(tmp_path).first_bad) == (False, 8)


# --- the size bound ---


async def fill_until_refused(journal: Journal, payload: Payload) -> None:
    refused = False
    for _ in range(200):
        outcomes = await asyncio.gather(journal.record(*[payload] * 50), return_exceptions=True)
        refused = refused or isinstance(outcomes[0], JournalFull)
    assert refused


TIGHT = Retention(health=timedelta(days=1000), reading=timedelta(days=1000), bound_mb=0.25)


async def test_at_the_bound_new_health_and_readings_are_refused_and_proof_is_not(
    open_journal: Opener, tmp_path: Path
) -> None:
    journal = await open_journal(retention=TIGHT, cadence=Cadence(every=50))
    await fill_until_refused(journal, READING)
    with pytest.raises(JournalFull):
        await journal.record(HEALTH)
    with pytest.raises(JournalFull):
        await journal.transact(lambda _: [READING])
    await journal.record(PROOF)
    await journal.close()
    assert verify(tmp_path).ok


async def test_the_victims_are_health_first_and_never_proof(open_journal: Opener, tmp_path: Path) -> None:
    journal = await open_journal(retention=TIGHT, cadence=Cadence(every=50))
    await journal.record(*[PROOF] * 50, *[READING] * 50, *[HEALTH] * 50)
    await fill_until_refused(journal, READING)
    before = dict(await journal.read(lambda c: c.execute("SELECT keep, count(*) FROM events GROUP BY keep").fetchall()))
    await journal.mark_city(await receipt_for(journal))
    await journal.record(READING)
    after = dict(await journal.read(lambda c: c.execute("SELECT keep, count(*) FROM events GROUP BY keep").fetchall()))
    assert "health" not in after
    assert after["proof"] == before["proof"]
    await journal.close()
    assert verify(tmp_path).ok


async def test_a_start_at_the_bound_refuses_nothing_while_there_is_something_to_delete(open_journal: Opener) -> None:
    """All of it stands behind more proof than one look goes through."""
    journal = await open_journal(cadence=NEVER)
    for payload in (PROOF,) * 12 + (HEALTH,) * 2:
        await journal.record(*[payload] * 1_000)
    await journal.mark_city(await receipt_for(journal))
    pages, page = await journal.read(
        lambda c: c.execute("SELECT * FROM pragma_page_count, pragma_page_size").fetchone()
    )
    await journal.close()
    again = await open_journal(cadence=NEVER, retention=Retention(bound_mb=pages * page / 1e6 - 0.2))
    for _ in range(9):
        await again.record(HEALTH)
    assert len(await kept(again)) < 14_000


def spoil(connection: sqlite3.Connection) -> tuple[Payload, ...]:
    """Two rows in the middle, and the first."""
    connection.execute("UPDATE events SET body = x'7b' WHERE seq IN (1, 100, 101)")
    return ()


async def test_a_damaged_row_stays_and_keeps_no_other_from_going(
    open_journal: Opener, clock: Any, tmp_path: Path
) -> None:
    journal = await open_journal(cadence=NEVER)
    await journal.record(*[HEALTH] * 200)
    await journal.mark_city(await receipt_for(journal))
    await journal.transact(spoil)
    clock.forward(days=8)
    assert (await journal.prune()).events[Keep.HEALTH] == 197
    assert [seq for seq, _ in await kept(journal)] == [1, 100, 101]
    assert verify(tmp_path).first_bad == 1


async def test_at_the_bound_a_damaged_row_keeps_no_proof_out(open_journal: Opener) -> None:
    journal = await open_journal(retention=TIGHT, cadence=Cadence(every=50))
    await fill_until_refused(journal, READING)
    await journal.transact(spoil)
    await journal.mark_city(await receipt_for(journal))
    await journal.record(*[PROOF] * 50)
    assert len(await kept(journal)) < 200


def meets_a_full_disk(_: sqlite3.Connection) -> tuple[Payload, ...]:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    raise error


async def test_room_that_a_failed_transaction_did_not_make_is_made_by_the_next(open_journal: Opener) -> None:
    """What it had found to delete is there again when it was rolled back."""
    journal = await open_journal(retention=TIGHT, cadence=Cadence(every=50))
    await fill_until_refused(journal, READING)
    await journal.mark_city(await receipt_for(journal))
    with pytest.raises(JournalFull, match="disk"):
        await journal.transact(meets_a_full_disk)
    await journal.record(*[READING] * 50)
    assert len(await kept(journal)) < 100
