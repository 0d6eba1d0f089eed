"""Live cameras through OpenCV: a USB camera (V4L2) by number or stable path, a network camera (RTSP) by address.

Imports OpenCV; only the process that owns the camera may import it.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit, urlunsplit

import cv2
import numpy as np

from devices.camera.source import BgrImage, CameraLost, FrameCorrupt
from devices.camera.usb import device_path

OPEN_TIMEOUT_MS = 5_000
READ_TIMEOUT_MS = 3_000


class LiveSource:
    """An opened cv2.VideoCapture as a FrameSource. `name` is what messages call it; it holds no credentials."""

    def __init__(self, capture: cv2.VideoCapture, name: str) -> None:
        self._capture = capture
        self._name = name
        if not capture.isOpened():
            raise CameraLost(f"{name} cannot be opened")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._capture.release()

    def grab(self) -> int:
        try:
            is_grabbed = self._capture.grab()
        except cv2.error as error:
            raise CameraLost(f"{self._name} failed") from error
        if not is_grabbed:
            raise CameraLost(f"{self._name} delivers no more frames")
        return time.monotonic_ns()

    def retrieve(self) -> BgrImage:
        try:
            is_decoded, bgr = self._capture.retrieve()
        except cv2.error as error:
            raise FrameCorrupt(self._name) from error
        if not is_decoded or bgr is None:
            raise FrameCorrupt(self._name)
        return np.asarray(bgr, dtype=np.uint8)


class JpegStream(LiveSource):
    """A stream of JPEG pictures, decoded here: FFmpeg fills what a damaged one lacks with the picture before it, a face included."""

    def retrieve(self) -> BgrImage:
        bgr = cv2.imdecode(super().retrieve(), cv2.IMREAD_COLOR)
        if bgr is None:
            raise FrameCorrupt(self._name)
        return np.asarray(bgr, dtype=np.uint8)


def open_usb(device: str, width: int, height: int, fps: float) -> LiveSource:
    """A V4L2 camera: `0` or `/dev/v4l/by-id/...`. Asks for MJPG at the size and a rate of at least `fps`."""
    path = device_path(device)
    capture = cv2.VideoCapture(str(path.resolve()), cv2.CAP_V4L2)
    wishes = {
        cv2.CAP_PROP_FOURCC: _MJPG,
        cv2.CAP_PROP_FRAME_WIDTH: float(width),
        cv2.CAP_PROP_FRAME_HEIGHT: float(height),
        cv2.CAP_PROP_FPS: max(fps, 30.0),  # every camera can do 30; unwanted frames are not decoded
        cv2.CAP_PROP_BUFFERSIZE: 2.0,  # one fills while one is read: no old frames in between
    }
    for name, wish in wishes.items():
        capture.set(name, wish)  # a camera that refuses delivers what it can; the frame's own size counts
    return LiveSource(capture, str(path))


def open_rtsp(address: str, credentials_file: Path | None = None) -> LiveSource:
    """A network camera over TCP. `credentials_file` holds `user:password` in its first line."""
    timeouts = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS]
    with _ffmpeg_options("rtsp_transport;tcp|fflags;nobuffer|threads;1"):
        capture = cv2.VideoCapture(with_credentials(address, credentials_file), cv2.CAP_FFMPEG, timeouts)
    is_jpeg = capture.get(cv2.CAP_PROP_FOURCC) == _MJPG and capture.set(cv2.CAP_PROP_FORMAT, _UNDECODED)
    return (JpegStream if is_jpeg else LiveSource)(capture, without_credentials(address))


def with_credentials(address: str, credentials_file: Path | None) -> str:
    """The address to dial, with user and password from the file put in and quoted."""
    if credentials_file is None:
        return address
    try:
        line = credentials_file.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CameraLost(f"{credentials_file} cannot be read") from error
    user, _, password = line.partition(":")
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{host}"))


def without_credentials(address: str) -> str:
    """Scheme, host, port and path: fit for logs. Whatever stands before the @, and any query, is left out."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


@contextmanager
def _ffmpeg_options(options: str) -> Iterator[None]:
    """OpenCV takes these from the environment only, and reads them while it opens; other captures must not get them."""
    os.environ[_OPTIONS] = options
    try:
        yield
    finally:
        del os.environ[_OPTIONS]


_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"
_MJPG = float(cv2.VideoWriter.fourcc(*"MJPG"))
_UNDECODED = -1.0
