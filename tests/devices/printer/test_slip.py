"""What the citizen holds: every Vietnamese letter has its own picture, nothing runs over the edge."""

import itertools
import unicodedata
from pathlib import Path

import pytest

from devices.printer.slip import NARROW, WIDE, Artist, FontMissing, Line, Size

_BASES = "aăâeêioôơuưy"
_MARKS = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")  # none, huyền, sắc, hỏi, ngã, nặng
LETTERS = [
    unicodedata.normalize("NFC", letter + mark)
    for base, mark in itertools.product(_BASES, _MARKS)
    for letter in (base, base.upper())
] + ["đ", "Đ"]  # fmt: skip


@pytest.fixture(scope="module")
def artist() -> Artist:
    return Artist()


def ink(artist: Artist, text: str, size: Size = Size.NORMAL) -> bytes:
    return artist.draw((Line(text, size),)).tobytes()


@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("dots", [WIDE, NARROW])
def test_all_134_letters_differ_and_none_is_the_box_of_a_missing_glyph(dots: int, size: Size) -> None:
    artist = Artist(dots)
    accented = [letter for letter in LETTERS if not letter.isascii()]
    pictures = {letter: ink(artist, letter, size) for letter in LETTERS}
    assert len(accented) == 134
    assert len(set(pictures.values())) == len(LETTERS)
    assert ink(artist, "\U000f0000", size) not in pictures.values()


def test_decomposed_letters_print_as_composed_ones(artist: Artist) -> None:
    text = "Trung tâm Phục vụ hành chính công"
    assert ink(artist, unicodedata.normalize("NFD", text)) == ink(artist, text)


@pytest.mark.parametrize("dots", [WIDE, NARROW])
@pytest.mark.parametrize("is_centred", [True, False])
def test_long_lines_wrap_and_keep_a_margin(dots: int, is_centred: bool) -> None:
    artist = Artist(dots)
    text = "Xác nhận tình trạng hôn nhân cho công dân Việt Nam cư trú trong nước " + "W" * 60
    picture = artist.draw((Line(text, Size.STRONG, is_centred),))
    box = picture.getbbox()
    assert box is not None
    assert picture.width == dots
    assert (box[0] >= 4, box[2] <= dots - 4) == (True, True)
    assert picture.height > 4 * artist.draw((Line("x", Size.STRONG),)).height


@pytest.mark.parametrize("dots", [WIDE, NARROW])
def test_a_receipts_id_stands_in_one_row(dots: int) -> None:
    artist = Artist(dots)
    heights = {artist.draw((Line(text, Size.HUGE),)).height for text in ("x", "BN-7K3P-M2QX", "BN-WQWQ-WQWX")}
    assert len(heights) == 1


def test_marks_of_one_line_do_not_touch_the_next(artist: Artist) -> None:
    one = artist.draw((Line("ỘẬỆ", Size.HUGE),))
    two = artist.draw((Line("ỘẬỆ", Size.HUGE), Line("ỘẬỆ", Size.HUGE)))
    assert two.tobytes() == one.tobytes() * 2
    box = one.getbbox()
    assert box is not None
    assert (box[1] > 0, box[3] < one.height) == (True, True)


def test_a_missing_font_says_which_package(tmp_path: Path) -> None:
    with pytest.raises(FontMissing, match="fonts-dejavu-core"):
        Artist(fonts=tmp_path)
