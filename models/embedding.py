"""Who a face may be: the aligned colour crop and its 128 numbers (SFace), compared by the cosine of the angle between two.

Imports cv2 and onnxruntime; worker processes, command-line tools and tests import it, the agent never. What comes out is a
biometric: it is never logged, and only `edge.services.faces` keeps it, sealed.
"""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from models.errors import ParametersUnusable
from models.expression import network_session
from models.folded import folded
from models.geometry import FACE_PX, five_point_alignment
from models.pipeline import FloatArray, RgbImage

MODEL_FILE = "face_recognition_sface_2021dec_int8bq.onnx"
MODEL = "sface-2021dec"
"""Stands beside every stored template: numbers of two networks cannot be compared."""

LENGTH = 128

Embedding: TypeAlias = npt.NDArray[np.float32]


class FaceEmbedder:
    """The network, on one thread."""

    def __init__(self, path: Path) -> None:
        """Raise ParametersUnusable when the file is missing or is not the pinned network."""
        try:
            network = path.read_bytes()
        except OSError as error:
            raise ParametersUnusable(f"{path}: cannot be read ({error.strerror})") from error
        self._session = network_session(folded(network), str(path))
        del network
        _give_back()

    def embed(self, crop: RgbImage) -> Embedding:
        """128 numbers of length 1. Adding the mirror image's costs as much again and told nobody apart better."""
        planes = np.ascontiguousarray(crop.transpose(2, 0, 1)[None], dtype=np.float32)
        numbers: FloatArray = self._session.run(None, {"data": planes})[0][0]
        return unit(numbers)


def face_crop(frame_rgb: RgbImage, five_points: Sequence[Sequence[float]]) -> RgbImage:
    """The face upright in 112 squared pixels, area-averaged first when it must shrink to half or less."""
    matrix = five_point_alignment(five_points)
    step = max(1, int(1 / max(float(np.hypot(matrix[0, 0], matrix[1, 0])), 1e-6)))
    if step > 1:
        frame_rgb = np.asarray(
            cv2.resize(frame_rgb, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA), dtype=np.uint8
        )
        matrix = matrix @ np.array([[step, 0, (step - 1) / 2], [0, step, (step - 1) / 2], [0, 0, 1]])
    crop = cv2.warpAffine(frame_rgb, matrix, (FACE_PX, FACE_PX), flags=cv2.INTER_LINEAR)
    return np.asarray(crop, dtype=np.uint8)


def similarity(one: Embedding, other: Embedding) -> float:
    """Cosine, -1..1."""
    return float(np.dot(one, other))


def unit(numbers: FloatArray) -> Embedding:
    """The same direction, length 1."""
    return np.asarray(numbers / max(float(np.linalg.norm(numbers)), 1e-9), dtype=np.float32)


def _give_back() -> None:
    """What loading needed goes back to the system: 50 MB that glibc would keep for itself."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
