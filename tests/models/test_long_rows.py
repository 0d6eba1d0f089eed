"""The rewritten landmark network says the same to the last bit; what cannot be rewritten stays as it was."""

import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from mediapipe.tasks.metadata import schema_py_generated as schema
from mediapipe.tasks.python import BaseOptions, vision

from models.landmark_arrays import FaceArrays, LandmarkerCalls
from models.long_rows import ROW, lengthened, with_long_rows
from models.pipeline import RgbImage

pytestmark = pytest.mark.models

Find = Callable[[str], Path]
_NETWORK = "face_landmarks_detector.tflite"


def test_both_networks_say_the_same_over_a_clip(model_file: Find) -> None:
    task = model_file("face_landmarker.task")
    frames = list(clip(model_file("single_face.mp4"), 20))
    plain = followed(BaseOptions(model_asset_path=str(task)), frames)
    quick = followed(BaseOptions(model_asset_buffer=with_long_rows(task)), frames)
    assert sum(len(found.face_landmarks) for found in plain) == len(frames)
    for one, other in zip(plain, quick, strict=True):
        assert np.array_equal(one.face_landmarks, other.face_landmarks)
        assert np.array_equal(one.face_blendshapes, other.face_blendshapes)
        assert np.array_equal(one.facial_transformation_matrixes, other.facial_transformation_matrixes)


def test_activations_of_large_pictures_work_on_long_rows_and_the_others_do_not(model_file: Find) -> None:
    before, after = (graph(network) for network in networks(model_file))
    assert {row for side, row in prelus(before) if side >= 16} == {8, 16, 32, 64, 128}
    assert sum(row == ROW for _, row in prelus(after)) == sum(side >= 16 for side, _ in prelus(before)) > 30
    assert [found for found in prelus(after) if found[1] != ROW] == [found for found in prelus(before) if found[0] < 16]


def test_a_second_rewriting_finds_nothing_to_do(model_file: Find) -> None:
    _, once = networks(model_file)
    assert len(graph(lengthened(once)).operators) == len(graph(once).operators)


def test_the_other_networks_of_the_file_are_untouched(model_file: Find) -> None:
    task = model_file("face_landmarker.task")
    with zipfile.ZipFile(task) as before, zipfile.ZipFile(BytesIO(with_long_rows(task))) as after:
        assert after.namelist() == before.namelist()
        changed = [name for name in before.namelist() if before.read(name) != after.read(name)]
    assert changed == [_NETWORK]


def networks(model_file: Find) -> tuple[bytes, bytes]:
    """As it comes, and rewritten."""
    with zipfile.ZipFile(model_file("face_landmarker.task")) as parts:
        network = parts.read(_NETWORK)
    return network, lengthened(network)


def graph(network: bytes) -> Any:
    return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(network, 0)).subgraphs[0]


def prelus(subgraph: Any) -> list[tuple[int, int]]:
    """Height of the picture and length of a row, of each PReLU in its order; told by its slopes, one a channel."""
    found = []
    for operator in subgraph.operators:
        if len(operator.inputs) == 2:
            _, height, _, row = ([*subgraph.tensors[operator.outputs[0]].shape, 0, 0, 0, 0])[:4]
            if list(subgraph.tensors[operator.inputs[1]].shape) == [1, 1, row]:
                found.append((int(height), int(row)))
    return found


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
