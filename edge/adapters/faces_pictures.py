"""From picture and clip files to shots and looks: what `motcua faces` reads. Imports the vision libraries."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from edge.adapters.face_rules import ALIKE
from edge.domain.consent import EnrolmentRules, Shot, Unfit, unfit
from edge.domain.recognition import Aliveness, Look
from models.errors import PictureUnreadable
from models.face_watch import FaceWatch
from models.identity import FaceIdentifier, KnownFace
from models.liveness import LivenessReport, Verdict
from models.picture import load_picture
from models.score import is_video, video_frames

_ALIVE = {Verdict.LIVE: Aliveness.LIVE, Verdict.UNSURE: Aliveness.UNSURE, Verdict.FLAT: Aliveness.NOT_LIVE}
SHOTS_OF_A_CLIP = 5
_RULES = EnrolmentRules(ALIKE)


@dataclass(frozen=True, slots=True)
class ClipSeen:
    """The face that stays longest in a clip. `most_faces`: how many there were at once."""

    shots: tuple[Shot, ...]
    most_faces: int
    alive: Aliveness


@dataclass(slots=True)
class _Stay:
    """One track through the clip."""

    frames: int = 0
    shots: list[Shot] = field(default_factory=list)
    alive: Aliveness = Aliveness.UNSURE


@dataclass(frozen=True, slots=True)
class Networks:
    """Where the two model files lie."""

    landmarker: Path
    embedding: Path

    def opened(self, mode: str = "image") -> FaceIdentifier:
        """Raise ParametersUnusable."""
        return FaceIdentifier(self.landmarker, self.embedding, "video" if mode == "video" else "image")


def shot_of_picture(path: Path, identifier: FaceIdentifier) -> Shot:
    """Raise PictureUnreadable."""
    rgb = load_picture(path).rgb
    faces = identifier.observe(rgb)
    return shot_of(identifier.embed(rgb, faces[0]), len(faces)) if faces else Shot(0)


def shot_of(known: KnownFace, faces: int) -> Shot:
    """As the rules take it."""
    seen = known.seen
    return Shot(
        faces, seen.box.w, seen.pose.yaw, seen.pose.pitch, seen.pose.roll, seen.sharpness, seen.brightness, seen.inside,
        tuple(known.numbers.tolist()),
    )  # fmt: skip


def look_of(shot: Shot) -> Look:
    """A picture as a frame to be recognised."""
    return Look(shot.numbers, shot.width_px, shot.sharpness)


def aliveness(report: LivenessReport) -> Aliveness:
    """As the rules take it."""
    return _ALIVE[report.verdict]


def shots_of(clip: "ClipSeen") -> tuple[Shot, ...]:
    """The pictures to enrol from; that others were there counts for each of them."""
    best = best_of(clip.shots)
    return tuple(replace(shot, faces=max(shot.faces, clip.most_faces)) for shot in best) or (Shot(0),)


def read_clip(path: Path, networks: Networks) -> ClipSeen:
    """The face that is the largest for the longest time, embedded a few times a second. Raise PictureUnreadable."""
    if not path.is_file():
        raise PictureUnreadable("missing", "there is no such file")
    stays: dict[int, _Stay] = {}
    most = 0
    identifier = networks.opened("video")
    watch = FaceWatch(identifier)
    for t_s, rgb in video_frames(path):
        if watched := watch.take(rgb, t_s):
            stay = stays.setdefault(watched.track, _Stay())
            most = max(most, watched.faces)
            stay.frames += 1
            if watched.known:
                stay.shots.append(shot_of(watched.known, watched.faces))
                stay.alive = aliveness(watch.liveness())
    longest = max(stays.values(), key=lambda one: one.frames, default=_Stay())
    return ClipSeen(tuple(longest.shots), most, longest.alive)


def best_of(shots: Sequence[Shot], many: int = SHOTS_OF_A_CLIP) -> tuple[Shot, ...]:
    """The largest and sharpest that look into the camera, in their order; turned ones only where there is no other, to be refused."""
    straight = [shot for shot in shots if unfit(shot, _RULES) is not Unfit.TURNED]
    ranking = sorted(
        straight or shots,
        key=lambda one: one.width_px * min(one.sharpness, 0.2) / (1 + (abs(one.yaw) + abs(one.pitch)) / 10),
    )
    chosen = ranking[-many:]
    return tuple(shot for shot in shots if any(shot is one for one in chosen))


__all__ = [
    "ClipSeen", "Networks", "aliveness", "best_of", "is_video", "look_of", "read_clip", "shot_of", "shot_of_picture", "shots_of",
]  # fmt: skip
