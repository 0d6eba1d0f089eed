"""What the guide's camera worker makes of a frame: somebody is near, who it is, or a picture of somebody who enrols.

Only a detector runs while nobody is near; landmarks and the recogniser's network are loaded when somebody is enrolled, or enrols.
Runs in the child process; what the agent tells comes through a queue from the thread that hears it.
"""

import queue
import threading
from array import array
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeAlias

import msgspec

from edge.domain.consent import Shot, Unfit
from edge.domain.recognition import Aliveness, Decision, Numbers
from models.guide_wire import (
    SHOTS_AT_MOST,
    AnsweredMessage,
    AskMessage,
    GuideTell,
    HintMessage,
    NearMessage,
    OverMessage,
    ShotMessage,
    TaskMessage,
    WhoMessage,
)
from models.guide_worker import Send
from models.nearness import Nearness, NearRules
from models.pipeline import Box, RgbImage
from models.tracking import Rect, Tracker

if TYPE_CHECKING:
    from edge.adapters.faces_live import Sitting
    from edge.adapters.guide_challenge import NameChallenge
    from edge.adapters.guide_recogniser import FaceSenses, Recogniser
    from models.challenge import Task

Tells: TypeAlias = queue.SimpleQueue[GuideTell]


class Finder(Protocol):
    """Where faces are, largest first."""

    def boxes(self, frame_rgb: RgbImage) -> list[Box]: ...


class GuideGaze:
    """One camera. `open_senses` loads landmarks and the network; they are let go when nobody needs them."""

    def __init__(
        self, finder: Finder, open_senses: Callable[[], "FaceSenses"], send: Send, tells: Tells, near: NearRules
    ) -> None:
        self._finder, self._open, self._send, self._tells = finder, open_senses, send, tells
        self._nearness, self._tracker = Nearness(near), Tracker()
        self._is_near = False
        self._told = GuideTell()
        self._known: Mapping[str, Numbers] = {}
        self._senses: FaceSenses | None = None
        self._loaded: queue.SimpleQueue[FaceSenses] = queue.SimpleQueue()
        self._is_loading = False
        self._recogniser: Recogniser | None = None
        self._is_recognising = False
        self._seen_track = 0  # whoever was looked at last
        self._recognised: str | None = None  # the place in the templates of whoever was recognised last
        self._challenge: NameChallenge | None = None
        self._challenge_number = 0
        self._sitting: Sitting | None = None
        self._sitting_number = self._sat = 0  # the one that is wanted, and the last one that began
        self._hint: Unfit | None = None

    @property
    def is_intent(self) -> bool:
        return self._sitting is not None or self._challenge is not None or self._is_recognising

    def heed(self) -> None:
        with suppress(queue.Empty):
            while True:
                self._obey(self._tells.get_nowait())
        with suppress(queue.Empty):
            self._senses, self._is_loading = self._loaded.get_nowait(), False
        if self._is_needed and self._senses is None:
            self._load()
        elif not self._is_needed:
            self._close()
        elif self._sitting is None and self._sitting_number > self._sat:
            self._new_sitting()

    def look(self, frame_rgb: RgbImage, t_s: float) -> None:
        if self._sitting is not None:
            self._sit(self._sitting, frame_rgb, t_s)
            return
        if self._challenge is not None:
            self._try(self._challenge, frame_rgb, t_s)
        elif self._recogniser is not None and self._is_recognising:
            self._recognise(self._recogniser, frame_rgb, t_s)
        boxes = self._finder.boxes(frame_rgb)
        self._see_near(boxes, frame_rgb.shape[1], t_s)
        tracks = self._tracker.follow([Rect(one.x, one.y, one.w, one.h) for one in boxes], t_s)
        is_new = bool(tracks) and tracks[0] != self._seen_track
        if self._nearness.is_noticed and is_new and self._known and self._challenge is None:
            self._begin(tracks[0], t_s)

    def _obey(self, tell: GuideTell) -> None:
        before, self._told = self._told, tell
        if tell.templates != before.templates:
            self._known = {str(place): _numbers(one) for place, one in enumerate(tell.templates)}
            self._is_recognising, self._seen_track = False, 0
            self._end_challenge(is_passed=False)
        if tell.sitting != self._sitting_number:
            self._sitting_number, self._sitting = tell.sitting, None
        if tell.challenge > self._challenge_number:
            self._begin_challenge(tell.challenge)

    # --- near ---

    def _see_near(self, boxes: list[Box], width: int, t_s: float) -> None:
        is_near = self._nearness.see(boxes[0].w / width if boxes else 0.0, t_s)
        if is_near != self._is_near:
            self._is_near = is_near
            self._send(NearMessage(is_near=is_near))
        if not self._nearness.is_noticed:
            self._is_recognising, self._seen_track = False, 0
            self._end_challenge(is_passed=False)

    # --- who ---

    def _begin(self, track: int, t_s: float) -> None:
        if self._senses is None:
            return  # looked at again when they are loaded
        if self._recogniser is None:
            self._recogniser = self._senses.recogniser()
        self._seen_track, self._recognised = track, None
        self._recogniser.begin(t_s)
        self._is_recognising = True

    def _recognise(self, recogniser: "Recogniser", frame_rgb: RgbImage, t_s: float) -> None:
        decision = recogniser.take(frame_rgb, t_s, self._known)
        if decision is not None:
            self._is_recognising, self._recognised = False, decision.person
            self._send(_who(decision, self._told.number, recogniser.alive))

    # --- whether they are there ---

    def _begin_challenge(self, number: int) -> None:
        """Nobody was recognised, or has gone meanwhile: that is an answer, too."""
        self._challenge_number = number
        if self._recogniser is None or self._recognised is None:
            self._send(AnsweredMessage(challenge=number, is_passed=False))
        else:
            self._challenge = self._recogniser.challenge(self._recognised, self._ask_to_show)

    def _ask_to_show(self, task: "Task | None") -> None:
        trying = self._challenge
        asked = {
            "type": "task", "challenge": self._challenge_number, "task": task.value if task else "look_straight",
            "done": trying.done if trying else 0, "tasks": trying.tasks if trying else 0,
        }  # fmt: skip
        self._send(msgspec.convert(asked, TaskMessage))

    def _try(self, challenge: "NameChallenge", frame_rgb: RgbImage, t_s: float) -> None:
        if challenge.take(frame_rgb, t_s, self._known):
            self._end_challenge(is_passed=challenge.is_passed(self._known))

    def _end_challenge(self, *, is_passed: bool) -> None:
        self._recognised = None
        if self._challenge is not None:
            self._challenge = None
            self._send(AnsweredMessage(challenge=self._challenge_number, is_passed=is_passed))

    # --- a sitting ---

    def _new_sitting(self) -> None:
        assert self._senses is not None  # noqa: S101 - `heed` waits for it
        self._is_recognising, self._hint, self._sat = False, None, self._sitting_number
        self._end_challenge(is_passed=False)
        self._sitting = self._senses.sitting(self._ask)

    def _ask(self, task: "Task | None") -> None:
        sitting = self._sitting
        asked = {
            "type": "ask", "sitting": self._sitting_number, "task": task.value if task else "look_straight",
            "done": sitting.done if sitting else 0, "tasks": sitting.tasks if sitting else 0,
        }  # fmt: skip
        self._send(msgspec.convert(asked, AskMessage))

    def _sit(self, sitting: "Sitting", frame_rgb: RgbImage, t_s: float) -> None:
        is_over = sitting.take(frame_rgb, t_s)
        sitting.count(len(self._finder.boxes(frame_rgb)))
        if sitting.hint is not self._hint:
            self._hint = sitting.hint
            hint = {"type": "hint", "sitting": self._sitting_number, "unfit": self._hint and self._hint.value}
            self._send(msgspec.convert(hint, HintMessage))
        if is_over:
            self._end(sitting)

    def _end(self, sitting: "Sitting") -> None:
        self._sitting = None
        for shot in sitting.shots[:SHOTS_AT_MOST]:
            self._send(_shot(self._sitting_number, shot))
        over = {"type": "over", "sitting": self._sitting_number, "alive": sitting.seen.alive.value}
        self._send(msgspec.convert(over, OverMessage))

    # --- the networks ---

    @property
    def _is_needed(self) -> bool:
        return bool(self._known) or self._sitting is not None or self._sitting_number > self._sat

    def _load(self) -> None:
        """Beside the loop, which goes on beating: on a small board it takes longer than a hung worker is given."""
        if not self._is_loading:
            self._is_loading = True
            threading.Thread(target=lambda: self._loaded.put(self._open()), name="networks", daemon=True).start()

    def _close(self) -> None:
        self._end_challenge(is_passed=False)
        self._recogniser, self._is_recognising = None, False
        self._senses = None


def _numbers(template: bytes) -> Numbers:
    return tuple(array("f", template))


def _who(decision: Decision, tell: int, alive: Aliveness) -> WhoMessage:
    told = {
        "type": "who", "tell": tell, "outcome": decision.outcome.value, "looks": decision.looks,
        "person": None if decision.person is None else int(decision.person),
        "similarity": decision.similarity, "alive": alive.value,
    }  # fmt: skip
    return msgspec.convert(told, WhoMessage)


def _shot(sitting: int, shot: Shot) -> ShotMessage:
    told = {
        "type": "shot", "sitting": sitting, "faces": min(shot.faces, 16), "width_px": max(0.0, shot.width_px),
        "yaw": shot.yaw, "pitch": shot.pitch, "roll": shot.roll, "sharpness": shot.sharpness,
        "brightness": shot.brightness, "inside": shot.inside, "numbers": shot.numbers,
    }  # fmt: skip
    return msgspec.convert(told, ShotMessage)
