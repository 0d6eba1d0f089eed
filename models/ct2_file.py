"""A model file of CTranslate2, read and written: named arrays behind a short head, all numbers little-endian. Pure.

The layout is that of version 6 as CTranslate2 4 writes it (`python/ctranslate2/specs/model_spec.py`, `_serialize`).
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from models.errors import ParametersUnusable

VERSION = 6
_KINDS: tuple[Any, ...] = (np.float32, np.int8, np.int16, np.int32, np.float16)  # by their number in the file

Array: TypeAlias = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Ct2Model:
    """What one file holds; `aliases` are second names of arrays."""

    spec: str
    revision: int
    arrays: Mapping[str, Array]
    aliases: Mapping[str, str]


def parse_ct2(content: bytes) -> Ct2Model:
    """The arrays lie in `content`, read-only; raises ParametersUnusable for anything else than such a file."""
    try:
        return _parsed(_Reader(content))
    except (struct.error, ValueError, IndexError) as error:
        raise ParametersUnusable(f"not a CTranslate2 model file ({error})") from error


def ct2_bytes(model: Ct2Model) -> bytes:
    """The file that `parse_ct2` reads as this."""
    head = struct.pack("<I", VERSION) + _text(model.spec) + struct.pack("<II", model.revision, len(model.arrays))
    arrays = (part for name, array in model.arrays.items() for part in _array(name, array))
    aliases = (_text(one) for pair in model.aliases.items() for one in pair)
    return b"".join((head, *arrays, struct.pack("<I", len(model.aliases)), *aliases))


@dataclass(slots=True)
class _Reader:
    content: bytes
    place: int = 0

    def number(self, layout: str) -> int:
        (value,) = struct.unpack_from(layout, self.content, self.place)
        self.place += struct.calcsize(layout)
        return int(value)

    def text(self) -> str:
        size = self.number("<H")
        self.place += size
        return self.content[self.place - size : self.place - 1].decode()  # without the zero at its end

    def array(self) -> Array:
        shape = [self.number("<I") for _ in range(self.number("<B"))]
        kind, size = np.dtype(_KINDS[self.number("<B")]), self.number("<I")
        self.place += size
        return np.frombuffer(self.content, kind, size // kind.itemsize, self.place - size).reshape(shape)


def _parsed(reader: _Reader) -> Ct2Model:
    version = reader.number("<I")
    if version != VERSION:
        raise ValueError(f"version {version}, not {VERSION}")
    spec, revision = reader.text(), reader.number("<I")
    arrays = {reader.text(): reader.array() for _ in range(reader.number("<I"))}
    aliases = {reader.text(): reader.text() for _ in range(reader.number("<I"))}
    return Ct2Model(spec, revision, arrays, aliases)


def _text(text: str) -> bytes:
    coded = text.encode() + b"\0"
    return struct.pack("<H", len(coded)) + coded


def _array(name: str, array: Array) -> tuple[bytes, bytes, bytes]:
    head = struct.pack(f"<B{array.ndim}IBI", array.ndim, *array.shape, _KINDS.index(array.dtype.type), array.nbytes)
    return _text(name), head, array.tobytes()
