"""What was seen of one face speaks for no other. The networks are stood in for: what is watched here is the watching."""

from typing import Any

from models.face_watch import FaceWatch
from models.liveness import Verdict
from tests.models.stand_in import FRAME, Seen, face


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
