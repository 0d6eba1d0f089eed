"""Faces of a picture with the numbers that tell one from another: the counter's landmarks, the aligned crop, the embedding.

Imports cv2, ai_edge_litert and onnxruntime; only worker processes, command-line tools and tests import it.
"""

from dataclasses import dataclass, field
from pathlib import Path

from models.embedding import Embedding, FaceEmbedder, face_crop
from models.geometry import five_points
from models.landmarker import Landmarker, Mode
from models.pipeline import FaceObservation, RgbImage


@dataclass(frozen=True, slots=True)
class KnownFace:
    """One face: what the landmarker saw, and its 128 numbers."""

    seen: FaceObservation
    numbers: Embedding = field(repr=False)


class FaceIdentifier:
    """Pictures in, faces out. One a stream: in video mode the landmarker remembers faces from frame to frame."""

    def __init__(self, landmarker: Path, network: Path, mode: Mode = "image", max_faces: int = 4) -> None:
        """Raise FileNotFoundError or ParametersUnusable."""
        self._embedder = FaceEmbedder(network)
        self._landmarker = Landmarker(landmarker, mode, max_faces)

    def observe(self, frame_rgb: RgbImage, t_ms: int = 0) -> list[FaceObservation]:
        """Every face, largest first, without its numbers: cheap."""
        return sorted(self._landmarker.observe(frame_rgb, t_ms), key=lambda one: -one.box.w * one.box.h)

    def embed(self, frame_rgb: RgbImage, seen: FaceObservation) -> KnownFace:
        """The numbers of one of these faces."""
        return KnownFace(seen, self._embedder.embed(face_crop(frame_rgb, five_points(seen.landmarks))))

    def largest(self, frame_rgb: RgbImage, t_ms: int = 0) -> KnownFace | None:
        """The largest face of a picture, if there is one."""
        faces = self.observe(frame_rgb, t_ms)
        return self.embed(frame_rgb, faces[0]) if faces else None
