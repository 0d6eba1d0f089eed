"""A network that looks at colour pictures changed to take them blue first, as cameras and OpenCV hand them over.

The weights of its first convolution change places instead of the bytes of every frame: turning 640x480 pixels round costs
.2 ms of CPU. The sums run in another order, so the numbers differ in their last bits. Pure; models.task_file uses it.
"""

from math import prod

from models.tflite_file import CONV_2D, opened, operators, unpacked

_COLOURS = 3


def taking_blue_first(network: bytes) -> bytes:
    """A TFLite network of one subgraph whose input, a picture, is taken by one convolution. Raises ValueError for another."""
    raw = bytearray(network)
    model, graph = opened(raw)
    tensors, buffers = graph.tables(0), model.tables(4)
    packing = unpacked(model, graph)
    (picture,) = graph.numbers(1)
    looking = [inputs[1] for inputs, _ in operators(model, graph, CONV_2D) if inputs[0] == picture]
    if len(looking) != 1 or tensors[looking[0]].numbers(0)[-1] != _COLOURS:
        raise ValueError("not a network whose first step is one convolution of a colour picture")
    weights = tensors[packing.get(looking[0], looking[0])]
    content = buffers[weights.number(2)]
    size = len(content.content(0)) // prod(weights.numbers(0))
    content.overwrite(0, _turned_round(content.content(0), size))
    return bytes(raw)


def _turned_round(weights: bytes, size: int) -> bytes:
    """Numbers of `size` bytes, of every three the first and the last exchanged."""
    pixel = _COLOURS * size
    turned = bytearray(weights)
    for byte in range(size):
        turned[byte::pixel], turned[2 * size + byte :: pixel] = weights[2 * size + byte :: pixel], weights[byte::pixel]
    return bytes(turned)
