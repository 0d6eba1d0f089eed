"""How well faces are told apart, on a list of pairs through the same networks as `motcua faces`: figures as JSON, ROC as a picture.

`motcua bench faces` calls it; needs the vision and the bench extras. Thresholds come from one half of the identities, the
figures from the other.
"""

import csv
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models.embedding import MODEL
from models.errors import LabelsUnusable, PictureUnreadable
from models.face_rates import (
    EVERYBODY,
    Comparisons,
    Pair,
    Rate,
    comparisons,
    false_match,
    identities,
    roc,
    threshold_at,
    true_match,
    worst_threshold,
)
from models.identity import FaceIdentifier
from models.picture import load_picture
from models.pipeline import FloatArray

RATE = 1e-3
CURVE = (1e-2, 3e-3, 1e-3, 3e-4, 1e-4)
CHOOSING, REPORTING = 0, 1

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Embedded:
    """The numbers of every file, None where no face was found; what a face cost, milliseconds of one thread's CPU and of the clock."""

    numbers: dict[str, FloatArray | None]
    cpu_ms: dict[str, float]
    wall_ms: float


def evaluate_faces(
    pairs_csv: Path,
    root: Path,
    out_dir: Path,
    *,
    landmarker: Path,
    network: Path,
    progress: Progress = lambda _done, _all: None,
) -> dict[str, Any]:
    """Write faces.json and faces.png into `out_dir` and return the JSON. Raise LabelsUnusable."""
    pairs = read_pairs(pairs_csv, root)
    identifier = FaceIdentifier(landmarker, network)
    embedded = embed_files(sorted({file for pair in pairs for file in (pair.a, pair.b)}), root, identifier, progress)
    who = identities(pairs)
    choosing, reporting = (comparisons(pairs, embedded.numbers, who, half) for half in (CHOOSING, REPORTING))
    report = report_of(choosing, reporting) | {
        "model": MODEL, "pairs": len(pairs), "files": len(embedded.numbers), "identities": len(set(who.values())),
        "no_face": sum(one is None for one in embedded.numbers.values()),
        "cpu_ms": embedded.cpu_ms, "wall_ms": embedded.wall_ms,
    }  # fmt: skip
    (out_dir / "faces.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    draw_roc(reporting, report["threshold"], out_dir / "faces.png")
    return report


def read_pairs(file: Path, root: Path) -> list[Pair]:
    """Columns file_a, file_b, same, and group if there is one; every file must be there. Raise LabelsUnusable."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as source:
            pairs = [
                Pair(row["file_a"], row["file_b"], row["same"] in {"1", "true", "True"}, row.get("group") or "unnamed")
                for row in csv.DictReader(source)
            ]
    except (OSError, KeyError, csv.Error, UnicodeDecodeError) as error:
        raise LabelsUnusable(f"{file}: not a list of pairs with file_a, file_b, same ({error})") from error
    missing = next((one for pair in pairs for one in (pair.a, pair.b) if not (root / one).is_file()), None)
    if not pairs or missing:
        raise LabelsUnusable(f"{file}: {f'{missing} is not in {root}' if missing else 'the list is empty'}")
    return pairs


def embed_files(files: Sequence[str], root: Path, identifier: FaceIdentifier, progress: Progress) -> Embedded:
    """The largest face of each file."""
    numbers: dict[str, FloatArray | None] = {}
    cpu = {"detect": 0.0, "embed": 0.0}
    walls = []
    for done, file in enumerate(files, start=1):
        numbers[file] = None
        try:
            picture = load_picture(root / file).rgb
        except PictureUnreadable:
            continue
        began, wall = time.process_time(), time.perf_counter()
        faces = identifier.observe(picture)
        found = time.process_time()
        cpu["detect"] += found - began
        if faces:
            numbers[file] = identifier.embed(picture, faces[0]).numbers
            cpu["embed"] += time.process_time() - found
            walls.append(time.perf_counter() - wall)
        progress(done, len(files))
    count = max(len(walls), 1)
    cpu_ms = {what: round(seconds / count * 1000, 2) for what, seconds in cpu.items()}
    return Embedded(numbers, cpu_ms, round(float(np.median(walls)) * 1000, 2) if walls else 0.0)


def report_of(choosing: Mapping[str, Comparisons], reporting: Mapping[str, Comparisons]) -> dict[str, Any]:
    """The threshold of the worst group in the choosing half, and what it does in the reporting half. Raise LabelsUnusable."""
    chosen = worst_threshold(choosing, RATE)
    if chosen is None:
        raise LabelsUnusable(f"too few strangers are compared to see one false match in {round(1 / RATE)}")
    group, threshold = chosen
    return {
        "threshold": round(threshold, 4),
        "threshold_of": group,
        "false_match_rate": RATE,
        "curve": curve_of(choosing[group]),
        "curve_strangers": len(choosing[group].impostor),
        "groups": {name: _group(one, threshold) for name, one in reporting.items()},
    }


def curve_of(worst: Comparisons) -> list[dict[str, float]]:
    """Thresholds for rarer and rarer false matches, as far as enough strangers were compared: for params/faces.toml."""
    found = [(rate, threshold_at(worst.impostor, rate)) for rate in CURVE]
    return [{"false_match_rate": rate, "threshold": round(at, 4)} for rate, at in found if at is not None]


def draw_roc(reporting: Mapping[str, Comparisons], threshold: float, path: Path) -> None:
    """True against false matches of each group, the budget's point and the chosen threshold's."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415  only the bench extra has it
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(7, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for group, one in reporting.items():
        curve = roc(one)
        if curve:
            (line,) = axes.plot(*zip(*curve, strict=True), label=f"{group} ({len(one.impostor):,} strangers)")
            chosen = false_match(one, threshold).value, true_match(one, threshold).value
            axes.plot(max(chosen[0], 1 / len(one.impostor)), chosen[1], "o", color=line.get_color())
    axes.axvline(RATE, color="gray", linestyle=":")
    axes.axhline(0.95, color="gray", linestyle=":")
    axes.set(xscale="log", xlabel="false matches", ylabel="true matches", ylim=(0.85, 1.003))
    axes.set_title(f"faces: identities that the threshold {threshold:.3f} was not chosen on")
    axes.legend(loc="lower right")
    figure.savefig(path, dpi=110)


def _group(one: Comparisons, threshold: float) -> dict[str, Any]:
    own = threshold_at(one.impostor, RATE)
    return {
        "true_match": _rate(true_match(one, threshold)),
        "false_match": _rate(false_match(one, threshold)),
        "true_match_at_own_threshold": None if own is None else _rate(true_match(one, own)),
        "own_threshold": None if own is None else round(own, 4),
    }


def _rate(rate: Rate) -> dict[str, float | int]:
    return {key: value if key == "of" else round(value, 6) for key, value in asdict(rate).items()}


__all__ = ["EVERYBODY", "evaluate_faces"]
