"""The changed landmark network says the same to the last bit; what cannot be changed stays as it was."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from mediapipe.tasks.python import BaseOptions, vision

from models.landmark_arrays import FaceArrays, LandmarkerCalls
from models.long_rows import lengthened
from models.pipeline import RgbImage
from models.task_file import BLENDSHAPES, changed_task

pytestmark = pytest.mark.models

Find = Callable[[str], Path]
_LANDMARKS = "face_landmarks_detector.tflite"


def test_both_networks_say_the_same_over_a_clip(model_file: Find) -> None:
    task = model_file("face_landmarker.task")
    frames = clip(model_file("single_face.mp4"), 20)
    plain = followed(BaseOptions(model_asset_path=str(task)), frames)
    quick = followed(BaseOptions(model_asset_buffer=changed_task(task)), frames)
    assert sum(len(found.face_landmarks) for found in plain) == len(frames)
    for one, other in zip(plain, quick, strict=True):
        assert np.array_equal(one.face_landmarks, other.face_landmarks)
        assert np.array_equal(one.face_blendshapes, other.face_blendshapes)
        assert np.array_equal(one.facial_transformation_matrixes, other.facial_transformation_matrixes)


def test_everything_but_a_few_offsets_stays_where_it_was_and_the_long_slopes_are_appended(model_file: Find) -> None:
    before = member(model_file, _LANDMARKS)
    after = lengthened(before)
    changed = sum(one != other for one, other in zip(before, after, strict=False))
    assert len(before) + 100_000 < len(after) < len(before) + 200_000
    assert 0 < changed <= 69 * 3 * 4  # of 69 activations: a buffer and two shapes, 4 bytes each


def test_what_was_changed_once_is_not_changed_again(model_file: Find) -> None:
    once = lengthened(member(model_file, _LANDMARKS))
    assert lengthened(once) == once


@pytest.mark.parametrize("name", ["face_blendshapes.tflite", "face_detector.tflite"])
def test_networks_without_such_activations_stay_as_they_are(model_file: Find, name: str) -> None:
    network = member(model_file, name)
    assert lengthened(network) == network


def test_the_other_parts_of_the_file_are_untouched(model_file: Find) -> None:
    task = model_file("face_landmarker.task")
    with zipfile.ZipFile(task) as before, zipfile.ZipFile(BytesIO(changed_task(task))) as after:
        assert after.namelist() == before.namelist()
        changed = [name for name in before.namelist() if before.read(name) != after.read(name)]
    assert changed == [_LANDMARKS, BLENDSHAPES]


def test_every_part_stands_aligned_where_it_is_read(model_file: Find) -> None:
    changed = changed_task(model_file("face_landmarker.task"))
    with zipfile.ZipFile(BytesIO(changed)) as parts:
        contents = {name: parts.read(name) for name in parts.namelist()}
    assert {name: changed.index(content) % 16 for name, content in contents.items()} == dict.fromkeys(contents, 0)


def member(model_file: Find, name: str) -> bytes:
    with zipfile.ZipFile(model_file("face_landmarker.task")) as parts:
        return parts.read(name)


def followed(base: BaseOptions, frames: list[RgbImage]) -> list[FaceArrays]:
    options = vision.FaceLandmarkerOptions(
        base_options=base,
        running_mode=vision.RunningMode.VIDEO,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        calls = LandmarkerCalls(landmarker)
        return [calls.detect_for_video(frame, 100 * number) for number, frame in enumerate(frames)]


def clip(path: Path, count: int) -> list[RgbImage]:
    capture = cv2.VideoCapture(str(path))
    frames = [np.asarray(cv2.cvtColor(capture.read()[1], cv2.COLOR_BGR2RGB), np.uint8) for _ in range(count)]
    capture.release()
    return frames
