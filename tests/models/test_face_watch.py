"""What was seen of one face speaks for no other. The networks are stood in for: what is watched here is the watching."""

from dataclasses import replace
from typing import Any

import numpy as np

from models.face_watch import FaceWatch
from models.identity import KnownFace
from models.liveness import Verdict
from models.pipeline import Box, FaceObservation, RgbImage
from tests.models.faces import blendshapes, observation
from tests.models.heads import HEAD, seen

FRAME = np.zeros((480, 640, 3), np.uint8)
RIGID = [33, 133, 362, 263, 6, 168, 197, 5, 1, 4, 2, 98, 327, 9, 151, 117, 346, 50, 280]


class Seen:
    """A FaceIdentifier that is told what it sees."""

    def __init__(self) -> None:
        self.faces: list[FaceObservation] = []
        self.embedded = 0

    def observe(self, _frame: RgbImage, _t_ms: int = 0) -> list[FaceObservation]:
        return self.faces

    def embed(self, _frame: RgbImage, seen: FaceObservation) -> KnownFace:
        self.embedded += 1
        return KnownFace(seen, np.zeros(128, np.float32))


def face(x: float, closed: float = 0.1) -> FaceObservation:
    landmarks = np.zeros((478, 3), np.float32)
    landmarks[RIGID, :2] = seen(HEAD) * 60 + (x + 60, 200)
    landmarks[[468, 473, 61, 291], :2] = np.array([(-0.5, 0), (0.5, 0), (-0.3, 1), (0.3, 1)]) * 60 + (x + 60, 200)
    return replace(
        observation(box=Box(x, 150, 120, 150)), landmarks=landmarks, blendshapes=blendshapes(eyeBlink=closed)
    )


def watching() -> tuple[FaceWatch, Seen]:
    eyes = Seen()
    stand_in: Any = eyes
    return FaceWatch(stand_in), eyes


def show(watch: FaceWatch, eyes: Seen, start_s: float, seconds: float, x: float, blink: bool = False) -> set[int]:
    tracks = set()
    for number in range(round(seconds * 10)):
        eyes.faces = [face(x, 0.8 if blink and number == 5 else 0.1)]
        watched = watch.take(FRAME, start_s + number / 10)
        assert watched is not None
        tracks.add(watched.track)
    return tracks


def test_a_face_is_embedded_a_few_times_a_second() -> None:
    watch, eyes = watching()
    show(watch, eyes, 0.0, 4.0, 100)
    assert eyes.embedded == 10


def test_one_persons_blink_speaks_for_no_other() -> None:
    watch, eyes = watching()
    first = show(watch, eyes, 0.0, 3.0, 100, blink=True)
    assert watch.liveness().verdict is Verdict.LIVE
    second = show(watch, eyes, 3.0, 3.0, 450)
    assert first.isdisjoint(second)
    assert (watch.liveness().verdict, watch.liveness().blinks) == (Verdict.UNSURE, 0)


def test_who_comes_back_after_a_while_begins_anew() -> None:
    watch, eyes = watching()
    show(watch, eyes, 0.0, 3.0, 100, blink=True)
    eyes.faces = []
    assert watch.take(FRAME, 3.0) is None
    assert watch.take(FRAME, 4.5) is None
    show(watch, eyes, 5.0, 0.5, 100)
    assert watch.liveness().blinks == 0


def test_memory_is_bounded() -> None:
    watch, eyes = watching()
    show(watch, eyes, 0.0, 30.0, 100)
    assert len(watch._moments) == 150
