"""A file of JPEG pictures one after the other, played as a USB camera would deliver them: decoded only when wanted.

Imports OpenCV. Benchmarks use it, because decoding one JPEG is what a live MJPG camera costs.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from devices.camera.source import BgrImage, CameraLost, FrameCorrupt

QUALITY = 85
_LENGTH = 4  # bytes before each picture, big endian; seeking JPEG markers would meet them inside thumbnails


def write_jpegs(path: Path, pictures: Iterable[BgrImage]) -> None:
    """Store pictures for `JpegSource`."""
    with path.open("wb") as file:
        for picture in pictures:
            coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
            file.write(len(coded).to_bytes(_LENGTH, "big") + coded)


class JpegSource:
    """A FrameSource that plays such a file round and round at `rate` pictures a second."""

    def __init__(
        self,
        path: Path,
        rate: float = 30.0,
        clock: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        try:
            self._file = path.open("rb")
        except OSError as error:
            raise CameraLost(f"{path} cannot be read") from error
        self._pictures = list(_pictures(self._file.fileno()))
        if not self._pictures:
            self._file.close()
            raise CameraLost(f"{path} holds no pictures")
        self._rate, self._clock, self._sleep = rate, clock, sleep
        self._start_ns, self._number = clock(), -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def grab(self) -> int:
        elapsed_s = (self._clock() - self._start_ns) / 1e9
        self._number = max(self._number + 1, int(elapsed_s * self._rate))
        self._sleep(max(0.0, self._number / self._rate - elapsed_s))
        return self._clock()

    def retrieve(self) -> BgrImage:
        return self.picture(self._number % self.length)

    @property
    def length(self) -> int:
        """How many pictures there are."""
        return len(self._pictures)

    def picture(self, number: int) -> BgrImage:
        """One of them, from 0 on."""
        offset, size = self._pictures[number]
        coded = os.pread(self._file.fileno(), size, offset)
        picture = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            raise FrameCorrupt("a JPEG picture could not be decoded")
        return np.asarray(picture, np.uint8)


def _pictures(descriptor: int) -> Iterator[tuple[int, int]]:
    """Offset and size of each picture that is there completely."""
    end, offset = os.fstat(descriptor).st_size, 0
    while offset + _LENGTH < end:
        size = int.from_bytes(os.pread(descriptor, _LENGTH, offset), "big")
        if offset + _LENGTH + size > end:
            return
        yield offset + _LENGTH, size
        offset += _LENGTH + size
