"""Films made up here whose frames stand where a test wants them."""

from collections.abc import Sequence
from itertools import repeat
from pathlib import Path

import cv2
import numpy as np


def film(path: Path, times_ms: Sequence[int], side_px: int = 64, light: Sequence[int] = ()) -> Path:
    """Matroska with one JPEG at each of the times, which are the only thing that says how fast it goes; `light`: each one's gray."""
    head = _element(
        "1A45DFA3", _count("4286", 1) + _count("42F7", 1) + _element("4282", b"matroska") + _count("4287", 4)
    )
    sizes = _element("E0", _count("B0", side_px) + _count("BA", side_px))
    track = _element("AE", _count("D7", 1) + _count("73C5", 1) + _count("83", 1) + _element("86", b"V_MJPEG") + sizes)
    blocks = (
        _element("1F43B675", _count("E7", at) + _element("A3", b"\x81\0\0\x80" + _jpeg(side_px, gray)))
        for at, gray in zip(times_ms, light or repeat(90), strict=False)
    )
    about = _element("1549A966", _count("2AD7B1", 1_000_000)) + _element("1654AE6B", track)
    path.write_bytes(head + _element("18538067", about + b"".join(blocks)))
    return path


def _jpeg(side_px: int, gray: int) -> bytes:
    return cv2.imencode(".jpg", np.full((side_px, side_px, 3), gray, np.uint8))[1].tobytes()


def _element(number: str, content: bytes) -> bytes:
    return bytes.fromhex(number) + (len(content) | 1 << 56).to_bytes(8, "big") + content


def _count(number: str, value: int) -> bytes:
    return _element(number, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))
