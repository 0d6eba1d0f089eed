"""Black, frozen and corrupt pictures are told from good ones, and from merely dark, flat or grainy ones."""

from collections.abc import Sequence

import cv2
import numpy as np
import pytest

from devices.camera.condition import ConditionJudge, Limits
from devices.camera.playlist import Fault, Playlist, Show
from devices.camera.replay import Reel, empty_scene
from devices.camera.source import BgrImage, CameraState

SCENE = empty_scene(320, 240)
RNG = np.random.default_rng(3)


def noisy(picture: BgrImage, sigma: float = 1.5) -> BgrImage:
    return np.clip(picture + RNG.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def textured() -> BgrImage:
    """A scene with edges and detail everywhere."""
    y, x = np.mgrid[0:240, 0:320]
    wave = 128 + 70 * np.sin(x / 9.0) * np.cos(y / 7.0)
    return noisy(np.stack([wave] * 3, axis=-1).astype(np.uint8), 4)


def judged(pictures: Sequence[BgrImage | None], fps: float = 10.0, limits: Limits | None = None) -> list[CameraState]:
    judge = ConditionJudge(limits)
    return [judge.judge(picture, step / fps).state for step, picture in enumerate(pictures)]


def test_the_first_good_frame_makes_a_camera_live() -> None:
    assert judged([noisy(SCENE)]) == [CameraState.LIVE]


def test_black_frames_become_a_state_after_a_second_and_pass_as_fast() -> None:
    black = [noisy(np.zeros_like(SCENE)) for _ in range(15)]
    states = judged([noisy(SCENE), *black, *(noisy(SCENE) for _ in range(15))])
    assert states[10] is CameraState.LIVE
    assert states[11:16] == [CameraState.BLACK] * 5
    assert states[-1] is CameraState.LIVE


def test_a_single_bad_frame_is_no_fault_but_is_not_read_either() -> None:
    judge = ConditionJudge()
    judge.judge(noisy(SCENE), 0.0)
    verdict = judge.judge(None, 0.1)
    assert (verdict.state, verdict.is_readable) == (CameraState.LIVE, False)
    assert judge.judge(noisy(SCENE), 0.2).is_readable


def test_identical_frames_are_read_once_and_become_frozen() -> None:
    judge = ConditionJudge(Limits(frozen_s=5.0))
    still = noisy(SCENE)
    verdicts = [judge.judge(still, step / 10) for step in range(60)]
    assert [v.is_readable for v in verdicts] == [True] + [False] * 59
    assert verdicts[49].state is CameraState.LIVE
    assert verdicts[50].state is CameraState.FROZEN


def test_a_frozen_camera_that_moves_again_is_live_again() -> None:
    states = judged([SCENE] * 60 + [noisy(SCENE) for _ in range(12)])
    assert states[59] is CameraState.FROZEN
    assert states[-1] is CameraState.LIVE


def test_a_still_room_with_the_faintest_noise_is_not_frozen() -> None:
    assert set(judged([noisy(SCENE, 0.6) for _ in range(80)])) == {CameraState.LIVE}


def test_a_black_and_frozen_picture_is_called_black() -> None:
    assert judged([np.zeros_like(SCENE)] * 80)[-1] is CameraState.BLACK


def test_a_dim_room_with_one_lamp_is_not_black() -> None:
    dim = np.zeros_like(SCENE)
    dim[20:80, 40:100] = 180
    assert judged([noisy(dim) for _ in range(20)])[-1] is CameraState.LIVE


@pytest.mark.parametrize(
    "broken",
    [
        np.zeros((240, 320), np.uint8),
        np.zeros((240, 320, 4), np.uint8),
        np.zeros((240, 320, 3), np.float32),
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((8, 9000, 3), np.uint8),
        np.zeros((0, 0, 3), np.uint8),
        None,
    ],
)
def test_impossible_shapes_and_undecodable_frames_are_corrupt(broken: BgrImage | None) -> None:
    assert judged([noisy(SCENE), *[broken] * 12])[-1] is CameraState.CORRUPT


def test_a_half_gray_picture_as_decoders_leave_it_is_corrupt() -> None:
    pictures = [textured() for _ in range(17)]
    for picture in pictures[1:]:
        picture[120:] = 128
    assert judged(list(pictures))[-1] is CameraState.CORRUPT


@pytest.mark.parametrize("share", [0.15, 0.3])
@pytest.mark.parametrize("fill", [(128, 128, 128), (0, 135, 0)])
def test_a_picture_that_ended_too_early_is_corrupt(share: float, fill: tuple[int, int, int]) -> None:
    pictures = [textured() for _ in range(17)]
    for picture in pictures[1:]:
        picture[round(240 * (1 - share)) :] = fill
    assert judged(list(pictures))[-1] is CameraState.CORRUPT


def test_black_bars_of_a_wide_picture_are_not_corrupt() -> None:
    pictures = [textured() for _ in range(17)]
    for picture in pictures:
        picture[200:], picture[:40] = 0, 0
    assert judged(list(pictures))[-1] is CameraState.LIVE


def test_scattered_macroblocks_are_corrupt() -> None:
    playlist = Playlist((Show(10.0, fault=Fault.CORRUPT),))
    reel = Reel(playlist)
    assert judged([reel.picture(step / 10) for step in range(12)])[-1] is CameraState.CORRUPT


@pytest.mark.parametrize("quality", [95, 60, 30])
def test_an_honest_jpeg_is_not_corrupt(quality: int) -> None:
    frames = []
    for _ in range(12):
        coded = cv2.imencode(".jpg", textured(), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        frames.append(np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8))
    assert judged(list(frames))[-1] is CameraState.LIVE


def test_a_white_wall_in_the_sun_is_not_corrupt() -> None:
    assert judged([noisy(np.full_like(SCENE, 255)) for _ in range(12)])[-1] is CameraState.LIVE


def test_after_forgetting_the_first_good_frame_counts_at_once() -> None:
    judge = ConditionJudge()
    for step in range(12):
        judge.judge(None, step / 10)
    judge.forget()
    assert judge.judge(noisy(SCENE), 2.0).state is CameraState.LIVE
