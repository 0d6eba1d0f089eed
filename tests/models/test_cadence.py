"""An answer of the expression network holds while the face stays as it was, and not for long."""

import pytest

from models.cadence import HOLD_MS, Cadence
from models.pipeline import Box, FaceObservation
from tests.models.faces import blendshapes, observation

CALM = observation()
SMILING = observation(blendshapes=blendshapes(mouthSmile=0.5))
BESIDE = observation(box=Box(400, 80, 120, 150))


def asked_at(faces: dict[int, FaceObservation], cadence: Cadence[str] | None = None) -> list[int]:
    """At which of the times the network had to be asked; its answer is held each time."""
    cadence = cadence or Cadence()
    asked = []
    for t_ms, seen in faces.items():
        if cadence.held(seen, t_ms) is None:
            cadence.hold(seen, t_ms, "answer")
            asked.append(t_ms)
    return asked


def test_a_face_that_keeps_still_is_looked_at_every_hold_time() -> None:
    assert asked_at(dict.fromkeys(range(0, 1200, 100), CALM)) == [0, 400, 800]
    assert asked_at(dict.fromkeys(range(0, 1000, 40), CALM)) == [0, 400, 800]


def test_a_slow_camera_has_every_frame_looked_at() -> None:
    times = range(0, 5 * HOLD_MS, HOLD_MS)
    assert asked_at(dict.fromkeys(times, CALM)) == list(times)


def test_a_face_that_moves_is_looked_at_at_once() -> None:
    assert asked_at({0: CALM, 100: SMILING, 200: SMILING, 300: CALM}) == [0, 100, 300]


def test_a_faint_movement_waits() -> None:
    assert asked_at({0: CALM, 100: observation(blendshapes=blendshapes(mouthSmile=0.2)), 200: CALM}) == [0]


def test_slow_changes_add_up() -> None:
    faces = {step * 40: observation(blendshapes=blendshapes(mouthSmile=step * 0.1)) for step in range(8)}
    assert asked_at(faces) == [0, 120, 240]


@pytest.mark.parametrize(("box", "is_asked"), [(Box(110, 86, 120, 150), False), (Box(180, 80, 120, 150), True)])
def test_somebody_elsewhere_is_somebody_else(box: Box, is_asked: bool) -> None:
    assert asked_at({0: CALM, 100: observation(box=box)}) == ([0, 100] if is_asked else [0])


def test_each_of_several_faces_keeps_its_own_answer() -> None:
    cadence: Cadence[str] = Cadence()
    cadence.hold(CALM, 0, "left")
    cadence.hold(BESIDE, 0, "right")
    assert (cadence.held(BESIDE, 100), cadence.held(CALM, 100)) == ("right", "left")


def test_what_is_not_held_is_asked_again() -> None:
    cadence: Cadence[str] = Cadence()
    assert [cadence.held(CALM, t_ms) for t_ms in (0, 100)] == [None, None]


def test_the_mirror_image_has_its_turn_with_every_other_look_for_all_faces_of_a_frame() -> None:
    cadence: Cadence[str] = Cadence()
    assert [cadence.is_mirrored(t_ms) for t_ms in (0, 0, 400, 400, 800)] == [False, False, True, True, False]
