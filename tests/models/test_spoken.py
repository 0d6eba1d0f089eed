"""Codes and numbers as they are said: three regions, both ways, and what was said among codes that exist."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.spoken import NAMES, choose, code_said, number_words, ways_to_say

KNOWN = ("H29.19-261124-0012", "H29.19-261124-0013", "H29.19-261123-0112", "000.00.00.H29-261124-0368")


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("hát mười chín chấm hai chín", "H19.29"),
        ("hát hai mươi chín chấm mười chín", "H29.19"),
        ("hờ hai chín chấm một chín", "H29.19"),
        ("H hai chín gạch ngang không không một hai", "H29-0012"),
        ("mã hồ sơ của tôi là không không một hai", "0012"),
        ("số không linh một hai", "0012"),
        ("ba mốt", "31"),
        ("bốn tư", "44"),
        ("hai lăm", "25"),
        ("hai nhăm", "25"),
        ("hăm lăm", "25"),
        ("hai mươi lăm", "25"),
        ("bẩy tám", "78"),
        ("mười", "10"),
        ("hai mươi ba mươi lăm", "2035"),
        ("một trăm linh năm", "105"),
        ("một trăm lẻ năm", "105"),
        ("hai trăm hai mươi mốt", "221"),
        ("ba trăm", "300"),
        ("ca mười hai", "K12"),
        ("bê vê kép ích xì i dài", "BWXY"),
        ("h29 không một", "H2901"),
        ("dạ em ơi", "M"),  # silly signs are harmless: no code that exists ends so
        ("", ""),
    ],
)  # fmt: skip
def test_signs_in_what_was_said(said: str, meant: str) -> None:
    assert code_said(said) == meant


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "không"), (10, "mười"), (11, "mười một"), (15, "mười lăm"), (21, "hai mươi mốt"), (24, "hai mươi bốn"),
        (25, "hai mươi lăm"), (40, "bốn mươi"), (100, "một trăm"), (105, "một trăm linh năm"), (111, "một trăm mười một"),
        (1001, "một nghìn không trăm linh một"), (2015, "hai nghìn không trăm mười lăm"), (90_000, "chín mươi nghìn"),
    ],
)  # fmt: skip
def test_numbers_in_words(number: int, words: str) -> None:
    assert number_words(number) == words


@given(st.integers(0, 999))
def test_a_number_said_is_the_number_heard(number: int) -> None:
    assert code_said(number_words(number)) == str(number)


@given(st.from_regex(r"[A-Z][0-9]{2}\.[0-9]{2}-[0-9]{6}-[0-9]{4}", fullmatch=True))
def test_every_way_to_say_a_code_is_understood(code: str) -> None:
    assert {code_said(sentence) for sentence in ways_to_say(code)} == {code}


@given(st.text(max_size=60))
def test_nothing_but_signs_comes_out_of_anything(said: str) -> None:
    allowed = {*NAMES, *"0123456789"}
    assert set(code_said(said)) <= allowed


def test_numbers_outside_the_range_are_refused() -> None:
    for number in (-1, 1_000_000):
        with pytest.raises(ValueError, match=re.escape("999,999")):
            number_words(number)


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("0012", ("H29.19-261124-0012",)),
        ("124-0012", ("H29.19-261124-0012",)),
        ("0368", ("000.00.00.H29-261124-0368",)),
        ("0014", ("H29.19-261124-0012", "H29.19-261124-0013")),  # one wrong digit: asked, never guessed
        ("9999", ()),
        ("12", ()),
        ("", ()),
    ],
)
def test_only_codes_that_exist_are_offered(said: str, found: tuple[str, ...]) -> None:
    assert choose(said, KNOWN) == found


def test_an_exact_end_leaves_no_doubt() -> None:
    assert choose("0112", KNOWN) == ("H29.19-261123-0112",)
