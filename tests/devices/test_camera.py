"""One camera kept open for good: the newest frame only, loss and return, silence, undecodable frames."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from types import TracebackType
from typing import Self

import numpy as np
import pytest

from devices.camera.camera import Camera, Look, Patience
from devices.camera.condition import Limits
from devices.camera.source import BgrImage, CameraLost, CameraState, FrameCorrupt

QUICK = Patience(retry_s=0.01, retry_max_s=0.04, silence_s=0.3)
SETTLED = Limits(settle_s=0.0)


class FakeSource:
    """A camera of 200 frames a second. `broken` makes the next grab fail, `garbled` the next decoding."""

    def __init__(self) -> None:
        self.rng = np.random.default_rng(5)
        self.broken = threading.Event()
        self.garbled = threading.Event()
        self.stuck = threading.Event()
        self.grabbed = 0
        self.decoded = 0
        self.is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.is_closed = True

    def grab(self) -> int:
        time.sleep(0.005)
        while self.stuck.is_set():
            time.sleep(0.005)
        if self.broken.is_set():
            raise CameraLost("somebody pulled the plug")
        self.grabbed += 1
        return time.monotonic_ns()

    def retrieve(self) -> BgrImage:
        self.decoded += 1
        if self.garbled.is_set():
            raise FrameCorrupt("half a picture")
        return self.rng.integers(60, 200, (48, 64, 3), dtype=np.uint8)


class Plug:
    """Opens one FakeSource after the other; fails while `is_out`."""

    def __init__(self) -> None:
        self.sources: list[FakeSource] = []
        self.is_out = False
        self.tries = 0

    def __call__(self) -> FakeSource:
        self.tries += 1
        if self.is_out:
            raise CameraLost("not there")
        self.sources.append(FakeSource())
        return self.sources[-1]

    def pull(self) -> None:
        self.is_out = True
        self.sources[-1].broken.set()


@contextmanager
def camera_on(plug: Plug, limits: Limits = SETTLED) -> Iterator[Camera]:
    with Camera(plug, limits, QUICK) as camera:
        yield camera


def look_until(camera: Camera, wanted: Callable[[Look], bool]) -> Look:
    for _ in range(500):
        look = camera.look(0.05)
        if wanted(look):
            return look
    raise AssertionError("never happened")


def wait_until(happened: Callable[[], bool]) -> None:
    """For what the camera's own thread does while nobody looks."""
    deadline = time.monotonic() + 10
    while not happened() and time.monotonic() < deadline:
        time.sleep(0.001)
    assert happened()


def is_state(state: CameraState) -> Callable[[Look], bool]:
    return lambda look: look.state is state


def test_it_opens_and_delivers_growing_frames() -> None:
    with camera_on(Plug()) as camera:
        frames = [look.frame for look in (camera.look(1.0) for _ in range(5)) if look.frame is not None]
    assert len(frames) == 5
    assert all(a.number < b.number and a.captured_ns < b.captured_ns for a, b in pairwise(frames))


def test_a_frame_is_never_older_than_the_question() -> None:
    with camera_on(Plug()) as camera:
        camera.look(1.0)
        wait_until(lambda: camera.skipped >= 5)
        asked_ns = time.monotonic_ns()
        frame = camera.look(1.0).frame
    assert frame is not None
    assert frame.captured_ns > asked_ns


def test_frames_nobody_waits_for_are_counted_and_never_decoded() -> None:
    plug = Plug()
    with camera_on(plug) as camera:
        camera.look(1.0)
        wait_until(lambda: camera.skipped >= 5)
        camera.look(1.0)
    source = plug.sources[0]
    assert source.decoded <= 3
    assert camera.skipped + source.decoded == source.grabbed


def test_a_lost_camera_is_said_once_reopened_and_back() -> None:
    plug = Plug()
    with camera_on(plug) as camera:
        look_until(camera, is_state(CameraState.LIVE))
        plug.pull()
        assert look_until(camera, is_state(CameraState.LOST)).frame is None
        assert plug.sources[0].is_closed
        plug.is_out = False
        assert look_until(camera, is_state(CameraState.LIVE)).frame is not None
    assert len(plug.sources) == 2


def test_loss_and_return_are_logged_once_each(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "devices.camera")
    plug = Plug()
    with camera_on(plug) as camera:
        look_until(camera, is_state(CameraState.LIVE))
        plug.pull()
        tries = plug.tries
        look_until(camera, lambda _: plug.tries >= tries + 4)
        plug.is_out = False
        look_until(camera, is_state(CameraState.LIVE))
    assert [record.message for record in caplog.records] == [
        "camera lost: somebody pulled the plug",
        "camera is back",
    ]


def test_a_camera_that_is_not_there_at_first_is_awaited() -> None:
    plug = Plug()
    plug.is_out = True
    with camera_on(plug) as camera:
        look_until(camera, is_state(CameraState.LOST))
        plug.is_out = False
        look_until(camera, is_state(CameraState.LIVE))


def test_a_driver_that_hangs_counts_as_lost_and_recovers() -> None:
    plug = Plug()
    with camera_on(plug) as camera:
        look_until(camera, is_state(CameraState.LIVE))
        plug.sources[0].stuck.set()
        look_until(camera, is_state(CameraState.LOST))
        plug.sources[0].stuck.clear()
        look_until(camera, is_state(CameraState.LIVE))


def test_a_camera_that_opens_slowly_is_not_lost_yet_one_that_never_opens_is() -> None:
    waiting = threading.Event()

    def slow() -> FakeSource:
        waiting.wait()
        return FakeSource()

    with Camera(slow, SETTLED, replace(QUICK, silence_s=0.1, opening_s=0.6)) as camera:
        began = time.monotonic()
        states = [camera.look(0.05).state for _ in range(5)]
        assert time.monotonic() - began > 0.6 or set(states) == {CameraState.OPENING}
        look_until(camera, is_state(CameraState.LOST))
        waiting.set()
        look_until(camera, is_state(CameraState.LIVE))


def test_frames_that_cannot_be_decoded_make_the_camera_corrupt_until_they_can() -> None:
    plug = Plug()
    with camera_on(plug) as camera:
        look_until(camera, is_state(CameraState.LIVE))
        plug.sources[0].garbled.set()
        assert look_until(camera, is_state(CameraState.CORRUPT)).frame is None
        plug.sources[0].garbled.clear()
        look_until(camera, is_state(CameraState.LIVE))


def test_looking_at_a_lost_camera_waits_instead_of_spinning() -> None:
    plug = Plug()
    plug.is_out = True
    with camera_on(plug) as camera:
        look_until(camera, is_state(CameraState.LOST))
        began = time.monotonic()
        camera.look(0.1)
        assert time.monotonic() - began >= 0.09


def test_closing_ends_the_thread() -> None:
    plug = Plug()
    with camera_on(plug) as camera:
        camera.look(1.0)
    assert plug.sources[0].is_closed
    assert not [thread for thread in threading.enumerate() if thread.name == "camera" and thread.is_alive()]
