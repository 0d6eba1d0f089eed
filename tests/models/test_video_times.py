"""When each frame of a film was: as its container says, where that can be."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.score import video_frames
from tests.films import film


def times(path: Path) -> list[float]:
    return [t_s for t_s, _ in video_frames(path)]


@pytest.mark.parametrize(
    "times_ms",
    [
        pytest.param([*range(0, 6000, 100)], id="steady"),
        pytest.param([*range(0, 2000, 33), *range(2000, 10_000, 200)], id="slower in the dark"),
        pytest.param([0, 70, 240, 300, 480, 550, 1900, 1970, 2100], id="a pause"),
    ],
)
def test_a_frame_is_where_the_container_has_it(tmp_path: Path, times_ms: list[int]) -> None:
    assert times(film(tmp_path / "a.mkv", times_ms)) == pytest.approx([at / 1000 for at in times_ms])


def test_the_first_frame_is_the_start(tmp_path: Path) -> None:
    assert times(film(tmp_path / "a.mkv", [5000, 5100, 5300])) == pytest.approx([0, 0.1, 0.3])


def test_times_that_stand_still_or_go_back_grow_all_the_same(tmp_path: Path) -> None:
    found = times(film(tmp_path / "a.mkv", [0, 100, 100, 40, 400, 500]))
    assert found[0] == 0
    assert all(later > earlier for earlier, later in pairwise(found))
    assert found[-1] - found[-2] == pytest.approx(0.1)


class Capture:
    """OpenCV's, of a file that says this rate, and these times for its frames."""

    def __init__(self, fps: float, times_s: Sequence[float]) -> None:
        self._fps, self._times_s, self._at = fps, times_s, -1

    def get(self, what: int) -> float:
        return self._fps if what == cv2.CAP_PROP_FPS else self._times_s[self._at] * 1000

    def read(self) -> tuple[bool, object]:
        self._at += 1
        return self._at < len(self._times_s), np.zeros((64, 64, 3), np.uint8)

    def release(self) -> None: ...


@pytest.mark.parametrize(
    ("fps", "said_s", "expected_s"),
    [
        pytest.param(10.0, [0, 0, 0], [0, 0.1, 0.2], id="no times"),
        pytest.param(0.0, [0, 0, 0], [0, 0.04, 0.08], id="no rate"),
        pytest.param(1000.0, [0, 0, 0], [0, 0.04, 0.08], id="no rate that can be"),
        pytest.param(float("nan"), [0, 0, 0], [0, 0.04, 0.08], id="no number"),
        pytest.param(10.0, [0, 0.2, 9e9, 9e9 + 0.25, 9e9 + 0.5], [0, 0.2, 0.3, 0.55, 0.8], id="a jump"),
        pytest.param(10.0, [0, 0.2, 9e9, 0.6, 0.8], [0, 0.2, 0.3, 0.4, 0.6], id="one wrong time"),
        pytest.param(10.0, [30, 30.2, 30.4, 0, 0.2, 0.4], [0, 0.2, 0.4, 0.5, 0.7, 0.9], id="begun again"),
        pytest.param(10.0, [0, float("nan"), 0.5, 0.6], [0, 0.1, 0.2, 0.3], id="a time that is none"),
    ],
)
def test_what_the_container_cannot_say_is_a_step_of_its_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fps: float, said_s: Sequence[float], expected_s: Sequence[float]
) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: Capture(fps, said_s))
    (path := tmp_path / "a.avi").touch()
    assert times(path) == pytest.approx(expected_s, abs=1e-5)


def test_a_film_without_times_has_its_own_rate(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 64))
    for _ in range(5):
        writer.write(np.zeros((64, 64, 3), np.uint8))
    writer.release()
    assert times(path) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
