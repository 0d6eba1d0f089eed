"""The whole way from a frame to readings: faces found, judged and read.

Imports cv2, ai_edge_litert and onnxruntime; only worker processes, command-line tools and tests import it.
"""

from pathlib import Path

from models.cadence import Cadence
from models.expression import ExpressionModel, NetworkOutput
from models.face_mesh import FaceNetworks
from models.landmarker import Landmarker, Mode
from models.pipeline import STILL_GATE, FaceObservation, FaceReading, QualityGate, RgbImage, WhyNot, judge, read, refuse


class FaceReader:
    """Frames in, readings out. One reader a stream: video mode remembers faces from frame to frame."""

    def __init__(
        self,
        landmarker: Path | FaceNetworks,
        mode: Mode = "video",
        max_faces: int = 4,
        gate: QualityGate | None = None,
        model: ExpressionModel | None = None,
        *,
        is_blue_first: bool = False,
    ) -> None:
        """Default gate: the counter's for video, the lenient one for single images. The rest: see Landmarker."""
        self.gate = gate or (QualityGate() if mode == "video" else STILL_GATE)
        self.model = model or ExpressionModel()
        self._landmarker = Landmarker(landmarker, mode, max_faces, is_blue_first=is_blue_first)
        self._is_video = mode == "video"
        self._cadence: Cadence[NetworkOutput] = Cadence()

    def read(self, frame: RgbImage, t_ms: int = 0) -> list[FaceReading]:
        """Every face of uint8 [h, w, 3], largest first; in video mode `t_ms` must grow from call to call."""
        seen = self._landmarker.observe(frame, t_ms)
        return sorted((self._read_one(one, t_ms) for one in seen), key=lambda r: -r.box.w * r.box.h)

    def _read_one(self, seen: FaceObservation, t_ms: int) -> FaceReading:
        if why := judge(seen, self.gate):
            return refuse(seen, why)
        looked = self._glanced(seen, t_ms) if self._is_video else self.model.look(seen.crop)
        if looked.hidden > self.gate.max_hidden:
            return refuse(seen, WhyNot.HALF_HIDDEN)
        return read(seen, looked.emotions, self.model.head)

    def _glanced(self, seen: FaceObservation, t_ms: int) -> NetworkOutput:
        """What the network says, or said lately of a face that has not moved since; a hidden face is asked about again."""
        held = self._cadence.held(seen, t_ms)
        if held is not None:
            return held
        looked = self.model.glance(seen.crop, is_mirrored=self._cadence.is_mirrored(t_ms))
        if looked.hidden <= self.gate.max_hidden:
            self._cadence.hold(seen, t_ms, looked)
        return looked
