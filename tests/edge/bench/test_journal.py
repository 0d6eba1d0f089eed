"""The journal's benchmark, stopped in the middle."""

import asyncio
import sqlite3
import threading
from contextlib import closing

import pytest

from edge.bench import journal


async def test_a_benchmark_that_is_stopped_waits_for_its_own_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    began, ended, never = threading.Event(), threading.Event(), threading.Event()

    def insert(_bare: sqlite3.Connection, _seconds: float, _rows: int) -> float:
        began.set()
        never.wait(0.2)
        ended.set()
        return 1.0

    async def ours(_seconds: float) -> float:
        return 1.0

    monkeypatch.setattr(journal, "_insert", insert)
    with closing(sqlite3.connect(":memory:")) as bare:
        running = asyncio.create_task(journal._side_by_side(1.0, bare, 1, ours))
        await asyncio.to_thread(began.wait)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert ended.is_set(), "the connection would be closed under it"
