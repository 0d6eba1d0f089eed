"""The changed landmark network says the same to the last bit; what cannot be changed stays as it was."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models.long_rows import lengthened
from models.task_file import BLENDSHAPES, DETECTOR, GEOMETRY, LANDMARKS, part_of
from models.tflite_network import TfliteNetwork

pytestmark = pytest.mark.models

Find = Callable[[str], Path]
TASK = "face_landmarker.task"


def test_both_networks_say_the_same_to_the_last_bit(model_file: Find) -> None:
    task = model_file(TASK)
    for name in (LANDMARKS, BLENDSHAPES):
        plain, quick = TfliteNetwork(member(model_file, name)), TfliteNetwork(part_of(task, name))
        for given in np.random.default_rng(1).random((20, *plain.given.shape), np.float32):
            plain.given[:] = quick.given[:] = given
            for one, other in zip(plain.run(), quick.run(), strict=True):
                assert np.array_equal(one, other)


def test_everything_but_a_few_offsets_stays_where_it_was_and_the_long_slopes_are_appended(model_file: Find) -> None:
    before = member(model_file, LANDMARKS)
    after = lengthened(before)
    changed = sum(one != other for one, other in zip(before, after, strict=False))
    assert len(before) + 100_000 < len(after) < len(before) + 200_000
    assert 0 < changed <= 69 * 3 * 4  # of 69 activations: a buffer and two shapes, 4 bytes each


def test_what_was_changed_once_is_not_changed_again(model_file: Find) -> None:
    once = lengthened(member(model_file, LANDMARKS))
    assert lengthened(once) == once


@pytest.mark.parametrize("name", ["face_blendshapes.tflite", "face_detector.tflite"])
def test_networks_without_such_activations_stay_as_they_are(model_file: Find, name: str) -> None:
    network = member(model_file, name)
    assert lengthened(network) == network


def test_the_detector_and_the_canonical_face_are_untouched(model_file: Find) -> None:
    for name in (DETECTOR, GEOMETRY):
        assert part_of(model_file(TASK), name) == member(model_file, name)


def member(model_file: Find, name: str) -> bytes:
    with zipfile.ZipFile(model_file(TASK)) as parts:
        return parts.read(name)
