"""The locker's benchmark measures what it says: on one protocol, for a moment. No figure of time is judged here."""

from pathlib import Path

import pytest

from edge.bench import locker


@pytest.mark.timeout(120)
async def test_a_pickup_is_timed_from_the_code_to_the_board(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locker, "CABINETS", 2)
    monkeypatch.setattr(locker, "REST_S", 0.4)
    rows = await locker.unlock_rows("modbus", tmp_path, 0.1)
    p50, p95, p99 = (row.value for row in rows)
    line_ms = 8 * 10 / 9600 * 1000
    assert line_ms < p50 <= p95 <= p99
    assert rows[-1].budget == pytest.approx(30.0 + line_ms, abs=0.1)
    assert [row.budget for row in rows[:-1]] == [None, None]


@pytest.mark.timeout(120)
@pytest.mark.enable_socket
async def test_a_locker_only_agent_is_small_and_loads_no_vision(tmp_path: Path) -> None:
    rows = await locker.agent_rows(tmp_path, 0.5)
    held = {row.what.partition(":")[2] or row.what: row.held for row in rows if row.unit in {"MB", ""}}
    assert held == {" memory (RSS)": True, " memory (PSS)": None, " none": True}
    doors, doors_cpu, page, page_cpu = (row.value for row in rows if row.unit == "s")
    assert 0 < doors < page
    assert 0 < doors_cpu < page_cpu
