"""The largest face of a stream, watched from frame to frame: its numbers a few times a second, and whether it lives.

What was seen belongs to one track: who steps in front of the camera begins anew, so that one person's blink speaks for no other.
Imports what models.identity imports.
"""

from collections import deque
from dataclasses import dataclass

from models.identity import FaceIdentifier, KnownFace
from models.liveness import LivenessReport, LivenessRules, Moment, judge_clip, moment_of
from models.pipeline import FaceObservation, RgbImage
from models.tracking import Rect, Tracker

EMBED_EVERY_S = 0.4
REMEMBERED = 150  # moments: 15 s at 10 frames a second; the oldest goes


@dataclass(frozen=True, slots=True)
class Watched:
    """One frame. `known` is there when the face's numbers were worked out on it, `faces` how many there were."""

    track: int
    faces: int
    moment: Moment
    known: KnownFace | None


class FaceWatch:
    """One stream, frames in the order of their time; `identifier` is in video mode."""

    def __init__(self, identifier: FaceIdentifier, embed_every_s: float = EMBED_EVERY_S) -> None:
        self._identifier = identifier
        self._every_s = embed_every_s
        self._tracker = Tracker()
        self._track = 0
        self._moments: deque[Moment] = deque(maxlen=REMEMBERED)
        self._due_s = 0.0

    def forget(self) -> None:
        """Whoever comes next begins anew."""
        self._tracker = Tracker()
        self._track = 0
        self._moments.clear()

    def take(self, frame_rgb: RgbImage, t_s: float) -> Watched | None:
        """None when there is no face."""
        faces = self._identifier.observe(frame_rgb, round(t_s * 1000))
        tracks = self._tracker.follow([Rect(one.box.x, one.box.y, one.box.w, one.box.h) for one in faces], t_s)
        if not faces:
            return None
        if tracks[0] != self._track:
            self._track, self._due_s = tracks[0], t_s
            self._moments.clear()
        self._moments.append(moment_of(faces[0], t_s))
        return Watched(self._track, len(faces), self._moments[-1], self._known(frame_rgb, faces[0], t_s))

    def liveness(self, rules: LivenessRules | None = None) -> LivenessReport:
        """Of the face that is there now, or was there last."""
        return judge_clip(list(self._moments), rules)

    def _known(self, frame_rgb: RgbImage, seen: FaceObservation, t_s: float) -> KnownFace | None:
        if t_s < self._due_s:
            return None
        self._due_s = t_s + self._every_s
        return self._identifier.embed(frame_rgb, seen)
