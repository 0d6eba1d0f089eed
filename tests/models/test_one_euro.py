"""Still points stop trembling, moving ones are followed, and the size of the face decides what is fast."""

import numpy as np
import pytest

from models.one_euro import OneEuro
from models.pipeline import Floats


def test_the_first_points_stay_as_they_are() -> None:
    points = np.array([[3.0, 4.0, 5.0]])
    assert (OneEuro().smoothed(points, 100, 12.5) == points).all()


def test_trembling_grows_less() -> None:
    rng = np.random.default_rng(1)
    seen = [np.array([[50.0, 60.0]]) + rng.normal(0, 0.1, (1, 2)) for _ in range(100)]
    smooth = filtered(seen, size=200)
    assert (np.std(smooth[50:], axis=0) < np.std(np.array(seen)[50:], axis=0) / 2).all()


def test_a_fast_move_is_followed_within_a_few_frames() -> None:
    seen = [np.array([[0.0]])] * 10 + [np.array([[100.0]])] * 5
    assert filtered(seen, size=100)[-1].item() == pytest.approx(100, abs=1)


def test_the_same_film_twice_as_large_gives_the_same_twice_as_large() -> None:
    seen = [np.array([[float(number**1.5)]]) for number in range(20)]
    small, large = filtered(seen, size=50), filtered([2 * points for points in seen], size=100)
    np.testing.assert_allclose(large, 2 * small)


def filtered(seen: list[Floats], size: float) -> Floats:
    one = OneEuro()
    return np.array([one.smoothed(points, size, 0.1 * place) for place, points in enumerate(seen)])
