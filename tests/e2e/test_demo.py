"""`motcua demo` plays the whole story on real models, and everything it promises happens."""

import json
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from tests.edge.command_line import motcua

ROOT = Path(__file__).parents[2]
IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif", ".mp4", ".avi", ".npy"}


@pytest.mark.models
@pytest.mark.smsd
@pytest.mark.enable_socket
@pytest.mark.timeout(120)
def test_the_story_has_its_outcome(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "edge", "demo", "--seconds", "26", "--headless", "--json", "--port", "0"]
    done = subprocess.run(
        [*command, "--data", str(tmp_path / "run")], capture_output=True, text=True, cwd=ROOT, check=False, timeout=110
    )
    assert done.returncode == 0, done.stderr[-2000:]
    outcome = json.loads(done.stdout)
    visits = outcome["visits"]
    assert {level: visits[level] > 0 for level in visits if level not in {"very_satisfied", "neutral"}} == {
        "satisfied": True,
        "dissatisfied": True,
        "angry": True,
        "not_enough": True,
        "dropped": True,
    }, visits
    assert outcome["nudges"] >= 1
    assert outcome["alerts"] >= 1
    assert outcome["sms"]["delivered"] == outcome["sms"]["submitted"] >= 2, "the leader and the head of the unit"
    assert outcome["locker"] == {"collected": 1, "deposited": 1, "refused": 1}
    assert outcome["tickets"] == {"issued": 5, "called": 8}
    assert outcome["lookups"] == 1
    assert outcome["greeted_by_name"] >= 1, "somebody who enrolled comes before the guide's camera"
    assert outcome["events"]["journal"] == outcome["events"]["broker"] > 0
    assert outcome["journal_ok"] is True
    assert [path for path in tmp_path.rglob("*") if path.suffix.lower() in IMAGES] == []
    verified = subprocess.run(
        [sys.executable, "-m", "edge", "journal", "verify", "--json", "--data", str(tmp_path / "run" / "data")],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert json.loads(verified.stdout)["ok"] is True


@pytest.mark.models
@pytest.mark.smsd
@pytest.mark.enable_socket
@pytest.mark.timeout(120)
def test_whoever_closes_the_terminal_leaves_nothing_of_the_demo_running(tmp_path: Path) -> None:
    folder = tmp_path / "tủ hồ sơ"
    command = [sys.executable, "-m", "edge", "demo", "--headless", "--port", "0", "--data", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT) as demo:
        assert demo.stderr is not None
        next(line for line in demo.stderr if line.startswith("pages: "))
        assert left_of(folder)
        demo.send_signal(signal.SIGHUP)
        demo.communicate(timeout=60)
    assert demo.returncode == 0
    assert left_of(folder) == []


def left_of(folder: Path) -> list[str]:
    """The processes whose command names the folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if str(folder) in command:
                found.append(command)
    return found


@pytest.mark.enable_socket
@pytest.mark.timeout(60)
def test_a_taken_port_is_said_before_anything_starts() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = motcua("demo", "--seconds", 5, "--port", port)
    assert done.code == 1
    assert "choose another with --port" in done.lines[0]["error"]
