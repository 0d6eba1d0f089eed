"""Following faces through a video: where one was is where it is looked for next, and the detector is asked only for those not followed.

The steps are those of MediaPipe's FaceLandmarker for a video (1.2). Pure but for the networks it is given.
"""

from collections.abc import Iterable, Iterator

from models.face_detector import SURE, Detection
from models.face_mesh import FaceNetworks
from models.observation import Found
from models.one_euro import OneEuro
from models.pipeline import Floats, RgbImage
from models.spot import Spot, around

_SAME = 0.5
"""Of a face's size: two middles nearer than that are one face."""


def faces_at(
    networks: FaceNetworks, frame: RgbImage, detections: Iterable[Detection], at_least: float = SURE
) -> Iterator[Floats]:
    """The points [478, 3] of every face that the landmark network sees, too: of some detections it thinks otherwise."""
    for detection in detections:
        points = networks.mesh.points(frame, detection.spot, at_least)
        if points is not None:
            yield points


class FaceFollower:
    """One face: the surest that the detector finds, then that one until it is gone, its points without their tremble."""

    def __init__(self, networks: FaceNetworks) -> None:
        self._networks = networks
        self._filter = OneEuro()
        self._spot: Spot | None = None

    def faces(self, frame: RgbImage, t_ms: int) -> list[Found]:
        """The face of uint8 [h, w, 3], or none; `t_ms` must grow from call to call."""
        points = self._networks.mesh.points(frame, self._spot) if self._spot else None
        if points is None:
            self._filter = OneEuro()
            points = next(faces_at(self._networks, frame, self._networks.detector.detect(frame)), None)
        if points is None:
            self._spot = None
            return []
        self._spot, size = around(points)
        return [self._networks.mesh.face(self._filter.smoothed(points, size, t_ms / 1000), frame)]


class FacesFollower:
    """Several faces, as they are in each frame: MediaPipe smooths one face only."""

    def __init__(self, networks: FaceNetworks, max_faces: int) -> None:
        self._networks, self._max_faces = networks, max_faces
        self._spots: list[Spot] = []

    def faces(self, frame: RgbImage, _t_ms: int) -> list[Found]:
        """The faces of uint8 [h, w, 3]; those that are followed come first."""
        seen: list[tuple[Spot, Floats]] = []
        for spot in self._spots:
            self._add(seen, frame, spot)
        if len(seen) < self._max_faces:
            for detection in self._networks.detector.detect(frame):
                self._add(seen, frame, detection.spot)
        self._spots = [spot for spot, _ in seen]
        return [self._networks.mesh.face(points, frame) for _, points in seen]

    def _add(self, seen: list[tuple[Spot, Floats]], frame: RgbImage, spot: Spot) -> None:
        """The face at this spot, unless there is none or it is one of those that are seen already."""
        if len(seen) == self._max_faces or any(spot.is_of(other, _SAME) for other, _ in seen):
            return
        points = self._networks.mesh.points(frame, spot)
        if points is None:
            return
        there, _ = around(points)
        if not any(there.is_of(other, _SAME) for other, _ in seen):
            seen.append((there, points))
