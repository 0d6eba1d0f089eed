"""The landmark network changed to do the same in less time: an activation once a row of the picture, not once a pixel.

XNNPACK calls its PReLU kernel for as many numbers as have slopes of their own: 8 to 128 channels of one pixel, which costs
more in calling than in doing. With the slopes written out for a whole row it is called once a row. The numbers stay the
same to the last bit and the network takes a sixth less. Pure; only models.face uses it.

The file is a FlatBuffer: what changes is appended, and the offsets that led to the old are turned there. Field numbers
are those of TensorFlow Lite's schema (schema.fbs).
"""

import struct
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

_MEMBER = "face_landmarks_detector.tflite"
_PRELU, _DEQUANTIZE = 54, 6  # BuiltinOperator
_ALIGNED = 16  # bytes; what kernels expect of constants
_ENTRY_HEADER = 30  # bytes of a zip entry before its name
_ALIGNMENT_FIELD = 0xD935  # as Android's zipalign calls it


def with_long_rows(task: Path) -> bytes:
    """A landmarker file with its landmark network changed."""
    made = BytesIO()
    with zipfile.ZipFile(task) as parts, zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as changed:
        for name in parts.namelist():
            content = parts.read(name)
            entry = zipfile.ZipInfo(name)
            entry.extra = _padding(made.tell() + _ENTRY_HEADER + len(name))
            changed.writestr(entry, lengthened(content) if name == _MEMBER else content)
    return made.getvalue()


def _padding(place: int) -> bytes:
    """The extra field of a zip entry after which its content stands aligned: MediaPipe reads it where it lies."""
    header = struct.Struct("<HH")  # the field's kind, bytes of its content
    pad_bytes = -(place + header.size) % _ALIGNED
    return header.pack(_ALIGNMENT_FIELD, pad_bytes) + bytes(pad_bytes)


def lengthened(network: bytes) -> bytes:
    """A TFLite network of one subgraph whose constant slopes of one value a channel are written out for a whole row."""
    raw = bytearray(network)
    model = _Table(raw, _u32(raw, 0))
    graph = model.tables(2)[0]
    tensors, buffers = graph.tables(0), model.tables(4)
    users = Counter(tensor.number(2) for tensor in tensors)
    unpacked = {outputs[0]: inputs[0] for inputs, outputs in _operators(model, graph, _DEQUANTIZE)}
    for (_, slope), (output,) in _operators(model, graph, _PRELU):
        packed = unpacked.get(slope, slope)
        width, channels = tensors[output].numbers(0)[-2:]
        place = tensors[packed].number(2)
        content = buffers[place].content(0)
        is_short = all(tensors[one].numbers(0) == (1, 1, channels) for one in (slope, packed))
        if is_short and content and users[place] == 1:
            buffers[place].turn(0, content * width, 1)
            for one in {slope, packed}:
                tensors[one].turn(0, struct.pack("<3i", 1, width, channels), 4)
    return bytes(raw)


def _operators(model: "_Table", graph: "_Table", kind: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Inputs and outputs of every operator of one kind."""
    kinds = [max(code.number(0, "<b"), code.number(3)) for code in model.tables(1)]
    for operator in graph.tables(3):
        if kinds[operator.number(0)] == kind:
            yield operator.numbers(1), operator.numbers(2)


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of a FlatBuffer at its place in the file. A field that is not there is 0 or empty."""

    raw: bytearray
    place: int

    def number(self, field: int, layout: str = "<i") -> int:
        at = self._at(field)
        return int(struct.unpack_from(layout, self.raw, at)[0]) if at else 0

    def numbers(self, field: int) -> tuple[int, ...]:
        start, count = self._vector(field)
        return struct.unpack_from(f"<{count}i", self.raw, start)

    def content(self, field: int) -> bytes:
        start, count = self._vector(field)
        return bytes(self.raw[start : start + count])

    def tables(self, field: int) -> list["_Table"]:
        start, count = self._vector(field)
        return [_Table(self.raw, at + _u32(self.raw, at)) for at in range(start, start + 4 * count, 4)]

    def turn(self, field: int, content: bytes, item_bytes: int) -> None:
        """Let a vector field that is there lead to new content at the end of the file."""
        self.raw.extend(bytes(-(len(self.raw) + 4) % _ALIGNED))
        at = self._at(field)
        struct.pack_into("<I", self.raw, at, len(self.raw) - at)
        self.raw.extend(struct.pack("<I", len(content) // item_bytes) + content)

    def _at(self, field: int) -> int:
        """Where the value of a field stands, 0 where it has none."""
        layout = self.place - struct.unpack_from("<i", self.raw, self.place)[0]
        size = struct.unpack_from("<H", self.raw, layout)[0]
        offset = struct.unpack_from("<H", self.raw, layout + 4 + 2 * field)[0] if 4 + 2 * field < size else 0
        return self.place + offset if offset else 0

    def _vector(self, field: int) -> tuple[int, int]:
        """Where its first item stands, and how many there are."""
        at = self._at(field)
        start = at + _u32(self.raw, at) if at else 0
        return (start + 4, _u32(self.raw, start)) if at else (0, 0)


def _u32(raw: bytearray, place: int) -> int:
    return int(struct.unpack_from("<I", raw, place)[0])
