"""The training report as a person reads it, and old parameters against new."""

from collections.abc import Mapping
from typing import Any

from models.pipeline import Level

_COMPARED = ("balanced_accuracy", "balanced_accuracy_unusable_as_wrong", "calibration_error_balanced")


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
    head = training["head"]
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
        f"Cross-fitting of the head over buckets {training['folds']}: {_plain(head['cross_fitted'])}.",
        _choice(head),
        "",
    ]
    return "\n".join(lines + _figures(scores)) + "\n"


def _choice(head: Mapping[str, Any]) -> str:
    return (
        f"Chosen: ridge {head['ridge']}, weight of FER2013 {head['fer_share']},"
        f" neutral offset {head['neutral_offset']:.2f}, temperature {head['temperature']:.2f}."
    )


def _figures(scores: Mapping[str, Any]) -> list[str]:
    lines = [
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
    return lines


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


def _counts(counts: Mapping[str, int]) -> str:
    rest = ", ".join(f"{name} {count}" for name, count in counts.items() if name != "pictures")
    return f"{counts['pictures']} ({rest})"


def _plain(found: Mapping[str, float]) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in found.items())
