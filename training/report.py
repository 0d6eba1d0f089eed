"""Last step of training: figures of written parameters on what was held out, as JSON and Markdown; old against new.

Runs in .venv: python -m training.report. Uses the written files through models.expression, exactly as the counter does.
"""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.evaluate import REPORTED_GROUP, SIDE_OF_LABEL, figures, reported_files, sides_of_reading
from models.expression import ExpressionModel
from models.label_rows import label_rows
from models.pipeline import Box, FaceObservation, FaceReading, Level, Pose, read
from training.labels import COLUMNS
from training.report_text import compared, markdown
from training.tables import Table, load_table, without_margin

_NOTHING = [float("nan")] * 3


def main() -> None:
    """Write report.json and REPORT.md beside the parameters; with --compare print both."""
    options = _options()
    training = json.loads((options.out / "training.json").read_text(encoding="utf-8"))
    test_bucket = training["test_bucket"]
    marked = _marked(options.labels, options.groups)
    tables = {
        f"photographs, bucket {test_bucket} (held out)": _held_out(options.work, test_bucket),
        "FER2013 PublicTest": load_table(options.work / "fer_public.npz"),
    }
    held_out = measure(ExpressionModel(options.out), tables, marked)
    new = cross_fitted(options.work / "cross_fitted.npz", marked) | held_out
    (options.out / "report.json").write_text(
        json.dumps({"training": training, "scores": new}, indent=1) + "\n", encoding="utf-8"
    )
    text = markdown(training, new)
    (options.out / "REPORT.md").write_text(text, encoding="utf-8")
    print(text)
    if options.compare:
        print(compared(measure(ExpressionModel(options.compare), tables, marked), held_out))


def measure(model: ExpressionModel, tables: Mapping[str, Table], marked: set[str]) -> dict[str, Any]:
    """Figures of written parameters on every table, the reported group apart."""
    found: dict[str, Any] = {}
    for name, table in tables.items():
        readings = [_reading(model, table, row) for row in range(len(table.names))]
        sides = np.array([sides_of_reading(face) if face else _NOTHING for face in readings])
        found |= _both(name, table.names, table.emotions, sides, marked)
        found[name]["levels"] = _levels(table.emotions, readings)
    return found


def cross_fitted(sides: Path, marked: set[str]) -> dict[str, Any]:
    """The training photographs, each judged by a network and a head that had not seen its person; no rules applied."""
    with np.load(sides) as kept:
        return _both("photographs, cross-fitted", kept["names"], kept["emotions"], kept["sides"], marked)


def _both(
    name: str,
    names: npt.NDArray[np.str_],
    emotions: npt.NDArray[np.str_],
    sides: npt.NDArray[np.float64],
    marked: set[str],
) -> dict[str, Any]:
    counted = np.isin(emotions, list(SIDE_OF_LABEL))
    truth = np.array([SIDE_OF_LABEL.get(str(e), -1) for e in emotions])
    group = counted & np.isin(names, list(marked))
    found = {name: figures(truth[counted], sides[counted])}
    if group.any():
        found[f"{name}: {REPORTED_GROUP}"] = figures(truth[group], sides[group])
    return found


def _levels(emotions: npt.NDArray[np.str_], readings: list[FaceReading | None]) -> dict[str, dict[str, int]]:
    """Label -> level -> pictures; faces without a reading left out."""
    counts: dict[str, dict[str, int]] = {}
    for emotion, face in zip(emotions, readings, strict=True):
        if face and face.level:
            row = counts.setdefault(str(emotion), dict.fromkeys((str(level) for level in Level), 0))
            row[str(face.level)] += 1
    return dict(sorted(counts.items()))


def _reading(model: ExpressionModel, table: Table, row: int) -> FaceReading | None:
    if not (table.located[row] and table.facing[row]):
        return None
    seen = FaceObservation(
        box=Box(0, 0, 0, 0),
        landmarks=np.zeros((478, 3), np.float32),
        blendshapes=table.blendshapes[row],
        pose=Pose(0, 0, 0),
        sharpness=1.0,
        brightness=128.0,
        inside=1.0,
        crop=np.ascontiguousarray(without_margin(table.crops[row])),
    )
    return read(seen, model.look(seen.crop).emotions, model.head)


def _held_out(work: Path, bucket: int) -> Table:
    photos = load_table(work / "photos.npz")
    keep: npt.NDArray[np.bool_] = photos.buckets == bucket
    return photos.only(keep)


def _marked(labels: Path, groups: Path | None) -> set[str]:
    """Files of the people that the list of pairs marks."""
    if groups is None:
        return set()
    named, photos = reported_files(groups), label_rows(labels, COLUMNS)
    people = {row["identity"] for row in photos if row["file"] in named}
    return {row["file"] for row in photos if row["identity"] in people}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="training.report")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--labels", type=Path, required=True)
    parser.add_argument("--groups", type=Path)
    parser.add_argument("--compare", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
