"""An earlier network as a start: the weights of a written ONNX file back in a network that can be trained. Torch; training.fit only."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, numpy_helper
from torch import Tensor, nn

from training import network


def started_from(path: Path, pixels: npt.NDArray[np.uint8]) -> nn.Sequential:
    """The network of training.export.write_network's file; it computes what the file computes.

    The file has the normalisation before the answers folded in. To train on, it is put back with the statistics of `pixels`,
    crops with margin. Raises OSError, ValueError when the file is of another shape.
    """
    weights = _weights(path)
    net = network.build()
    norm, answers = net[-3], net[-1]
    with torch.no_grad():
        for conv, bend in network.convolutions(net):  # type: ignore[misc]
            _unbend(conv, bend, weights)
        for parameter in (answers.weight, answers.bias):
            parameter.copy_(_next(parameter.shape, weights))  # type: ignore[union-attr, operator, arg-type]
        if next(weights, None) is not None:
            raise ValueError(f"{path}: more weights than this network has")
        _normalise(net, norm, network.prepared(pixels))
    return net


def _weights(path: Path) -> Iterator[Tensor]:
    """What training.export.Graph wrote, in its order: 16 bits as they are, 8 bits times the scale that follows."""
    kept = iter(onnx.load(path).graph.initializer)
    for one in kept:
        if one.data_type == TensorProto.FLOAT16:
            yield torch.from_numpy(numpy_helper.to_array(one).astype(np.float32))
        if one.data_type == TensorProto.INT8:
            steps = numpy_helper.to_array(one).astype(np.float32)
            yield torch.from_numpy(steps * numpy_helper.to_array(next(kept)))


def _unbend(conv: nn.Conv2d, bend: network.Bend, weights: Iterator[Tensor]) -> None:
    """Undo training.export's share: share = below / (1 - below), and kernel and bias times 1 - below."""
    kernel, bias = _next(conv.weight.shape, weights), _next(conv.bias.shape, weights)  # type: ignore[union-attr]
    share = _next(torch.Size([len(bend.below), 1, 1]), weights).flatten()
    conv.weight.copy_(kernel * (1 + share)[:, None, None, None])
    conv.bias.copy_(bias * (1 + share))  # type: ignore[union-attr]
    bend.below.copy_(share / (1 + share))


def _next(shape: torch.Size, weights: Iterator[Tensor]) -> Tensor:
    found = next(weights, None)
    if found is None or found.shape != shape:
        raise ValueError(f"a weight of shape {tuple(shape)} is missing")
    return found


def _normalise(net: nn.Sequential, norm: nn.Module, batch: Tensor) -> None:
    """Give the normalisation the statistics of what reaches it, and undo them in its own scale and shift."""
    pooled = net.eval()[:-3](batch)
    norm.running_mean.copy_(pooled.mean(0))
    norm.running_var.copy_(pooled.var(0, correction=0))
    norm.weight.copy_(torch.sqrt(norm.running_var + norm.eps))
    norm.bias.copy_(norm.running_mean)
