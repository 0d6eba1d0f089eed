"""The guide's camera loop: slow while nobody is looked at, ten frames a second while somebody is; a beat a second either way."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from models.guide_wire import GuideMessage
from models.guide_worker import GuideWorker
from models.pipeline import RgbImage
from models.wire import Beat, CameraMessage

BLUE = np.full((48, 64, 3), (255, 0, 0), np.uint8)  # as OpenCV has it


@dataclass
class Picture:
    captured_ns: int
    bgr: RgbImage = field(default_factory=lambda: BLUE)
    number: int = 1


@dataclass
class Sight:
    state: str
    frame: Picture | None


class World:
    """A clock that sleeping moves, a camera with a new frame whenever it is asked, and a gaze that notes when it looked."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.camera, self.gaze = Camera(self), Gaze(self)
        self.sent: list[GuideMessage] = []
        self.worker = GuideWorker(
            self.camera, self.gaze, self.sent.append, fps=2.0, clock=lambda: self.now_s, sleep=self.sleep
        )

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def run(self, seconds: float) -> list[float]:
        """When it looked meanwhile."""
        self.gaze.looks.clear()
        until_s = self.now_s + seconds
        while self.now_s < until_s:
            self.worker.step()
        return self.gaze.looks

    def states(self) -> list[str]:
        return [message.state for message in self.sent if isinstance(message, CameraMessage)]


class Camera:
    def __init__(self, world: World) -> None:
        self._world = world
        self.skipped = 0
        self.state = "live"

    def look(self, timeout_s: float) -> Sight:
        return Sight(self.state, Picture(int(self._world.now_s * 1e9)) if self.state == "live" else None)


class Gaze:
    def __init__(self, world: World) -> None:
        self._world = world
        self.is_intent = False
        self.looks: list[float] = []
        self.heeded = 0

    def heed(self) -> None:
        self.heeded += 1

    def look(self, frame_rgb: RgbImage, t_s: float) -> None:
        assert tuple(frame_rgb[0, 0]) == (0, 0, 255), "red first, as the networks want it"
        assert t_s == pytest.approx(self._world.now_s)
        self.looks.append(t_s)


def test_two_a_second_and_ten_while_somebody_is_looked_at() -> None:
    world = World()
    assert len(world.run(10.0)) == pytest.approx(20, abs=1)
    world.gaze.is_intent = True
    assert len(world.run(10.0)) == pytest.approx(100, abs=2)
    world.gaze.is_intent = False
    assert len(world.run(10.0)) == pytest.approx(20, abs=1)


def test_it_beats_and_heeds_whether_or_not_the_camera_shows_something() -> None:
    world = World()
    world.camera.state = "lost"
    assert world.run(10.0) == []
    assert sum(isinstance(message, Beat) for message in world.sent) == pytest.approx(10, abs=1)
    assert world.gaze.heeded >= 10
    assert world.states() == ["lost"]
    world.camera.state = "live"
    world.run(2.0)
    assert world.states() == ["lost", "live"]
