"""A camera that is not there: clips, photographs and the empty scene played at camera speed, with a sensor's noise.

Imports OpenCV. `Reel` gives the picture of any position; `ReplaySource` paces it as a camera would.
"""

import time
from collections.abc import Callable
from functools import lru_cache
from math import sin
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from devices.camera.playlist import Fault, Playlist, Show, read_playlist
from devices.camera.source import BgrImage, CameraLost

NOISE_SIGMA = 1.5  # gray values; what a webcam shows in a lit office
_IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}
_SPARE = 64  # pixels by which the noise is larger than the picture, so that every frame takes another part of it
_RATE = 25.0  # of a film that names none
_EARLY_S = 0.0005  # containers count in milliseconds
_LONGEST_PAUSE_S = 60.0  # between two frames; more is a wrong time
_TAIL_S = 1.0  # of a film is looked at to see whether it ends when it says
_ROUGHLY_S = 0.25
_SWAY_PX = 1.5
_SWAY_DEGREES = 0.3


def open_replay(target: Path, width: int = 640, height: int = 480, since_ns: int | None = None) -> "ReplaySource":
    """Play a playlist (`.toml`) or loop a single clip or photograph; raises CameraLost when it cannot be read.

    `since_ns`: when (CLOCK_MONOTONIC) the story began; a camera opened again finds it gone on, as the world does.
    """
    if target.suffix == ".toml":
        playlist = read_playlist(target)
    else:
        playlist = Playlist((Show(seconds=_length_s(target), file=target),), width=width, height=height)
    return ReplaySource(Reel(playlist), playlist, since_ns)


class ReplaySource:
    """A FrameSource that delivers a reel's pictures at the playlist's rate; a slow reader misses frames, as with a camera."""

    def __init__(
        self,
        reel: "Reel",
        playlist: Playlist,
        since_ns: int | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._reel, self._playlist = reel, playlist
        self._clock, self._sleep = clock, sleep
        self._since_ns = clock() if since_ns is None else since_ns
        self._number = -1 if since_ns is None else self._due()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._reel.close()

    def grab(self) -> int:
        self._number = max(self._number + 1, self._due())
        self._sleep(max(0.0, self._number / self._playlist.rate - self._elapsed_s()))
        if self._playlist.at(self.position_s)[0].fault is Fault.LOST:
            raise CameraLost("the playlist says so")
        return self._clock()

    def retrieve(self) -> BgrImage:
        return self._reel.picture(self.position_s)

    def _elapsed_s(self) -> float:
        return (self._clock() - self._since_ns) / 1e9

    def _due(self) -> int:
        return int(self._elapsed_s() * self._playlist.rate)

    @property
    def position_s(self) -> float:
        """Where in the playlist the frame grabbed last stands."""
        return self._playlist.start_s + self._number / self._playlist.rate * self._playlist.speed


class Reel:
    """The picture at any position of a playlist; the same position and seed give the same picture."""

    def __init__(self, playlist: Playlist) -> None:
        self._playlist = playlist
        self._empty = empty_scene(playlist.width, playlist.height)
        self._noise = _noise(playlist.width + _SPARE, playlist.height + _SPARE, playlist.seed)
        self._clip: _Clip | None = None

    def picture(self, position_s: float) -> BgrImage:
        """uint8 [height, width, 3]; raises CameraLost when a file cannot be read."""
        show, shown_s = self._playlist.at(position_s)
        if show.fault is not None:
            return self._broken(show, position_s)
        return self._with_noise(self._scene(show, shown_s), position_s)

    def close(self) -> None:
        if self._clip is not None:
            self._clip.close()
        self._clip = None

    def _scene(self, show: Show, shown_s: float) -> BgrImage:
        if show.file is None:
            return self._empty
        if show.file.suffix.lower() in _IMAGE_SUFFIXES:
            return sway(_photograph(show.file, self._playlist.width, self._playlist.height), shown_s)
        if self._clip is None or self._clip.path != show.file:
            self.close()
            self._clip = _Clip(show.file)
        return fit(self._clip.picture(show.from_s + shown_s), self._empty)

    def _with_noise(self, scene: BgrImage, position_s: float) -> BgrImage:
        rng = np.random.default_rng((self._playlist.seed, round(position_s * 1e6)))
        height, width = scene.shape[:2]
        noisy = scene
        for change, noise in zip((cv2.add, cv2.subtract), self._noise, strict=True):
            y, x = rng.integers(0, _SPARE, 2)
            noisy = np.asarray(change(noisy, noise[y : y + height, x : x + width]), np.uint8)
        return noisy

    def _broken(self, show: Show, position_s: float) -> BgrImage:
        if show.fault is Fault.BLACK:
            return self._with_noise(np.zeros_like(self._empty), position_s)
        still = self._scene(show, 0.0)
        return still if show.fault is Fault.FROZEN else _shattered(still, position_s)


class _Clip:
    """A video read forwards, each frame shown from its own time on; after its last frame that frame stays."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._open()

    def picture(self, offset_s: float) -> BgrImage:
        if offset_s + _EARLY_S < self._shown_s:
            self.close()
            self._open()
        while not self._is_over and self._waits_s <= offset_s + _EARLY_S:
            self._show()
        return self._picture

    def length_s(self) -> float:
        """To the end of its last frame; nothing is left to show afterwards."""
        while not self._is_over:
            self._step()
        return self._waits_s

    def close(self) -> None:
        self._capture.release()

    def _open(self) -> None:
        self._capture = _capture(self.path)
        self._step_s = 1 / (self._capture.get(cv2.CAP_PROP_FPS) or _RATE)
        self._picture: BgrImage = np.zeros((0, 0, 3), np.uint8)
        self._shown_s = self._waits_s = 0.0
        self._is_over = not self._capture.grab()
        self._said_s = self._said()
        self._show()
        if self._picture.size == 0:
            raise CameraLost(f"{self.path.name} holds no picture")

    def _show(self) -> None:
        """The frame that waited is the picture, and the next one waits."""
        is_decoded, bgr = self._capture.retrieve()
        self._picture = np.asarray(bgr, np.uint8) if is_decoded else self._picture
        self._shown_s = self._waits_s
        self._step()

    def _step(self) -> None:
        self._is_over = not self._capture.grab()
        said_s, before_s = self._said(), self._said_s
        self._said_s = said_s
        # what the container cannot say is a step of its rate
        self._waits_s += said_s - before_s if 0 < said_s - before_s < _LONGEST_PAUSE_S else self._step_s

    def _said(self) -> float:
        return float(self._capture.get(cv2.CAP_PROP_POS_MSEC)) / 1000


def fit(picture: BgrImage, background: BgrImage) -> BgrImage:
    """The whole picture, as large as it goes, in the middle of the background."""
    height, width = background.shape[:2]
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    scaled = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    if size == (width, height):
        return np.asarray(scaled, np.uint8)
    fitted = background.copy()
    x, y = (width - size[0]) // 2, (height - size[1]) // 2
    fitted[y : y + size[1], x : x + size[0]] = scaled
    return fitted


def sway(picture: BgrImage, at_s: float) -> BgrImage:
    """The picture as a living person's would move: shifted and turned by a hair, smoothly."""
    height, width = picture.shape[:2]
    move = cv2.getRotationMatrix2D(
        (width / 2, height / 2), _SWAY_DEGREES * sin(0.9 * at_s), 1 + 0.004 * sin(1.7 * at_s)
    )
    move[0, 2] += _SWAY_PX * sin(2.3 * at_s)
    move[1, 2] += _SWAY_PX * sin(1.3 * at_s + 1)
    return np.asarray(cv2.warpAffine(picture, move, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def empty_scene(width: int, height: int) -> BgrImage:
    """A wall and the edge of a counter in soft light: nobody there, nothing black, no face in it."""
    y, x = np.mgrid[0:height, 0:width]
    light = 150 - 45 * ((x / width - 0.5) ** 2 + (y / height - 0.4) ** 2)
    light = np.where(y > 0.82 * height, light - 55, light)
    return np.stack([light * tint for tint in (0.95, 1.0, 1.05)], axis=-1).clip(0, 255).astype(np.uint8)


def _length_s(path: Path) -> float:
    """As its number of frames and its rate say where its end agrees; another film is walked through, however long that takes."""
    if path.suffix.lower() in _IMAGE_SUFFIXES:
        return 60.0
    capture = _capture(path)
    rate = capture.get(cv2.CAP_PROP_FPS) or _RATE
    named_s = float(capture.get(cv2.CAP_PROP_FRAME_COUNT) / rate)
    capture.set(cv2.CAP_PROP_POS_MSEC, 1000 * max(0.0, named_s - _TAIL_S))
    while capture.grab():
        pass
    end_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000 + 1 / rate
    capture.release()
    return max(1.0, named_s if abs(end_s - named_s) < _ROUGHLY_S else _walked_s(path))


def _walked_s(path: Path) -> float:
    clip = _Clip(path)
    try:
        return clip.length_s()
    finally:
        clip.close()


def _capture(path: Path) -> cv2.VideoCapture:
    if not path.is_file():
        raise CameraLost(f"{path} is not there")
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    if not capture.isOpened():
        raise CameraLost(f"{path.name} is not a video that can be read")
    return capture


@lru_cache(maxsize=2)
def _photograph(path: Path, width: int, height: int) -> BgrImage:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise CameraLost(f"{path} is not a picture that can be read")
    return fit(np.asarray(picture, np.uint8), empty_scene(width, height))


def _noise(width: int, height: int, seed: int) -> tuple[BgrImage, BgrImage]:
    """Gaussian noise as what is added and what is subtracted."""
    drawn = np.random.default_rng(seed).normal(0.0, NOISE_SIGMA, (height, width, 3)).round().astype(np.int16)
    return drawn.clip(0, 255).astype(np.uint8), (-drawn).clip(0, 255).astype(np.uint8)


def _shattered(picture: BgrImage, position_s: float) -> BgrImage:
    """What a decoder shows after losing its stream: macroblocks in the wrong places and colours."""
    rng = np.random.default_rng(round(position_s * 1e6))
    rows, columns = picture.shape[0] // 16, picture.shape[1] // 16
    blocks = picture[: rows * 16, : columns * 16].reshape(rows, 16, columns, 16, 3).swapaxes(1, 2).copy()
    shuffled = rng.permutation(blocks.reshape(rows * columns, 16, 16, 3), axis=0)
    shuffled += rng.integers(0, 160, (rows * columns, 1, 1, 3), dtype=np.uint8)
    broken = picture.copy()
    broken[: rows * 16, : columns * 16] = (
        shuffled.reshape(rows, columns, 16, 16, 3).swapaxes(1, 2).reshape(rows * 16, columns * 16, 3)
    )
    return broken
