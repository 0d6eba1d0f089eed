"""Somebody sits before the camera: who does what is asked is alive, and nobody else. The networks are stood in for."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from devices.camera.source import CameraLost
from edge.adapters.faces_live import WAIT_FOR_FACE_S, Sitting, frames_of_camera
from edge.domain.recognition import Aliveness
from models.challenge import Task
from models.face_watch import FaceWatch
from models.pipeline import FaceObservation
from tests.models.stand_in import FRAME, Seen, face

TASKS = [Task.TURN_LEFT, Task.BLINK, Task.TURN_RIGHT]


def doing(task: Task | None, x: float = 100) -> FaceObservation:
    match task:
        case Task.TURN_LEFT:
            return face(x, yaw=25.0)
        case Task.TURN_RIGHT:
            return face(x, yaw=-25.0)
        case Task.BLINK:
            return face(x, closed=0.9)
        case Task.OPEN_MOUTH:
            return face(x, mouth=0.8)
        case None:
            return face(x)


class Room:
    """A sitting whose person does what the last words ask, unless told otherwise."""

    def __init__(self, tasks: Sequence[Task] = TASKS) -> None:
        self.eyes = Seen()
        stand_in: Any = self.eyes
        drawn = iter(tasks)
        self.asked: list[Task | None] = []
        self.sitting = Sitting(FaceWatch(stand_in), lambda _among: next(drawn), self.asked.append)
        self.t_s = 0.0

    def show(self, *faces: FaceObservation) -> bool:
        self.eyes.faces = list(faces)
        self.t_s += 0.2
        return self.sitting.take(FRAME, self.t_s)

    def obey(self) -> bool:
        return self.show(doing(self.asked[-1] if self.asked else None))


def test_who_does_what_is_asked_is_alive_and_photographed() -> None:
    room = Room()
    while not room.obey():
        assert room.t_s < 60
    assert [task for task in room.asked if task] == TASKS
    assert room.asked[::2] == [None, None, None]
    seen = room.sitting.seen
    assert seen.alive is Aliveness.LIVE
    assert seen.most_faces == 1
    assert len(seen.shots) >= 2


def test_who_is_quick_is_not_enrolled_from_pictures_of_the_turns_that_were_asked_for() -> None:
    room = Room()
    while not room.obey():
        room.t_s += 0.2  # a picture of every frame
        assert room.t_s < 60
    assert any(abs(shot.yaw) > 20 for shot in room.sitting.seen.shots)
    assert room.sitting.shots
    assert [shot.yaw for shot in room.sitting.shots if abs(shot.yaw) > 20] == []


def test_who_never_looks_into_the_camera_is_told_so() -> None:
    room = Room()
    while not room.show(face(100, yaw=30.0)):
        assert room.t_s < 60
    assert {shot.yaw for shot in room.sitting.shots} == {30.0}


def test_a_photograph_is_asked_in_vain() -> None:
    room = Room()
    while not room.show(face(100)):
        assert room.t_s < 60
    assert room.sitting.seen.alive is Aliveness.NOT_LIVE


def test_a_clip_of_other_tasks_is_not_alive() -> None:
    room = Room([Task.TURN_RIGHT, Task.TURN_LEFT, Task.BLINK])
    for task in TASKS:
        if room.show(doing(None)) or room.show(doing(task)):
            break
    assert room.sitting.seen.alive is Aliveness.NOT_LIVE


def test_somebody_else_may_not_go_on_where_the_first_one_stopped() -> None:
    room = Room()
    for _ in range(4):
        assert not room.obey()
    assert room.show(doing(None, x=450))
    assert room.sitting.seen.alive is Aliveness.NOT_LIVE


def test_who_leaves_has_not_passed() -> None:
    room = Room()
    room.obey()
    while not room.show():
        assert room.t_s < 60
    assert room.sitting.seen.alive is Aliveness.NOT_LIVE


def test_nobody_comes() -> None:
    room = Room()
    while not room.show():
        assert room.t_s < 60
    assert room.t_s == pytest.approx(WAIT_FOR_FACE_S, abs=0.5)
    assert room.sitting.seen.shots == ()


def test_two_faces_are_noticed() -> None:
    room = Room()
    room.obey()
    room.show(doing(None), replace(face(450), box=replace(face(450).box, w=60, h=70)))
    assert room.sitting.seen.most_faces == 2


def test_a_camera_that_is_not_there_does_not_keep_anybody_waiting(tmp_path: Path) -> None:
    with pytest.raises(CameraLost, match="shows nothing new"):
        next(frames_of_camera(f"replay:{tmp_path / 'none.mp4'}", silent_s=0.2))
