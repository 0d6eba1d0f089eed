"""Two readers taking turns: one follows a single face, which is cheaper, one looks for all of them.

A landmarker that may still find more faces runs its detector on every frame. Pure; the vision worker's entry joins them.
"""

from collections.abc import Sequence

from models.pipeline import RgbImage
from models.vision_worker import Reader, SeenFace

SCAN_MS = 1_000
"""How long a newcomer beside the followed face may go unnoticed."""


class ThriftyReader:
    """Looks for all faces once in a while, and on every frame as long as there are several."""

    def __init__(self, single: Reader, several: Reader, scan_ms: int = SCAN_MS) -> None:
        self._single, self._several = single, several
        self._scan_ms = scan_ms
        self._are_several = False
        self._scanned_ms = -scan_ms

    def read(self, frame_rgb: RgbImage, t_ms: int) -> Sequence[SeenFace]:
        """The faces of uint8 [h, w, 3]; `t_ms` must grow from call to call."""
        if not self._are_several and t_ms - self._scanned_ms < self._scan_ms:
            return self._single.read(frame_rgb, t_ms)
        found = self._several.read(frame_rgb, t_ms)
        self._are_several, self._scanned_ms = len(found) > 1, t_ms
        return found
