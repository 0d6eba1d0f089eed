"""A guide's camera worker for tests: the real process plumbing, loop and camera; a gaze without networks, and bad manners.

Usage: fake_guide_eyes_child.py MANNER FD PARENT. Not a test; started by test_guide_eyes.py and test_reception.py.
"""

import os
import queue
import sys
import time
from contextlib import suppress

from edge.adapters.camera_spec import opened_camera
from edge.adapters.child_process import follow
from edge.adapters.guide_eyes_child import Emit, main
from edge.adapters.guide_eyes_spec import GuideEyesSpec
from models.guide_wire import (
    NUMBERS,
    WIRE_VERSION,
    AnsweredMessage,
    AskMessage,
    GuideHello,
    GuideTell,
    HintMessage,
    NearMessage,
    OverMessage,
    ShotMessage,
    TaskMessage,
    WhoMessage,
)
from models.guide_worker import GuideWorker
from models.pipeline import RgbImage


def shot(sitting: int) -> ShotMessage:
    """A good picture of a made-up face."""
    return ShotMessage(sitting, 1, 150.0, 0.0, 0.0, 0.0, 0.5, 120.0, 1.0, (NUMBERS**-0.5,) * NUMBERS)


class Gaze:
    """Somebody is near in every frame; the first person of the list is recognised; a sitting passes at once."""

    is_intent = True

    def __init__(self, emit: Emit, tells: "queue.SimpleQueue[GuideTell]", manner: str) -> None:
        self._emit, self._tells, self._manner = emit, tells, manner
        self._is_near = False
        self._who_of = self._sat = self._tried = 0

    def heed(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._obey(self._tells.get_nowait())

    def look(self, frame_rgb: RgbImage, t_s: float) -> None:
        if not self._is_near:
            self._is_near = True
            self._emit(NearMessage(is_near=True))

    def _obey(self, tell: GuideTell) -> None:
        if tell.templates and tell.number != self._who_of:
            self._who_of = tell.number
            number = tell.number - (self._manner == "late")
            self._emit(WhoMessage(number, "match", 0, 0.75, 8, "live"))
        if tell.challenge > self._tried:
            self._tried = tell.challenge
            self._emit(TaskMessage(tell.challenge, "turn_left", 0, 2))
            if self._manner != "dawdle":
                self._emit(AnsweredMessage(tell.challenge, is_passed=True))
        if tell.sitting > self._sat and self._manner != "dawdle":
            self._sat = tell.sitting
            self._emit(AskMessage(tell.sitting, "blink", 1, 3))
            self._emit(HintMessage(tell.sitting, "several_faces"))
            for _ in range(6 if self._manner == "greedy" else 3):
                self._emit(shot(tell.sitting))
            self._emit(OverMessage(tell.sitting, "live"))


def behave(spec: GuideEyesSpec, emit: Emit) -> None:
    """Say hello, then do as the manner asks."""
    manner, pipe = sys.argv[1], int(sys.argv[-2])
    tells: queue.SimpleQueue[GuideTell] = queue.SimpleQueue()
    follow(sys.stdin.buffer, GuideTell, tells.put)
    emit(GuideHello(wire=WIRE_VERSION, pid=os.getpid()))
    if manner == "garbage":
        os.write(pipe, (9).to_bytes(4, "big") + b"\xff\xd8\xff\xe0 jpeg")
        time.sleep(60)
    if manner == "mute":
        time.sleep(60)
    if manner == "eager":
        emit(shot(1))
    with opened_camera(spec) as camera:
        GuideWorker(camera, Gaze(emit, tells, manner), emit, fps=spec.fps).run()


if __name__ == "__main__":
    main(behave)
