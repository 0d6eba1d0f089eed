"""The detector finds faces where MediaPipe's own graph finds them with the same network, and as surely."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.face_detector import FaceDetector
from models.pipeline import RgbImage
from models.task_file import DETECTOR, part_of
from tests.models.mediapipe_peer import detected
from tests.models.pictures import photograph, tilted

pytestmark = pytest.mark.models

Find = Callable[[str], Path]
TASK = "face_landmarker.task"
PHOTOGRAPHS = (
    "multi_face.jpg",
    "single_face.jpg",
    "0-f1-su-ph.jpg",
    "0-f15-hao-ph.jpg",
    "15-f13-anc-ph.jpg",
    "45-m7-di-ph.jpg",
)
VIEWS: dict[str, Callable[[RgbImage], RgbImage]] = {
    "whole": lambda picture: picture,
    "tilted": lambda picture: tilted(picture, 20),
    "small": lambda picture: np.asarray(cv2.resize(picture, None, fx=0.4, fy=0.4), np.uint8),
    "narrow": lambda picture: picture[:, picture.shape[1] // 8 :],
}


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", PHOTOGRAPHS)
def test_faces_are_where_the_graph_finds_them(model_file: Find, name: str, view: str) -> None:
    picture = VIEWS[view](photograph(model_file(name)))
    theirs = detected(part_of(model_file(TASK), DETECTOR), picture)
    ours = FaceDetector(model_file(TASK)).detect(picture)
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert one.score == pytest.approx(other.score, abs=0.01)
        assert max(one.box.x, 0) == pytest.approx(
            other.box[0], abs=2
        )  # theirs in whole pixels, and none beyond an edge
        assert (one.box.y, one.box.w, one.box.h) == pytest.approx(other.box[1:], abs=2)
        assert np.abs(np.array(one.eyes) - other.eyes).max() < 1


def test_surest_first_largest_first_and_counted(model_file: Find) -> None:
    picture = photograph(model_file("multi_face.jpg"))
    detector = FaceDetector(model_file(TASK))
    found, boxes = detector.detect(picture), detector.boxes(picture)
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)
    assert [box.w * box.h for box in boxes] == sorted((box.w * box.h for box in boxes), reverse=True)
    assert detector.count(picture) == len(boxes) == len(found) > 2


@pytest.mark.parametrize("shape", [(480, 640, 3), (1, 1, 3), (3, 900, 3)])
def test_an_empty_picture_of_any_size_holds_nobody(model_file: Find, shape: tuple[int, ...]) -> None:
    detector = FaceDetector(model_file(TASK))
    assert detector.detect(np.full(shape, 128, np.uint8)) == []


def test_asked_more_leniently_it_finds_more(model_file: Find) -> None:
    picture = photograph(model_file("multi_face.jpg"))
    detector = FaceDetector(model_file(TASK))
    assert len(detector.detect(picture, 0.2)) > len(detector.detect(picture)) > len(detector.detect(picture, 0.58))
