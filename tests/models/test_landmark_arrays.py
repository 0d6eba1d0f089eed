"""Asking MediaPipe's library directly gives exactly what its own wrapper says, and its errors."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import mediapipe as mp
import numpy as np
import pytest
from mediapipe.tasks.python import BaseOptions, vision

from models.landmark_arrays import FaceArrays, LandmarkerCalls
from models.pipeline import RgbImage

pytestmark = pytest.mark.models

Find = Callable[[str], Path]


def test_a_photograph_of_several_gives_what_the_wrapper_gives(model_file: Find) -> None:
    picture = photograph(model_file("multi_face.jpg"))
    with landmarker(model_file, vision.RunningMode.IMAGE) as wrapper:
        arrays = LandmarkerCalls(wrapper).detect(picture)
        objects = wrapper.detect(mp.Image(image_format=mp.ImageFormat.SRGB, data=picture))
    assert len(arrays.face_landmarks) >= 2
    assert_equal(arrays, objects)


def test_frames_give_what_the_wrapper_gives_also_cut_from_a_larger_one(model_file: Find) -> None:
    whole = photograph(model_file("single_face.jpg"))
    with (
        landmarker(model_file, vision.RunningMode.VIDEO) as asked,
        landmarker(model_file, vision.RunningMode.VIDEO) as own,
    ):
        calls = LandmarkerCalls(asked)
        for t_ms, shift in enumerate((0, 3, 6)):
            view = whole[shift:, shift:]
            arrays = calls.detect_for_video(view, t_ms)
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(view))
            assert len(arrays.face_landmarks) == 1
            assert_equal(arrays, own.detect_for_video(image, t_ms))


def test_an_empty_picture_holds_nobody(model_file: Find) -> None:
    with landmarker(model_file, vision.RunningMode.IMAGE) as wrapper:
        nobody = LandmarkerCalls(wrapper).detect(np.full((240, 320, 3), 128, np.uint8))
    assert nobody == FaceArrays([], [], [])


def test_a_time_that_does_not_grow_is_refused_and_the_next_frame_is_read(model_file: Find) -> None:
    picture = photograph(model_file("single_face.jpg"))
    with landmarker(model_file, vision.RunningMode.VIDEO) as wrapper:
        calls = LandmarkerCalls(wrapper)
        calls.detect_for_video(picture, 5)
        with pytest.raises(ValueError, match="monotonically increasing"):
            calls.detect_for_video(picture, 5)
        assert len(calls.detect_for_video(picture, 6).face_landmarks) == 1


def assert_equal(arrays: FaceArrays, objects: Any) -> None:
    """To the last bit."""
    for points, marks in zip(arrays.face_landmarks, objects.face_landmarks, strict=True):
        assert np.array_equal(points, np.array([(mark.x, mark.y, mark.z) for mark in marks], np.float32))
    for scores, shapes in zip(arrays.face_blendshapes, objects.face_blendshapes, strict=True):
        assert np.array_equal(scores, np.array([shape.score for shape in shapes], np.float32))
    assert np.array_equal(arrays.facial_transformation_matrixes, objects.facial_transformation_matrixes)


def landmarker(model_file: Find, mode: vision.RunningMode) -> vision.FaceLandmarker:
    """As models.face makes them."""
    options = vision.FaceLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model_file("face_landmarker.task"))),
        running_mode=mode,
        num_faces=4 if mode is vision.RunningMode.IMAGE else 1,
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    return vision.FaceLandmarker.create_from_options(options)


def photograph(path: Path) -> RgbImage:
    return np.asarray(cv2.cvtColor(np.asarray(cv2.imread(str(path))), cv2.COLOR_BGR2RGB), np.uint8)
