"""The trained network and head as files: ONNX with half-precision weights, TOML with every number by its name."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from models.geometry import CROP_PX
from models.movements import EMOTIONS, FEATURES, FEATURES_OF_TWO
from models.pipeline import CLASSES, SmileRule, TearfulRule
from training import network
from training.head import LinearHead
from training.network import OUTPUTS, Residual


class Graph:
    """ONNX nodes and weights as they are added, in the order the network runs."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], **attributes: object) -> str:
        """Add a node; the answer is the name of its output."""
        name = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], name=name, **attributes))
        return name

    def constant(self, values: npt.NDArray[Any]) -> str:
        """Add a constant as it is; the answer is its name."""
        name = f"c{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values, name))
        return name

    def weight(self, values: torch.Tensor) -> str:
        """Store as fp16 and compute in fp32: half the bytes, and the runtime folds the cast when it loads."""
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(values.detach().numpy().astype(np.float16), name))
        return self.node("Cast", [name], to=TensorProto.FLOAT)


def write_network(net: nn.Sequential, side_px: int, path: Path) -> int:
    """Input `crop` [n, 1, 64, 64] with grays 0..255; sized and standardised inside, batch normalisation folded in.

    Returns the number of parameters.
    """
    graph = Graph()
    last = _prepared(graph, side_px)
    for layer in net:
        last = _layer(graph, layer, last)
    graph.nodes[-1].output[0] = "logits"
    proto = helper.make_graph(
        graph.nodes,
        "expression",
        [helper.make_tensor_value_info("crop", TensorProto.FLOAT, ["n", 1, CROP_PX, CROP_PX])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", OUTPUTS])],
        graph.weights,
    )
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    return sum(int(np.prod(weight.dims)) for weight in graph.weights if weight.data_type == TensorProto.FLOAT16)


def write_head(head: LinearHead, smile: SmileRule, tearful: TearfulRule, day: date, path: Path) -> None:
    """Slopes for the features as they come (standardisation folded in), grouped by class; of one network or two by their number."""
    features = FEATURES if head.weights.shape[1] == len(FEATURES) else FEATURES_OF_TWO
    weights = head.weights / head.scale
    bias = head.bias - weights @ head.mean
    lines = [
        "# Expression head: softmax((weights . features + bias) / temperature). Written by scripts/train_expression.",
        "# Features: MediaPipe blendshapes, left and right averaged (0..1), and the networks' log-probabilities (net_*, second_*).",
        f"version = {day:%Y%m%d}",
        f"temperature = {head.temperature:.4f}",
        "",
        "# An intensity rule, not learnt: no data at hand labels this level. Share of happy = logistic(slope * (breadth - midpoint)).",
        "[very_satisfied]",
        f"midpoint = {smile.midpoint}",
        f"slope = {smile.slope}",
        "",
        "# A rule, not learnt: closed lips smiling under closed eyes are no sign of joy; that share of happy becomes unhappy.",
        "[tearful]",
        f"eyes_closed = {tearful.eyes_closed}",
        f"lip_raised = {tearful.lip_raised}",
        f"moved = {tearful.moved}",
    ]
    for row, name in enumerate(CLASSES):
        lines += ["", f"[classes.{name}]", f"bias = {bias[row]:.5f}", f"[classes.{name}.weights]"]
        lines += [f"{feature} = {weights[row, i]:.5f}" for i, feature in enumerate(features)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _prepared(graph: Graph, side_px: int) -> str:
    """The same two steps as network._inner and network.standardise."""
    factor = side_px / CROP_PX
    scales = graph.constant(np.array([1, 1, factor, factor], np.float32))
    small = graph.node("Resize", ["crop", "", scales], mode="linear", antialias=1)
    axes = graph.constant(np.array([1, 2, 3], np.int64))
    centred = graph.node("Sub", [small, graph.node("ReduceMean", [small, axes], keepdims=1)])
    square = graph.node("Mul", [centred, centred])
    deviation = graph.node("Sqrt", [graph.node("ReduceMean", [square, axes], keepdims=1)])
    floor = graph.constant(np.array(network.DEVIATION_FLOOR, np.float32))
    return graph.node("Div", [centred, graph.node("Add", [deviation, floor])])


def _layer(graph: Graph, layer: nn.Module, last: str) -> str:
    if isinstance(layer, Residual):
        inner = _conv_block(graph, layer.second, _conv_block(graph, layer.first, last))
        skip = last if isinstance(layer.skip, nn.Identity) else _conv_block(graph, layer.skip, last)
        return graph.node("Relu", [graph.node("Add", [inner, skip])])
    if isinstance(layer, nn.Sequential):
        return _conv_block(graph, layer, last)
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        return graph.node("GlobalAveragePool", [last])
    if isinstance(layer, nn.Flatten):
        return graph.node("Flatten", [last])
    if isinstance(layer, nn.Linear):
        return graph.node("Gemm", [last, graph.weight(layer.weight), graph.weight(layer.bias)], transB=1)
    if isinstance(layer, nn.Dropout):
        return last
    raise TypeError(f"no ONNX form written for {type(layer).__name__}")


def _conv_block(graph: Graph, block: nn.Module, last: str) -> str:
    """Convolution with its normalisation folded in, then ReLU where the block has one."""
    conv, norm = block[0], block[1]  # type: ignore[index]
    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    kernel = graph.weight(conv.weight * factor[:, None, None, None])
    bias = graph.weight(norm.bias - norm.running_mean * factor)
    pad = conv.padding[0]
    last = graph.node("Conv", [last, kernel, bias], strides=list(conv.stride), pads=[pad] * 4)
    has_relu = len(block) > 2  # type: ignore[arg-type]
    return graph.node("Relu", [last]) if has_relu else last


assert len(EMOTIONS) + 1 == OUTPUTS  # noqa: S101  the runtime splits the outputs there
