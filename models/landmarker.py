"""Frames or photographs in, observed faces out: what MediaPipe's FaceLandmarker does, by its networks alone.

Imports cv2 and ai_edge_litert; only worker processes, command-line tools and tests import it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Literal, TypeAlias

import cv2
import numpy as np

from models.face_detector import SURE
from models.face_mesh import FaceNetworks
from models.follower import FaceFollower, FacesFollower, faces_at
from models.geometry import CROP_PX
from models.observation import Found, observed
from models.pipeline import FaceObservation, RgbImage

Mode = Literal["video", "image"]
Faces: TypeAlias = Callable[[RgbImage, int], list[Found]]

_LENIENT = 0.25
# A face that fills its picture is found only with some background around it: borders to try, as shares of the side.
_BORDERS = (0.25, 0.6, 0.15, 1.0)
_ENLARGE_TO_PX = 256
_AS_IT_IS_FROM_PX = 160


class Landmarker:
    """One stream of frames ("video": faces are followed from one to the next) or any pictures ("image").

    Frames are red first, or blue first as cameras hand them over: a worker that says so need not turn every one round.
    """

    def __init__(
        self,
        task: Path | FaceNetworks,
        mode: Mode = "video",
        max_faces: int = 4,
        *,
        is_blue_first: bool = False,
    ) -> None:
        """`task`: MediaPipe's landmarker file, or what was loaded from it and knows the order itself. Raise FileNotFoundError."""
        networks = task if isinstance(task, FaceNetworks) else FaceNetworks.load(task, is_blue_first=is_blue_first)
        self._faces: Faces
        if mode == "image":
            self._faces = partial(_of_still, networks, max_faces)
        else:
            self._faces = (FaceFollower(networks) if max_faces == 1 else FacesFollower(networks, max_faces)).faces
        self._to_gray = cv2.COLOR_BGR2GRAY if networks.is_blue_first else cv2.COLOR_RGB2GRAY
        self._last_ms = -1

    def observe(
        self, frame: RgbImage, t_ms: int = 0, crop_px: int = CROP_PX, margin: float = 0.0
    ) -> list[FaceObservation]:
        """Every face of uint8 [h, w, 3]; a single image is tried again with borders when nothing is found."""
        self._last_ms = max(t_ms, self._last_ms + 1)
        faces = self._faces(frame, self._last_ms)
        return [observed(face, frame, self._to_gray, crop_px, margin) for face in faces]


@dataclass(frozen=True, slots=True)
class _View:
    """A picture derived from the frame: frame pixel = (view pixel - border) / scale."""

    picture: RgbImage
    border_px: int
    scale: float

    def in_frame(self, face: Found) -> Found:
        points = face.points.copy()
        points[:, :2] -= self.border_px
        return Found(points / self.scale, face.blendshapes, face.matrix)


def _of_still(networks: FaceNetworks, max_faces: int, frame: RgbImage, _t_ms: int) -> list[Found]:
    if min(frame.shape[:2]) >= _AS_IT_IS_FROM_PX:
        faces = _once(networks, frame, max_faces, SURE)
        if faces:
            return faces
    for view in _bordered(frame):
        faces = _once(networks, view.picture, max_faces, _LENIENT)
        if faces:
            return [view.in_frame(face) for face in faces]
    return []


def _once(networks: FaceNetworks, picture: RgbImage, max_faces: int, at_least: float) -> list[Found]:
    seen = faces_at(networks, picture, networks.detector.detect(picture, at_least), at_least)
    return [networks.mesh.face(points, picture) for points in islice(seen, max_faces)]


def _bordered(frame: RgbImage) -> Iterator[_View]:
    scale = max(1.0, _ENLARGE_TO_PX / max(frame.shape[:2]))
    big = cv2.resize(frame, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC) if scale > 1 else frame
    for share in _BORDERS:
        pad = round(share * max(big.shape[:2]))
        wide = cv2.copyMakeBorder(big, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
        yield _View(np.asarray(wide, dtype=np.uint8), pad, scale)
