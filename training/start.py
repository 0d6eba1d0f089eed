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
from training.network import Residual


def started_from(path: Path, pixels: npt.NDArray[np.uint8], side_px: int) -> nn.Sequential:
    """The network of training.export.write_network's file; it computes what the file computes.

    The file has normalisation folded into the convolutions. To train on, it is put back with the statistics of `pixels`,
    crops with margin. Raises OSError, ValueError when the file is of another shape.
    """
    halves = iter(
        torch.from_numpy(numpy_helper.to_array(one).astype(np.float32))
        for one in onnx.load(path).graph.initializer
        if one.data_type == TensorProto.FLOAT16
    )
    net = network.build()
    blocks = [block for layer in net for block in _blocks(layer)]
    with torch.no_grad():
        for block in blocks:
            _take(block[0].weight, halves)
            _take(block[1].bias, halves)
        _take(net[-1].weight, halves)  # type: ignore[arg-type]
        _take(net[-1].bias, halves)  # type: ignore[arg-type]
        if next(halves, None) is not None:
            raise ValueError(f"{path}: more weights than this network has")
        _normalise(net, blocks, network.prepared(pixels, side_px))
    return net


def _blocks(layer: nn.Module) -> list[nn.Sequential]:
    """Convolution with normalisation, in the order in which export writes them."""
    if isinstance(layer, Residual):
        return [layer.first, layer.second] + ([layer.skip] if isinstance(layer.skip, nn.Sequential) else [])
    return [layer] if isinstance(layer, nn.Sequential) else []


def _take(parameter: Tensor, weights: Iterator[Tensor]) -> None:
    found = next(weights, None)
    if found is None or found.shape != parameter.shape:
        raise ValueError(f"a weight of shape {tuple(parameter.shape)} is missing")
    parameter.copy_(found)


def _normalise(net: nn.Sequential, blocks: list[nn.Sequential], batch: Tensor) -> None:
    """Give each normalisation the statistics of what reaches it, and undo them in its own scale and shift."""

    def undo(norm: nn.Module, inputs: tuple[Tensor]) -> None:
        mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3), correction=0)
        norm.running_mean.copy_(mean)
        norm.running_var.copy_(variance)
        norm.weight.copy_(torch.sqrt(variance + norm.eps))
        norm.bias.add_(mean)

    hooks = [block[1].register_forward_pre_hook(undo) for block in blocks]
    net.eval()(batch)
    for hook in hooks:
        hook.remove()
