"""The trained network and head as files: ONNX with weights of 8 and 16 bits, TOML with every number by its name."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from torch import nn

from models.geometry import CROP_PX
from models.movements import EMOTIONS, FEATURES
from models.pipeline import CLASSES, SmileRule, TearfulRule
from training import network
from training.head import LinearHead
from training.network import OUTPUTS, Bend
from training.tables import without_margin

_LARGE = 32
"""Numbers behind one of a kernel's channels from which on it is written in 8 bits."""

_ROUNDING = 0.5
"""How far an emotion's logit may be moved by weights of 8 bits in a network that hardly learnt; in the one in use it is .14 at most."""


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

    def kernel(self, values: torch.Tensor) -> str:
        """Large kernels in 8 bits with a scale for each channel that comes out, small ones in 16; computed in fp32 either way."""
        if values[0].numel() < _LARGE:
            return self.weight(values)
        whole = values.detach().numpy()
        scale = np.abs(whole).reshape(len(whole), -1).max(1).reshape(-1, *[1] * (whole.ndim - 1)) / 127
        steps = self.constant(np.round(whole / scale).astype(np.int8))
        return self.node(
            "Mul", [self.node("Cast", [steps], to=TensorProto.FLOAT), self.constant(scale.astype(np.float32))]
        )


def write_network(net: nn.Sequential, path: Path) -> int:
    """Input `crop` [n, 1, 64, 64] with grays 0..255; standardised inside, normalisation folded in.

    Returns the number of parameters.
    """
    graph = Graph()
    last = _prepared(graph)
    for layer in net[:-3]:
        last = _layer(graph, layer, last)
    _answers(graph, net[-3], net[-1], last)  # type: ignore[arg-type]
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
    trained = (TensorProto.FLOAT16, TensorProto.INT8)
    return sum(int(np.prod(weight.dims)) for weight in graph.weights if weight.data_type in trained)


def check_written(net: nn.Sequential, pixels: npt.NDArray[np.uint8], path: Path) -> None:
    """Raise ValueError when the file does not answer crops with margin, uint8 [n, 88, 88], as the network does."""
    given = {"crop": without_margin(pixels)[:, None].astype(np.float32)}
    (written,) = ReferenceEvaluator(str(path)).run(None, given)  # type: ignore[misc]
    with torch.no_grad():
        away = float(np.abs(_emotions(written) - _emotions(net(network.prepared(pixels)).numpy())).max())
    if away > _ROUNDING:
        raise ValueError(f"{path} answers otherwise than the network, by {away:.2f}")


def _emotions(logits: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Without the last answer, whether the face is hidden: sure of it, it is at -8 or at -9, which is the same."""
    return logits[:, : network.HIDDEN]


def write_head(head: LinearHead, smile: SmileRule, tearful: TearfulRule, day: date, path: Path) -> None:
    """Slopes for the features as they come (standardisation folded in), grouped by class."""
    weights = head.weights / head.scale
    bias = head.bias - weights @ head.mean
    lines = [
        "# Expression head: softmax((weights . features + bias) / temperature). Written by scripts/train_expression.",
        "# Features: MediaPipe blendshapes, left and right averaged (0..1), and the network's log-probabilities (net_*).",
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
        lines += [f"{feature} = {weights[row, i]:.5f}" for i, feature in enumerate(FEATURES)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _prepared(graph: Graph) -> str:
    """The same steps as network.standardise."""
    axes = graph.constant(np.array([1, 2, 3], np.int64))
    centred = graph.node("Sub", ["crop", graph.node("ReduceMean", ["crop", axes], keepdims=1)])
    square = graph.node("Mul", [centred, centred])
    deviation = graph.node("Sqrt", [graph.node("ReduceMean", [square, axes], keepdims=1)])
    floor = graph.constant(np.array(network.DEVIATION_FLOOR, np.float32))
    return graph.node("Div", [centred, graph.node("Add", [deviation, floor])])


def _layer(graph: Graph, layer: nn.Module, last: str) -> str:
    if isinstance(layer, nn.Sequential):
        return _bent_convolution(graph, layer[0], layer[1], last)  # type: ignore[arg-type]
    if isinstance(layer, nn.AdaptiveAvgPool2d):
        return graph.node("GlobalAveragePool", [last])
    if isinstance(layer, nn.Flatten):
        return graph.node("Flatten", [last])
    raise TypeError(f"no ONNX form written for {type(layer).__name__}")


def _answers(graph: Graph, norm: nn.BatchNorm1d, linear: nn.Linear, last: str) -> None:
    """The last layer with the normalisation before it folded in."""
    factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)  # type: ignore[arg-type]
    weights = linear.weight * factor
    bias = linear.bias + linear.weight @ norm.bias - weights @ norm.running_mean
    graph.node("Gemm", [last, graph.weight(weights), graph.weight(bias)], transB=1)


def _bent_convolution(graph: Graph, conv: nn.Conv2d, bend: Bend, last: str) -> str:
    """The bend as relu(z) + share * z of a convolution made smaller by what that adds above zero: PRelu itself takes twice the network's time."""
    left = 1 - bend.below
    kernel, bias = graph.kernel(conv.weight * left[:, None, None, None]), graph.weight(conv.bias * left)  # type: ignore[operator]
    pad = conv.padding[0]
    z = graph.node("Conv", [last, kernel, bias], strides=list(conv.stride), pads=[pad] * 4, group=conv.groups)
    share = graph.weight((bend.below / left)[:, None, None])
    return graph.node("Add", [graph.node("Relu", [z]), graph.node("Mul", [z, share])])


assert len(EMOTIONS) + 1 == OUTPUTS  # noqa: S101  the runtime splits the outputs there
