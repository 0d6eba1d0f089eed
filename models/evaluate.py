"""Accuracy on labelled photographs through the same reader as `motcua score`: figures as JSON, confusion as a picture.

`motcua bench expression` and the trainer's report call it; needs the vision and the bench extras.
"""

import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.errors import LabelsUnusable
from models.expression import ExpressionModel
from models.face import FaceReader
from models.label_rows import label_rows
from models.metrics import SIDES, Confusion, balancing, calibration_error, confusion
from models.pipeline import FaceReading, Level
from models.score import score_image

SIDE_OF_LABEL = {
    "angry": 0,
    "anger": 0,
    "contempt": 0,
    "disgust": 0,
    "fear": 0,
    "sad": 0,
    "sadness": 0,
    "neutral": 1,
    "happy": 2,
    "happiness": 2,
}
"""Surprise is on no side and is left out."""

REPORTED_GROUP = "east_or_southeast_asian"

_SIDES_OF_LEVELS = ((Level.DISSATISFIED, Level.ANGRY), (Level.NEUTRAL,), (Level.SATISFIED, Level.VERY_SATISFIED))


@dataclass(frozen=True, slots=True)
class LabelledFile:
    """One picture, its side (index into SIDES) and the groups it is reported in."""

    path: Path
    side: int
    groups: tuple[str, ...] = ()


Progress = Callable[[int, int], None]


def evaluate_expression(
    photos_dir: Path,
    photos_csv: Path,
    buckets: Collection[int],
    out_dir: Path,
    *,
    landmarker: Path,
    groups_csv: Path | None = None,
    progress: Progress = lambda _done, _all: None,
) -> dict[str, Any]:
    """Score the photographs of `buckets`; write expression.json and expression.png into `out_dir` and return the JSON.

    `groups_csv` (columns file_a, file_b, group) names files whose group is reported apart.
    """
    files = labelled_photos(photos_dir, photos_csv, buckets, groups_csv)
    reader = FaceReader(landmarker, "image", max_faces=1, model=ExpressionModel())
    report = evaluate_files(files, reader, progress) | {"buckets": sorted(buckets), "params": reader.model.version}
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / "expression.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    draw_confusion(report["all"], out_dir / "expression.png", f"photographs, buckets {sorted(buckets)}")
    return report


def evaluate_files(files: Sequence[LabelledFile], reader: FaceReader, progress: Progress) -> dict[str, Any]:
    """Figures over all files and over each group."""
    if not files:
        raise LabelsUnusable("no labelled picture to evaluate: is the bucket right?")
    found = []
    for number, file in enumerate(files):
        found.append(_sides_of(score_image(file.path, reader)))
        progress(number + 1, len(files))
    truth, sides = np.array([file.side for file in files]), np.array(found)
    names = sorted({group for file in files for group in file.groups})
    members = {name: np.array([name in file.groups for file in files]) for name in names}
    return {
        "classes": list(SIDES),
        "all": figures(truth, sides),
        "groups": {name: figures(truth[mask], sides[mask]) for name, mask in members.items()},
    }


def figures(truth: npt.NDArray[np.int64], sides: npt.NDArray[np.float64]) -> dict[str, Any]:
    """Confusion, recalls and calibration; `sides` [n, 3] are probabilities, NaN where there was no reading."""
    usable = ~np.isnan(sides[:, 0])
    predicted = np.full(len(truth), -1)
    predicted[usable] = sides[usable].argmax(1)
    table: Confusion = confusion(truth, predicted)
    error = calibration_error(sides[usable], truth[usable], balancing(truth[usable])) if usable.any() else None
    natural = calibration_error(sides[usable], truth[usable]) if usable.any() else None
    return table.as_json() | {
        "calibration_error_balanced": error and round(error, 4),
        "calibration_error_as_sampled": natural and round(natural, 4),
    }


def sides_of_reading(face: FaceReading) -> list[float]:
    """Probability of each side, NaN for an unusable face."""
    if not face.usable:
        return [float("nan")] * len(SIDES)
    return [sum(face.scores[level] for level in levels) for levels in _SIDES_OF_LEVELS]


def labelled_photos(
    photos_dir: Path, photos_csv: Path, buckets: Collection[int], groups_csv: Path | None = None
) -> list[LabelledFile]:
    """Rows of a CSV with columns file, label, identity, bucket; surprise left out; groups hold for every photo of a person."""
    rows = label_rows(photos_csv, ("file", "label", "identity", "bucket"))
    marked = reported_files(groups_csv) if groups_csv else set()
    people = {row["identity"] for row in rows if row["file"] in marked}
    return [
        LabelledFile(
            photos_dir / row["file"],
            SIDE_OF_LABEL[row["label"]],
            (REPORTED_GROUP,) if row["identity"] in people else (),
        )
        for row in rows
        if int(row["bucket"]) in buckets and row["label"] in SIDE_OF_LABEL
    ]


def draw_confusion(report: dict[str, Any], path: Path, title: str) -> None:
    """Row-normalised confusion matrix as PNG; the last column holds faces without a reading."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  only the bench extra has it
    from matplotlib.figure import Figure  # noqa: PLC0415

    counts = np.array(report["confusion"])
    shares = counts / np.maximum(counts.sum(1, keepdims=True), 1)
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    for (row, column), count in np.ndenumerate(counts):
        ink = "white" if shares[row, column] > 0.5 else "black"
        axes.text(column, row, f"{count}\n{shares[row, column]:.0%}", ha="center", va="center", color=ink)
    axes.set_xticks(range(4), [*SIDES, "no reading"])
    axes.set_yticks(range(3), SIDES)
    axes.set_xlabel("read as")
    axes.set_ylabel("labelled")
    axes.set_title(f"{title}\nbalanced accuracy {report['balanced_accuracy']:.3f}, n = {report['pictures']}")
    figure.savefig(path, dpi=130)


def _sides_of(scored: dict[str, Any]) -> list[float]:
    """Probability of each side of the first face; NaN when there is none or it cannot be read."""
    face = next(iter(scored.get("faces", ())), None)
    if face is None or not face["usable"]:
        return [float("nan")] * len(SIDES)
    return [sum(face["scores"][level] for level in levels) for levels in _SIDES_OF_LEVELS]


def reported_files(path: Path) -> set[str]:
    """File names of the group that is always reported apart, from a list of pairs."""
    rows = [row for row in label_rows(path, ("file_a", "file_b", "group")) if row["group"] == REPORTED_GROUP]
    return {row[column] for row in rows for column in ("file_a", "file_b")}
