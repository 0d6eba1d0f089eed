"""A demo with a real camera: one that is not there is said before anything starts, one that fails on the screen and in the outcome."""

from pathlib import Path

import pytest

from devices.camera.source import CameraLost
from edge.demo_camera import CameraNews, found
from edge.demo_outcome import Outcome
from edge.ports import CameraState
from tests.edge.command_line import motcua
from tests.edge.web.fakes import FakeCounters


@pytest.mark.timeout(120)
def test_a_camera_that_is_not_there_is_said_before_anything_starts(tmp_path: Path) -> None:
    done = motcua("demo", "--camera", 77, "--seconds", 5, "--port", 0, "--data", tmp_path / "run")
    (line,) = done.lines
    assert done.code == 1
    assert line["error"].startswith("camera 77: /dev/video77 is not there; ")
    assert "without --camera the demo plays a film" in line["error"]
    assert not (tmp_path / "run").exists()


def test_a_camera_on_the_network_is_asked_when_it_is_opened() -> None:
    assert found("rtsp://viewer:secret@camera/stream") == "rtsp://viewer:secret@camera/stream"


def test_a_film_is_looked_for_where_the_command_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CameraLost, match="there is no such file"):
        found("replay:film.mp4")
    (tmp_path / "film.mp4").touch()
    assert found("replay:film.mp4") == f"replay:{tmp_path}/film.mp4"


def test_what_becomes_of_it_is_said_once_each() -> None:
    said: list[str] = []
    desk = FakeCounters()
    news = CameraNews(desk, "quay-01", said.append)
    for camera in ("lost", "lost", "live"):
        desk.put("quay-01", camera=CameraState(camera))
    assert said == [
        "camera of quay-01: No signal from the camera. Check the camera's cable and power; it reconnects by itself.",
        "camera of quay-01: works",
    ]
    assert news.state is CameraState.LIVE


@pytest.mark.parametrize(("camera", "is_whole"), [(None, True), (CameraState.LIVE, True), (CameraState.LOST, False)])
def test_a_demo_whose_camera_shows_nothing_has_not_gone_well(camera: CameraState | None, *, is_whole: bool) -> None:
    outcome = Outcome({}, 0, 0, {}, journal=1, broker=1, journal_ok=True, locker={}, camera=camera)
    assert (outcome.is_whole, outcome.as_json()["camera"]) == (is_whole, camera)
