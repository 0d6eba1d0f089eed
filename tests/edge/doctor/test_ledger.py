"""A real journal: at rest, where nothing is left beside it, and while another process writes it."""

import asyncio
import sys
import time
from datetime import UTC
from pathlib import Path

import pytest

from edge.doctor.agent_now import agent_now
from edge.doctor.finding import State
from edge.doctor.ledger import last_event, look_at_journal, look_at_retention
from edge.store import migrations
from sync.events import VisitStarted
from sync.journal import Journal
from tests.edge.command_line import ROOT

WRITES = """
import asyncio, sys
from pathlib import Path
from edge.store import migrations
from sync.events import VisitStarted
from sync.journal import Journal

async def main() -> None:
    async with await Journal.open(Path(sys.argv[1]), site="x", device="y", migrations=migrations.scripts()) as journal:
        await journal.record(VisitStarted(visit="v", counter="quay-01"))
        print("open", flush=True)
        await asyncio.to_thread(sys.stdin.read)

asyncio.run(main())
"""


async def written(folder: Path) -> None:
    async with await Journal.open(folder, site="x", device="y", migrations=migrations.scripts()) as journal:
        for number in range(3):
            await journal.record(VisitStarted(visit=f"v{number}", counter="quay-01"))


def test_a_journal_at_rest_is_read_and_left_as_it_was(tmp_path: Path) -> None:
    asyncio.run(written(tmp_path))
    before = {one.name: one.stat().st_mtime_ns for one in tmp_path.iterdir()}
    now = agent_now(tmp_path)
    found = look_at_journal(tmp_path, time.time(), is_running=False, has_city=True)
    late = look_at_retention(tmp_path, time.time(), is_running=False)
    assert now.holder is None
    assert found.found.endswith("not yet at the city")
    assert late.state is State.NOT_TESTED
    assert last_event(tmp_path, UTC, is_running=False) is not None
    assert {one.name: one.stat().st_mtime_ns for one in tmp_path.iterdir()} == before


def test_a_journal_that_is_no_journal_is_told(tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite").write_bytes(b"no database, whatever its name says" * 100)
    found = look_at_journal(tmp_path, time.time(), is_running=False, has_city=True)
    assert (found.state, "motcua journal verify" in str(found.do)) == (State.BROKEN, True)


@pytest.mark.timeout(90)
async def test_a_journal_that_another_process_writes(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITES, str(tmp_path), cwd=ROOT, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"open\n"
    now = await asyncio.to_thread(agent_now, tmp_path)
    found = await asyncio.to_thread(look_at_journal, tmp_path, time.time(), is_running=True, has_city=False)
    await process.communicate(b"")
    assert now.holder is not None
    assert now.holder.pid == process.pid
    assert found.state is State.GOOD
