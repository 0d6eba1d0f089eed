"""A stand-in for models.identity.FaceIdentifier: told what it sees, so that what watches can be tested without networks."""

import numpy as np

from models.identity import KnownFace
from models.pipeline import Box, FaceObservation, Pose, RgbImage
from tests.models.faces import blendshapes, observation
from tests.models.heads import HEAD, seen

FRAME = np.zeros((480, 640, 3), np.uint8)
RIGID = [33, 133, 362, 263, 6, 168, 197, 5, 1, 4, 2, 98, 327, 9, 151, 117, 346, 50, 280]


class Seen:
    """A FaceIdentifier that is told what it sees."""

    def __init__(self) -> None:
        self.faces: list[FaceObservation] = []
        self.embedded = 0

    def observe(self, _frame: RgbImage, _t_ms: int = 0) -> list[FaceObservation]:
        return self.faces

    def embed(self, _frame: RgbImage, seen: FaceObservation) -> KnownFace:
        self.embedded += 1
        return KnownFace(seen, np.zeros(128, np.float32))


def face(x: float, closed: float = 0.1, yaw: float = 0.0, mouth: float = 0.0) -> FaceObservation:
    """A head at this place of the frame, as the landmarker would tell of it."""
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[RIGID, :2] = seen(HEAD, yaw) * 60 + (x + 60, 200)
    landmarks[[468, 473, 61, 291], :2] = np.array([(-0.5, 0), (0.5, 0), (-0.3, 1), (0.3, 1)]) * 60 + (x + 60, 200)
    moved = blendshapes(eyeBlink=closed, jawOpen=mouth)
    return observation(box=Box(x, 150, 120, 150), landmarks=landmarks, blendshapes=moved, pose=Pose(yaw, 0, 0))
