"""How a head is turned, from its landmarks: the rotation that MediaPipe's geometry pipeline finds, without its graph.

MediaPipe fits its canonical face three times, each time at a better guess of its size. The size cancels out of the
rotation, so one fit gives the same. Canonical face and weights lie in the landmarker file
(geometry_pipeline_metadata.proto). Pure.
"""

import struct
from collections.abc import Iterator
from math import radians, tan
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from models.geometry import Real

_HEIGHT_AT_1 = 2 * tan(radians(63) / 2)  # of what MediaPipe's camera sees at a distance of 1
_MESH, _WEIGHT = 1, 2  # fields of GeometryPipelineMetadata
_VERTICES, _FLOATS_A_VERTEX = 3, 5  # of Mesh3d: place in space, place on a texture
_VARINT, _BYTES, _FLOAT = 0, 2, 5  # wire types of protobuf


class HeadRotation:
    """The rotation of faces in frames of any size."""

    def __init__(self, metadata: bytes) -> None:
        """Raises ValueError when these bytes hold no canonical face."""
        vertices, weights = _read(metadata)
        self._count = len(vertices)
        self._basis = np.array(list(weights))
        share = np.array(list(weights.values()))
        canonical = vertices[self._basis]
        middle = share @ canonical / share.sum()
        self._pull = np.ascontiguousarray((canonical - middle).T * share)

    def of(self, points: Real, width: int, height: int) -> npt.NDArray[np.float64]:
        """3x3 from the canonical face to the camera (x right, y up, z towards it); `points` [478, 3], pixels of the frame."""
        unit = _HEIGHT_AT_1 / height
        x, y, z = points[self._basis].T * unit
        z = z + (1 - float(points[: self._count, 2].mean()) * unit)
        seen = np.stack([(x - width * unit / 2) * z, (height * unit / 2 - y) * z, -z], axis=1)
        _, left, right = cv2.SVDecomp((self._pull @ seen).T)
        if cv2.determinant(left) * cv2.determinant(right) < 0:
            left[:, 2] *= -1
        return np.asarray(left @ right)


def _read(metadata: bytes) -> tuple[npt.NDArray[np.float64], dict[int, float]]:
    """Vertices [468, 3], and the weights of those that count."""
    floats: list[float] = []
    weights: dict[int, float] = {}
    for field, value in _fields(metadata):
        if field == _MESH:
            floats = [number for place, number in _fields(value) if place == _VERTICES]
        elif field == _WEIGHT:
            vertex, weight = (number for _, number in _fields(value))
            weights[vertex] = weight
    if not floats or not weights:
        raise ValueError("no canonical face in the landmarker's metadata")
    return np.array(floats).reshape(-1, _FLOATS_A_VERTEX)[:, :3], weights


def _fields(message: bytes) -> Iterator[tuple[int, Any]]:
    """Numbers and values of a protobuf message's fields."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        value: Any
        if key & 7 == _FLOAT:
            value, at = struct.unpack_from("<f", message, at)[0], at + 4
        else:
            value, at = _varint(message, at)
            if key & 7 == _BYTES:
                value, at = message[at : at + value], at + value
        yield key >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """A whole number, and where what follows begins."""
    value = shift = 0
    while message[at] > 0x7F:
        value |= (message[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    return value | message[at] << shift, at + 1
