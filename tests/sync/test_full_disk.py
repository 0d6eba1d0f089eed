"""A full disk: refused clearly, nothing accepted lost, well again when there is room."""

import asyncio
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from sync.errors import JournalFull
from sync.events import (
    Payload,
)
from sync.jobs import Cadence
from sync.journal import Journal
from sync.verify import verify
from tests.sync.samples import VISIT, Opener, tally


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
    assert isinstance(journal.refusal, JournalFull)
    await set_room(journal, None)
    assert accepted > 0
    assert journal.refusal is None
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
