import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.errors import PictureUnreadable
from models.picture import MAX_PIXELS, WORKING_SIDE_PX, load_picture
from models.picture_header import picture_size


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


def _exif(orientation: int) -> bytes:
    tag = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    return b"MM\0*" + struct.pack(">IH", 8, 1) + tag + struct.pack(">I", 0)


def _with_segment(jpeg: bytes, content: bytes) -> bytes:
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(content) + 2) + content + jpeg[2:]


def test_exif_rotation_is_followed(tmp_path: Path) -> None:
    jpeg = cv2.imencode(".jpg", _gradient())[1].tobytes()
    path = tmp_path / "turned.jpg"
    path.write_bytes(_with_segment(jpeg, b"Exif\0\0" + _exif(6)))  # clockwise by a quarter
    assert load_picture(path).rgb.shape == (160, 120, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_with_alpha_is_turned_as_one_without(tmp_path: Path, orientation: int) -> None:
    found = []
    corner = _gradient()
    corner[:30, :40] = (250, 10, 10)
    for picture in (corner, np.dstack([corner, np.full((120, 160), 255, np.uint8)])):
        png = cv2.imencode(".png", picture)[1].tobytes()
        chunk = b"eXIf" + _exif(orientation)
        path = tmp_path / "turned.png"
        path.write_bytes(
            png[:33] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + png[33:]
        )
        found.append(load_picture(path).rgb)
    plain, with_alpha = found
    assert np.array_equal(plain, with_alpha)


@pytest.mark.parametrize("exif", [b"MM\0*", b"nothing", _exif(6)[:17], _exif(99)])
def test_a_note_on_turning_that_says_nothing_turns_nothing(tmp_path: Path, exif: bytes) -> None:
    clear = np.dstack([_gradient(), np.full((120, 160), 255, np.uint8)])
    written, content = cv2.imencodeWithMetadata(
        ".png", clear, [cv2.IMAGE_METADATA_EXIF], [np.frombuffer(exif, np.uint8)]
    )
    assert written
    (path := tmp_path / "clear.png").write_bytes(content.tobytes())
    assert np.array_equal(load_picture(path).rgb, _gradient())


def test_a_tiff_that_tells_its_size_at_its_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    noise = np.random.default_rng(1).integers(0, 255, (800, 900, 3), dtype=np.uint8)
    assert cv2.imwrite(str(path), noise)
    assert struct.unpack("<I", path.read_bytes()[4:8])[0] > 1 << 20
    assert np.array_equal(load_picture(path).rgb, noise[..., ::-1])


def test_a_jpeg_with_a_megabyte_of_notes_before_its_size_is_read(tmp_path: Path) -> None:
    jpeg = cv2.imencode(".jpg", _gradient())[1].tobytes()
    for _ in range(20):
        jpeg = _with_segment(jpeg, bytes(60_000))
    (path := tmp_path / "telephone.jpg").write_bytes(jpeg)
    assert load_picture(path).rgb.shape == (120, 160, 3)


@pytest.mark.parametrize("fill", [1, 4095, 4096, 4097, 100_000])
def test_a_jpeg_with_fill_bytes_before_its_size_is_read(tmp_path: Path, fill: int) -> None:
    jpeg = cv2.imencode(".jpg", _gradient())[1].tobytes()
    assert picture_size(jpeg[:2] + b"\xff" * fill + jpeg[2:]) == (160, 120)


@pytest.mark.timeout(3)
@pytest.mark.parametrize("endless", [b"\xff" * 4, b"\xff\xe1\0\x02"], ids=["fill bytes", "empty segments"])
def test_a_jpeg_without_end_before_its_size_is_refused_at_once(endless: bytes) -> None:
    assert picture_size(b"\xff\xd8" + endless * (60 << 20 >> 2)) is None


@pytest.mark.parametrize(
    ("begin", "key"),
    [(b"", "not_a_picture"), (b"II*\0", "too_large"), (b"\x89PNG\r\n\x1a\n", "too_large"), (b"RIFF", "too_large")],
)
def test_a_file_larger_than_the_memory_is_refused_before_it_is_read(tmp_path: Path, begin: bytes, key: str) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.write(begin)
        file.truncate(200 << 30)
    with pytest.raises(PictureUnreadable) as caught:
        load_picture(path)
    assert caught.value.key == key
