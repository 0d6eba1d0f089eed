"""Vietnamese names in their own order, and found without accents."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.alphabet import in_order, unaccented


@pytest.mark.parametrize(
    "names",
    [
        ["Phường Bến Mía", "Phường Cầu Tre", "Phường Dương Nội", "Phường Đồng Ao", "Phường Gò Dừa", "Phường Xóm Lưới"],
        ["ma", "mà", "mả", "mã", "má", "mạ", "măng", "mâm", "me", "mê"],
        ["on", "ôn", "ơn", "un", "ưn"],
        ["Điểm 1", "Điểm 2", "Điểm 10", "Điểm 10 A", "Điểm nhà"],
        ["2 tháng 9", "An Hải", "Zeta"],
        ["", "-", "a"],
        ["la", "là", "lá", "lan"],  # a longer word stands behind, whatever the tone
    ],
)
def test_the_order_of_a_dictionary(names: list[str]) -> None:
    mixed = list(names)
    random.Random(7).shuffle(mixed)
    assert sorted(mixed, key=in_order) == names


def test_letters_apart_from_their_marks_are_the_same_letters() -> None:
    assert in_order(unicodedata.normalize("NFD", "Đồng Ao"))[:2] == in_order("Đồng Ao")[:2]


@given(st.lists(st.text(max_size=30), max_size=8))
def test_any_names_have_one_order(names: list[str]) -> None:
    once = sorted(names, key=in_order)
    assert sorted([*once[1:], *once[:1]], key=in_order) == once


@pytest.mark.parametrize(
    ("written", "typed"),
    [("Bến Mía", "ben mia"), ("ĐỒNG AO", "dong ao"), ("Hộp 01", "hop 01"), ("bến", "bến")],
)
def test_found_without_accents(written: str, typed: str) -> None:
    assert unaccented(typed) in unaccented(written)
