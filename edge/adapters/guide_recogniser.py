"""Who stands before the guide: frames of one face are gathered until it is sure, or until it is plain that it will not be.

Runs in the guide's camera worker, with the templates that the agent opened; the rules are `edge.domain.recognition`'s.
"""

import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from edge.adapters.faces_live import Sitting
from edge.adapters.faces_pictures import aliveness, look_of, shot_of
from edge.adapters.guide_challenge import NameChallenge
from edge.domain.recognition import Aliveness, Decision, Look, Numbers, Outcome, RecognitionRules, decide
from models.challenge import Task
from models.face_watch import FaceWatch
from models.identity import FaceIdentifier
from models.pipeline import RgbImage

TRIED_S = 12.0  # for a blink; after that one is greeted as everybody is
SURE_LOOKS = 8  # so many that say "nobody" are enough


class Recogniser:
    """`begin` for each face that comes near, then `take` every frame until it gives a decision."""

    def __init__(self, watch: FaceWatch, rules: RecognitionRules) -> None:
        self._watch, self._rules = watch, rules
        self._looks: list[Look] = []
        self._track = 0
        self._since_s = 0.0
        self.alive = Aliveness.UNSURE

    def begin(self, t_s: float) -> None:
        self._since_s, self._track = t_s, 0
        self._looks.clear()
        self._watch.forget()
        self.alive = Aliveness.UNSURE

    def take(self, frame_rgb: RgbImage, t_s: float, known: Mapping[str, Numbers]) -> Decision | None:
        """None: look on."""
        watched = self._watch.take(frame_rgb, t_s)
        if watched is not None and watched.track != self._track:
            self._track = watched.track
            self._looks.clear()
        if watched is not None and watched.known is not None:
            self._looks.append(look_of(shot_of(watched.known, watched.faces)))
            del self._looks[: -self._rules.max_looks]
        self.alive = aliveness(self._watch.liveness())
        decision = decide(self._looks, known, self._rules, self.alive)
        is_late = t_s - self._since_s >= TRIED_S
        return decision if is_late or _is_final(decision) else None

    def challenge(self, person: str, ask: Callable[[Task | None], None]) -> NameChallenge:
        """Of whoever was recognised last, and still stands there."""
        return NameChallenge(self._watch, person, self._rules, secrets.choice, ask)


class FaceSenses:
    """Landmarks and the recogniser's network, loaded when this is made: 100 MB and half a second."""

    def __init__(self, landmarker: Path, network: Path, rules: RecognitionRules) -> None:
        self._identifier = FaceIdentifier(landmarker, network, "video")
        self._rules = rules

    def recogniser(self) -> Recogniser:
        return Recogniser(FaceWatch(self._identifier), self._rules)

    def sitting(self, ask: Callable[[Task | None], None]) -> Sitting:
        return Sitting(FaceWatch(self._identifier), secrets.choice, ask)


def _is_final(decision: Decision) -> bool:
    if decision.outcome is Outcome.NOBODY:
        return decision.looks >= SURE_LOOKS
    return decision.outcome is Outcome.MATCH
