"""What a run keeps for the next in its work folder: written whole or not at all, and known by what it was made from."""

import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

T = TypeVar("T")


def write_whole(path: Path, write: Callable[[Path], T]) -> T:
    """`write` a file beside `path` and put it in its place: a run that was interrupted leaves nothing half written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"part-{path.name}")  # numpy adds .npz to names that end otherwise
    try:
        answer = write(part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return answer


def fingerprint(arrays: Iterable[npt.NDArray[np.generic]]) -> str:
    """Eight hex digits that are others when a number, its kind or the shape is."""
    sum_ = 0
    for array in arrays:
        sum_ = zlib.crc32(f"{array.dtype.str}{array.shape}".encode(), sum_)
        sum_ = zlib.crc32(np.ascontiguousarray(array).tobytes(), sum_)
    return f"{sum_:08x}"
