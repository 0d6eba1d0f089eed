"""Labelled pictures as arrays: which file, which emotion, which person, and what the landmarker saw in it.

Pictures are read once with the same face reader that the counter uses, and kept as .npz beside the run.
"""

import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from models.errors import LabelsUnusable, PictureUnreadable
from models.geometry import CROP_PX
from models.pipeline import MAX_PITCH_DEG, MAX_YAW_DEG
from training.kept import fingerprint, write_whole
from training.labels import Labelled

KNOWN_FACES = "known_faces.onnx"
"""The network that knows faces, beside a run."""
MARGIN_CROP_PX = 88
MARGIN = 12 / 64
_MARGIN_PX = (MARGIN_CROP_PX - CROP_PX) // 2


@dataclass(frozen=True, slots=True)
class Table:
    """The same pictures as arrays, row by row."""

    names: npt.NDArray[np.str_]
    emotions: npt.NDArray[np.str_]
    buckets: npt.NDArray[np.int64]
    crops: npt.NDArray[np.uint8]  # [n, 88, 88]
    blendshapes: npt.NDArray[np.float32]  # [n, 52]
    located: npt.NDArray[np.bool_]  # landmarks found; otherwise the crop is the whole picture
    facing: npt.NDArray[np.bool_]  # within the pose limits

    @property
    def fingerprint(self) -> str:
        """Another one when a picture, a label or a bucket is another."""
        return fingerprint(getattr(self, name) for name in Table.__slots__)

    def only(self, keep: npt.NDArray[np.bool_]) -> "Table":
        """Rows where `keep`."""
        return Table(*(getattr(self, name)[keep] for name in Table.__slots__))


def kept_back(names: npt.NDArray[np.str_], one_in: int = 8) -> npt.NDArray[np.bool_]:
    """A stable share of the files, by name, that the network never trains on."""
    return np.array([zlib.crc32(str(name).encode()) % one_in == 0 for name in names], dtype=np.bool_)


def load_table(path: Path) -> Table:
    """A table written by `make_table`."""
    with path.open("rb") as file, np.load(file) as kept:
        return Table(*(kept[name] for name in Table.__slots__))


def without_margin(crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The inner part of crops [..., 88, 88]: what a counter's crop is, [..., 64, 64]."""
    inner = slice(_MARGIN_PX, _MARGIN_PX + CROP_PX)
    return crops[..., inner, inner]


def make_table(rows: list[Labelled], landmarker: Path, path: Path) -> Table:
    """Read every picture with the landmarker and keep the arrays at `path`; not again for the same files, labels and buckets."""
    names, emotions = np.array([row.path.name for row in rows]), np.array([row.emotion for row in rows])
    buckets = np.array([row.bucket for row in rows], dtype=np.int64)
    kept = _kept(path)
    if kept and all(map(np.array_equal, (kept.names, kept.emotions, kept.buckets), (names, emotions, buckets))):
        return kept
    made = Table(names, emotions, buckets, *_read_all(rows, landmarker))
    write_whole(path, lambda part: np.savez(part, **{name: getattr(made, name) for name in Table.__slots__}))
    return made


def _kept(path: Path) -> Table | None:
    """None: there is none, or one that a power cut damaged."""
    try:
        return load_table(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
        print(f"{path} cannot be used ({error}); the pictures are read again", file=sys.stderr)
        return None


def _read_all(
    rows: list[Labelled], landmarker: Path
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32], npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    import cv2  # noqa: PLC0415  the training environment has none; only the reading step needs it

    from models.landmarker import Landmarker  # noqa: PLC0415
    from models.picture import load_picture  # noqa: PLC0415

    crops = np.zeros((len(rows), MARGIN_CROP_PX, MARGIN_CROP_PX), np.uint8)
    blendshapes = np.zeros((len(rows), 52), np.float32)
    located, facing = np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.bool_)
    faces = Landmarker(landmarker, "image", max_faces=1)
    for i, row in enumerate(rows):
        try:
            picture = load_picture(row.path).rgb
        except PictureUnreadable as error:
            raise LabelsUnusable(f"{row.path}: {error}; put a good picture there or take it out of the list") from error
        seen = faces.observe(picture, crop_px=MARGIN_CROP_PX, margin=MARGIN)
        if seen:
            crops[i], blendshapes[i], located[i] = seen[0].crop, seen[0].blendshapes, True
            facing[i] = abs(seen[0].pose.yaw) <= MAX_YAW_DEG and abs(seen[0].pose.pitch) <= MAX_PITCH_DEG
        else:
            crops[i] = _whole_picture(cv2, picture)
        if i % 200 == 0 or i + 1 == len(rows):
            print(f"\r  faces read: {i + 1}/{len(rows)}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return crops, blendshapes, located, facing


def _whole_picture(cv2: ModuleType, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    gray = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    pad = round(max(gray.shape) * 0.18)
    wide = cv2.copyMakeBorder(gray, pad, pad, pad, pad, cv2.BORDER_REPLICATE)
    how = cv2.INTER_AREA if max(wide.shape) > MARGIN_CROP_PX else cv2.INTER_LINEAR
    small: npt.NDArray[np.uint8] = cv2.resize(wide, (MARGIN_CROP_PX, MARGIN_CROP_PX), interpolation=how)
    return small
