"""The face network changed to be run as it is meant: its 8-bit weights written out as floats, and nothing but `data` left as input.

As published it asks for weights as inputs that it does not use, so that onnxruntime and OpenCV 5 refuse to run it, and it
unpacks the others at every run. The file on the disk stays the publisher's, with the publisher's hash; this happens in memory when it is loaded.
Pure; only models.embedding uses it.

An ONNX file is one protobuf message. What is not understood is copied as it stands. Field numbers are those of onnx.proto.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from models.errors import ParametersUnusable
from models.onnx_bytes import message, tensor

_GRAPH = 7  # of ModelProto
_NODE, _INITIALIZER, _INPUT, _VALUE_INFO = 1, 5, 11, 13  # of GraphProto
_NODE_INPUT, _NODE_OUTPUT, _OP_TYPE, _ATTRIBUTE = 1, 2, 4, 5  # of NodeProto
_ATTRIBUTE_NAME, _ATTRIBUTE_INT = 1, 3  # of AttributeProto
_DIMS, _DATA_TYPE, _FLOAT_DATA, _INT32_DATA, _NAME, _RAW_DATA = 1, 2, 4, 5, 8, 9  # of TensorProto
_FLOAT, _INT8 = 1, 3  # TensorProto.DataType
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types
_WIDTHS = {_FIXED64: 8, _FIXED32: 4}

_Array = npt.NDArray[np.float32] | npt.NDArray[np.int8]


def folded(network: bytes, data_input: str = "data") -> bytes:
    """The same network with every DequantizeLinear of constants done. Raise ParametersUnusable when it is not such a file."""
    try:
        return b"".join(
            message(_GRAPH, _folded_graph(one.content, data_input)) if one.number == _GRAPH else one.raw
            for one in _fields(memoryview(network))
        )
    except (IndexError, KeyError, ValueError, UnicodeDecodeError) as error:
        raise ParametersUnusable(f"not a network of 8-bit weights ({type(error).__name__}: {error})") from error


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a message. `raw`: with its tag, as it stands in the file."""

    number: int
    raw: memoryview
    content: memoryview
    value: int = 0  # of a varint


@dataclass(frozen=True, slots=True)
class _Node:
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: Mapping[str, int] = field(default_factory=dict)  # attributes that are whole numbers


def _folded_graph(graph: memoryview, data_input: str) -> bytes:
    parts = list(_fields(graph))
    tensors = {_name_of(part.content): part.content for part in parts if part.number == _INITIALIZER}
    unpacking = {
        node.outputs[0]: node
        for part in parts
        if part.number == _NODE and (node := _node(part.content)).kind == "DequantizeLinear"
    }
    packed = {name for node in unpacking.values() for name in node.inputs}
    made = [message(_INITIALIZER, tensor(name, _unpacked(node, tensors))) for name, node in unpacking.items()]
    return b"".join([*(bytes(part.raw) for part in parts if _stays(part, packed, data_input)), *made])


def _stays(part: _Field, packed: set[str], data_input: str) -> bool:
    match part.number:
        case 1:  # _NODE
            return _node(part.content).kind != "DequantizeLinear"
        case 5:  # _INITIALIZER
            return _name_of(part.content) not in packed
        case 11:  # _INPUT
            return _text(part.content, 1) == data_input
        case 13:  # _VALUE_INFO: shapes that are worked out again
            return False
        case _:
            return True


def _unpacked(node: _Node, tensors: Mapping[str, memoryview]) -> npt.NDArray[np.float32]:
    """(x - zero) * scale, one scale for `block_size` values along `axis`; exact in every step, so the same everywhere."""
    quantised, scale, zero = (_array(tensors[name]) for name in node.inputs)
    axis, block = node.numbers["axis"], node.numbers["block_size"]
    places = np.arange(quantised.shape[axis]) // block
    wide = quantised.astype(np.float32) - np.take(zero, places, axis).astype(np.float32)
    return np.asarray(wide * np.take(scale, places, axis), dtype=np.float32)


def _array(tensor: memoryview) -> _Array:
    fields = list(_fields(tensor))
    dims = [one.value for one in fields if one.number == _DIMS]
    (kind,) = (one.value for one in fields if one.number == _DATA_TYPE)
    (content,) = (one for one in fields if one.number in {_RAW_DATA, _FLOAT_DATA, _INT32_DATA})
    if kind == _FLOAT:
        return np.frombuffer(content.content, "<f4").reshape(dims)
    if kind == _INT8 and content.number == _RAW_DATA:
        return np.frombuffer(content.content, np.int8).reshape(dims)
    if kind == _INT8:
        return np.array(list(_varints(content.content)), np.uint64).astype(np.int8).reshape(dims)
    raise ValueError(f"data type {kind}")


def _node(content: memoryview) -> _Node:
    fields = list(_fields(content))
    attributes = [list(_fields(one.content)) for one in fields if one.number == _ATTRIBUTE]
    numbers = {
        bytes(name.content).decode(): number.value
        for attribute in attributes
        for name in attribute
        for number in attribute
        if name.number == _ATTRIBUTE_NAME and number.number == _ATTRIBUTE_INT
    }
    texts = {
        number: tuple(bytes(one.content).decode() for one in fields if one.number == number)
        for number in (_NODE_INPUT, _NODE_OUTPUT, _OP_TYPE)
    }
    return _Node(texts[_OP_TYPE][0], texts[_NODE_INPUT], texts[_NODE_OUTPUT], numbers)


def _name_of(tensor: memoryview) -> str:
    return _text(tensor, _NAME)


def _text(content: memoryview, number: int) -> str:
    return next(bytes(one.content).decode() for one in _fields(content) if one.number == number)


def _fields(content: memoryview) -> Iterator[_Field]:
    at = 0
    while at < len(content):
        start = at
        tag, at = _read_varint(content, at)
        value, kind = 0, tag & 7
        if kind == _VARINT:
            value, end = _read_varint(content, at)
        elif kind == _BYTES:
            size, at = _read_varint(content, at)
            end = at + size
        else:
            end = at + _WIDTHS[kind]
        if end > len(content):
            raise ValueError("it ends in the middle")
        yield _Field(tag >> 3, content[start:end], content[at:end], value)
        at = end


def _varints(packed: memoryview) -> Iterator[int]:
    at = 0
    while at < len(packed):
        value, at = _read_varint(packed, at)
        yield value


def _read_varint(raw: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
