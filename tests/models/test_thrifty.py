"""One face is followed cheaply, several are all read, and a newcomer is noticed within a second."""

from collections.abc import Sequence

import numpy as np

from models.pipeline import Box, RgbImage
from models.thrifty import ThriftyReader
from models.vision_worker import SeenFace
from tests.models.test_vision_worker import FakeFace

FRAME: RgbImage = np.zeros((4, 4, 3), np.uint8)
LARGE, SMALL = FakeFace(Box(0, 0, 3, 3)), FakeFace(Box(3, 3, 1, 1))


class Room:
    """Who is there, and a reader that sees at most `most` of them and notes when it was asked."""

    def __init__(self, *faces: FakeFace) -> None:
        self.faces: list[FakeFace] = list(faces)


class RoomReader:
    def __init__(self, room: Room, most: int) -> None:
        self.room, self.most = room, most
        self.asked: list[int] = []

    def read(self, frame_rgb: RgbImage, t_ms: int) -> Sequence[SeenFace]:
        self.asked.append(t_ms)
        return self.room.faces[: self.most]


def readers(room: Room) -> tuple[ThriftyReader, RoomReader, RoomReader]:
    single, several = RoomReader(room, 1), RoomReader(room, 4)
    return ThriftyReader(single, several), single, several


def test_a_single_face_is_looked_for_among_all_once_a_second() -> None:
    thrifty, single, several = readers(Room(LARGE))
    for t_ms in range(0, 3000, 100):
        assert thrifty.read(FRAME, t_ms) == [LARGE]
    assert several.asked == [0, 1000, 2000]
    assert len(single.asked) == 27


def test_a_newcomer_is_noticed_within_a_second_and_read_in_every_frame_from_then_on() -> None:
    room = Room(LARGE)
    thrifty, _, several = readers(room)
    thrifty.read(FRAME, 0)
    room.faces.append(SMALL)
    counts = [len(thrifty.read(FRAME, t_ms)) for t_ms in range(100, 2000, 100)]
    assert counts == [1] * 9 + [2] * 10
    assert several.asked[1:] == list(range(1000, 2000, 100))


def test_it_is_cheap_again_once_one_has_left() -> None:
    room = Room(LARGE, SMALL)
    thrifty, single, _ = readers(room)
    thrifty.read(FRAME, 0)
    room.faces.remove(SMALL)
    for t_ms in range(100, 600, 100):
        assert thrifty.read(FRAME, t_ms) == [LARGE]
    assert single.asked == [200, 300, 400, 500]


def test_an_empty_zone_is_watched_and_whoever_comes_is_read_at_once() -> None:
    room = Room()
    thrifty, _, _ = readers(room)
    assert [thrifty.read(FRAME, t_ms) for t_ms in (0, 100, 200)] == [[], [], []]
    room.faces.append(LARGE)
    assert thrifty.read(FRAME, 300) == [LARGE]
