"""The journal's benchmark, stopped in the middle."""

import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from edge.bench import journal


async def test_a_benchmark_that_is_stopped_waits_for_its_own_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, never = threading.Event(), threading.Event()
    ended: list[int] = []

    def insert(bare: sqlite3.Connection, _seconds: float, _rows: int) -> float:
        began.set()
        never.wait(0.2)
        ended.append(bare.total_changes)  # raises where it was closed under it
        return 1.0

    monkeypatch.setattr(journal, "_insert", insert)
    running = asyncio.create_task(journal._appends(0.0, tmp_path))
    await asyncio.to_thread(began.wait)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert ended == [0]
