"""An ONNX file as bytes, written without the onnx package: it is one protobuf message. Field numbers are those of onnx.proto. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

_IR_VERSION, _OPSET = 8, 18
_BYTES = 2  # the wire type of text, messages and packed numbers
_FLOAT = 1  # TensorProto.DataType
_INT, _INTS, _STRING = 2, 7, 3  # AttributeProto.AttributeType

Attribute = int | str | Sequence[int]


def varint(value: int) -> bytes:
    """A whole number from 0 on."""
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*made, value])


def number(place: int, value: int) -> bytes:
    """A field that is a whole number."""
    return varint(place << 3) + varint(value)


def message(place: int, content: Iterable[int]) -> bytes:
    """A field that is a message, or bytes."""
    body = bytes(content)
    return varint(place << 3 | _BYTES) + varint(len(body)) + body


def tensor(name: str, values: npt.NDArray[np.float32]) -> bytes:
    """TensorProto of 32-bit floats."""
    dims = b"".join(number(1, size) for size in values.shape)
    return dims + number(2, _FLOAT) + message(8, name.encode()) + message(9, values.astype("<f4").tobytes())


@dataclass(slots=True)
class Graph:
    """Nodes and constants as they are added, in the order in which the network runs."""

    _parts: list[bytes] = field(default_factory=list)
    _count: int = 0

    def constant(self, values: npt.NDArray[np.float32]) -> str:
        """Add a constant of 32-bit floats; the answer is its name."""
        name = self._name("c")
        self._parts.append(message(5, tensor(name, np.asarray(values, dtype=np.float32))))
        return name

    def node(self, kind: str, *inputs: str, **attributes: Attribute) -> str:
        """Add a node with one output; the answer is the output's name. An input that is left out is ''."""
        name = self._name("n")
        self._parts.append(message(1, _node(kind, inputs, name, attributes)))
        return name

    def model(self, given: str, shape: Sequence[int | str], answer: str, width: int) -> bytes:
        """The file: one input of floats, [n, width] floats as output; a size that is a word is any size."""
        ends = message(11, _floats(given, shape)) + message(12, _floats(answer, ["n", width]))
        graph = b"".join(self._parts) + message(2, b"graph") + ends
        return number(1, _IR_VERSION) + message(8, number(2, _OPSET)) + message(7, graph)

    def _name(self, letter: str) -> str:
        self._count += 1
        return f"{letter}{self._count}"


def _node(kind: str, inputs: Sequence[str], output: str, attributes: Mapping[str, Attribute]) -> bytes:
    named = b"".join(message(1, one.encode()) for one in inputs)
    extra = b"".join(message(5, _attribute(name, value)) for name, value in attributes.items())
    return named + message(2, output.encode()) + message(4, kind.encode()) + extra


def _attribute(name: str, value: Attribute) -> bytes:
    named = message(1, name.encode())
    if isinstance(value, int):
        return named + number(3, value) + number(20, _INT)
    if isinstance(value, str):
        return named + message(4, value.encode()) + number(20, _STRING)
    return named + b"".join(number(8, one) for one in value) + number(20, _INTS)


def _floats(name: str, shape: Sequence[int | str]) -> bytes:
    """ValueInfoProto."""
    dims = b"".join(message(1, message(2, s.encode()) if isinstance(s, str) else number(1, s)) for s in shape)
    return message(1, name.encode()) + message(2, message(1, number(1, _FLOAT) + message(2, dims)))
