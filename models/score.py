"""Pictures and videos as the JSON of `motcua score` (DESIGN 5). Command-line tools and benchmarks call it.

Nothing here prints or decides about a visit: the summary of a video comes from the callable that is passed in.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import cv2
import numpy as np

from models.errors import PictureUnreadable
from models.face import FaceReader
from models.picture import load_picture, shrink_to
from models.pipeline import FaceReading, RgbImage

VIDEO_SUFFIXES = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg"})
VIDEO_SIDE_PX = 1280
_DEFAULT_FPS = 25.0
_LONGEST_PAUSE_S = 60.0  # between two frames; a longer one is a time stamp that went wrong

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TimedReading:
    """All faces of one frame, largest first, `t_s` seconds after the video's start."""

    t_s: float
    faces: tuple[FaceReading, ...]


Summarise = Callable[[Sequence[TimedReading]], Json]


def is_video(path: Path) -> bool:
    """By the name's ending."""
    return path.suffix.lower() in VIDEO_SUFFIXES


def score_image(path: Path, reader: FaceReader) -> Json:
    """One picture: every face in it, or what is wrong with the file. `reader` is in image mode."""
    try:
        picture = load_picture(path)
    except PictureUnreadable as error:
        return _refused(path, error)
    faces = [face_json(face, picture.shrink) for face in reader.read(picture.rgb)]
    return {"path": str(path), "faces": faces}


def score_video(path: Path, reader_factory: Callable[[], FaceReader], summarise: Summarise) -> Json:
    """One video, every frame; `reader_factory` gives a fresh reader in video mode."""
    try:
        readings = read_video(path, reader_factory)
    except PictureUnreadable as error:
        return _refused(path, error)
    usable = [(one.t_s, face) for one in readings if (face := _largest_usable(one.faces))]
    refused = Counter(str(one.faces[0].why_not) for one in readings if one.faces and not _largest_usable(one.faces))
    return {
        "path": str(path),
        "frames": len(readings),
        "usable": len(usable),
        "why_not": dict(refused) | {"no_face": sum(not one.faces for one in readings)},
        "timeline": [{"t": round(t, 3), "level": face.level, "scores": _scores(face)} for t, face in usable],
        "summary": summarise(readings),
    }


def read_video(path: Path, reader_factory: Callable[[], FaceReader]) -> list[TimedReading]:
    """Every frame's readings; raises PictureUnreadable when not one frame comes out of the file."""
    if not path.is_file():
        raise PictureUnreadable("missing", "there is no such file")
    if path.stat().st_size == 0:
        raise PictureUnreadable("empty", "the file is empty")
    reader = reader_factory()
    readings = [TimedReading(t_s, tuple(reader.read(frame, round(t_s * 1000)))) for t_s, frame in video_frames(path)]
    if not readings:
        raise PictureUnreadable("no_frames", "the video holds no frame that can be decoded")
    return readings


def face_json(face: FaceReading, shrink: float = 1.0) -> Json:
    """One face as `motcua score` prints it; `shrink` takes the box back to the file's own pixels."""
    box = [round(value * shrink) for value in (face.box.x, face.box.y, face.box.w, face.box.h)]
    return {
        "box": box,
        "usable": face.usable,
        "why_not": face.why_not,
        "level": face.level,
        "scores": _scores(face) if face.usable else None,
        "valence": round(face.valence, 4) if face.usable else None,
        "reasons": list(face.reasons),
    }


def _scores(face: FaceReading) -> dict[str, float]:
    return {str(level): round(p, 5) for level, p in face.scores.items()}


def _largest_usable(faces: Sequence[FaceReading]) -> FaceReading | None:
    return next((face for face in faces if face.usable), None)


def _refused(path: Path, error: PictureUnreadable) -> Json:
    return {"path": str(path), "error": str(error), "key": error.key}


def video_frames(path: Path) -> Iterator[tuple[float, RgbImage]]:
    """Seconds since the first frame and RGB of each; times grow strictly and by less than a minute, whatever the container says."""
    with path.open("rb") as file:
        source = _opened(path, file)
    try:
        fps = source.get(cv2.CAP_PROP_FPS)
        step = 1 / fps if 1 <= fps <= 240 else 1 / _DEFAULT_FPS
        before_s, t_s = None, 0.0
        while True:
            there, frame = source.read()
            if not there:
                return
            said_s = source.get(cv2.CAP_PROP_POS_MSEC) / 1000  # a telephone's film has no steady rate
            if before_s is not None:
                t_s += said_s - before_s if 0 < said_s - before_s < _LONGEST_PAUSE_S else step
            before_s = said_s
            yield t_s, shrink_to(np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), dtype=np.uint8), VIDEO_SIDE_PX).rgb
    finally:
        source.release()


def _opened(path: Path, file: BinaryIO) -> cv2.VideoCapture:
    """By its name where that can be said to OpenCV, which ends the process at one that is not UTF-8."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return cv2.VideoCapture(f"/proc/self/fd/{file.fileno()}", cv2.CAP_FFMPEG)
    return cv2.VideoCapture(str(path))
