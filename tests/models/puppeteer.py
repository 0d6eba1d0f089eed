"""A camera before which a puppet stands: one JPEG picture in a file, replaced ten times a second. `replay:FILE.jpegs` plays it.

Whoever tests says what the puppet is asked to do; like a person it looks straight and blinks otherwise.
"""

import os
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from devices.camera.jpegs import QUALITY
from devices.camera.replay import empty_scene
from models.challenge import Task
from models.landmarker import Landmarker
from models.pipeline import RgbImage
from tests.models.puppet import Pose, Puppet

SLOT = 160 * 1024  # bytes; a picture is padded with zeros, which a decoder does not look at
FPS = 10.0
_REST = Pose()
_TURN = (10.0, 20.0, 30.0)
_BLINK = Pose(closed=1.15)
_STEPS: dict[Task, tuple[Pose, ...]] = {
    Task.TURN_LEFT: tuple(Pose(yaw) for yaw in _TURN),
    Task.TURN_RIGHT: tuple(Pose(-yaw) for yaw in _TURN),
    Task.BLINK: (_BLINK, _BLINK, _BLINK),
    Task.OPEN_MOUTH: (Pose(mouth=0.7), Pose(mouth=1.4)),
}


def puppet_of(clip: Path, landmarker: Path) -> Puppet:
    """Of a clip's first picture."""
    source = cv2.VideoCapture(str(clip))
    _, bgr = source.read()
    source.release()
    rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
    reader = Landmarker(landmarker, "image")
    return Puppet(rgb, reader.observe(rgb)[0].landmarks)


class Puppeteer:
    """`do` a task; None: look straight. `is_there` False: nobody stands there. Use as a context manager; `file` is there from the beginning."""

    def __init__(self, puppet: Puppet, file: Path) -> None:
        poses = {_REST, *(pose for steps in _STEPS.values() for pose in steps)}
        self._pictures = {pose: puppet.frame(pose) for pose in poses}
        height, width = self._pictures[_REST].shape[:2]
        self._empty = empty_scene(width, height)
        self.is_there = True
        self._task: Task | None = None
        self._progress = 0
        self._frames = 0
        self._chance = np.random.default_rng(1)
        self._is_over = threading.Event()
        self._player = threading.Thread(target=self._play, name="puppeteer")
        self._file = file
        file.write_bytes(SLOT.to_bytes(4, "big") + self._coded())

    def __enter__(self) -> Self:
        self._player.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over.set()
        self._player.join()

    def do(self, task: Task | None) -> None:
        if task is not self._task:
            self._task, self._progress = task, 0

    def _play(self) -> None:
        descriptor = os.open(self._file, os.O_WRONLY)
        try:
            while not self._is_over.is_set():
                began = time.monotonic()
                os.pwrite(descriptor, self._coded(), 4)
                self._is_over.wait(max(0.0, 1 / FPS - (time.monotonic() - began)))
        finally:
            os.close(descriptor)

    def _coded(self) -> bytes:
        picture = self._picture().astype(np.int16)
        noisy = (picture + self._chance.integers(-3, 4, picture.shape, np.int16)).clip(0, 255).astype(np.uint8)
        coded = cv2.imencode(".jpg", noisy[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
        assert len(coded) <= SLOT
        return coded.ljust(SLOT, b"\0")

    def _picture(self) -> RgbImage:
        self._frames += 1
        if not self.is_there:
            return self._empty
        steps = _STEPS.get(self._task) if self._task else None
        if steps is None:
            return self._pictures[_BLINK if self._frames % 25 in {0, 1} else _REST]
        pose = steps[min(self._progress, len(steps) - 1)]
        self._progress += 1
        if self._task is Task.BLINK and self._progress > len(steps):
            pose = _REST
        return self._pictures[pose]
