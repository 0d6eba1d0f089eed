"""A face keeps its number while it moves, blinks out and comes back; two faces never share one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.tracking import Rect, Tracker, overlap

FACE = Rect(0.4, 0.3, 0.2, 0.3)


def moved(rect: Rect, dx: float = 0.0, dy: float = 0.0, grow: float = 1.0) -> Rect:
    return Rect(rect.x + dx, rect.y + dy, rect.w * grow, rect.h * grow)


def test_a_slowly_moving_face_keeps_its_number() -> None:
    tracker = Tracker()
    numbers = {tracker.follow([moved(FACE, dx=0.02 * step)], step / 10)[0] for step in range(20)}
    assert numbers == {1}


def test_a_quick_move_of_half_a_face_is_still_the_same_face() -> None:
    tracker = Tracker()
    tracker.follow([FACE], 0.0)
    assert tracker.follow([moved(FACE, dx=0.12, dy=0.02)], 0.1) == [1]


def test_a_face_elsewhere_is_somebody_else() -> None:
    tracker = Tracker()
    tracker.follow([FACE], 0.0)
    assert tracker.follow([moved(FACE, dx=0.35)], 0.1) == [2]


def test_a_much_larger_face_close_by_is_somebody_else() -> None:
    tracker = Tracker()
    tracker.follow([Rect(0.4, 0.3, 0.08, 0.1)], 0.0)
    assert tracker.follow([Rect(0.42, 0.32, 0.3, 0.4)], 0.1) == [2]


def test_missed_frames_are_forgiven_for_a_second_and_no_longer() -> None:
    tracker = Tracker()
    tracker.follow([FACE], 0.0)
    for step in range(1, 10):
        tracker.follow([], step / 10)
    assert tracker.follow([FACE], 1.0) == [1]
    assert tracker.follow([FACE], 2.5) == [2]


def test_two_faces_side_by_side_keep_their_numbers_in_any_order() -> None:
    tracker = Tracker()
    other = moved(FACE, dx=0.22)
    assert tracker.follow([FACE, other], 0.0) == [1, 2]
    assert tracker.follow([moved(other, dx=0.01), moved(FACE, dx=0.01)], 0.1) == [2, 1]


def test_a_newcomer_does_not_take_the_number_of_a_face_that_is_hidden_for_a_moment() -> None:
    tracker = Tracker()
    tracker.follow([FACE], 0.0)
    assert tracker.follow([moved(FACE, dx=0.3)], 0.1) == [2]
    assert tracker.follow([FACE, moved(FACE, dx=0.3)], 0.2) == [1, 2]


def test_overlap_of_nothing_is_nothing() -> None:
    assert overlap(Rect(0, 0, 0, 0), Rect(0, 0, 0, 0)) == 0.0
    assert overlap(FACE, FACE) == pytest.approx(1.0)


SIDES = st.floats(-0.2, 1.2)
SIZES = st.floats(0.0, 0.9)
RECTS = st.builds(Rect, SIDES, SIDES, SIZES, SIZES)


@given(st.lists(st.lists(RECTS, max_size=6), max_size=12))
def test_numbers_in_one_frame_differ_and_never_come_back_to_another_face(frames: list[list[Rect]]) -> None:
    tracker = Tracker()
    issued = 0
    for step, rects in enumerate(frames):
        numbers = tracker.follow(rects, step / 10)
        assert len(set(numbers)) == len(numbers) == len(rects)
        assert all(number <= issued + len(rects) for number in numbers)
        issued = max([issued, *numbers])
