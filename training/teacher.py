"""A second opinion on training pictures: face-api.js's small expression network, whose answers soften the labels.

Other people's weights: pulled for training (models/manifest.toml), never written into our files. Torch; used by training.fit only.
Shape and constants: face-api.js 0.22, FaceFeatureExtractor and fullyConnectedLayer (MIT).
"""

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812  the name everybody uses
from torch import Tensor

from models.movements import EMOTIONS

WEIGHTS_FILE = "face_expression_model.bin"
SHAPES_FILE = "face_expression_model-weights_manifest.json"
SIDE_PX = 112
_ORDER = ("neutral", "happy", "sad", "angry", "fear", "disgust", "surprise")
_IN_OURS = [_ORDER.index(name) for name in EMOTIONS]
_MEAN = torch.tensor([122.782, 117.001, 104.298]).view(1, 3, 1, 1)
_BLOCKS = 4
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
        found = []
        with torch.no_grad():
            for start in range(0, len(crops), _BATCH):
                gray = torch.from_numpy(crops[start : start + _BATCH]).float().unsqueeze(1)
                looks = (_sized(gray, 0.0), _sized(gray, _WIDER).flip(3))
                found.append(sum((self._logits(look) for look in looks), torch.zeros(())) / len(looks))
        ours = torch.cat(found)[:, _IN_OURS]
        return np.asarray((ours / _TEMPERATURE).softmax(1).numpy(), dtype=np.float32)

    def _logits(self, gray: Tensor) -> Tensor:
        """[n, 7] in the network's own order for [n, 1, 112, 112], 0..255."""
        x = (gray.expand(-1, 3, -1, -1) - _MEAN) / 255
        for number in range(_BLOCKS):
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
    """From the two files of the package, 8-bit weights with a scale and a minimum each. Raises OSError, ValueError, KeyError."""
    (group,) = json.loads((folder / SHAPES_FILE).read_text(encoding="utf-8"))
    packed, at, weights = (folder / WEIGHTS_FILE).read_bytes(), 0, {}
    for one in group["weights"]:
        scale = one.get("quantization")
        values = np.frombuffer(packed, np.uint8 if scale else "<f4", prod(one["shape"]), at)
        at += values.nbytes
        plain = values.astype(np.float32) * (scale["scale"] if scale else 1) + (scale["min"] if scale else 0)
        weights[one["name"]] = torch.from_numpy(plain.astype(np.float32).reshape(one["shape"]))
    if at != len(packed):
        raise ValueError(f"{WEIGHTS_FILE}: {len(packed)} bytes, but its list names {at}")
    return Teacher(weights)


def _sized(gray: Tensor, wider: float) -> Tensor:
    """The inner part of crops with margin, `wider` on every side, at the network's input side."""
    side = gray.shape[-1]
    cut = round(side * (_MARGIN_SHARE - wider * (1 - 2 * _MARGIN_SHARE)))
    return F.interpolate(
        gray[..., cut : side - cut, cut : side - cut], size=SIDE_PX, mode="bilinear", align_corners=False
    )
