"""Who was recognised shows that they are there: the tasks, the identity kept through them, and all that ends it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from edge.adapters.face_rules import recognition_rules
from edge.adapters.guide_challenge import UNSEEN_S, NameChallenge
from edge.domain.recognition import Numbers
from models.challenge import Task
from models.face_watch import FaceWatch
from models.identity import KnownFace
from models.matching import load_matching
from models.pipeline import FaceObservation, RgbImage
from tests.models.stand_in import FRAME, Seen, face

RULES = recognition_rules(load_matching())
LAN, MINH = np.eye(128, dtype=np.float32)[:2]
KNOWN: Mapping[str, Numbers] = {"0": tuple(LAN.tolist()), "1": tuple(MINH.tolist())}


class Eyes(Seen):
    """Sees faces whose numbers a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = LAN

    def embed(self, _frame: RgbImage, seen: FaceObservation) -> KnownFace:
        return KnownFace(seen, self.numbers)


class Room:
    """A challenge whose person does what the last words ask, unless told otherwise."""

    def __init__(self, *drawn: Task) -> None:
        self.eyes = Eyes()
        stand_in: Any = self.eyes
        picks = iter([*drawn, drawn[0]])
        self.asked: list[Task | None] = []
        self.challenge = NameChallenge(FaceWatch(stand_in), "0", RULES, lambda _among: next(picks), self.asked.append)
        self.known: Mapping[str, Numbers] = KNOWN
        self.t_s = 0.0
        self._is_over = False

    def show(self, *faces: FaceObservation) -> bool:
        self.eyes.faces = list(faces)
        self.t_s += 0.2
        self._is_over = self.challenge.take(FRAME, self.t_s, self.known)
        return self._is_over

    def obey(self, x: float = 100) -> bool:
        task = self.asked[-1] if self.asked else None
        moved: dict[Task | None, FaceObservation] = {
            Task.TURN_LEFT: face(x, yaw=25.0), Task.TURN_RIGHT: face(x, yaw=-25.0), Task.BLINK: face(x, closed=0.9),
            Task.OPEN_MOUTH: face(x, mouth=0.8),
        }  # fmt: skip
        return self.show(moved.get(task, face(x)))

    def until_over(self, x: float = 100) -> bool:
        """Whether it was passed."""
        while not self._is_over:
            self.obey(x)
            assert self.t_s < 30
        return self.challenge.is_passed(self.known)


def test_who_does_what_is_asked_passes_and_hears_it_once_each() -> None:
    room = Room(Task.TURN_LEFT, Task.BLINK)
    assert room.until_over()
    assert room.asked == [Task.TURN_LEFT, None, Task.BLINK]
    assert (room.challenge.done, room.challenge.tasks) == (2, 2)


def test_a_film_that_turns_the_other_way_fails_at_once() -> None:
    room = Room(Task.TURN_LEFT, Task.BLINK)
    room.show(face(100))
    assert room.show(face(100, yaw=-25.0))
    assert not room.challenge.is_passed(KNOWN)


def test_a_film_that_only_looks_and_blinks_runs_out_of_time() -> None:
    room = Room(Task.TURN_RIGHT, Task.BLINK)
    while not room.show(face(100, closed=0.9 if round(room.t_s * 5) % 15 == 0 else 0.1)):
        assert room.t_s < 30
    assert not room.challenge.is_passed(KNOWN)
    assert room.t_s == pytest.approx(6.4, abs=0.5)


def test_the_tasks_done_by_another_face_count_for_nothing() -> None:
    """A film was held up to be recognised; whoever holds it does the tasks, in the same place."""
    room = Room(Task.TURN_LEFT, Task.OPEN_MOUTH)
    room.show(face(100))
    room.eyes.numbers = MINH
    assert not room.until_over()
    assert room.challenge.done < 2


def test_a_face_somewhere_else_is_another_face() -> None:
    room = Room(Task.TURN_LEFT, Task.BLINK)
    room.show(face(100))
    room.show(face(450))
    assert not room.until_over(x=450)


def test_who_leaves_ends_it_soon() -> None:
    room = Room(Task.TURN_LEFT, Task.BLINK)
    room.show(face(100))
    while not room.show():
        assert room.t_s < UNSEEN_S + 1
    assert not room.challenge.is_passed(KNOWN)


def test_who_is_no_longer_enrolled_passes_nothing() -> None:
    room = Room(Task.TURN_LEFT, Task.BLINK)
    room.show(face(100))
    room.known = {}
    assert not room.until_over()
