"""The fleet benchmark runs against the real server and reports what it found; what that is depends on the machine."""

import json
from pathlib import Path

import pytest

from edge.bench import fleet


@pytest.mark.broker
@pytest.mark.enable_socket
@pytest.mark.timeout(120)
def test_without_a_browser_it_says_so_and_measures_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet, "why_none", lambda: "Debian's chromium is not installed")
    told: list[str] = []
    table = fleet.run(0.5, tmp_path, told.append, sizes=(5,))
    assert json.loads((tmp_path / "fleet.json").read_text()) == table
    assert table["notes"] == ["no browser: Debian's chromium is not installed"]
    assert told == ["5 devices"]
    idle, unseen, memory, load = table["rows"]
    assert unseen["what"] == "  5 devices: no page was measured, Debian's chromium is not installed"
    assert (unseen["held"], table["all_held"]) == (False, False)
    assert (idle["unit"], memory["unit"]) == ("% of a core", "MB")
    assert memory["value"] > 10
    assert load["what"].startswith("load average")


@pytest.mark.long
@pytest.mark.broker
@pytest.mark.browser
@pytest.mark.enable_socket
@pytest.mark.timeout(300)
def test_in_a_real_chromium_alerts_come_to_the_page(tmp_path: Path) -> None:
    table = fleet.run(1.0, tmp_path, lambda _: None, sizes=(5,))
    found = {row["what"].partition("devices: ")[2]: row["value"] for row in table["rows"]}
    assert found["overview, elements"] > 100
    assert found["device raises an alert to seen, p50"] > 0
    assert found["overview, over the wire"] > 10
