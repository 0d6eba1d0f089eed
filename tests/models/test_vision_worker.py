"""One round of the worker on made-up cameras and readers: zone, order, tracks, states, pace and beats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from models.pipeline import Box, Level, RgbImage
from models.tracking import Rect
from models.vision_worker import VisionWorker, Zone, face_message
from models.wire import Beat, CameraMessage, FrameMessage, Message

EVEN: Mapping[Level, float] = dict.fromkeys(Level, 0.2)


@dataclass(frozen=True)
class FakeFace:
    box: Box
    usable: bool = True
    why_not: str | None = None
    level: Level | None = Level.NEUTRAL
    scores: Mapping[Level, float] = field(default_factory=lambda: EVEN)
    valence: float = 0.0
    reasons: Sequence[str] = ()


@dataclass(frozen=True)
class FakePicture:
    bgr: RgbImage
    captured_ns: int
    number: int


@dataclass(frozen=True)
class FakeSight:
    state: str
    frame: FakePicture | None


@dataclass
class FakeReader:
    """Says the same faces for every picture and remembers what it was shown."""

    faces: Sequence[FakeFace] = ()
    shown: list[RgbImage] = field(default_factory=list)
    times: list[int] = field(default_factory=list)

    def read(self, frame_rgb: RgbImage, t_ms: int) -> Sequence[FakeFace]:
        self.shown.append(frame_rgb)
        self.times.append(t_ms)
        return self.faces


class Scene:
    """A worker with a clock that moves only when it sleeps or looks."""

    def __init__(self, reader: FakeReader, zone: Zone | None = None, fps: float = 10.0, look_s: float = 0.02) -> None:
        self.now_s, self.look_s = 100.0, look_s
        self.state = "live"
        self.bgr: RgbImage = np.zeros((48, 64, 3), np.uint8)
        self.is_repeating = False
        self.skipped = 7
        self.sent: list[Message] = []
        self.worker = VisionWorker(
            self, reader, self.sent.append, zone=zone or Zone(), fps=fps, clock=lambda: self.now_s, sleep=self.sleep
        )

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds

    def look(self, timeout_s: float) -> FakeSight:
        if self.state != "live" or self.is_repeating:
            self.now_s += timeout_s
            return FakeSight(self.state, None)
        self.now_s += self.look_s
        return FakeSight(self.state, FakePicture(self.bgr, int(self.now_s * 1e9), len(self.sent)))

    def play(self, seconds: float) -> None:
        end_s = self.now_s + seconds
        while self.now_s < end_s:
            self.worker.step()

    @property
    def frames(self) -> list[FrameMessage]:
        return [message for message in self.sent if isinstance(message, FrameMessage)]


def test_only_the_zone_reaches_the_reader_and_as_the_camera_gave_it() -> None:
    reader = FakeReader()
    scene = Scene(reader, Zone(0.5, 0.0, 0.5, 1.0))
    scene.bgr[:, :32] = (255, 0, 0)  # the officer's side, blue
    scene.bgr[:, 32:] = (0, 0, 255)  # the citizen's side, red
    scene.play(0.1)
    assert reader.shown[0].shape == (48, 32, 3)
    assert (reader.shown[0] == (0, 0, 255)).all(), "blue first: nothing is turned round on the way"


def test_boxes_come_back_as_shares_of_the_whole_frame() -> None:
    scene = Scene(FakeReader([FakeFace(Box(8, 12, 16, 24))]), Zone(0.5, 0.25, 0.5, 0.75))
    scene.play(0.1)
    assert scene.frames[0].faces[0].box == pytest.approx(((32 + 8) / 64, (12 + 12) / 48, 16 / 64, 24 / 48))


def test_a_face_whose_middle_is_outside_the_zone_does_not_exist() -> None:
    half_outside = FakeFace(Box(-20, 10, 30, 20))
    scene = Scene(FakeReader([half_outside, FakeFace(Box(10, 10, 12, 12))]), Zone(0.5, 0.0, 0.5, 1.0))
    scene.play(0.1)
    assert len(scene.frames[0].faces) == 1


def test_the_four_largest_faces_are_sent_largest_first() -> None:
    faces = [FakeFace(Box(3 * i, 3 * i, side, side)) for i, side in enumerate((4, 9, 6, 8, 5, 7))]
    scene = Scene(FakeReader(faces))
    scene.play(0.1)
    assert [round(face.box[2] * 64) for face in scene.frames[0].faces] == [9, 8, 7, 6]


def test_a_face_keeps_its_track_from_frame_to_frame() -> None:
    scene = Scene(FakeReader([FakeFace(Box(10, 10, 20, 20))]))
    scene.play(1.0)
    assert {frame.faces[0].track for frame in scene.frames} == {1}


def test_a_face_that_never_moves_in_a_picture_that_never_moves_is_a_frozen_camera() -> None:
    scene = Scene(FakeReader([FakeFace(Box(8, 8, 30, 30))]))
    scene.bgr = np.random.default_rng(1).integers(60, 200, (240, 320, 3), dtype=np.uint8)
    scene.play(14.0)
    assert all(frame.faces for frame in scene.frames)
    scene.play(2.0)
    assert scene.frames[-1].faces == ()
    assert [message.state for message in scene.sent if isinstance(message, CameraMessage)] == ["live", "frozen"]
    scene.bgr = np.random.default_rng(2).integers(60, 200, (240, 320, 3), dtype=np.uint8)
    scene.play(2.0)
    assert scene.frames[-1].faces
    assert [message.state for message in scene.sent if isinstance(message, CameraMessage)][-1] == "live"


def test_never_more_than_fps_frames_a_second_and_not_many_fewer() -> None:
    scene = Scene(FakeReader(), fps=5.0)
    scene.play(10.0)
    assert 48 <= len(scene.frames) <= 51


def test_a_reader_slower_than_the_rate_does_not_build_up_a_debt() -> None:
    scene = Scene(FakeReader(), fps=10.0, look_s=0.5)
    scene.play(5.0)
    scene.look_s = 0.01
    before = len(scene.frames)
    scene.play(1.0)
    assert len(scene.frames) - before <= 13


def test_times_given_to_the_reader_grow_even_when_the_camera_repeats_one() -> None:
    reader = FakeReader()
    scene = Scene(reader, fps=60.0, look_s=0.0)
    scene.play(0.5)
    assert all(a < b for a, b in zip(reader.times, reader.times[1:], strict=False))


def test_states_are_told_once_and_a_faulty_camera_gives_no_readings() -> None:
    scene = Scene(FakeReader())
    scene.play(0.5)
    seen = len(scene.frames)
    scene.state = "black"
    scene.play(3.0)
    assert len(scene.frames) == seen
    scene.state = "live"
    scene.play(0.5)
    assert len(scene.frames) > seen
    assert [m.state for m in scene.sent if isinstance(m, CameraMessage)] == ["live", "black", "live"]


@pytest.mark.parametrize("state", ["live", "lost"])
def test_it_beats_every_second_also_without_a_camera(state: str) -> None:
    scene = Scene(FakeReader())
    scene.state = state
    scene.play(10.0)
    beats = [message for message in scene.sent if isinstance(message, Beat)]
    assert 9 <= len(beats) <= 11
    assert beats[-1].skipped == 7
    assert beats[-1].rss_mb > 10


def test_a_repeated_picture_is_not_read_again() -> None:
    scene = Scene(FakeReader())
    scene.is_repeating = True
    scene.play(2.0)
    assert scene.frames == []


def test_an_unusable_face_says_why_and_carries_no_scores() -> None:
    told = face_message(3, Rect(0, 0, 1, 1), FakeFace(Box(0, 0, 9, 9), usable=False, why_not="turned", valence=0.4))
    assert (told.usable, told.why_not, told.level) == (False, "turned", None)
    assert told.scores == (0.0,) * 5
    assert told.valence == 0.0


def test_scores_travel_in_the_order_of_the_levels() -> None:
    scores = {level: i / 10 for i, level in enumerate(Level)}
    assert face_message(1, Rect(0, 0, 1, 1), FakeFace(Box(0, 0, 9, 9), scores=scores)).scores == (
        0.0,
        0.1,
        0.2,
        0.3,
        0.4,
    )


@pytest.mark.parametrize(
    "zone", [Zone(), Zone(0.999, 0.999, 0.001, 0.001), Zone(1.0, 1.0, 0.0, 0.0), Zone(0.2, 0.1, 0.9, 1)]
)
@pytest.mark.parametrize(("width", "height"), [(640, 480), (1, 1), (333, 7)])
def test_a_zone_always_lies_inside_the_frame(zone: Zone, width: int, height: int) -> None:
    left, top, right, bottom = zone.pixels(width, height)
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
