"""What a picture file says of itself without being decoded: its size, and the tags of TIFF and EXIF. Pure; `models.picture` asks."""

import struct
from collections.abc import Callable

_SEGMENTS = 5000  # of a JPEG before its size; as many full ones are more than any file we read
_FILL_BYTES = 4096  # jumped over at once, which counts as a segment


def is_picture(begin: bytes) -> bool:
    """By its first 16 bytes."""
    return begin.startswith(tuple(magic for magic, _ in _READERS))


def picture_size(content: bytes) -> tuple[int, int] | None:
    """Width and height as the file states them; None when it is no known picture."""
    for magic, reader in _READERS:
        if content.startswith(magic):
            try:
                return reader(content)
            except (struct.error, IndexError):
                return None
    return None


def tags(head: bytes) -> dict[int, int]:
    """Of TIFF's first directory, wherever in the file that is: the value of each tag that is one number. Raises IndexError, struct.error."""
    order = "<" if head.startswith(b"II") else ">"
    at = struct.unpack(order + "I", head[4:8])[0]
    found = {}
    for entry in range(struct.unpack(order + "H", head[at : at + 2])[0]):
        field = head[at + 2 + 12 * entry : at + 14 + 12 * entry]
        tag, kind = struct.unpack(order + "HH", field[:4])
        found[tag] = struct.unpack(order + ("H" if kind == 3 else "I"), field[8 : 10 if kind == 3 else 12])[0]
    return found


def _png(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _bmp(head: bytes) -> tuple[int, int]:
    width, height = struct.unpack("<ii", head[18:26])
    return abs(width), abs(height)


def _jpeg(head: bytes) -> tuple[int, int]:
    """Walk the segments to the frame header (SOF0..15 without DHT, JPG and DAC), over fill bytes."""
    at = 2
    for _ in range(_SEGMENTS):
        if head[at] != 0xFF:
            raise IndexError
        fill = head[at + 1 : at + 1 + _FILL_BYTES]
        at += len(fill) - len(fill.lstrip(b"\xff"))
        kind = head[at + 1]
        if kind == 0xFF:
            continue  # more of them
        if 0xC0 <= kind <= 0xCF and kind not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", head[at + 2 : at + 4])[0]
    raise IndexError


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
    try:
        found = tags(head)
        return found[256], found[257]
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
