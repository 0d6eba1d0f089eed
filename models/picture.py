"""Picture files as RGB arrays, refused from their header when they are too large to be worth decoding.

Imports cv2; command-line tools, the trainer and tests call it.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import cv2
import numpy as np
import numpy.typing as npt

from models.errors import PictureUnreadable
from models.pipeline import RgbImage

MAX_PIXELS = 60_000_000
MIN_SIDE_PX = 16
WORKING_SIDE_PX = 1920
"""Longer pictures are scaled down to this before faces are looked for."""

_HEADER_BYTES = 1 << 20  # a JPEG may carry a large thumbnail and profile before its size
_WHITE = 255


@dataclass(frozen=True, slots=True)
class Picture:
    """uint8 [h, w, 3] and how much smaller it is than the file's own pixels (1 = not at all)."""

    rgb: RgbImage
    shrink: float


def load_picture(path: Path) -> Picture:
    """Decode JPEG, PNG, WebP, BMP or TIFF; EXIF turned upright, alpha on white, 16 bits to 8. Raises PictureUnreadable."""
    content = _content(path)
    size = picture_size(content[:_HEADER_BYTES])
    if size is None:
        _fail("not_a_picture", "this is not a picture of a kind that can be read (JPEG, PNG, WebP, BMP, TIFF)")
    width, height = size
    if width * height > MAX_PIXELS:
        _fail(
            "too_large", f"the picture has {width}x{height} pixels; the limit is {MAX_PIXELS // 1_000_000} megapixels"
        )
    if min(width, height) < MIN_SIDE_PX:
        _fail("too_small", f"the picture has {width}x{height} pixels; a face needs at least {MIN_SIDE_PX} on each side")
    return shrink_to(_decode(content), WORKING_SIDE_PX)


def shrink_to(rgb: RgbImage, longest_px: int) -> Picture:
    """The picture, area-averaged when its longer side is beyond `longest_px`."""
    factor = max(rgb.shape[:2]) / longest_px
    if factor <= 1:
        return Picture(rgb, 1.0)
    small = cv2.resize(rgb, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA)
    return Picture(np.asarray(small, dtype=np.uint8), factor)


def picture_size(head: bytes) -> tuple[int, int] | None:
    """Width and height as the file's first bytes state them; None when it is no known picture."""
    for magic, reader in _READERS:
        if head.startswith(magic):
            try:
                return reader(head)
            except (struct.error, IndexError):
                return None
    return None


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            _fail("missing", "there is no such file")
        content = path.read_bytes()
    except OSError as error:
        raise PictureUnreadable("unreadable", f"the file cannot be read: {error.strerror}") from error
    if not content:
        _fail("empty", "the file is empty")
    return content


def _decode(content: bytes) -> RgbImage:
    raw = np.frombuffer(content, dtype=np.uint8)
    try:
        picture = cv2.imdecode(raw, cv2.IMREAD_UNCHANGED)
        if picture is not None and not (picture.ndim == 3 and picture.shape[2] == 4):
            picture = cv2.imdecode(raw, cv2.IMREAD_COLOR)  # again, because only this turns it as EXIF says
    except cv2.error as error:
        raise PictureUnreadable("broken", "the picture is damaged and cannot be decoded") from error
    if picture is None:
        _fail("broken", "the picture is damaged and cannot be decoded")
    if picture.shape[2] == 4:
        picture = _on_white(picture)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _on_white(bgra: npt.NDArray[Any]) -> RgbImage:
    top = np.iinfo(bgra.dtype).max if np.issubdtype(bgra.dtype, np.integer) else 1.0
    alpha = bgra[..., 3:].astype(np.float32) / top
    colour = bgra[..., :3].astype(np.float32) * (_WHITE / top)
    return np.asarray(colour * alpha + _WHITE * (1 - alpha), dtype=np.uint8)


def _png(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _bmp(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack("<ii", head[18:26])
    return abs(width), abs(height)


def _jpeg(head: bytes) -> tuple[int, int]:
    """Walk the segments to the frame header (SOF0..15 without DHT, JPG and DAC)."""
    at = 2
    while True:
        if head[at] != 0xFF:
            raise IndexError
        kind = head[at + 1]
        if kind == 0xFF:
            at += 1
        elif 0xC0 <= kind <= 0xCF and kind not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        else:
            at += 2 + struct.unpack(">H", head[at + 2 : at + 4])[0]


def _webp(head: bytes) -> tuple[int, int]:
    kind = head[12:16]
    if head[8:12] != b"WEBP":
        raise IndexError
    if kind == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", head[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _tiff(head: bytes) -> tuple[int, int]:
    """Tags 256 and 257 of the first directory."""
    order = "<" if head.startswith(b"II") else ">"
    at = struct.unpack(order + "I", head[4:8])[0]
    sides = {}
    for entry in range(struct.unpack(order + "H", head[at : at + 2])[0]):
        field = head[at + 2 + 12 * entry : at + 14 + 12 * entry]
        tag, kind = struct.unpack(order + "HH", field[:4])
        sides[tag] = struct.unpack(order + ("H" if kind == 3 else "I"), field[8 : 10 if kind == 3 else 12])[0]
    try:
        return sides[256], sides[257]
    except KeyError:
        raise IndexError from None


_READERS: tuple[tuple[bytes, Callable[[bytes], tuple[int, int]]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _png),
    (b"\xff\xd8", _jpeg),
    (b"BM", _bmp),
    (b"RIFF", _webp),
    (b"II*\x00", _tiff),
    (b"MM\x00*", _tiff),
)


def _fail(key: str, sentence: str) -> NoReturn:
    raise PictureUnreadable(key, sentence)
