"""From picture and clip files to shots and looks: what `motcua faces` reads. Imports the vision libraries."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from edge.domain.consent import Shot
from edge.domain.recognition import Aliveness, Look
from models.identity import FaceIdentifier, KnownFace
from models.liveness import LivenessReport, Verdict, judge_clip, moment_of
from models.picture import load_picture
from models.pipeline import FaceObservation, RgbImage
from models.score import is_video, video_frames

_ALIVE = {Verdict.LIVE: Aliveness.LIVE, Verdict.UNSURE: Aliveness.UNSURE, Verdict.FLAT: Aliveness.NOT_LIVE}
_EMBED_EVERY_S = 0.4
SHOTS_OF_A_CLIP = 5


@dataclass(frozen=True, slots=True)
class ClipSeen:
    """One face through a clip. `most_faces`: how many were there at once."""

    shots: tuple[Shot, ...]
    most_faces: int
    alive: Aliveness
    report: LivenessReport


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


def read_clip(path: Path, networks: Networks) -> ClipSeen:
    """The largest face all through a clip, embedded a few times a second. Raise PictureUnreadable."""
    moments, shots, most, next_s = [], [], 0, 0.0
    with networks.opened("video") as identifier:
        for t_s, rgb, faces in _frames(path, identifier):
            most = max(most, len(faces))
            if not faces:
                continue
            moments.append(moment_of(faces[0], t_s))
            if t_s >= next_s:
                shots.append(shot_of(identifier.embed(rgb, faces[0]), len(faces)))
                next_s = t_s + _EMBED_EVERY_S
    report = judge_clip(moments)
    return ClipSeen(tuple(shots), most, _ALIVE[report.verdict], report)


def best_of(shots: Sequence[Shot], many: int = SHOTS_OF_A_CLIP) -> tuple[Shot, ...]:
    """The largest and sharpest that look into the camera, in their order."""
    ranking = sorted(
        shots, key=lambda one: one.width_px * min(one.sharpness, 0.2) / (1 + (abs(one.yaw) + abs(one.pitch)) / 10)
    )
    chosen = ranking[-many:]
    return tuple(shot for shot in shots if any(shot is one for one in chosen))


def _frames(path: Path, identifier: FaceIdentifier) -> Iterator[tuple[float, RgbImage, list[FaceObservation]]]:
    for t_s, rgb in video_frames(path):
        yield t_s, rgb, identifier.observe(rgb, round(t_s * 1000))


__all__ = ["ClipSeen", "Networks", "best_of", "is_video", "look_of", "read_clip", "shot_of_picture"]
