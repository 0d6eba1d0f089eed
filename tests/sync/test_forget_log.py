"""The write-ahead log is cut behind a deletion, and the journal goes on as before."""

import sqlite3
from pathlib import Path

from sync import inspect
from sync.journal import Journal
from sync.schema import truncate_log
from tests.sync.samples import VISIT


async def test_the_log_is_empty_and_the_journal_whole(tmp_path: Path) -> None:
    async with await Journal.open(tmp_path, site="phuong-mau", device="quay-01") as journal:
        await journal.record(VISIT)
        log = tmp_path / "journal.sqlite-wal"
        assert log.stat().st_size > 0
        assert await journal.forget_log()
        assert log.stat().st_size == 0
        await journal.record(VISIT)
    assert inspect.verify(tmp_path).ok


async def test_a_reader_in_the_way_is_said_and_nothing_is_lost(tmp_path: Path) -> None:
    async with await Journal.open(tmp_path, site="phuong-mau", device="quay-01") as journal:
        await journal.record(VISIT)
        reader = sqlite3.connect(journal.path, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM events").fetchone()
        await journal.record(VISIT)
        assert not truncate_log(journal.path, wait_s=0.05)
        reader.close()
        assert await journal.forget_log()
    assert inspect.verify(tmp_path).ok
