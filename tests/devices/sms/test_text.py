import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.sms.text import GSM_BASIC, Alphabet, alphabet_of, gsm_septets, normalise, part_count, split

NOTICE = (
    "Hồ sơ của ông bà đã có kết quả tại Bộ phận Một cửa phường. Mời đến tủ trả kết quả ngăn số mười hai trước mười bảy "
    "giờ hôm nay và mang theo giấy hẹn trả hồ sơ."
)
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=500)


def units(text: str) -> int:
    return len(text.encode("utf-16-be")) // 2


@pytest.mark.parametrize(
    ("text", "alphabet"),
    [
        ("Ma mo tu 482913", Alphabet.GSM7),
        ("Mã mở tủ 482913", Alphabet.UCS2),
        ("à è é ì ò ù É", Alphabet.GSM7),  # the seven accented Vietnamese letters that GSM 03.38 has
        ("giá {12 €}", Alphabet.UCS2),  # á is not in the alphabet although è is
        ("[12 €]", Alphabet.GSM7),
        ("😀", Alphabet.UCS2),
        ("", Alphabet.GSM7),
    ],
)
def test_alphabet(text: str, alphabet: Alphabet) -> None:
    assert alphabet_of(text) is alphabet


def test_only_seven_accented_vietnamese_letters_are_gsm() -> None:
    bases, marks = "aăâeêioôơuưy", "\u0300\u0301\u0303\u0309\u0323"
    lower = {unicodedata.normalize("NFC", b + m) for b in bases for m in ("", *marks)} | {"đ"}
    accented = {letter for low in lower for letter in (low, low.upper()) if not letter.isascii()}
    assert len(accented) == 134
    assert {letter for letter in accented if alphabet_of(letter) is Alphabet.GSM7} == set("àèéìòùÉ")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("ố" * 70, 1),
        ("ố" * 71, 2),
        ("ố" * 134, 2),
        ("ố" * 135, 3),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("[" * 80, 1),
        ("[" * 81, 2),
        (NOTICE, 3),
    ],
)
def test_part_count(text: str, parts: int) -> None:
    assert part_count(text) == parts


def test_decomposed_text_costs_no_more_than_composed() -> None:
    assert split(unicodedata.normalize("NFD", NOTICE)) == split(NOTICE)


def test_surrogate_pair_moves_whole_to_the_next_part() -> None:
    assert split("ố" * 66 + "😀" + "ố" * 10) == ("ố" * 66, "😀" + "ố" * 10)


def test_escape_pair_moves_whole_to_the_next_part() -> None:
    assert split("a" * 152 + "€" + "a" * 10) == ("a" * 152, "€" + "a" * 10)


def test_default_alphabet_has_its_128_codes() -> None:
    assert len(GSM_BASIC) == 128
    assert list(gsm_septets("@ A_~")) == [0x00, 0x20, 0x41, 0x11, 0x1B, 0x3D]


def test_septets_refuse_a_letter_outside() -> None:
    with pytest.raises(ValueError, match=r"GSM 03\.38"):
        list(gsm_septets("Mã"))


@given(ANY_TEXT)
def test_parts_join_to_the_normal_form(text: str) -> None:
    assert "".join(split(text)) == normalise(text)


@given(ANY_TEXT)
def test_every_part_fits(text: str) -> None:
    parts = split(text)
    alphabet = alphabet_of(normalise(text))
    room = alphabet.single if len(parts) == 1 else alphabet.part
    size = units if alphabet is Alphabet.UCS2 else (lambda part: len(list(gsm_septets(part))))
    assert all(size(part) <= room for part in parts)
    assert len(parts) == 1 or all(parts)


@given(ANY_TEXT)
def test_every_part_can_be_encoded_alone(text: str) -> None:
    for part in split(text):
        assert part.encode("utf-16-be").decode("utf-16-be") == part
