"""The benchmark runs and reports what the command line prints; what it finds depends on the machine."""

import json
from pathlib import Path

import pytest

from edge.bench.journal import run


@pytest.mark.broker
@pytest.mark.enable_socket
@pytest.mark.timeout(90)
def test_the_journal_benchmark_reports_both_sides(tmp_path: Path) -> None:
    table = run(0.5, tmp_path, events=1_000)
    assert json.loads((tmp_path / "journal.json").read_text()) == table
    *rows, load = table["rows"]
    assert load["what"].startswith("load average")
    assert all(row["value"] > 0 for row in rows)
    assert [row["budget"] for row in rows if row["budget"]] == [0.8, 50_000.0, 0.7]
