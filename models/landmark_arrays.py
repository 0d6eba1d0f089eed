"""MediaPipe's results as arrays: its own conversion makes 530 Python objects a face, which costs as much as a small network.

Imports mediapipe; models.face calls `use_arrays` once. Tied to the struct names of the pinned mediapipe 1.2.2.
"""

import ctypes
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from mediapipe.tasks.python.components.containers.category_c import MpCategoryC
from mediapipe.tasks.python.components.containers.landmark_c import MpNormalizedLandmarkC
from mediapipe.tasks.python.vision import face_landmarker

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FaceArrays:
    """What FaceLandmarker found, one entry a face: points [478, 3] as shares of the picture, 52 scores, a 4x4 matrix."""

    face_landmarks: list[Floats]
    face_blendshapes: list[Floats]
    facial_transformation_matrixes: list[npt.NDArray[np.floating[Any]]]


own_conversion = face_landmarker.FaceLandmarkerResult.from_ctypes
"""What MediaPipe does by itself; a test compares."""


def use_arrays() -> None:
    """From now on `detect` and `detect_for_video` of every FaceLandmarker return FaceArrays."""
    face_landmarker.FaceLandmarkerResult.from_ctypes = from_ctypes


def from_ctypes(result: Any) -> FaceArrays:
    """Copy what the C library is about to free."""
    marks = [result.face_landmarks[i] for i in range(result.face_landmarks_count)]
    shapes = [result.face_blendshapes[i] for i in range(result.face_blendshapes_count)]
    count = result.facial_transformation_matrixes_count
    return FaceArrays(
        [_columns(one.landmarks, one.landmarks_count, MpNormalizedLandmarkC, ("x", "y", "z")) for one in marks],
        [_columns(one.categories, one.categories_count, MpCategoryC, ("score",))[:, 0] for one in shapes],
        [result.facial_transformation_matrixes[i].to_numpy() for i in range(count)],
    )


def _columns(first: Any, count: int, struct: type[ctypes.Structure], names: tuple[str, ...]) -> Floats:
    """Float members of a C array of structs, [count, len(names)], copied."""
    size = ctypes.sizeof(struct)
    raw = ctypes.string_at(ctypes.cast(first, ctypes.c_void_p), count * size)
    offsets = [getattr(struct, name).offset for name in names]
    layout = np.dtype({"names": names, "formats": ["<f4"] * len(names), "offsets": offsets, "itemsize": size})
    rows = np.frombuffer(raw, layout)
    return np.stack([rows[name] for name in names], axis=1)
