"""Last step of training: figures of written parameters on what was held out, as JSON and Markdown; old against new.

Runs in .venv: python -m training.report. Uses the written files through models.expression, exactly as the counter does.
"""

import argparse
import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.evaluate import REPORTED_GROUP, SIDE_OF_LABEL, figures, sides_of_reading
from models.expression import ExpressionModel
from models.geometry import CROP_PX
from models.pipeline import Box, FaceObservation, FaceReading, Level, Pose, read
from training.tables import MARGIN_CROP_PX, Table, load_table

_NOTHING = [float("nan")] * 3
_COMPARED = ("balanced_accuracy", "balanced_accuracy_unusable_as_wrong", "calibration_error_balanced")
_MARGIN_PX = (MARGIN_CROP_PX - CROP_PX) // 2


def main() -> None:
    """Write report.json and REPORT.md beside the parameters; with --compare print both."""
    options = _options()
    test_bucket = json.loads((options.out / "training.json").read_text(encoding="utf-8"))["test_bucket"]
    marked = _marked(options.labels, options.groups)
    tables = {
        f"photographs, bucket {test_bucket} (held out)": _held_out(options.work, test_bucket),
        "FER2013 PublicTest": load_table(options.work / "fer_public.npz"),
    }
    held_out = measure(options.out, tables, marked)
    new = cross_fitted(options.work, marked) | held_out
    training = json.loads((options.out / "training.json").read_text(encoding="utf-8"))
    (options.out / "report.json").write_text(
        json.dumps({"training": training, "scores": new}, indent=1) + "\n", encoding="utf-8"
    )
    (options.out / "REPORT.md").write_text(markdown(training, new), encoding="utf-8")
    print(markdown(training, new))
    if options.compare:
        print(compared(measure(options.compare, tables, marked), held_out))


def measure(params: Path, tables: Mapping[str, Table], marked: set[str]) -> dict[str, Any]:
    """Figures of one parameter directory on every table, the reported group apart."""
    model = ExpressionModel(params)
    found: dict[str, Any] = {}
    for name, table in tables.items():
        readings = [_reading(model, table, row) for row in range(len(table.names))]
        sides = np.array([sides_of_reading(face) if face else _NOTHING for face in readings])
        found |= _both(name, table.names, table.emotions, sides, marked)
        found[name]["levels"] = _levels(table.emotions, readings)
    return found


def cross_fitted(work: Path, marked: set[str]) -> dict[str, Any]:
    """The training photographs, each judged by a network and a head that had not seen its person; no rules applied."""
    with np.load(work / "cross_fitted.npz") as kept:
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


def compared(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Old against new on the same pictures."""
    lines = [f"{'':42} {'old':>7} {'new':>7}"]
    for name, scores in new.items():
        lines += ["", name]
        lines += [f"  {_short(key):40} {old[name][key]:7.3f} {scores[key]:7.3f}" for key in _COMPARED]
        before = old[name]["recall"]
        lines += [f"  {'recall ' + side:40} {before[side]:7.3f} {now:7.3f}" for side, now in scores["recall"].items()]
    return "\n".join(lines)


def markdown(training: Mapping[str, Any], scores: Mapping[str, Any]) -> str:
    """The report a person reads."""
    lines = [
        "# Expression parameters: training report",
        "",
        (
            f"Finished {training['finished']}, {training['minutes']} minutes; seed {training['plan']['seed']};"
            f" network of {training['network_parameters']:,} parameters."
        ),
        "",
        f"Photographs for training: {_counts(training['photographs'])}; bucket {training['test_bucket']} was left out whole.",
        f"FER2013 Training, network: {_counts(training['fer_training'])}.",
        f"FER2013 Training, kept back for the head: {_counts(training['fer_kept_back_for_the_head'])}.",
        f"Cross-fitting of the head over buckets {training['folds']}: {_plain(training['head']['cross_fitted'])}.",
        (
            f"Chosen: ridge {training['head']['ridge']}, weight of FER2013 {training['head']['fer_share']},"
            f" neutral offset {training['head']['neutral_offset']:.2f}, temperature {training['head']['temperature']:.2f}."
        ),
        "",
        "Negative = angry, contempt, disgust, sad, afraid; surprise is left out. Usable: face found, |yaw| <= 35, |pitch| <= 25.",
        "",
        "| set | n | no reading | balanced | neg | neu | pos | balanced, no reading = wrong | calibration error |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, s in scores.items():
        recalls = " | ".join(f"{value:.3f}" for value in s["recall"].values())
        lines.append(
            f"| {name} | {s['pictures']} | {s['unusable']} | {s['balanced_accuracy']:.3f} | {recalls} |"
            f" {s['balanced_accuracy_unusable_as_wrong']:.3f} | {s['calibration_error_balanced']:.3f} |"
        )
    for name, s in scores.items():
        lines += _level_table(name, s["levels"]) if "levels" in s else []
    for name, s in scores.items():
        lines += ["", f"Confusion, {name} (rows labelled, columns read as; last column no reading):", "", "```"]
        lines += [" ".join(f"{count:6d}" for count in row) for row in s["confusion"]] + ["```"]
    return "\n".join(lines) + "\n"


def _level_table(name: str, levels: Mapping[str, Mapping[str, int]]) -> list[str]:
    lines = [
        "",
        f"Labels against levels, {name}:",
        "",
        f"| label | {' | '.join(Level)} |",
        "|---" * (len(Level) + 1) + "|",
    ]
    return lines + [f"| {label} | {' | '.join(str(row[level]) for level in Level)} |" for label, row in levels.items()]


def _short(key: str) -> str:
    return key.replace("_", " ")


def _reading(model: ExpressionModel, table: Table, row: int) -> FaceReading | None:
    if not (table.located[row] and table.facing[row]):
        return None
    inner = slice(_MARGIN_PX, _MARGIN_PX + CROP_PX)
    seen = FaceObservation(
        box=Box(0, 0, 0, 0),
        landmarks=np.zeros((478, 3), np.float32),
        blendshapes=table.blendshapes[row],
        pose=Pose(0, 0, 0),
        sharpness=1.0,
        brightness=128.0,
        inside=1.0,
        crop=np.ascontiguousarray(table.crops[row][inner, inner]),
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
    with groups.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["group"] == REPORTED_GROUP]
    named = {row[column] for row in rows for column in ("file_a", "file_b")}
    with labels.open(newline="", encoding="utf-8") as file:
        photos = list(csv.DictReader(file))
    people = {row["identity"] for row in photos if row["file"] in named}
    return {row["file"] for row in photos if row["identity"] in people}


def _counts(counts: Mapping[str, int]) -> str:
    rest = ", ".join(f"{name} {count}" for name, count in counts.items() if name != "pictures")
    return f"{counts['pictures']} ({rest})"


def _plain(found: Mapping[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in found.items())


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
