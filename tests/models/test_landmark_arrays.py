"""The quick conversion of MediaPipe's results says exactly what its own says."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import mediapipe as mp
import numpy as np
import pytest
from mediapipe.tasks.python import BaseOptions, vision
from mediapipe.tasks.python.vision import face_landmarker

from models import landmark_arrays

pytestmark = pytest.mark.models


def test_arrays_equal_the_objects_they_replace(model_file: Callable[[str], Path]) -> None:
    both: list[tuple[Any, landmark_arrays.FaceArrays]] = []

    def convert(result: Any) -> Any:
        both.append((landmark_arrays.own_conversion(result), landmark_arrays.from_ctypes(result)))
        return both[-1][0]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(face_landmarker.FaceLandmarkerResult, "from_ctypes", convert)
        detect(model_file("face_landmarker.task"), model_file("multi_face.jpg"))
    ((objects, arrays),) = both
    assert len(arrays.face_landmarks) >= 2
    for points, marks in zip(arrays.face_landmarks, objects.face_landmarks, strict=True):
        assert np.array_equal(points, np.array([(mark.x, mark.y, mark.z) for mark in marks], np.float32))
    for scores, shapes in zip(arrays.face_blendshapes, objects.face_blendshapes, strict=True):
        assert np.array_equal(scores, np.array([shape.score for shape in shapes], np.float32))
    assert np.array_equal(arrays.facial_transformation_matrixes, objects.facial_transformation_matrixes)


def detect(model: Path, photograph: Path) -> None:
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)),
        num_faces=4,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    picture = cv2.cvtColor(np.asarray(cv2.imread(str(photograph))), cv2.COLOR_BGR2RGB)
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        landmarker.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=picture))
