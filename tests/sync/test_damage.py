"""A journal whose file is damaged: refused by its name, and let go of."""

import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from sync import inspect
from sync.errors import JournalDamaged, JournalError
from sync.jobs import Cadence
from sync.journal import Journal
from sync.schema import JOURNAL_FILE
from sync.verify import verify
from tests.sync.samples import VISIT

Opener = Callable[..., Awaitable[Journal]]
PAGE = 4_096


@pytest.fixture
async def whole(open_journal: Opener, tmp_path: Path) -> bytes:
    """The bytes of a journal of some pages, closed."""
    journal = await open_journal()
    await journal.record(*[VISIT] * 150)
    await journal.close()
    return (tmp_path / JOURNAL_FILE).read_bytes()


def put(folder: Path, content: bytes) -> None:
    for end in ("-wal", "-shm"):
        (folder / f"{JOURNAL_FILE}{end}").unlink(missing_ok=True)
    (folder / JOURNAL_FILE).write_bytes(content)


def without(whole: bytes, page: int) -> bytes:
    return whole[: page * PAGE] + b"\xff" * PAGE + whole[(page + 1) * PAGE :]


async def test_whatever_page_is_damaged_opening_refuses_by_name_or_works(
    open_journal: Opener, tmp_path: Path, whole: bytes
) -> None:
    refused = 0
    for page in range(len(whole) // PAGE):
        put(tmp_path, without(whole, page))
        try:
            await (await open_journal()).close()
        except JournalDamaged:
            refused += 1
    assert refused > 2
    put(tmp_path, whole)
    await open_journal()


@pytest.mark.parametrize("share", [0.0001, 0.02, 0.3, 0.5, 0.9])
async def test_a_file_that_was_cut_short_is_refused_and_let_go_of(
    open_journal: Opener, tmp_path: Path, whole: bytes, share: float
) -> None:
    put(tmp_path, whole[: int(len(whole) * share)])
    with pytest.raises(JournalDamaged) as refusal:
        await open_journal()
    assert f"keep the file, and see: motcua journal verify --data {tmp_path}" in str(refusal.value)
    put(tmp_path, whole)
    await open_journal()


async def test_a_schema_that_is_no_text_any_more_is_damage(open_journal: Opener, tmp_path: Path, whole: bytes) -> None:
    put(tmp_path, whole.replace(b"CREATE TABLE events", b"CREATE TABLE\xf0events"))
    with pytest.raises(JournalDamaged):
        await open_journal()
    for look in (inspect.tail, inspect.stats):
        with pytest.raises(JournalDamaged):
            look(tmp_path)
    assert not verify(tmp_path).ok


async def test_what_cannot_be_read_or_pruned_later_is_damage_and_a_mistake_is_a_mistake(
    open_journal: Opener, tmp_path: Path, whole: bytes
) -> None:
    """The first page of rows: opening looks at the last."""
    first = whole.index(b'"seq":1,') // PAGE
    put(tmp_path, without(whole, first))
    journal = await open_journal(cadence=Cadence(every=1_000))
    with pytest.raises(JournalDamaged):
        await journal.read(lambda connection: connection.execute("SELECT sum(length(body)) FROM events").fetchall())
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await journal.read(lambda connection: connection.execute("SELECT * FROM nowhere").fetchall())
    with pytest.raises(JournalError):
        await journal.transact(count_every_body)
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        await journal.transact(ask_nowhere)
    assert len(await journal.record(VISIT)) == 1


def count_every_body(connection: sqlite3.Connection) -> tuple[()]:
    connection.execute("SELECT sum(length(body)) FROM events").fetchall()
    return ()


def ask_nowhere(connection: sqlite3.Connection) -> tuple[()]:
    connection.execute("SELECT * FROM nowhere")
    return ()


@pytest.mark.parametrize("found", [b"", b"\xff", b'{"seq"'])
def test_a_row_whose_bytes_are_damaged_is_a_row_without_an_event(found: bytes) -> None:
    assert inspect.Row(3, "visit.started", found).event is None
