"""The loop of the guide's camera worker: the newest frame, slowly while nobody is there, faster while a face is being looked at.

Runs in the child process that owns the camera; what a frame means is the gaze's, which sends it.
"""

import time
from collections.abc import Callable
from typing import Protocol, TypeAlias

import cv2
import msgspec
import numpy as np

from models.guide_wire import GuideMessage
from models.pipeline import RgbImage
from models.vision_worker import BEAT_S, Camera, beat
from models.wire import CameraMessage

LOOK_FPS = 10.0
"""While somebody is being recognised or enrolled: what a blink needs."""

_NS = 1_000_000_000
Send: TypeAlias = Callable[[GuideMessage], None]


class Gaze(Protocol):
    """What is made of a frame; sends its messages itself."""

    @property
    def is_intent(self) -> bool:
        """Whether it wants frames at `LOOK_FPS`."""

    def heed(self) -> None:
        """Take up what the agent told since."""

    def look(self, frame_rgb: RgbImage, t_s: float) -> None: ...


class GuideWorker:
    """One camera read at up to `fps` frames a second; `step` does one round and never waits longer than a beat."""

    def __init__(
        self,
        camera: Camera,
        gaze: Gaze,
        send: Send,
        *,
        fps: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._camera, self._gaze, self._send = camera, gaze, send
        self._fps = fps
        self._clock, self._sleep = clock, sleep
        self._state = ""
        self._frames = 0
        self._due_s = self._beat_due_s = clock()

    def run(self) -> None:
        """Work until the process ends."""
        while True:
            self.step()

    def step(self) -> None:
        """Beat when due, wait for the next frame's turn, look."""
        now_s = self._clock()
        if now_s >= self._beat_due_s:
            self._beat_due_s = now_s + BEAT_S
            self._send(beat(self._frames, self._camera.skipped))
        self._gaze.heed()
        wait_s = min(self._due_s, self._beat_due_s) - now_s
        if wait_s > 0:
            self._sleep(wait_s)
        elif now_s >= self._due_s:
            self._look(now_s)

    def _look(self, now_s: float) -> None:
        period_s = 1.0 / (max(LOOK_FPS, self._fps) if self._gaze.is_intent else self._fps)
        self._due_s = max(self._due_s + period_s, now_s)
        sight = self._camera.look(max(0.01, self._beat_due_s - now_s))
        if sight.state != self._state:
            self._state = sight.state
            self._send(msgspec.convert({"type": "camera", "state": sight.state}, CameraMessage))
        if sight.frame is not None:
            rgb = np.asarray(cv2.cvtColor(sight.frame.bgr, cv2.COLOR_BGR2RGB), np.uint8)
            self._gaze.look(rgb, sight.frame.captured_ns / _NS)
            self._frames += 1
