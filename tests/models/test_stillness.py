"""A face that does not move by a hair is no person: posters and standing pictures, under noise, beside people who move."""

import cv2
import numpy as np
import pytest

from models.pipeline import BgrImage
from models.stillness import STILL_S, Stillness
from models.tracking import Rect

RNG = np.random.default_rng(4)
FACE = Rect(0.25, 0.2, 0.25, 0.4)
OTHER = Rect(0.6, 0.2, 0.25, 0.4)


def scene() -> BgrImage:
    """A picture with detail of a few pixels everywhere, as a face has."""
    coarse = RNG.integers(60, 190, (24, 32, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC), np.uint8)


def noisy(picture: BgrImage, sigma: float = 1.5) -> BgrImage:
    return np.clip(picture + RNG.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def moved(picture: BgrImage, rect: Rect, pixels: int) -> BgrImage:
    """What lies in the box shifted sideways; the rest stays."""
    height, width = picture.shape[:2]
    rows = slice(round(rect.y * height), round((rect.y + rect.h) * height))
    columns = slice(round(rect.x * width), round((rect.x + rect.w) * width))
    other = picture.copy()
    other[rows, columns] = np.roll(picture[rows, columns], pixels, axis=1)
    return other


def shown(stillness: Stillness, seconds: float, frame: "Frames", *rects: Rect, start_s: float = 0.0) -> list[bool]:
    still = [False]
    for step in range(round(seconds * 2)):
        still = stillness.see(frame(step), rects, start_s + step / 2)
    return still


class Frames:
    """A still picture under noise; what lies in `living` sways by a pixel."""

    def __init__(self, living: Rect | None = None, sigma: float = 1.5) -> None:
        self._picture, self._living, self._sigma = scene(), living, sigma

    def __call__(self, step: int) -> BgrImage:
        picture = moved(self._picture, self._living, step % 2) if self._living else self._picture
        return noisy(picture, self._sigma)


@pytest.mark.parametrize("sigma", [0.0, 1.5, 3.0])
def test_a_standing_picture_is_found_through_noise(sigma: float) -> None:
    stillness = Stillness()
    frames = Frames(sigma=sigma)
    assert shown(stillness, STILL_S - 1, frames, FACE) == [False]
    assert not stillness.is_frozen
    assert shown(stillness, 3, frames, FACE, start_s=STILL_S - 1) == [True]
    assert stillness.is_frozen


def test_a_person_who_sways_by_a_pixel_is_alive() -> None:
    stillness = Stillness()
    assert shown(stillness, 3 * STILL_S, Frames(living=FACE), FACE) == [False]
    assert not stillness.is_frozen


def test_a_poster_beside_a_person_is_no_frozen_camera() -> None:
    stillness = Stillness()
    assert shown(stillness, STILL_S + 2, Frames(living=FACE), FACE, OTHER) == [False, True]
    assert not stillness.is_frozen


def test_an_empty_hall_at_night_is_no_frozen_camera() -> None:
    stillness = Stillness()
    shown(stillness, STILL_S + 2, Frames())
    assert not stillness.is_frozen


def test_a_box_that_jumps_by_a_pixel_is_the_same_face() -> None:
    stillness, frames = Stillness(), Frames()
    for step in range(round(STILL_S * 2) + 2):
        jumped = FACE._replace(x=FACE.x + (step % 2) / 320)
        still = stillness.see(frames(step), [jumped], step / 2)
    assert still == [True]


def test_a_change_of_exposure_is_no_movement() -> None:
    stillness, frames = Stillness(), Frames()
    shown(stillness, STILL_S + 1, frames, FACE)
    brighter = np.asarray(cv2.add(frames(0), np.full_like(frames(0), 12)), np.uint8)
    assert stillness.see(brighter, [FACE], STILL_S + 2) == [True]


def test_who_moves_again_is_alive_at_once() -> None:
    stillness, frames = Stillness(), Frames()
    shown(stillness, STILL_S + 1, frames, FACE)
    assert stillness.see(moved(frames(0), FACE, 3), [FACE], STILL_S + 2) == [False]
    assert not stillness.is_frozen


def test_a_camera_that_was_lost_begins_anew() -> None:
    stillness, frames = Stillness(), Frames()
    shown(stillness, STILL_S + 1, frames, FACE)
    stillness.forget()
    assert stillness.see(frames(0), [FACE], STILL_S + 2) == [False]


def test_a_face_of_a_few_pixels_is_never_called_still() -> None:
    assert shown(Stillness(), STILL_S + 2, Frames(), Rect(0.5, 0.5, 0.05, 0.05)) == [False]
