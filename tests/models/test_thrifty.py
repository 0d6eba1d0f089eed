"""One face is followed cheaply, several are all read, and a newcomer is noticed within a second."""

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.face_detector import FaceDetector
from models.pipeline import Box, RgbImage
from models.thrifty import ThriftyReader
from models.vision_worker import SeenFace
from tests.models.test_vision_worker import FakeFace

FRAME: RgbImage = np.zeros((4, 4, 3), np.uint8)
LARGE, SMALL = FakeFace(Box(0, 0, 3, 3)), FakeFace(Box(3, 3, 1, 1))


class RoomReader:
    """Sees at most `most` of the faces and notes when it was asked."""

    def __init__(self, room: "Room", most: int) -> None:
        self.room, self.most = room, most
        self.asked: list[int] = []

    def read(self, frame_rgb: RgbImage, t_ms: int) -> Sequence[SeenFace]:
        self.asked.append(t_ms)
        return self.room.faces[: self.most]


class Room:
    """Who is there, and everybody who looks."""

    def __init__(self, *faces: FakeFace) -> None:
        self.faces: list[FakeFace] = list(faces)
        self.counted = self.opened = 0
        self.single, self.several = RoomReader(self, 1), RoomReader(self, 4)
        self.thrifty = ThriftyReader(self.single, self.count, self.open_several)

    def count(self, frame_rgb: RgbImage) -> int:
        self.counted += 1
        return len(self.faces)

    def open_several(self) -> RoomReader:
        self.opened += 1
        return self.several

    def read(self, *times_ms: int) -> list[int]:
        """How many faces were read at each time."""
        return [len(self.thrifty.read(FRAME, t_ms)) for t_ms in times_ms]


def test_a_single_face_is_followed_and_others_are_looked_for_once_a_second() -> None:
    room = Room(LARGE)
    assert room.read(*range(0, 3000, 100)) == [1] * 30
    assert room.counted == 3
    assert room.opened == 0


def test_a_newcomer_is_noticed_within_a_second_and_read_in_every_frame_from_then_on() -> None:
    room = Room(LARGE)
    room.read(0)
    room.faces.append(SMALL)
    assert room.read(*range(100, 2000, 100)) == [1] * 9 + [2] * 10
    assert room.several.asked == list(range(1000, 2000, 100))
    assert room.opened == 1


def test_it_is_cheap_again_once_one_has_left_and_the_reader_of_several_is_kept() -> None:
    room = Room(LARGE, SMALL)
    room.read(0)
    room.faces.remove(SMALL)
    assert room.read(*range(100, 1000, 100)) == [1] * 9
    assert room.single.asked == [500, 600, 700, 800, 900]
    room.faces.append(SMALL)
    assert room.read(1200) == [2]
    assert room.opened == 1


def test_a_face_missed_for_a_moment_does_not_end_the_reading_of_several() -> None:
    room = Room(LARGE, SMALL)
    room.read(0)
    room.faces.remove(SMALL)
    assert room.read(100, 200) == [1, 1]
    room.faces.append(SMALL)
    assert room.read(300) == [2]
    assert room.counted == 1


def test_faces_that_only_the_detector_sees_change_nothing() -> None:
    room = Room(LARGE, SMALL)
    room.several.most = 0
    assert room.read(*range(0, 2000, 100)) == [1] * 20


def test_an_empty_zone_is_watched_and_whoever_comes_is_read_at_once() -> None:
    room = Room()
    assert room.read(0, 100, 200) == [0, 0, 0]
    room.faces.append(LARGE)
    assert room.read(300) == [1]


@pytest.mark.models
@pytest.mark.parametrize(("name", "least", "most"), [("single_face.jpg", 1, 1), ("multi_face.jpg", 2, 5)])
def test_faces_are_counted_by_the_detector_inside_the_landmarker(
    model_file: Callable[[str], Path], name: str, least: int, most: int
) -> None:
    picture = cv2.cvtColor(np.asarray(cv2.imread(str(model_file(name)))), cv2.COLOR_BGR2RGB)
    detector = FaceDetector(model_file("face_landmarker.task"))
    assert least <= detector.count(np.asarray(picture, np.uint8)) <= most
    assert detector.count(np.full((480, 640, 3), 128, np.uint8)) == 0
