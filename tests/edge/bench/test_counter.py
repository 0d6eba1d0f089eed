"""The counter's benchmark judges what it measured; what it could not measure has not held."""

from pathlib import Path

import pytest

from edge.bench import counter


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("does", "why"),
    [
        pytest.param(None, "run scripts/bench_peer_fer", id="never made"),
        pytest.param("echo no memory left >&2; exit 1", "no memory left", id="failed"),
        pytest.param("kill -9 $$", "fer failed", id="killed without a word"),
        pytest.param("exec sleep 60", "longer than", id="hangs"),
        pytest.param("echo no figures", "no figures", id="ends without figures"),
    ],
)
def test_a_peer_that_was_not_measured_beside_us_holds_no_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str | None, why: str
) -> None:
    monkeypatch.setattr(counter, "PEER_LIMIT_S", 0.5)
    peer = counter._peer(tmp_path / "film", script(tmp_path / "python", does) if does else tmp_path / "none")
    (row,) = counter._peer_rows(counter._Measured(frames=10, cpu_ms=100.0), peer)
    assert why in row.what
    assert row.budget == pytest.approx(1 / 6, abs=0.001)
    assert row.held is False


def test_no_frame_between_two_beats_is_no_frame_that_cost_nothing() -> None:
    rows = counter._rows(counter._Measured(seconds=1.0, frames=0, cpu_ms=0.0, latencies_ms=[50.0] * 10))
    (cpu,) = (row for row in rows if row.what.startswith("cpu per frame, all in"))
    assert cpu.held is False
