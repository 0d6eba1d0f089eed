"""MediaPipe's landmarker asked through its C library: pixels in, arrays out, in the thread that asks.

Its Python wrapper hands every call to a thread of its own and makes 530 objects a face, which costs as much as a small
network. Imports mediapipe; only models.face uses it. Tied to the struct and function names of the pinned mediapipe 1.2.2.
"""

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from mediapipe.tasks.python.components.containers.category_c import MpCategoryC
from mediapipe.tasks.python.components.containers.landmark_c import MpNormalizedLandmarkC
from mediapipe.tasks.python.core.mediapipe_c_bindings import load_raw_library
from mediapipe.tasks.python.core.mediapipe_c_utils import handle_status
from mediapipe.tasks.python.vision.core.image import ImageFormat
from mediapipe.tasks.python.vision.face_landmarker import FaceLandmarker, MpFaceLandmarkerResultC

from models.pipeline import RgbImage

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class FaceArrays:
    """What FaceLandmarker found, one entry a face: points [478, 3] as shares of the picture, 52 scores, a 4x4 matrix."""

    face_landmarks: list[Floats]
    face_blendshapes: list[Floats]
    facial_transformation_matrixes: list[Floats]


class LandmarkerCalls:
    """The calls of one FaceLandmarker that stays open meanwhile; used by one thread. Raises what MediaPipe would."""

    def __init__(self, landmarker: FaceLandmarker) -> None:
        self._landmarker = landmarker
        self._library = library = load_raw_library()
        self._new_image = _NEW_IMAGE(("MpImageCreateFromUint8Data", library))
        self._still = _STILL(("MpFaceLandmarkerDetectImage", library))
        self._video = _VIDEO(("MpFaceLandmarkerDetectForVideo", library))
        self._free_image = _FREE(("MpImageFree", library))
        self._free_result = _FREE(("MpFaceLandmarkerCloseResult", library))

    def detect(self, frame_rgb: RgbImage) -> FaceArrays:
        """Faces of uint8 [h, w, 3] by a landmarker in image mode."""
        with self._image(frame_rgb) as image:
            return self._result(self._still, image)

    def detect_for_video(self, frame_rgb: RgbImage, t_ms: int) -> FaceArrays:
        """The same by a landmarker in video mode; `t_ms` must grow."""
        with self._image(frame_rgb) as image:
            return self._result(self._video, image, t_ms)

    @contextmanager
    def _image(self, frame_rgb: RgbImage) -> Iterator[ctypes.c_void_p]:
        """The picture as MediaPipe holds it: a copy."""
        height, width = frame_rgb.shape[:2]
        packed = np.ascontiguousarray(frame_rgb)
        image = ctypes.c_void_p()
        self._check(
            self._new_image, ImageFormat.SRGB, width, height, packed.ctypes.data, packed.size, ctypes.byref(image)
        )
        try:
            yield image
        finally:
            self._free_image(image)

    def _result(self, detect: Callable[..., int], image: ctypes.c_void_p, *t_ms: int) -> FaceArrays:
        result = MpFaceLandmarkerResultC()
        self._check(detect, self._landmarker._handle, image, None, *t_ms, ctypes.byref(result))  # noqa: SLF001
        try:
            return from_ctypes(result)
        finally:
            self._free_result(ctypes.byref(result))

    def _check(self, call: Callable[..., int], *arguments: object) -> None:
        message = ctypes.c_char_p()
        status = call(*arguments, ctypes.byref(message))
        try:
            handle_status(status, message)
        finally:
            if message.value is not None:
                self._library.MpErrorFree(message)


def from_ctypes(result: MpFaceLandmarkerResultC) -> FaceArrays:
    """Copy what the C library is about to free."""
    marks = [result.face_landmarks[i] for i in range(result.face_landmarks_count)]
    shapes = [result.face_blendshapes[i] for i in range(result.face_blendshapes_count)]
    matrices = [result.facial_transformation_matrixes[i] for i in range(result.facial_transformation_matrixes_count)]
    return FaceArrays(
        [_floats(one.landmarks, one.landmarks_count, MpNormalizedLandmarkC)[:, _XYZ] for one in marks],
        [_floats(one.categories, one.categories_count, MpCategoryC)[:, _SCORE] for one in shapes],
        [_floats(one.data, one.cols, ctypes.c_float * one.rows).T for one in matrices],  # column by column
    )


def _floats(first: Any, count: int, row: type[Any]) -> Floats:
    """`count` rows of a C array as [count, floats in a row], copied; what is no float in them is nonsense."""
    raw = ctypes.string_at(first, count * ctypes.sizeof(row))
    return np.frombuffer(raw, np.float32).reshape(count, -1)


def _place(field: Any) -> int:
    return int(field.offset) // ctypes.sizeof(ctypes.c_float)


_X = _place(MpNormalizedLandmarkC.x)
_XYZ = slice(_X, _X + 3)
_SCORE = _place(MpCategoryC.score)


def _status(*arguments: Any) -> Any:
    """The type of a C function that takes these, then where to put what is wrong, and returns a status."""
    return ctypes.CFUNCTYPE(ctypes.c_int, *arguments, ctypes.c_void_p)


_POINTER = ctypes.c_void_p
_NEW_IMAGE = _status(ctypes.c_int, ctypes.c_int, ctypes.c_int, _POINTER, ctypes.c_int, _POINTER)
_STILL = _status(_POINTER, _POINTER, _POINTER, _POINTER)
_VIDEO = _status(_POINTER, _POINTER, _POINTER, ctypes.c_int64, _POINTER)
_FREE = ctypes.CFUNCTYPE(None, _POINTER)
