import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import PictureUnreadable
from models.picture import MAX_PIXELS, WORKING_SIDE_PX, load_picture, picture_size


def _gradient(height: int = 120, width: int = 160) -> np.ndarray:
    ramp = np.linspace(0, 255, width, dtype=np.uint8)
    return np.repeat(np.tile(ramp, (height, 1))[..., None], 3, axis=2)


def _png_claiming(width: int, height: int) -> bytes:
    """A PNG header of the given size and hardly any content: what a decompression bomb looks like."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + b"\0" * 64


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".webp", ".tiff"])
def test_the_header_tells_the_size(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    assert cv2.imwrite(str(path), _gradient(90, 130))
    assert picture_size(path.read_bytes()[: 1 << 16]) == (130, 90)
    assert load_picture(path).rgb.shape == (90, 130, 3)


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "empty"),
        (b"this is a text file\n" * 40, "not_a_picture"),
        (b"\xff\xd8\xff\xe0 cut short", "not_a_picture"),
        (_png_claiming(10_000, 10_000), "too_large"),
        (_png_claiming(1, 1), "too_small"),
        (_png_claiming(300, 300), "broken"),
    ],
)
def test_what_cannot_be_scored_says_why(tmp_path: Path, content: bytes, key: str) -> None:
    path = tmp_path / "face.jpg"
    path.write_bytes(content)
    with pytest.raises(PictureUnreadable) as caught:
        load_picture(path)
    assert caught.value.key == key
    assert str(caught.value).strip()


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "nobody.jpg", tmp_path):
        with pytest.raises(PictureUnreadable) as caught:
            load_picture(path)
        assert caught.value.key == "missing"


def test_a_truncated_jpeg_does_not_crash(tmp_path: Path) -> None:
    good = cv2.imencode(".jpg", _gradient())[1].tobytes()
    path = tmp_path / "cut.jpg"
    for length in range(2, len(good), 97):
        path.write_bytes(good[:length])
        assert _outcome(path) in {"read", "broken", "not_a_picture"}


def _outcome(path: Path) -> str:
    try:
        load_picture(path)
    except PictureUnreadable as error:
        return error.key
    return "read"


def test_a_large_picture_is_scaled_down_and_says_by_how_much(tmp_path: Path) -> None:
    path = tmp_path / "wide.png"
    cv2.imwrite(str(path), np.zeros((1000, 2 * WORKING_SIDE_PX), np.uint8))
    picture = load_picture(path)
    assert picture.rgb.shape == (500, WORKING_SIDE_PX, 3)
    assert picture.shrink == 2
    assert 1000 * 2 * WORKING_SIDE_PX < MAX_PIXELS


def test_sixteen_bits_gray_and_alpha_become_rgb(tmp_path: Path) -> None:
    deep, gray, clear = tmp_path / "deep.png", tmp_path / "gray.png", tmp_path / "clear.png"
    cv2.imwrite(str(deep), (_gradient().astype(np.uint16) * 257))
    cv2.imwrite(str(gray), _gradient()[..., 0])
    cv2.imwrite(str(clear), np.dstack([_gradient(), np.zeros((120, 160), np.uint8)]))
    assert np.abs(load_picture(deep).rgb.astype(int) - _gradient()).max() <= 1
    assert np.array_equal(load_picture(gray).rgb, _gradient())
    assert (load_picture(clear).rgb == 255).all()


def test_exif_rotation_is_followed(tmp_path: Path) -> None:
    jpeg = cv2.imencode(".jpg", _gradient())[1].tobytes()
    tag = struct.pack(">HHIHH", 0x0112, 3, 1, 6, 0)  # turn clockwise by a quarter
    exif = b"Exif\0\0" + b"MM\0*" + struct.pack(">IH", 8, 1) + tag + struct.pack(">I", 0)
    path = tmp_path / "turned.jpg"
    path.write_bytes(jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + jpeg[2:])
    assert load_picture(path).rgb.shape == (160, 120, 3)
