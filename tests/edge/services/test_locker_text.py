"""Every SMS to a citizen fits one part, whatever the longest dossier code, door and place are."""

import itertools

import pytest

from config.strings import LANGUAGES
from devices.sms.text import Alphabet, alphabet_of, part_count
from edge.domain.pickup_code import PickupCode
from edge.services.locker_text import LockerText, plain
from edge.store.locker_outbox import SmsKind, Words
from tests.edge.sentences import strings
from tests.edge.services.fakes import MORNING

DOSSIERS = ("000.00.00.H29-261121-00123", "H29.19-261121-0012", "261121-0012")
PLACES = (
    "UBND Phường Thủ Đức",
    "Trung tâm Phục vụ hành chính công Phường Thủ Đức",
    "Điểm “Một cửa” – nhà văn hoá [ấp 3]" * 2,
)
CASES = list(itertools.product(SmsKind, LANGUAGES, DOSSIERS, PLACES))


@pytest.mark.parametrize(("kind", "lang", "dossier", "place"), CASES)
def test_one_part_of_gsm_letters(kind: SmsKind, lang: str, dossier: str, place: str) -> None:
    words = Words("A12", dossier, "BN-261121-7F3K", lang)
    text = LockerText(strings(), place).compose(kind, words, MORNING, PickupCode("48291357"))
    assert (alphabet_of(text), part_count(text), text.isascii()) == (Alphabet.GSM7, 1, True)
    assert "A12" in text
    assert ("48291357" in text) is (kind is SmsKind.CODE)
    assert (dossier in text) is (kind is not SmsKind.RECEIPT)
    assert ("BN-261121-7F3K" in text) is (kind is SmsKind.RECEIPT)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("place", PLACES[:2])
def test_the_place_is_said(place: str, lang: str) -> None:
    words = Words("A12", DOSSIERS[0], lang=lang)
    text = LockerText(strings(), place).compose(SmsKind.CODE, words, MORNING, PickupCode("48291357"))
    assert text.startswith(plain(place) + ": ")


def test_a_place_too_long_is_left_out() -> None:
    text = LockerText(strings(), "Trung tâm " * 12).compose(SmsKind.CODE, Words("07", DOSSIERS[0]), MORNING, PickupCode("482913"))  # fmt: skip
    assert text.startswith("ket qua ho so")


def test_a_deposit_taken_back_is_named_by_its_receipt() -> None:
    text = LockerText(strings(), "Phường").compose(SmsKind.RECALLED, Words("07", receipt="BN-7F3K"), MORNING)
    assert text.startswith("Phuong: BN-7F3K da duoc")


@pytest.mark.parametrize(
    ("said", "sent"),
    [
        ("Đường Nguyễn Huệ, quận ỵ", "Duong Nguyen Hue, quan y"),
        ("e\u0302\u0301 – “a” `", "e - -a- -"),
        ("một\ncửa 😀", "mot\ncua -"),
    ],
)
def test_plain(said: str, sent: str) -> None:
    assert plain(said) == sent


def test_the_sentences_say_no_name_and_carry_no_accents() -> None:
    for lang in LANGUAGES:
        for kind in SmsKind:
            sentence = strings().text(f"sms.locker.{kind}", lang, **dict.fromkeys(("door", "dossier", "receipt", "since", "code"), "x"))  # fmt: skip
            assert sentence == plain(sentence)
