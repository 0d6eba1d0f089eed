"""What the machine says of its journal."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.adapters.machine import Machine
from sync.errors import JournalFull
from sync.events import Payload, VisitStarted
from tests.edge.services.centre import Centre


async def test_a_full_disk_is_said_to_be_full(tmp_path: Path) -> None:
    centre = await Centre.open(tmp_path)
    machine = Machine(tmp_path, centre.journal, centre.counters)
    assert machine.refusing_why is None

    await centre.journal.transact(without_room)
    with pytest.raises(JournalFull):
        await centre.journal.record(*[VisitStarted(visit="v1", counter="q1")] * 10_000)
    assert machine.refusing_why == "disk_full"
    await centre.journal.close()


def without_room(connection: sqlite3.Connection) -> Sequence[Payload]:
    (used,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {used + 10}")
    return ()
