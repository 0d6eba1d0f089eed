"""face-api.js's small expression network in torch: its answers soften the labels, or stand beside ours in the head of two.

Other people's weights: pulled for training (models/manifest.toml), never written into our files. Torch; training.fit, training.second.
Shape and constants: face-api.js 0.22, FaceFeatureExtractor and fullyConnectedLayer (MIT).
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812  the name everybody uses
from torch import Tensor

from models.second_files import SHAPES_FILE, WEIGHTS_FILE
from models.second_network import BLOCKS, IN_OURS, LOW_DEVIATION, MEAN, MIDDLE_GRAY, SIDE_PX, unpacked

_MEAN = torch.from_numpy(MEAN).float()
_TEMPERATURE = 1.5
_WIDER = 0.1  # share of the inner crop's side, for the mirrored second look
_MARGIN_SHARE = 12 / 88  # of a crop with margin, see training.tables
_BATCH = 64


@dataclass(frozen=True, slots=True)
class Teacher:
    """The network as named arrays."""

    weights: dict[str, Tensor]

    def probabilities(self, crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        """[n, 7] in the order of EMOTIONS for gray crops with margin, uint8 [n, side, side]: the mean of two looks."""
        logits = torch.from_numpy(self.logits(crops, _WIDER))
        return np.asarray((logits / _TEMPERATURE).softmax(1).numpy(), dtype=np.float32)

    def logits(self, crops: npt.NDArray[np.uint8], wider: float = 0.0) -> npt.NDArray[np.float32]:
        """[n, 7] in the order of EMOTIONS: the mean over the inner part and its mirror image, cut `wider`. 0: the counter's crop."""
        found = []
        with torch.no_grad():
            for start in range(0, len(crops), _BATCH):
                gray = torch.from_numpy(crops[start : start + _BATCH]).float().unsqueeze(1)
                looks = (_sized(gray, 0.0), _sized(gray, wider).flip(3))
                found.append(sum((self._logits(look) for look in looks), torch.zeros(())) / len(looks))
        return np.asarray(torch.cat(found)[:, IN_OURS].numpy(), dtype=np.float32)

    def _logits(self, gray: Tensor) -> Tensor:
        """[n, 7] in the network's own order for [n, 1, 112, 112], 0..255."""
        x = (_lifted(gray).expand(-1, 3, -1, -1) - _MEAN) / 255
        for number in range(BLOCKS):
            x = self._block(x, f"dense{number}")
        return F.avg_pool2d(x, 7, 2).flatten(1) @ self.weights["fc/weights"] + self.weights["fc/bias"]

    def _block(self, x: Tensor, name: str) -> Tensor:
        """Four convolutions, each fed with the sum of those before it; the first halves the side."""
        first = F.relu(self._first(x, f"{name}/conv0"))
        second = self._separable(first, f"{name}/conv1")
        third = self._separable(F.relu(first + second), f"{name}/conv2")
        fourth = self._separable(F.relu(first + second + third), f"{name}/conv3")
        return F.relu(first + second + third + fourth)

    def _first(self, x: Tensor, name: str) -> Tensor:
        if f"{name}/filters" not in self.weights:
            return self._separable(x, name, stride=2)
        kernel = self.weights[f"{name}/filters"].permute(3, 2, 0, 1)
        return F.conv2d(F.pad(x, (0, 1, 0, 1)), kernel, self.weights[f"{name}/bias"], stride=2)

    def _separable(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        """Padded as TensorFlow does: evenly at stride 1, right and below only at stride 2 (the sides are even)."""
        depthwise = self.weights[f"{name}/depthwise_filter"].permute(2, 3, 0, 1)
        padded = F.pad(x, (1, 1, 1, 1) if stride == 1 else (0, 1, 0, 1))
        apart = F.conv2d(padded, depthwise, stride=stride, groups=x.shape[1])
        return F.conv2d(
            apart, self.weights[f"{name}/pointwise_filter"].permute(3, 2, 0, 1), self.weights[f"{name}/bias"]
        )


def load_teacher(folder: Path) -> Teacher:
    """From the two files of the package. Raises OSError, ValueError, KeyError."""
    shapes = (folder / SHAPES_FILE).read_text(encoding="utf-8")
    weights = unpacked((folder / WEIGHTS_FILE).read_bytes(), shapes)
    return Teacher({name: torch.from_numpy(values) for name, values in weights.items()})


def _lifted(gray: Tensor) -> Tensor:
    """As models.second_network does at the counter: more contrast where there is little."""
    mean = gray.mean((2, 3), keepdim=True)
    gain = (LOW_DEVIATION / (gray.std((2, 3), keepdim=True, correction=0) + 1)).clamp(min=1)
    return MIDDLE_GRAY + (gray - mean) * gain + (mean - MIDDLE_GRAY) / gain


def _sized(gray: Tensor, wider: float) -> Tensor:
    """The inner part of crops with margin, `wider` on every side, at the network's input side."""
    side = gray.shape[-1]
    cut = round(side * (_MARGIN_SHARE - wider * (1 - 2 * _MARGIN_SHARE)))
    return F.interpolate(
        gray[..., cut : side - cut, cut : side - cut], size=SIDE_PX, mode="bilinear", align_corners=False
    )
