"""The crop is what the whole gray picture would give, though only the part under it is turned gray."""

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from models.geometry import CROP_PX, alignment
from models.observation import aligned_crop
from models.pipeline import RgbImage

WIDTH, HEIGHT = 320, 240


def picture() -> RgbImage:
    """Colours that change smoothly, so that a shift by half a pixel would be seen and nothing else would."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [128 + 90 * np.sin(x / a) * np.cos(y / b) for a, b in ((11, 17), (23, 9), (15, 31))]
    return np.stack(waves, axis=-1).astype(np.uint8)


def face(x: float, y: float, side: float, turn: float = 0.2) -> npt.NDArray[np.float32]:
    """Landmarks of an upright template of `side` pixels, turned, its middle at x, y."""
    points = np.zeros((478, 3), np.float32)
    places = {33: (-0.22, -0.17), 133: (-0.14, -0.17), 362: (0.14, -0.17), 263: (0.22, -0.17), 2: (0.0, 0.10)}
    for index, (u, v) in places.items():
        points[index, :2] = (
            x + side * (u * np.cos(turn) - v * np.sin(turn)),
            y + side * (u * np.sin(turn) + v * np.cos(turn)),
        )
    return points


def from_whole(rgb: RgbImage, points: npt.NDArray[np.float32], blur: int) -> npt.NDArray[np.int16]:
    """Gray first, then averaged over `blur` pixels everywhere, then turned and scaled."""
    gray = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if blur > 1:
        gray = np.asarray(cv2.blur(gray, (blur, blur), borderType=cv2.BORDER_REPLICATE), np.uint8)
    size = (CROP_PX, CROP_PX)
    warped = cv2.warpAffine(gray, alignment(points), size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, np.int16)


@pytest.mark.parametrize(("x", "y"), [(160, 120), (20, 120), (160, 225), (318, 2), (-10, 100)])
@pytest.mark.parametrize("side", [40, 64, 100])
def test_a_small_face_anywhere_even_half_outside(x: float, y: float, side: float) -> None:
    points = face(x, y, side)
    crop = aligned_crop(picture(), points)
    assert np.abs(crop - from_whole(picture(), points, 1)).max() <= 1


@pytest.mark.parametrize(("side", "step"), [(140, 2), (200, 3)])
def test_a_large_face_is_averaged_about_where_it_is(side: float, step: int) -> None:
    points = face(160, 120, side)
    crop = aligned_crop(picture(), points)
    assert np.abs(crop - from_whole(picture(), points, step)).mean() < 2.5


@pytest.mark.parametrize("side", [50, 140])
def test_what_lies_beside_the_crop_does_not_matter(side: float) -> None:
    points = face(160, 120, side)
    far = picture()
    far[:12], far[-12:], far[:, :40], far[:, -40:] = 255, 0, 255, 0
    assert np.array_equal(aligned_crop(far, points), aligned_crop(picture(), points))


def test_a_face_far_outside_gives_a_crop_all_the_same() -> None:
    assert aligned_crop(picture(), face(-500, -500, 80)).shape == (CROP_PX, CROP_PX)
