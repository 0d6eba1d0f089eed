"""`motcua bench faces`: how well faces are told apart, against the budget, what a face costs, and what liveness says of attacks.

Goes through the networks and the alignment of `motcua faces`; figures and the ROC are written as JSON and picture.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from models.evaluate_faces import RATE, evaluate_faces
from models.evaluate_liveness import REAL, evaluate_liveness, named, summary
from models.face_rates import EVERYBODY
from models.liveness import Verdict

TRUE_MATCH_BUDGET = 0.95
FALSE_MATCH_BUDGET = 3 * RATE  # the stated rate, as far as the other half of the identities may differ by chance


def run(
    pairs: Path,
    root: Path,
    out: Path,
    *,
    landmarker: Path,
    network: Path,
    attacked: Sequence[Path],
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    """`attacked`: the clips and photographs that attacks are made from; none leaves liveness out."""
    report = evaluate_faces(
        pairs, root, out, landmarker=landmarker, network=network, progress=partial(progress, "faces")
    )
    rows = [*_rates(report), *_costs(report)]
    if attacked:
        presented = evaluate_liveness(attacked, landmarker, partial(progress, "attacks"))
        report["liveness"] = [asdict(one) for one in presented]
        (out / "faces.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
        rows += [*_liveness(summary(presented)), *_named(named(presented))]
    return {
        "rows": rows, "report": report, "notes": _notes(report),
        "all_held": all(row["held"] is not False for row in rows),
    }  # fmt: skip


def worst_group(report: dict[str, Any]) -> str:
    """The group in which a person is known again least often at the chosen threshold."""
    groups: dict[str, float] = {
        name: one["true_match"]["value"] for name, one in report["groups"].items() if name != EVERYBODY
    }
    return min(groups, key=lambda name: groups[name])


def _rates(report: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [_row("threshold", report["threshold_of"], report["threshold"])]
    worst = worst_group(report)
    for name, one in report["groups"].items():
        budget = TRUE_MATCH_BUDGET if name in {EVERYBODY, worst} else None
        rows.append(_interval("true match", name, one["true_match"], budget, above=True))
        rows.append(
            _interval("false match", name, one["false_match"], FALSE_MATCH_BUDGET if budget else None, above=False)
        )
        if one["true_match_at_own_threshold"]:
            rows.append(
                _interval("true match at its own threshold", name, one["true_match_at_own_threshold"], None, above=True)
            )
    return rows


def _costs(report: dict[str, Any]) -> list[dict[str, Any]]:
    cpu = report["cpu_ms"]
    return [
        _row("cpu ms a face", "detect", cpu["detect"]),
        _row("cpu ms a face", "embed", cpu["embed"]),
        _row("ms a face, both, median", "clock", report["wall_ms"]),
        _row("files without a face", EVERYBODY, float(report["no_face"])),
    ]


def _liveness(kinds: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for kind, counts in kinds.items():
        taken = counts[Verdict.LIVE]
        share = (counts["of"] - taken if kind == REAL else taken) / counts["of"]
        rows.append(_row("BPCER" if kind == REAL else "APCER", kind, share) | {"of": counts["of"]})
    return rows


def _named(kinds: dict[str, Any]) -> list[dict[str, Any]]:
    """What an attack is worth where names are said: without a challenge, before one, and with the right scene at every word."""
    ways = {"passive": "passive", "by_chance": "challenge", "by_choice": "challenge, scenes chosen"}
    return [
        _row(f"called by name, {said}", kind, shares[way]) | {"of": shares["of"]}
        for kind, shares in kinds.items()
        for way, said in ways.items()
        if shares["passive"] > 0
    ]


def _notes(report: dict[str, Any]) -> list[str]:
    return [
        (
            f"threshold {report['threshold']} lets {report['false_match_rate']} of strangers pass in {report['threshold_of']}, on one half"
            " of the identities; every rate here is of the other half. Intervals are of 95 %."
        ),
        (
            "APCER and BPCER are of these simulated attacks and these few clips alone: no attack data set was used. A clip of a living"
            " person on a screen cannot be told from that person by landmarks; the challenge at enrolment and before a name is said is for"
            " that. Of a challenge each row of tasks counts alike, from ten places of a film that runs in a loop."
        ),
    ]


def _interval(what: str, who: str, rate: dict[str, Any], budget: float | None, *, above: bool) -> dict[str, Any]:
    row = _row(what, who, rate["value"]) | {"low": rate["low"], "high": rate["high"], "of": rate["of"]}
    is_held = rate["value"] >= (budget or 0) if above else rate["value"] <= (budget or 1)
    return row | {"budget": budget, "held": None if budget is None else is_held}


def _row(what: str, who: str, value: float) -> dict[str, Any]:
    return {
        "what": what,
        "of_whom": who,
        "value": value,
        "low": None,
        "high": None,
        "of": None,
        "budget": None,
        "held": None,
    }
