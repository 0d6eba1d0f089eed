"""`motcua bench expression`: the accuracy of the shipped parameters on labelled photographs, against the budgets.

Goes through the real `score` path; the confusion matrix is written as picture and JSON.
"""

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

from models.evaluate import evaluate_expression

BALANCED_BUDGET, NEUTRAL_BUDGET = 0.82, 0.85


def run(
    photos: Path,
    labels: Path,
    buckets: list[int] | None,
    out: Path,
    *,
    landmarker: Path,
    groups_csv: Path | None,
    progress: Callable[[int, int], None],
) -> dict[str, Any]:
    """Score the held-out buckets (by default those the parameters were not trained on)."""
    held_out = buckets or held_out_buckets()
    report = evaluate_expression(
        photos, labels, held_out, out, landmarker=landmarker, groups_csv=groups_csv, progress=progress
    )
    everybody = report["all"]
    rows = [
        _row("balanced accuracy, 3 classes", everybody["balanced_accuracy"], BALANCED_BUDGET),
        _row("neutral recall", everybody["recall"]["neutral"], NEUTRAL_BUDGET),
    ]
    rows += [_row(f"{name} recall", value) for name, value in everybody["recall"].items() if name != "neutral"]
    rows += [_row("calibration error", everybody["calibration_error_balanced"])]
    return {"rows": rows, "report": report, "all_held": all(row["held"] is not False for row in rows)}


def held_out_buckets() -> list[int]:
    """What the training report says was left out whole."""
    report = json.loads((resources.files("models") / "params" / "report.json").read_text(encoding="utf-8"))
    return [int(report["training"]["test_bucket"])]


def _row(what: str, value: float, budget: float | None = None) -> dict[str, Any]:
    held = None if budget is None else value >= budget
    return {"what": what, "value": round(value, 4), "budget": budget, "held": held}
