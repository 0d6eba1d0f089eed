"""The head: multinomial logistic regression over blendshapes and network outputs, fitted without extra libraries.

Weighted, ridge-penalised, solved by L-BFGS in torch; plus temperature and calibration error.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812  the name everybody uses

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LinearHead:
    """probabilities = softmax((weights @ (x - mean) / scale + bias) / temperature)."""

    mean: Matrix
    scale: Matrix
    weights: Matrix  # [classes, features]
    bias: Matrix  # [classes]
    temperature: float = 1.0

    def logits(self, features: Matrix) -> Matrix:
        """[n, classes], before the temperature."""
        return ((features - self.mean) / self.scale) @ self.weights.T + self.bias

    def probabilities(self, features: Matrix) -> Matrix:
        """[n, classes], each row sums to 1."""
        z = self.logits(features) / self.temperature
        e = np.exp(z - z.max(1, keepdims=True))
        return np.asarray(e / e.sum(1, keepdims=True))


def fit_head(features: Matrix, labels: npt.NDArray[np.int64], weights: Matrix, ridge: float) -> LinearHead:
    """Weighted maximum likelihood with a ridge on the slopes."""
    mean, scale = features.mean(0), features.std(0) + 1e-3
    x = torch.from_numpy((features - mean) / scale)
    y, w = torch.from_numpy(labels), torch.from_numpy(weights / weights.sum())
    classes = int(labels.max()) + 1
    slopes = torch.zeros(classes, x.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([slopes, bias], max_iter=300, line_search_fn="strong_wolfe", tolerance_grad=1e-9)

    def objective() -> torch.Tensor:
        solver.zero_grad()
        loss = (F.cross_entropy(x @ slopes.T + bias, y, reduction="none") * w).sum() + ridge * (slopes**2).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    solver.step(objective)  # type: ignore[no-untyped-call, arg-type]
    return LinearHead(mean, scale, slopes.detach().numpy(), bias.detach().numpy())


def best_temperature(logits: Matrix, labels: npt.NDArray[np.int64], weights: Matrix) -> float:
    """The temperature of least weighted log loss, searched from 0.3 to 4."""
    grid = np.geomspace(0.3, 4.0, 120)
    return float(grid[int(np.argmin([_log_loss(logits / t, labels, weights) for t in grid]))])


def calibration_error(probabilities: Matrix, labels: npt.NDArray[np.int64], bins: int = 15) -> float:
    """Expected calibration error of the winning class, equal-width bins."""
    top, right = probabilities.max(1), probabilities.argmax(1) == labels
    place = np.minimum((top * bins).astype(int), bins - 1)
    gaps = [abs(top[place == b].mean() - right[place == b].mean()) * (place == b).mean() for b in set(place.tolist())]
    return float(sum(gaps))


def _log_loss(logits: Matrix, labels: npt.NDArray[np.int64], weights: Matrix) -> float:
    z = logits - logits.max(1, keepdims=True)
    log_p = z - np.log(np.exp(z).sum(1, keepdims=True))
    return float(-(log_p[np.arange(len(labels)), labels] * weights).sum() / weights.sum())
