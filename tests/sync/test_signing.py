"""When the journal signs its head."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from sync.jobs import Cadence
from sync.verify import verify
from tests.sync.samples import VISIT, Opener


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
        async with asyncio.timeout(0.1):  # ten times the cadence
            await anext(follower)


async def test_a_clean_close_signs_the_end_once(open_journal: Opener, tmp_path: Path) -> None:
    journal = await open_journal()
    await journal.record(VISIT)
    await journal.close()
    await (await open_journal()).close()  # nothing new: nothing to sign
    report = verify(tmp_path)
    assert (report.ok, report.events, report.checkpoints, report.signed_upto) == (True, 2, 1, 1)
