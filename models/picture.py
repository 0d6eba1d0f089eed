"""Picture files as RGB arrays, refused from their header when they are too large to be worth decoding.

Imports cv2; command-line tools, the trainer and tests call it.
"""

import os
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import cv2
import numpy as np
import numpy.typing as npt

from models.errors import PictureUnreadable
from models.picture_header import is_picture, picture_size, tags
from models.pipeline import RgbImage

MAX_PIXELS = 60_000_000
MIN_SIDE_PX = 16
WORKING_SIDE_PX = 1920
"""Longer pictures are scaled down to this before faces are looked for."""

_MAX_BYTES = 1 << 28  # more than MAX_PIXELS take uncompressed with alpha
_SIGNATURE_BYTES = 16
_WHITE = 255
_ORIENTATION = 0x0112
_UPRIGHT: dict[int, Callable[[npt.NDArray[Any]], npt.NDArray[Any]]] = {  # EXIF's eight ways to hold a camera
    2: np.fliplr,
    3: partial(np.rot90, k=2),
    4: np.flipud,
    5: partial(np.swapaxes, axis1=0, axis2=1),
    6: partial(np.rot90, k=-1),
    7: lambda picture: np.rot90(picture.swapaxes(0, 1), k=2),
    8: np.rot90,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """uint8 [h, w, 3] and how much smaller it is than the file's own pixels (1 = not at all)."""

    rgb: RgbImage
    shrink: float


def load_picture(path: Path) -> Picture:
    """Decode JPEG, PNG, WebP, BMP or TIFF; EXIF turned upright, alpha on white, 16 bits to 8. Raises PictureUnreadable."""
    content = _content(path)
    size = picture_size(content)  # of the whole file: TIFF has it at the end, JPEG behind a preview of any length
    if size is None:
        _fail_kind()
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


def _content(path: Path) -> bytes:
    """The whole file, of which its first bytes said that it is a picture, and its length that it is one that can be."""
    try:
        if not path.is_file():
            _fail("missing", "there is no such file")
        with path.open("rb") as file:
            begin = file.read(_SIGNATURE_BYTES)
            if not begin:
                _fail("empty", "the file is empty")
            if not is_picture(begin):
                _fail_kind()
            if (length := os.fstat(file.fileno()).st_size) > _MAX_BYTES:
                _fail("too_large", f"the file has {length >> 20} MB; the limit is {_MAX_BYTES >> 20} MB")
            return begin + file.read()
    except OSError as error:
        raise PictureUnreadable("unreadable", f"the file cannot be read: {error.strerror}") from error


def _decode(content: bytes) -> RgbImage:
    raw = np.frombuffer(content, dtype=np.uint8)
    try:
        picture: npt.NDArray[Any] | None
        picture, kinds, notes = cv2.imdecodeWithMetadata(raw, flags=cv2.IMREAD_UNCHANGED)
        has_alpha = picture is not None and picture.ndim == 3 and picture.shape[2] == 4
        if picture is not None and not has_alpha:
            picture = cv2.imdecode(raw, cv2.IMREAD_COLOR)  # again, because only this turns it as EXIF says
    except cv2.error as error:
        raise PictureUnreadable("broken", "the picture is damaged and cannot be decoded") from error
    if picture is None:
        _fail("broken", "the picture is damaged and cannot be decoded")
    if has_alpha:
        picture = _upright(_on_white(picture), dict(zip(kinds, notes, strict=True)))
    return np.ascontiguousarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _upright(picture: npt.NDArray[Any], notes: dict[int, npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """As IMREAD_COLOR has it. EXIF is a TIFF without a picture; one that is damaged turns nothing."""
    exif = notes[cv2.IMAGE_METADATA_EXIF].tobytes() if cv2.IMAGE_METADATA_EXIF in notes else b""
    try:
        turn = _UPRIGHT.get(tags(exif).get(_ORIENTATION, 1))
    except (struct.error, IndexError):
        return picture
    return np.ascontiguousarray(turn(picture)) if turn else picture


def _on_white(bgra: npt.NDArray[Any]) -> RgbImage:
    top = np.iinfo(bgra.dtype).max if np.issubdtype(bgra.dtype, np.integer) else 1.0
    alpha = bgra[..., 3:].astype(np.float32) / top
    colour = bgra[..., :3].astype(np.float32) * (_WHITE / top)
    return np.asarray(colour * alpha + _WHITE * (1 - alpha), dtype=np.uint8)


def _fail_kind() -> NoReturn:
    _fail("not_a_picture", "this is not a picture of a kind that can be read (JPEG, PNG, WebP, BMP, TIFF)")


def _fail(key: str, sentence: str) -> NoReturn:
    raise PictureUnreadable(key, sentence)
