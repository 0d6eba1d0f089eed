"""Enrolling somebody who stands before a camera: tasks drawn by chance are asked one by one, and pictures taken meanwhile.

Imports the vision libraries; `motcua faces enrol --camera` and the guide's camera worker use it.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from devices.camera.camera import Camera
from devices.camera.open import open_source
from devices.camera.source import CameraLost
from edge.adapters.face_rules import ALIKE
from edge.adapters.faces_pictures import ClipSeen, shot_of, shots_of
from edge.domain.consent import EnrolmentRules, Shot, Unfit, unfit
from edge.domain.recognition import Aliveness
from models.challenge import Challenge, ChallengeRules, Stage, Task, advance, draw
from models.face_watch import FaceWatch, Watched
from models.liveness import Verdict
from models.pipeline import RgbImage

FPS = 10.0
WAIT_FOR_FACE_S = 30.0
LOOK_S = 0.5
SILENT_S = 10.0

_RULES = EnrolmentRules(ALIKE)
Ask = Callable[[Task | None], None]
"""Says what to do; None: look straight into the camera."""


class Sitting:
    """One enrolment before one camera. `take` every frame until it says that it is over."""

    def __init__(
        self, watch: FaceWatch, choose: Callable[[Sequence[Task]], Task], ask: Ask, rules: ChallengeRules | None = None
    ) -> None:
        self._watch = watch
        self._choose = choose
        self._ask = ask
        self._rules = rules or ChallengeRules()
        self._began_s: float | None = None
        self._track = 0
        self._challenge: Challenge | None = None
        self._shots: list[Shot] = []
        self._most = 0
        self._is_lost = False
        self.hint: Unfit | None = Unfit.NO_FACE  # what is wrong with the picture just now

    def take(self, frame_rgb: RgbImage, t_s: float) -> bool:
        """Whether it is over: passed, failed, another face, or nobody came."""
        self._began_s = t_s if self._began_s is None else self._began_s
        watched = self._watch.take(frame_rgb, t_s)
        if watched is None:
            since_s = self._challenge.since_s if self._challenge else self._began_s
            self._is_lost = t_s - since_s > (self._rules.within_s if self._challenge else WAIT_FOR_FACE_S)
            self.hint = Unfit.NO_FACE
        else:
            self._see(watched, t_s)
        return self._is_lost or (self._challenge is not None and self._challenge.stage in {Stage.PASSED, Stage.FAILED})

    def count(self, faces: int) -> None:
        """So many are before the camera, says a detector: the landmarks may follow one of them and miss the others."""
        self._most = max(self._most, faces)
        if faces > 1:
            self.hint = Unfit.SEVERAL_FACES

    @property
    def done(self) -> int:
        """Tasks that are behind them."""
        return self._challenge.done if self._challenge else 0

    @property
    def tasks(self) -> int:
        return self._rules.tasks

    @property
    def seen(self) -> ClipSeen:
        """Alive only after all tasks, by one face, that did not behave like a sheet."""
        has_passed = self._challenge is not None and self._challenge.stage is Stage.PASSED and not self._is_lost
        is_flat = self._watch.liveness().verdict is Verdict.FLAT
        alive = Aliveness.LIVE if has_passed and not is_flat else Aliveness.NOT_LIVE
        return ClipSeen(tuple(self._shots), self._most, alive)

    @property
    def shots(self) -> tuple[Shot, ...]:
        """The pictures to enrol from; none when nobody came."""
        return shots_of(self.seen) if self._shots else ()

    def _see(self, watched: Watched, t_s: float) -> None:
        before = self._challenge
        if before is None:
            self._track, before = watched.track, draw(self._choose, t_s, self._rules)
            self._ask(None)
        self._most = max(self._most, watched.faces)
        self._is_lost = watched.track != self._track  # somebody else: what was done so far is not theirs
        self._challenge = after = advance(before, watched.moment, self._rules)
        if (after.stage, after.done) != (before.stage, before.done) and after.task is not None:
            self._ask(after.task if after.stage is Stage.ACTING else None)
        if watched.known is not None:
            self._shots.append(shot_of(watched.known, watched.faces))
            self.hint = self._wrong_with(self._shots[-1])
        elif watched.faces > 1:
            self.hint = Unfit.SEVERAL_FACES

    def _wrong_with(self, shot: Shot) -> Unfit | None:
        """To turn may be what was asked for."""
        wrong = unfit(shot, _RULES)
        is_acting = self._challenge is not None and self._challenge.stage is Stage.ACTING
        return None if wrong is Unfit.TURNED and is_acting else wrong


def frames_of_camera(source: str, silent_s: float = SILENT_S) -> Iterator[tuple[float, RgbImage]]:
    """Seconds and frames of a camera, the newest each time. Raise CameraLost when it shows nothing new for `silent_s`."""
    with Camera(partial(open_source, source, FPS, since_ns=time.monotonic_ns())) as camera:
        heard_s = time.monotonic()
        while time.monotonic() - heard_s < silent_s:
            look = camera.look(LOOK_S)
            if look.frame is not None:
                heard_s = time.monotonic()
                yield look.frame.captured_ns / 1e9, look.frame.bgr[..., ::-1]
        raise CameraLost(f"{source}: the camera shows nothing new ({look.state}); look at its cable and lens")
