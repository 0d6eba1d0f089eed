"""What an ONNX file is made of, as bytes, written without the onnx package: it is one protobuf message. Field numbers are those of onnx.proto. Pure."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

_BYTES = 2  # the wire type of text, messages and packed numbers
_FLOAT = 1  # TensorProto.DataType


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
