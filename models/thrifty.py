"""One face is followed cheaply; only where several are seen does a reader of several take over.

A landmarker that may still find more faces runs its detector on every frame, and costs 20 MB. Pure; the vision worker's
entry joins the parts.
"""

from collections.abc import Callable, Sequence

from models.pipeline import BgrImage
from models.vision_worker import Reader, SeenFace

SCAN_MS = 1_000
"""How long a newcomer beside the followed face may go unnoticed."""

_ALONE_FRAMES = 5  # a face that was not found for a moment is still company


class ThriftyReader:
    """Counts faces once in a while, and reads all of them on every frame as long as there are several."""

    def __init__(
        self,
        single: Reader,
        count: Callable[[BgrImage], int],
        open_several: Callable[[], Reader],
        scan_ms: int = SCAN_MS,
    ) -> None:
        """`open_several` is called once, when there are several faces for the first time."""
        self._single, self._count, self._open_several = single, count, open_several
        self._several: Reader | None = None
        self._scan_ms = scan_ms
        self._are_several = False
        self._alone = 0  # frames in a row
        self._scanned_ms = -scan_ms

    def read(self, frame: BgrImage, t_ms: int) -> Sequence[SeenFace]:
        """The faces of uint8 [h, w, 3]; `t_ms` must grow from call to call."""
        if self._are_several or self._is_company(frame, t_ms):
            found = self._reader_of_several().read(frame, t_ms)
            self._alone = 0 if len(found) > 1 else self._alone + 1
            self._are_several = len(found) > 1 or (self._are_several and self._alone < _ALONE_FRAMES)
            if self._are_several:
                return found
        return self._single.read(frame, t_ms)

    def _is_company(self, frame: BgrImage, t_ms: int) -> bool:
        """Look for others when it is time to."""
        if t_ms - self._scanned_ms < self._scan_ms:
            return False
        self._scanned_ms = t_ms
        return self._count(frame) > 1

    def _reader_of_several(self) -> Reader:
        if self._several is None:
            self._several = self._open_several()
        return self._several
