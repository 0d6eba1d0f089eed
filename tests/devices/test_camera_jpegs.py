"""A file of JPEG pictures plays like a USB camera: paced, decoded on demand, round and round."""

from pathlib import Path

import numpy as np
import pytest

from devices.camera.jpegs import JpegSource, write_jpegs
from devices.camera.open import open_source
from devices.camera.source import CameraLost, FrameCorrupt


def shade(level: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.full((48, 64, 3), level, np.uint8)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "film.jpegs"
    write_jpegs(path, [shade(40), shade(120), shade(200)])
    return path


def paced(path: Path) -> tuple[JpegSource, list[float]]:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return JpegSource(path, 10.0, clock=lambda: round(now[0] * 1e9), sleep=sleep), now


def test_it_plays_in_order_at_its_rate_and_begins_again(film: Path) -> None:
    source, now = paced(film)
    with source:
        levels = []
        for _ in range(5):
            source.grab()
            levels.append(round(float(source.retrieve().mean()), -1))
    assert levels == [40, 120, 200, 40, 120]
    assert now[0] == pytest.approx(0.4)


def test_a_file_cut_short_plays_what_is_whole(film: Path) -> None:
    film.write_bytes(film.read_bytes()[:-10])
    source, _ = paced(film)
    with source:
        assert source.length == 2


def test_a_damaged_picture_is_corrupt_and_the_next_is_not(film: Path) -> None:
    raw = bytearray(film.read_bytes())
    raw[4:40] = bytes(36)
    film.write_bytes(bytes(raw))
    source, _ = paced(film)
    with source:
        source.grab()
        with pytest.raises(FrameCorrupt):
            source.retrieve()
        source.grab()
        assert source.retrieve().shape == (48, 64, 3)


@pytest.mark.parametrize("content", [None, b"", b"abc"])
def test_a_file_that_is_missing_or_empty_is_a_lost_camera(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "film.jpegs"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CameraLost, match=r"film\.jpegs"):
        open_source(f"replay:{path}")
