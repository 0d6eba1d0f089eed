"""A network that knows faces as a start: the first twelve blocks of SFace, for gray crops. Torch; training.fit only.

Zhong et al., SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition (2021); the file is OpenCV Zoo's (Apache-2.0), see
models/manifest.toml. It tells people apart; every number is trained on afterwards.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from models.folded import folded
from training import network

_CONTRAST = 0.45
"""Deviation of the grays that it was trained on, as it takes them (127.5 gray levels are one)."""
_STRAIGHTEST = 0.95
"""Of a channel below zero: one that lets everything through has no bend left to write it with (training.export)."""
_EPSILON = 1e-3

_Arrays = dict[str, npt.NDArray[Any]]


def start_from(path: Path) -> nn.Sequential:
    """Our network with its numbers, and answers that know nothing yet. Raises OSError, KeyError, ValueError for another file."""
    graph = onnx.load_from_string(folded(path.read_bytes())).graph
    arrays = {one.name: numpy_helper.to_array(one) for one in graph.initializer}
    net = network.build()
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    with torch.no_grad():
        for node, layer in zip(convolutions, network.convolutions(net), strict=False):
            _take(layer, *_normalised(node.name, arrays))
    return net


def _take(layer: nn.Sequential, kernel: Tensor, bias: Tensor, below: Tensor) -> None:
    if kernel.shape[1] == 3 and layer[0].weight.shape[1] == 1:
        kernel = kernel.sum(1, keepdim=True) * _CONTRAST
    if kernel.shape != layer[0].weight.shape:
        raise ValueError(f"a kernel of shape {tuple(layer[0].weight.shape)} was expected, not {tuple(kernel.shape)}")
    layer[0].weight.copy_(kernel)
    layer[0].bias.copy_(bias)
    layer[1].below.copy_(below.clamp(max=_STRAIGHTEST))


def _normalised(name: str, arrays: _Arrays) -> tuple[Tensor, Tensor, Tensor]:
    """Kernel and bias with the normalisation in them, and what is left of a channel below zero."""
    stem = name.removesuffix("_conv2d")
    gamma, beta, mean, variance = (
        arrays[f"{stem}_batchnorm_{part}"] for part in ("gamma", "beta", "moving_mean", "moving_var")
    )
    factor = gamma / np.sqrt(variance + _EPSILON)
    kernel = arrays[f"{name}_weight_dequantized"].reshape(arrays[f"{name}_weight_shape"]) * factor[:, None, None, None]
    below = arrays[f"{stem}_relu_gamma"].ravel()
    return torch.from_numpy(kernel), torch.from_numpy(beta - mean * factor), torch.from_numpy(below)
