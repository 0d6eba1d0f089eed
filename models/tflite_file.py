"""A TFLite network as the FlatBuffer it is: its tables read where they lie, and changed by appending and turning offsets.

Field numbers are those of TensorFlow Lite's schema (schema.fbs). Pure; models.long_rows, models.first_token and
models.blue_first use it.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ADD, CONV_2D, DEQUANTIZE, TRANSPOSE, STRIDED_SLICE, PRELU = 0, 3, 6, 39, 45, 54  # BuiltinOperator
ALIGNED = 16  # bytes; what kernels expect of constants


def opened(raw: bytearray) -> tuple["Table", "Table"]:
    """The model in a file and its only subgraph."""
    model = Table(raw, u32(raw, 0))
    return model, model.tables(2)[0]


def operators(model: "Table", graph: "Table", kind: int) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Inputs and outputs of every operator of one kind."""
    for operator, its_kind in zip(graph.tables(3), kinds_of(model, graph), strict=True):
        if its_kind == kind:
            yield operator.numbers(1), operator.numbers(2)


def kinds_of(model: "Table", graph: "Table") -> list[int]:
    """The kind of every operator, in the order in which they run."""
    kinds = [max(code.number(0, "<b"), code.number(3)) for code in model.tables(1)]
    return [kinds[operator.number(0)] for operator in graph.tables(3)]


def unpacked(model: "Table", graph: "Table") -> dict[int, int]:
    """Tensors that are made of packed constants, and the number of the tensor that holds these."""
    return {outputs[0]: inputs[0] for inputs, outputs in operators(model, graph, DEQUANTIZE)}


@dataclass(frozen=True, slots=True)
class Table:
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

    def tables(self, field: int) -> list["Table"]:
        start, count = self._vector(field)
        return [Table(self.raw, at + u32(self.raw, at)) for at in range(start, start + 4 * count, 4)]

    def turn(self, field: int, content: bytes, item_bytes: int) -> None:
        """Let a vector field that is there lead to new content at the end of the file."""
        self.raw.extend(bytes(-(len(self.raw) + 4) % ALIGNED))
        at = self._at(field)
        struct.pack_into("<I", self.raw, at, len(self.raw) - at)
        self.raw.extend(struct.pack("<I", len(content) // item_bytes) + content)

    def arrange(self, field: int, tables: Sequence["Table"]) -> None:
        """Put the tables of a vector field into another order."""
        start, count = self._vector(field)
        if len(tables) != count:
            raise ValueError(f"{len(tables)} tables do not fit into {count}")
        for place, table in enumerate(tables):
            struct.pack_into("<I", self.raw, start + 4 * place, table.place - start - 4 * place)

    def overwrite(self, field: int, content: bytes) -> None:
        """Put other content of the same length into a vector field of bytes that is there."""
        start, count = self._vector(field)
        if len(content) != count:
            raise ValueError(f"{len(content)} bytes do not fit into {count}")
        self.raw[start : start + count] = content

    def _at(self, field: int) -> int:
        """Where the value of a field stands, 0 where it has none."""
        layout = self.place - struct.unpack_from("<i", self.raw, self.place)[0]
        size = struct.unpack_from("<H", self.raw, layout)[0]
        offset = struct.unpack_from("<H", self.raw, layout + 4 + 2 * field)[0] if 4 + 2 * field < size else 0
        return self.place + offset if offset else 0

    def _vector(self, field: int) -> tuple[int, int]:
        """Where its first item stands, and how many there are."""
        at = self._at(field)
        start = at + u32(self.raw, at) if at else 0
        return (start + 4, u32(self.raw, start)) if at else (0, 0)


def u32(raw: bytearray, place: int) -> int:
    return int(struct.unpack_from("<I", raw, place)[0])
