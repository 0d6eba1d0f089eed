"""Networks that take pictures blue first say of them what the publisher's say of the same pictures red first."""

import zipfile
from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.blue_first import taking_blue_first
from models.face import FaceReader
from models.face_detector import FaceDetector
from models.landmarker import Landmarker
from models.pipeline import BgrImage, RgbImage
from models.task_file import DETECTOR, LANDMARKS

pytestmark = pytest.mark.models

Find = Callable[[str], Path]
TASK = "face_landmarker.task"


@pytest.mark.parametrize("name", ["0-f1-su-ph.jpg", "single_face.jpg"])
def test_a_face_is_where_it_was_and_shows_what_it_showed(model_file: Find, name: str) -> None:
    bgr, rgb = both(model_file(name))
    red = Landmarker(model_file(TASK))
    blue = Landmarker(model_file(TASK), is_blue_first=True)
    (one,), (other,) = red.observe(rgb), blue.observe(bgr)
    assert np.abs(one.landmarks - other.landmarks).max() < 0.01  # pixels
    assert np.abs(one.blendshapes - other.blendshapes).max() < 1e-3
    assert np.abs(one.crop.astype(int) - other.crop).max() <= 1


def test_readings_are_the_same(model_file: Find) -> None:
    bgr, rgb = both(model_file("single_face.jpg"))
    red = FaceReader(model_file(TASK))
    blue = FaceReader(model_file(TASK), is_blue_first=True)
    (one,), (other,) = red.read(rgb), blue.read(bgr)
    assert (one.level, one.reasons, one.why_not) == (other.level, other.reasons, other.why_not)
    assert one.valence == pytest.approx(other.valence, abs=1e-3)


def test_the_detector_counts_the_same(model_file: Find) -> None:
    bgr, rgb = both(model_file("multi_face.jpg"))
    red, blue = FaceDetector(model_file(TASK)), FaceDetector(model_file(TASK), is_blue_first=True)
    for one, other in zip(red.detect(rgb), blue.detect(bgr), strict=True):
        assert one.score == pytest.approx(other.score, abs=1e-4)
        assert astuple(one.box) == pytest.approx(astuple(other.box), abs=0.05)


@pytest.mark.parametrize("name", [DETECTOR, LANDMARKS])
def test_turned_round_twice_it_is_the_publishers_again(model_file: Find, name: str) -> None:
    network = member(model_file, name)
    turned = taking_blue_first(network)
    assert turned != network
    assert taking_blue_first(turned) == network


def test_a_network_that_looks_at_no_picture_is_refused(model_file: Find) -> None:
    with pytest.raises(ValueError, match="colour picture"):
        taking_blue_first(member(model_file, "face_blendshapes.tflite"))


def both(path: Path) -> tuple[BgrImage, RgbImage]:
    bgr = np.asarray(cv2.imread(str(path)), np.uint8)
    return bgr, np.ascontiguousarray(bgr[..., ::-1])


def member(model_file: Find, name: str) -> bytes:
    with zipfile.ZipFile(model_file(TASK)) as parts:
        return parts.read(name)
