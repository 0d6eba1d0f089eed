"""The one who was recognised shows that they are there: two tasks drawn by chance, done by the face that was recognised.

Runs in the guide's camera worker; `models.challenge` draws and judges, here the face and its identity are watched.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from edge.adapters.faces_pictures import look_of, shot_of
from edge.domain.recognition import Aliveness, Look, Numbers, Outcome, RecognitionRules, cosine, decide
from models.challenge import Challenge, Stage, Task, advance, draw_short
from models.face_watch import FaceWatch, Watched
from models.liveness import Verdict
from models.pipeline import RgbImage

UNSEEN_S = 2.0  # whoever looks away for longer has gone
STRAIGHT_DEG = 12.0  # a face that is turned further is compared, but only so far as LEAST goes
# Of 110 pairs of photographs of one person, one of them turned by 15 to 35 degrees, 98 of 100 reach .44; of 326,943 pairs of strangers
# 98.5 of 100 stay below this.
LEAST = 0.25
_LOOKS = 2

Ask = Callable[[Task | None], None]
"""Says what to do; None: look straight into the camera."""


class NameChallenge:
    """`take` every frame until it says that it is over; `person` is who the face was recognised as, by their place in `known`."""

    def __init__(
        self, watch: FaceWatch, person: str, rules: RecognitionRules, choose: Callable[[Sequence[Task]], Task], ask: Ask
    ) -> None:
        self._watch, self._person, self._choose, self._ask = watch, person, choose, ask
        self._rules = replace(rules, min_looks=_LOOKS)
        self._challenge: Challenge | None = None
        self._track: int | None = None
        self._asked: Task | None = None
        self._looks: list[Look] = []
        self._seen_s: float | None = None
        self._is_lost = False

    @property
    def done(self) -> int:
        """Tasks that are behind them."""
        return self._challenge.done if self._challenge else 0

    @property
    def tasks(self) -> int:
        return len(self._challenge.tasks) if self._challenge else 0

    def take(self, frame_rgb: RgbImage, t_s: float, known: Mapping[str, Numbers]) -> bool:
        """Whether it is over: passed, failed, another face, or nobody any more."""
        watched = self._watch.take(frame_rgb, t_s)
        if watched is not None:
            self._seen_s = t_s
            self._see(watched, t_s, known)
        self._seen_s = t_s if self._seen_s is None else self._seen_s
        self._is_lost = self._is_lost or t_s - self._seen_s > UNSEEN_S
        return self._is_lost or (self._challenge is not None and self._challenge.stage in {Stage.PASSED, Stage.FAILED})

    def is_passed(self, known: Mapping[str, Numbers]) -> bool:
        """Every task done, by the face that was recognised, which did not behave like a sheet."""
        has_done = self._challenge is not None and self._challenge.stage is Stage.PASSED
        if self._is_lost or not has_done or self._watch.liveness().verdict is Verdict.FLAT:
            return False
        decision = decide(self._looks, known, self._rules, Aliveness.LIVE)
        return decision.outcome is Outcome.MATCH and decision.person == self._person

    def _see(self, watched: Watched, t_s: float, known: Mapping[str, Numbers]) -> None:
        if self._track is None:
            self._track = watched.track
        before = self._challenge or draw_short(self._choose, t_s)
        self._challenge = advance(before, watched.moment)
        self._is_lost = self._is_lost or watched.track != self._track  # what was done so far is not theirs
        self._compare(watched, known)
        self._say(before)

    def _compare(self, watched: Watched, known: Mapping[str, Numbers]) -> None:
        """A film held up to be recognised, and somebody behind it who does the tasks, are two faces."""
        if watched.known is None:
            return
        look = look_of(shot_of(watched.known, watched.faces))
        template = known.get(self._person)
        self._is_lost = self._is_lost or template is None or cosine(look.numbers, template) < LEAST
        if abs(watched.moment.yaw) <= STRAIGHT_DEG:
            self._looks.append(look)

    def _say(self, before: Challenge) -> None:
        """The task when it begins; to look straight only to whoever has just turned away for one."""
        now = self._challenge
        if now is None or now.task is None or self._is_lost:
            return
        if now.stage is Stage.ACTING and before.stage is Stage.RESTING:
            self._ask(now.task)
        elif now.done != before.done:
            self._ask(None)
