"""What a camera is here: a source that is grabbed often and decoded seldom, and the words for what can go wrong.

Implemented by devices.camera.device (V4L2, RTSP) and devices.camera.replay; driven by devices.camera.camera.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from devices.errors import DeviceError

BgrImage: TypeAlias = npt.NDArray[np.uint8]
"""uint8 [h, w, 3], blue first, as OpenCV delivers it."""


class CameraError(DeviceError):
    """Root of what a frame source raises. Its text never holds an address with credentials."""


class CameraLost(CameraError):
    """The camera does not deliver; close it and open it again after a while."""


class FrameCorrupt(CameraError):
    """This frame could not be decoded; the next one may be good."""


class CameraState(StrEnum):
    OPENING = "opening"
    LIVE = "live"
    LOST = "lost"
    BLACK = "black"
    FROZEN = "frozen"
    CORRUPT = "corrupt"


@dataclass(frozen=True, slots=True)
class Frame:
    """One decoded picture. It lives in the memory of the process that took it and is never stored."""

    bgr: BgrImage
    captured_ns: int  # CLOCK_MONOTONIC when it was grabbed
    number: int


class FrameSource(Protocol):
    """An open camera. Used by one thread."""

    def grab(self) -> int:
        """Wait for the next frame, return its capture time (CLOCK_MONOTONIC, ns). Cheap: decodes as little as it can."""

    def retrieve(self) -> BgrImage:
        """Decode the frame grabbed last."""

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


OpenSource: TypeAlias = Callable[[], FrameSource]
"""Opens the camera or raises CameraLost."""
