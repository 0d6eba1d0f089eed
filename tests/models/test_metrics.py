import numpy as np
import pytest

from models.metrics import balancing, calibration_error, confusion


def test_recalls_are_counted_both_ways() -> None:
    truth = np.array([0, 0, 0, 0, 1, 1, 2, 2])
    predicted = np.array([0, 0, 1, -1, 1, 1, 2, -1])
    found = confusion(truth, predicted)
    assert found.recalls_of_usable == pytest.approx([2 / 3, 1, 1])
    assert found.recalls == pytest.approx([0.5, 1, 0.5])
    assert found.as_json()["unusable"] == 2
    assert found.as_json()["confusion"] == [[2, 1, 0, 1], [0, 2, 0, 0], [0, 0, 1, 1]]


def test_calibration_error_of_an_honest_and_of_a_boastful_forecaster() -> None:
    truth = np.array([0] * 8 + [1] * 2)
    honest = np.tile([0.8, 0.2], (10, 1))
    boastful = np.tile([1.0, 0.0], (10, 1))
    assert calibration_error(honest, truth) == pytest.approx(0, abs=1e-9)
    assert calibration_error(boastful, truth) == pytest.approx(0.2)


def test_balancing_lets_every_class_count_the_same() -> None:
    truth = np.array([0, 1, 1, 1, 1])
    weights = balancing(truth, 2)
    assert weights[truth == 0].sum() == pytest.approx(weights[truth == 1].sum())
