"""Lists of labelled pictures, checked whole before the first is read: what is wrong would show only after an hour of training.

Photographs come as a CSV, also as Excel writes it; FER2013 as folders.
"""

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.errors import LabelsUnusable
from models.label_rows import Row, label_rows
from models.movements import EMOTIONS

TEST_BUCKET = 4
COLUMNS = ("file", "label", "identity", "bucket")
_ALIASES = {"happiness": "happy", "sadness": "sad", "anger": "angry", "contempt": "disgust"}
_BUCKETS = {str(number) for number in range(6)}
_SIDES = ({"angry", "disgust", "sad", "fear"}, {"neutral"}, {"happy"})
_TOLD = 5


@dataclass(frozen=True, slots=True)
class Labelled:
    """One file and what people said about it; `bucket` -1 where identities are unknown."""

    path: Path
    emotion: str
    identity: str
    bucket: int


def photo_list(root: Path, labels_csv: Path) -> list[Labelled]:
    """Rows of a CSV with columns file, label, identity, bucket. Raises LabelsUnusable, which tells the first things that are wrong."""
    rows = label_rows(labels_csv, COLUMNS)
    wrong = [*_wrong_rows(root, rows), *_split_people(rows)]
    photos = [] if wrong else [_labelled(root, row) for row in rows]
    if wrong := wrong or list(_lacking(photos)):
        more = f"; and {len(wrong) - _TOLD} more" if len(wrong) > _TOLD else ""
        raise LabelsUnusable(f"{labels_csv}: {'; '.join(wrong[:_TOLD])}{more}")
    return photos


def folder_list(root: Path) -> list[Labelled]:
    """FER2013's layout: one folder a label. Raises LabelsUnusable for a folder of another name."""
    strange = sorted({path.parent.name for path in root.glob("*/*")} - set(EMOTIONS))
    if strange:
        raise LabelsUnusable(f"{root}: {', '.join(strange)}: no label; there may be {', '.join(EMOTIONS)}")
    return [Labelled(path, path.parent.name, "", -1) for path in sorted(root.glob("*/*")) if path.is_file()]


def _wrong_rows(root: Path, rows: Sequence[Row]) -> Iterator[str]:
    for number, row in enumerate(rows, 1):
        if _emotion(row) not in EMOTIONS:
            labels = sorted({*EMOTIONS, *_ALIASES} - set(_ALIASES.values()) | {"disgust"})
            yield f"row {number}: label '{row['label']}' must be one of {', '.join(labels)}"
        if not row["identity"]:
            yield f"row {number}: identity is empty; give every person a name or number of their own"
        if row["bucket"] not in _BUCKETS:
            yield f"row {number}: bucket '{row['bucket']}' must be 0 to 5"
        if not row["file"] or not _found(root, row["file"]).is_file():
            yield f"row {number}: there is no file '{row['file']}' in {root}"


def _split_people(rows: Sequence[Row]) -> Iterator[str]:
    """Whoever is trained on must not be reported: the figures would flatter."""
    buckets: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        buckets[_composed(row["identity"])].add(row["bucket"])
    for identity, found in buckets.items():
        if len(found) > 1:
            yield f"{identity} is in buckets {', '.join(sorted(found))}; a person belongs in one"


def _lacking(photos: Sequence[Labelled]) -> Iterator[str]:
    """What cannot be missing: a bucket to report, two to train on crosswise, and every side in both."""
    trained = {photo.bucket for photo in photos} - {TEST_BUCKET}
    if len(trained) < 2:
        yield f"at least two buckets besides {TEST_BUCKET} are needed to train on"
    for name, is_test in (
        (f"bucket {TEST_BUCKET}, which is reported", True),
        ("the other buckets, for training", False),
    ):
        there = {photo.emotion for photo in photos if (photo.bucket == TEST_BUCKET) == is_test}
        if not all(side & there for side in _SIDES):
            yield f"{name}, must hold displeased (anger, disgust, sadness, fear), neutral and happy faces"


def _labelled(root: Path, row: Row) -> Labelled:
    return Labelled(_found(root, row["file"]), _emotion(row), _composed(row["identity"]), int(row["bucket"]))


def _emotion(row: Row) -> str:
    return _ALIASES.get(row["label"], row["label"])


def _found(root: Path, name: str) -> Path:
    """A Mac writes accents apart from their letters, Excel in one with them: the file is the same."""
    ways = (root / name, *(root / unicodedata.normalize(form, name) for form in ("NFC", "NFD")))
    return next((path for path in ways if path.is_file()), root / name)


def _composed(name: str) -> str:
    return unicodedata.normalize("NFC", name)
