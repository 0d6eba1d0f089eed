"""A second opinion on a face: face-api.js's small expression network, written as ONNX from the two files that its package publishes.

Other people's weights (MIT): pulled by whoever wants them (models/manifest.toml), never in the repository. Shape and
constants: face-api.js 0.22, FaceFeatureExtractor and fullyConnectedLayer. Pure but for reading the two files.
"""

import json
from collections.abc import Mapping
from math import prod

import numpy as np

from models.errors import ParametersUnusable
from models.geometry import CROP_PX
from models.movements import EMOTIONS
from models.onnx_bytes import Graph
from models.pipeline import FloatArray
from models.second_files import SecondFiles

SIDE_PX = 112
_ORDER = ("neutral", "happy", "sad", "angry", "fear", "disgust", "surprise")
IN_OURS = [_ORDER.index(name) for name in EMOTIONS]
MEAN = np.array([122.782, 117.001, 104.298]).reshape(1, 3, 1, 1)
LOW_DEVIATION = 36.0
"""Gray levels; four of five photographs have more contrast. A dark or flat crop is lifted to it: at a fifth of the light every
fourth of the displeased faces found would be missed otherwise. Nothing else of the light is evened out, the network was not trained so."""
MIDDLE_GRAY = 125.0
BLOCKS = 4
_CHANNELS = 256
_EVENLY, _RIGHT_AND_BELOW = [1, 1, 1, 1], [0, 0, 1, 1]
"""How TensorFlow pads at stride 1, and at stride 2 where the sides are even."""


def second_network(files: SecondFiles) -> bytes:
    """ONNX: `crop` [n, 1, 64, 64] with grays 0..255 in, [n, 7] logits in the order of EMOTIONS out.

    Raises ParametersUnusable, naming the file, when one of the two is missing or not of this network.
    """
    try:
        weights = unpacked(files.weights.read_bytes(), files.shapes.read_text(encoding="utf-8"))
        return _written(weights)
    except OSError as error:
        raise ParametersUnusable(f"{error.filename}: cannot be read ({error.strerror})") from error
    except (KeyError, TypeError, ValueError) as error:
        raise ParametersUnusable(f"{files.weights}: not face-api.js's expression network ({error})") from error


def unpacked(packed: bytes, shapes: str) -> dict[str, FloatArray]:
    """The named weights: 8 bits each, with a scale and a minimum, or 32-bit floats. Raises KeyError, TypeError, ValueError."""
    (group,) = json.loads(shapes)
    at, weights = 0, {}
    for one in group["weights"]:
        scale = one.get("quantization")
        values = np.frombuffer(packed, np.uint8 if scale else "<f4", prod(one["shape"]), at)
        at += values.nbytes
        plain = values.astype(np.float32) * (scale["scale"] if scale else 1) + (scale["min"] if scale else 0)
        weights[one["name"]] = np.asarray(plain, dtype=np.float32).reshape(one["shape"])
    if at != len(packed):
        raise ValueError(f"{len(packed)} bytes of weights, but their list names {at}")
    return weights


def _written(weights: Mapping[str, FloatArray]) -> bytes:
    graph = Graph()
    scales = graph.constant(np.array([1, 1, SIDE_PX / CROP_PX, SIDE_PX / CROP_PX]))
    large = graph.node("Resize", "crop", "", scales, mode="linear")
    centred = graph.node("Sub", _lifted(graph, large), graph.constant(MEAN))
    last = graph.node("Div", centred, graph.constant(np.array(255)))
    for number in range(BLOCKS):
        last = _block(graph, weights, last, f"dense{number}")
    pooled = graph.node("Flatten", graph.node("GlobalAveragePool", last))
    slopes = graph.constant(weights["fc/weights"].reshape(_CHANNELS, len(_ORDER))[:, IN_OURS])
    answer = graph.node("Gemm", pooled, slopes, graph.constant(weights["fc/bias"][IN_OURS]))
    return graph.model("crop", ["n", 1, CROP_PX, CROP_PX], answer, len(EMOTIONS))


def _lifted(graph: Graph, picture: str) -> str:
    """More contrast where there is little, and then also about middle gray: middle + centred * gain + (mean - middle) / gain."""
    middle = graph.constant(np.array(MIDDLE_GRAY))
    mean = graph.node("GlobalAveragePool", picture)
    centred = graph.node("Sub", picture, mean)
    deviation = graph.node("Sqrt", graph.node("GlobalAveragePool", graph.node("Mul", centred, centred)))
    one = graph.constant(np.array(1))
    wanted = graph.node("Div", graph.constant(np.array(LOW_DEVIATION)), graph.node("Add", deviation, one))
    gain = graph.node("Max", wanted, one)
    off_middle = graph.node("Div", graph.node("Sub", mean, middle), gain)
    return graph.node("Add", graph.node("Mul", centred, gain), graph.node("Add", off_middle, middle))


def _block(graph: Graph, weights: Mapping[str, FloatArray], last: str, name: str) -> str:
    """Four convolutions, each fed with the sum of those before it; the first halves the side."""
    if f"{name}/conv0/filters" in weights:
        kernel = graph.constant(weights[f"{name}/conv0/filters"].transpose(3, 2, 0, 1))
        bias = graph.constant(weights[f"{name}/conv0/bias"])
        first = graph.node("Conv", last, kernel, bias, strides=[2, 2], pads=_RIGHT_AND_BELOW)
    else:
        first = _separable(graph, weights, last, f"{name}/conv0", stride=2)
    total = rectified = graph.node("Relu", first)
    for number in range(1, 4):
        one = _separable(graph, weights, rectified, f"{name}/conv{number}")
        total = graph.node("Add", total, one)
        rectified = graph.node("Relu", total)
    return rectified


def _separable(graph: Graph, weights: Mapping[str, FloatArray], last: str, name: str, stride: int = 1) -> str:
    depthwise = weights[f"{name}/depthwise_filter"].transpose(2, 3, 0, 1)
    pads = _EVENLY if stride == 1 else _RIGHT_AND_BELOW
    apart = graph.node(
        "Conv", last, graph.constant(depthwise), strides=[stride, stride], pads=pads, group=len(depthwise)
    )
    pointwise = graph.constant(weights[f"{name}/pointwise_filter"].transpose(3, 2, 0, 1))
    return graph.node("Conv", apart, pointwise, graph.constant(weights[f"{name}/bias"]))
