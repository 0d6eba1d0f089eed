"""Replayed cameras: what is shown when, at which pace, with noise that differs and a story that repeats."""

import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.camera import replay
from devices.camera.condition import ConditionJudge
from devices.camera.open import open_source
from devices.camera.playlist import Fault, Playlist, Show, playlist_toml, read_playlist
from devices.camera.replay import Reel, ReplaySource, empty_scene, fit
from devices.camera.source import BgrImage, CameraLost, CameraState
from tests.films import film

SIZE = (160, 120)
CLIP_RATE = 10.0


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """Twenty frames, ten a second, each a little brighter than the one before."""
    path = tmp_path / "clip.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), CLIP_RATE, (160, 120))
    for number in range(20):
        writer.write(np.full((120, 160, 3), 40 + 8 * number, np.uint8))
    writer.release()
    return path


@pytest.fixture
def photograph(tmp_path: Path) -> Path:
    path = tmp_path / "photograph.png"
    cv2.imwrite(str(path), np.random.default_rng(1).integers(60, 200, (60, 40, 3), dtype=np.uint8))
    return path


def small(*shows: Show) -> Playlist:
    return Playlist(shows, width=SIZE[0], height=SIZE[1])


def brightness(reel: Reel, position_s: float) -> float:
    return float(reel.picture(position_s)[40:80, 60:100].mean())


def test_shows_follow_each_other_and_loop() -> None:
    playlist = Playlist((Show(2.0), Show(3.0, fault=Fault.BLACK)))
    assert [playlist.at(t)[0].fault for t in (0.0, 1.99, 2.0, 4.99, 5.0, 7.5)] == [
        None, None, Fault.BLACK, Fault.BLACK, None, Fault.BLACK,
    ]  # fmt: skip


def test_after_the_end_of_one_that_does_not_loop_nobody_is_there() -> None:
    playlist = Playlist((Show(2.0, fault=Fault.BLACK),), loop=False)
    assert playlist.at(100.0)[0].file is None
    assert playlist.at(100.0)[0].fault is None


@given(st.floats(0, 1e4))
def test_a_position_always_lies_within_its_show(position_s: float) -> None:
    show, shown_s = Playlist((Show(1.5), Show(0.25, Path("a.mp4")), Show(4.0))).at(position_s)
    assert 0 <= shown_s < show.seconds


def test_a_clip_plays_at_its_own_rate_and_then_holds_its_end(clip: Path) -> None:
    reel = Reel(small(Show(5.0, clip)))
    assert brightness(reel, 0.0) == pytest.approx(40, abs=3)
    assert brightness(reel, 1.0) == pytest.approx(120, abs=3)
    assert brightness(reel, 1.9) == pytest.approx(192, abs=3)
    assert brightness(reel, 4.0) == pytest.approx(192, abs=3)
    assert brightness(reel, 5.5) == pytest.approx(80, abs=3)


def test_a_film_whose_rate_changes_shows_each_frame_at_its_own_time(tmp_path: Path) -> None:
    times_ms = [*range(5000, 6000, 40), *range(6000, 10_000, 200), 10_000]  # a telephone's, that got into the dark
    light = [40 + 4 * number for number in range(len(times_ms))]
    reel = Reel(small(Show(6.0, film(tmp_path / "a.mkv", times_ms, light=light))))
    for at_s in (0.0, 0.5, 0.99, 1.0, 1.19, 2.5, 4.9, 5.5, 3.0):
        number = max(place for place, time_ms in enumerate(times_ms) if time_ms - 5000 <= round(1000 * at_s))
        assert brightness(reel, at_s) == pytest.approx(light[number], abs=3), at_s


def test_a_clip_can_start_in_its_middle(clip: Path) -> None:
    reel = Reel(small(Show(5.0, clip, from_s=1.0)))
    assert brightness(reel, 0.0) == pytest.approx(120, abs=3)


def test_the_same_position_and_seed_give_the_same_picture(photograph: Path) -> None:
    playlist = small(Show(5.0, photograph))
    assert np.array_equal(Reel(playlist).picture(1.25), Reel(playlist).picture(1.25))
    assert not np.array_equal(Reel(playlist).picture(1.25), Reel(replace(playlist, seed=2)).picture(1.25))


@pytest.mark.parametrize("name", ["photograph", "clip", "empty"])
def test_what_is_replayed_is_neither_frozen_nor_black_nor_corrupt(name: str, request: pytest.FixtureRequest) -> None:
    file = None if name == "empty" else request.getfixturevalue(name)
    reel, judge = Reel(small(Show(20.0, file))), ConditionJudge()
    verdicts = [judge.judge(reel.picture(step / 10), step / 10) for step in range(80)]
    assert {(verdict.state, verdict.is_readable) for verdict in verdicts} == {(CameraState.LIVE, True)}


@pytest.mark.parametrize(
    ("fault", "state"),
    [(Fault.BLACK, CameraState.BLACK), (Fault.FROZEN, CameraState.FROZEN), (Fault.CORRUPT, CameraState.CORRUPT)],
)
def test_a_simulated_fault_is_recognised_and_passes(fault: Fault, state: CameraState) -> None:
    reel = Reel(replace(small(Show(2.0), Show(7.0, fault=fault), Show(3.0)), loop=False))
    judge = ConditionJudge()
    states = [judge.judge(reel.picture(step / 10), step / 10).state for step in range(120)]
    assert states[15] is CameraState.LIVE
    assert states[85] is state
    assert states[-1] is CameraState.LIVE


def test_a_camera_that_the_playlist_loses_is_lost() -> None:
    playlist = small(Show(0.5), Show(1.0, fault=Fault.LOST))
    source, clock = paced(playlist)
    for _ in range(8):
        source.grab()
    assert clock[0] < 0.5
    with pytest.raises(CameraLost):
        source.grab()


def paced(playlist: Playlist) -> tuple[ReplaySource, list[float]]:
    """A source on a clock that only its own sleeping moves."""
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return ReplaySource(Reel(playlist), playlist, clock=lambda: round(now[0] * 1e9), sleep=sleep), now


def test_frames_come_at_the_rate_of_the_playlist() -> None:
    source, now = paced(replace(small(Show(9.0)), rate=25.0))
    times = [source.grab() for _ in range(51)]
    assert now[0] == pytest.approx(2.0)
    assert all(round((b - a) / 1e6) == 40 for a, b in pairwise(times))


def test_speed_changes_the_story_and_not_the_rate() -> None:
    source, now = paced(replace(small(Show(90.0)), rate=10.0, speed=4.0, start_s=20.0))
    for _ in range(11):
        source.grab()
    assert now[0] == pytest.approx(1.0)
    assert source.position_s == pytest.approx(24.0)


def test_a_story_goes_on_while_the_camera_is_closed() -> None:
    playlist = replace(small(Show(90.0)), rate=10.0, start_s=5.0)
    source = ReplaySource(Reel(playlist), playlist, since_ns=0, clock=lambda: 20_000_000_000, sleep=lambda _: None)
    source.grab()
    assert source.position_s == pytest.approx(25.0, abs=0.11)


def test_who_grabs_too_seldom_misses_frames_as_with_a_camera() -> None:
    source, now = paced(replace(small(Show(90.0)), rate=10.0))
    source.grab()
    now[0] += 3.0
    source.grab()
    assert source.position_s == pytest.approx(3.1, abs=0.11)


def test_a_playlist_survives_its_file(tmp_path: Path) -> None:
    playlist = Playlist(
        (Show(2.5, Path('/clips/a "quoted".mp4'), from_s=1.5), Show(3.0), Show(1.0, fault=Fault.FROZEN)),
        loop=False, speed=2.0, rate=12.0, start_s=0.5, seed=9,
    )  # fmt: skip
    path = tmp_path / "story.toml"
    path.write_text(playlist_toml(playlist), encoding="utf-8")
    assert read_playlist(path) == playlist


def test_relative_names_stand_beside_the_playlist(tmp_path: Path) -> None:
    (tmp_path / "story.toml").write_text('[[show]]\nfile = "a.jpg"\nseconds = 2\n', encoding="utf-8")
    assert read_playlist(tmp_path / "story.toml").shows[0].file == tmp_path / "a.jpg"


@pytest.mark.parametrize(
    "text",
    ["", "loop = maybe", "[[show]]\nfile = 'x'", "[[show]]\nseconds = 0", "[[show]]\nseconds=1\nfault='fire'",
     "fps = 3\n[[show]]\nseconds = 1"],
)  # fmt: skip
def test_a_wrong_playlist_is_a_lost_camera_that_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "story.toml").write_text(text, encoding="utf-8")
    with pytest.raises(CameraLost, match=r"story\.toml"):
        read_playlist(tmp_path / "story.toml")


@pytest.mark.parametrize("name", ["missing.mp4", "text.mp4", "text.jpg", "missing.jpg"])
def test_a_file_that_is_missing_or_no_picture_is_a_lost_camera(tmp_path: Path, name: str) -> None:
    if name.startswith("text"):
        (tmp_path / name).write_text("not a picture")
    with pytest.raises(CameraLost, match=name):
        first_picture(f"replay:{tmp_path / name}")


def first_picture(source: str) -> BgrImage:
    with open_source(source, width=160, height=120) as camera:
        camera.grab()
        return camera.retrieve()


def test_a_single_clip_can_be_replayed_by_name(clip: Path) -> None:
    assert first_picture(f"replay:{clip}").shape == (120, 160, 3)


@pytest.mark.parametrize(("since_s", "light"), [(3.0, 40), (15.0, 200), (26.5, 40), (40.0, 200)])
def test_a_film_whose_rate_changes_is_replayed_to_its_end_and_then_again(
    tmp_path: Path, since_s: float, light: int
) -> None:
    """Its number of frames and its rate, where it names them, say nothing of the 24.84 s that it lasts."""
    day, dusk = range(0, 5000, 40), range(5000, 25_000, 200)
    path = film(tmp_path / "a.mkv", [*day, *dusk], light=[40] * len(day) + [200] * len(dusk))
    since_ns = time.monotonic_ns() - round(since_s * 1e9)
    with open_source(f"replay:{path}", width=160, height=120, since_ns=since_ns) as camera:
        camera.grab()
        assert float(camera.retrieve()[40:80, 60:100].mean()) == pytest.approx(light, abs=5)


@pytest.mark.parametrize("frames", [10, 20, 75])
def test_a_steady_film_is_as_long_as_its_frames(tmp_path: Path, frames: int) -> None:
    path = tmp_path / "a.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), CLIP_RATE, (64, 64))
    for _ in range(frames):
        writer.write(np.full((64, 64, 3), 90, np.uint8))
    writer.release()
    assert replay._length_s(path) == pytest.approx(frames / CLIP_RATE)


@pytest.mark.parametrize("shape", [(50, 100, 3), (100, 50, 3), (1, 1, 3), (480, 640, 3)])
def test_a_picture_is_fitted_whole_into_the_frame(shape: tuple[int, int, int]) -> None:
    fitted = fit(np.full(shape, 255, np.uint8), empty_scene(160, 120))
    assert fitted.shape == (120, 160, 3)
    assert (fitted[60, 80] == 255).all()
