"""The verifier names the first row that was changed, lost or forged; the tamperer here knows the format and has a keyboard."""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from sync import inspect
from sync.errors import JournalUnusable
from sync.events import RatingGiven, VisitStarted
from sync.jobs import Cadence
from sync.journal import Journal
from sync.keys import DeviceKey
from sync.verify import VerifyReport, verify

Opener = Callable[..., Awaitable[Journal]]
VISIT = VisitStarted(visit="v1", counter="quay-01")
RATING = RatingGiven(counter="quay-01", visit="v1", level="satisfied")


@pytest.fixture
async def journal_dir(open_journal: Opener, tmp_path: Path) -> Path:
    """23 events and three checkpoints: seq 11, 22 and, at the close, 26."""
    journal = await open_journal(cadence=Cadence(every=10))
    for events in (10, 10, 3):
        await journal.record(*[VISIT] * events)
    await journal.close()
    return tmp_path


def tamper(journal_dir: Path, *statements: tuple[str, tuple[object, ...]]) -> VerifyReport:
    with closing(sqlite3.connect(journal_dir / "journal.sqlite")) as connection:
        for statement, values in statements:
            connection.execute(statement, values)
        connection.commit()
    return verify(journal_dir)


def body_of(journal_dir: Path, seq: int) -> bytes:
    with closing(sqlite3.connect(journal_dir / "journal.sqlite")) as connection:
        return bytes(connection.execute("SELECT body FROM events WHERE seq = ?", (seq,)).fetchone()[0])


def rewritten(journal_dir: Path, first: int) -> list[tuple[str, tuple[object, ...]]]:
    """Change the event `first` and link everything behind it anew, as somebody without the key can."""
    statements: list[tuple[str, tuple[object, ...]]] = []
    previous = None
    for seq in range(first, 27):
        event = json.loads(body_of(journal_dir, seq))
        if seq == first:
            event["data"]["visit"] = "v2"
        else:
            event["prevhash"] = previous
        body = json.dumps(event, separators=(",", ":"), ensure_ascii=False).encode()
        previous = hashlib.sha256(body).hexdigest()
        statements.append(("UPDATE events SET body = ? WHERE seq = ?", (body, seq)))
    return [*statements, ("UPDATE ledger_head SET hash = ?", (previous,))]


def test_an_untouched_journal_holds(journal_dir: Path) -> None:
    report = verify(journal_dir)
    assert report == VerifyReport(ok=True, events=26, checkpoints=3, signed_upto=25)


@pytest.mark.parametrize("seq", [1, 2, 11, 15, 25, 26])
def test_one_changed_byte_is_named(journal_dir: Path, seq: int) -> None:
    body = body_of(journal_dir, seq).replace(b"2026-11-21", b"2026-11-20")
    report = tamper(journal_dir, ("UPDATE events SET body = ? WHERE seq = ?", (body, seq)))
    assert (report.ok, report.first_bad) == (False, seq)


@pytest.mark.parametrize("seq", [2, 11, 15, 26])
def test_a_changed_prevhash_is_named(journal_dir: Path, seq: int) -> None:
    event = json.loads(body_of(journal_dir, seq)) | {"prevhash": "f" * 64}
    body = json.dumps(event, separators=(",", ":")).encode()
    report = tamper(journal_dir, ("UPDATE events SET body = ? WHERE seq = ?", (body, seq)))
    assert (report.ok, report.first_bad) == (False, seq)


@pytest.mark.parametrize("seq", [1, 2, 11, 15, 26])
def test_a_deleted_row_is_named(journal_dir: Path, seq: int) -> None:
    report = tamper(journal_dir, ("DELETE FROM events WHERE seq = ?", (seq,)))
    assert (report.ok, report.first_bad) == (False, seq)
    assert "missing" in str(report.why)


def test_an_emptied_journal_is_missing_its_first_row(journal_dir: Path) -> None:
    assert tamper(journal_dir, ("DELETE FROM events", ())).first_bad == 1


def test_an_added_row_is_named(journal_dir: Path) -> None:
    event = json.loads(body_of(journal_dir, 26))
    event |= {"seq": 27, "prevhash": hashlib.sha256(body_of(journal_dir, 26)).hexdigest()}
    body = json.dumps(event, separators=(",", ":")).encode()
    insert = "INSERT INTO events SELECT 27, type, keep, at_ms, ? FROM events WHERE seq = 26"
    assert tamper(journal_dir, (insert, (body,))).first_bad == 27


@pytest.mark.parametrize(("first", "checkpoint"), [(1, 11), (12, 22), (25, 26)])
def test_a_rewritten_history_is_caught_by_the_next_checkpoint(journal_dir: Path, first: int, checkpoint: int) -> None:
    report = tamper(journal_dir, *rewritten(journal_dir, first))
    assert (report.ok, report.first_bad) == (False, checkpoint)
    assert "forged" in str(report.why)


@pytest.mark.parametrize("column", ["type = 'device.health'", "keep = 'health'", "at_ms = 0"])
def test_columns_that_contradict_the_bytes_are_named(journal_dir: Path, column: str) -> None:
    statement = f"UPDATE events SET {column} WHERE seq = 11"  # noqa: S608 - the three above
    assert tamper(journal_dir, (statement, ())).first_bad == 11


@pytest.mark.parametrize("junk", [b"", b"{}", b"\xff\xfe", b"[1,2", b'{"seq":"x"}'])
def test_bytes_that_are_no_event_are_named(journal_dir: Path, junk: bytes) -> None:
    assert tamper(journal_dir, ("UPDATE events SET body = ? WHERE seq = 7", (junk,))).first_bad == 7


def test_an_unsigned_hole_is_forged(journal_dir: Path) -> None:
    hashes = [hashlib.sha256(body_of(journal_dir, seq)).hexdigest() for seq in (4, 5)]
    report = tamper(
        journal_dir,
        ("DELETE FROM events WHERE seq = 5", ()),
        ("INSERT INTO ledger_pruned VALUES (5, 5, ?, ?, ?)", (*hashes, "00" * 64)),
    )
    assert (report.first_bad, report.ok) == (5, False)
    assert "forged" in str(report.why)


def test_another_key_is_not_this_devices(journal_dir: Path) -> None:
    assert verify(journal_dir, DeviceKey.generate().public).first_bad == 11


def test_a_lost_key_file_still_leaves_the_named_key(journal_dir: Path) -> None:
    (journal_dir / "device.key").unlink()
    assert verify(journal_dir).ok


async def test_it_works_beside_the_running_agent(open_journal: Opener, tmp_path: Path) -> None:
    journal = await open_journal()
    await journal.record(VISIT)
    assert verify(tmp_path) == VerifyReport(ok=True, events=1)


def test_a_copied_file_holds_too(journal_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("copy") / "from-quay-01.sqlite"
    shutil.copy(journal_dir / "journal.sqlite", elsewhere)
    elsewhere.parent.chmod(0o500)
    assert verify(elsewhere).ok


@pytest.mark.parametrize("keep", [0, 1, 100, 4_096, 10_000, 20_000, -1])
def test_a_truncated_file_is_reported(journal_dir: Path, keep: int) -> None:
    file = journal_dir / "journal.sqlite"
    file.write_bytes(file.read_bytes()[:keep])
    assert not verify(journal_dir).ok


@pytest.mark.parametrize("at", range(0, 40_000, 1_777))
def test_a_corrupted_file_never_ends_in_a_traceback(journal_dir: Path, at: int) -> None:
    file = journal_dir / "journal.sqlite"
    content = bytearray(file.read_bytes())
    content[at : at + 64] = b"\xa5" * len(content[at : at + 64])
    file.write_bytes(content)
    report = verify(journal_dir)
    assert report.ok == (report.why is None)


def test_no_journal_is_no_success(tmp_path: Path) -> None:
    assert not verify(tmp_path).ok
    assert not verify(tmp_path / "nowhere").ok


def test_an_export_can_be_verified_elsewhere(journal_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    exported = inspect.export(journal_dir, tmp_path_factory.mktemp("out") / "quay-01.jsonl")
    assert exported.count == 26
    assert exported.events.read_bytes().split(b"\n")[6] == body_of(journal_dir, 7)
    assert verify(exported.events, inspect.stats(journal_dir).public_key) == VerifyReport(
        ok=True, events=26, checkpoints=3, signed_upto=25
    )


@pytest.mark.parametrize(("line", "first_bad"), [(0, 1), (6, 7), (25, 26)])
def test_a_line_taken_out_of_an_export_is_missed(journal_dir: Path, tmp_path: Path, line: int, first_bad: int) -> None:
    exported = inspect.export(journal_dir, tmp_path / "quay-01.jsonl").events
    lines = exported.read_bytes().splitlines(keepends=True)
    exported.write_bytes(b"".join(lines[:line] + lines[line + 1 :]))
    assert verify(exported).first_bad == first_bad


def test_a_changed_line_of_an_export_is_named(journal_dir: Path, tmp_path: Path) -> None:
    exported = inspect.export(journal_dir, tmp_path / "quay-01.jsonl").events
    lines = exported.read_bytes().splitlines(keepends=True)
    lines[6] = b"nonsense\n"
    exported.write_bytes(b"".join(lines))
    assert verify(exported).first_bad == 7


def test_an_export_without_its_bundle_is_reported(tmp_path: Path) -> None:
    (tmp_path / "lonely.jsonl").write_bytes(b"{}\n")
    assert not verify(tmp_path / "lonely.jsonl").ok


def test_tail_gives_the_last_events_oldest_first(journal_dir: Path) -> None:
    assert [inspect.seq_of(body) for body in inspect.tail(journal_dir, 3)] == [24, 25, 26]
    assert [inspect.seq_of(body) for body in inspect.tail(journal_dir, 2, "ledger.")] == [22, 26]
    assert [inspect.seq_of(body) for body in inspect.after(journal_dir, 24)] == [25, 26]


def test_stats_count_what_is_there(journal_dir: Path) -> None:
    stats = inspect.stats(journal_dir)
    assert (stats.events, stats.first, stats.head.seq, stats.backlog, stats.pruned) == (26, 1, 26, 26, 0)
    assert stats.by_type == {"ledger.checkpoint": 3, "visit.started": 23}
    assert stats.source == "/sites/phuong-thu-duc/devices/quay-01"


@pytest.mark.parametrize("look", [inspect.tail, inspect.stats])
def test_looking_at_nothing_says_so(tmp_path: Path, look: Callable[[Path], object]) -> None:
    with pytest.raises(JournalUnusable):
        look(tmp_path)
    (tmp_path / "journal.sqlite").write_bytes(b"no database at all" * 50)
    with pytest.raises(JournalUnusable):
        look(tmp_path)
