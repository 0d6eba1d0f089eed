"""How good predictions are: confusion, recalls, calibration. Pure numpy; models.evaluate, the trainer and tests call it."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

SIDES = ("negative", "neutral", "positive")
Labels = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Confusion:
    """Counts [truth, prediction]; a last column beyond the truths holds faces that gave no reading."""

    counts: Labels

    @property
    def recalls(self) -> npt.NDArray[np.float64]:
        """Recall of every truth, a face without reading counted as wrong."""
        return np.asarray(np.diagonal(self.counts) / np.maximum(self.counts.sum(1), 1))

    @property
    def recalls_of_usable(self) -> npt.NDArray[np.float64]:
        """Recall of every truth among the faces that gave a reading."""
        square = self.counts[:, : len(self.counts)]
        return np.asarray(np.diagonal(square) / np.maximum(square.sum(1), 1))

    def as_json(self) -> dict[str, object]:
        """Both ways of counting, and the counts."""
        return {
            "pictures": int(self.counts.sum()),
            "unusable": int(self.counts[:, len(self.counts) :].sum()),
            "balanced_accuracy": round(float(self.recalls_of_usable.mean()), 4),
            "recall": _named(self.recalls_of_usable),
            "balanced_accuracy_unusable_as_wrong": round(float(self.recalls.mean()), 4),
            "recall_unusable_as_wrong": _named(self.recalls),
            "confusion": self.counts.tolist(),
        }


def confusion(truth: Labels, predicted: Labels, classes: int = len(SIDES)) -> Confusion:
    """`predicted` is -1 where there was no reading."""
    counts = np.zeros((classes, classes + 1), dtype=np.int64)
    np.add.at(counts, (truth, np.where(predicted < 0, classes, predicted)), 1)
    return Confusion(counts)


def calibration_error(
    probabilities: npt.NDArray[np.float64],
    truth: Labels,
    weights: npt.NDArray[np.float64] | None = None,
    bins: int = 15,
) -> float:
    """Expected calibration error of the winning class: mean gap between confidence and accuracy over equal-width bins."""
    w = np.ones(len(truth)) if weights is None else weights
    top, right = probabilities.max(1), (probabilities.argmax(1) == truth).astype(float)
    place = np.minimum((top * bins).astype(int), bins - 1)
    gaps = np.zeros(bins)
    np.add.at(gaps, place, w * (top - right))
    return float(np.abs(gaps).sum() / w.sum())


def balancing(truth: Labels, classes: int = len(SIDES)) -> npt.NDArray[np.float64]:
    """Weights that let every class count the same."""
    counts = np.maximum(np.bincount(truth, minlength=classes), 1)
    return np.asarray(1 / counts[truth])


def _named(recalls: npt.NDArray[np.float64]) -> dict[str, float]:
    return {name: round(float(value), 4) for name, value in zip(SIDES, recalls, strict=True)}
