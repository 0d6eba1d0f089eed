"""What citizens and officers scan and type: dossier codes, cards, receipts; and when a result is overdue."""

import random
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.domain.cccd import Cccd, NotACccd
from edge.domain.chain import ID_ALPHABET
from edge.domain.dossier import BadDossierCode, BadDossierDate, DossierCode
from edge.domain.msisdn import Msisdn
from edge.domain.overdue import OverdueRules, OverdueStep, RefuseSecond, days_waiting, due, refuse_second
from edge.domain.receipt_id import BadReceipt, ReceiptId
from edge.domain.scanned import Mistake, PhoneTail, Unreadable, read_text

LONG, SHORT = "000.00.00.H29-261124-0012", "H29.19-261124-0012"
CARD = "079203001234|211234567|Nguyễn Văn An|01022003|Nam|1 Lê Lợi, Bến Nghé, Quận 1, TP.HCM|12052021"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        (LONG, LONG),
        (LONG.lower(), LONG),
        (" 000.00.00.h29 - 261124 - 0012 ", LONG),
        ("000.00.00.H29–261124–0012", LONG),
        ("0000000H292611240012", LONG),
        ("000.00.00.H29/261124/0012", LONG),
        ("000.00.00.H29-261124-10012", "000.00.00.H29-261124-10012"),
        (SHORT, SHORT),
        ("h29.19-261124-0012", SHORT),
        ("H29-261124-0012", "H29-261124-0012"),
        ("H29.19.001-240229-00012", "H29.19.001-240229-00012"),
    ],
)
def test_dossier_codes(text: str, canonical: str) -> None:
    code = DossierCode.parse(text)

    assert (canonical, canonical, text.strip()) == (code.canonical, str(code), code.issued)


def test_the_date_of_receipt() -> None:
    assert date(2026, 11, 24) == DossierCode.parse(LONG).received


def test_one_dossier_in_two_spellings_is_one() -> None:
    assert DossierCode.parse(LONG) == DossierCode.parse(LONG.lower())
    assert DossierCode.parse(LONG) != DossierCode.parse("H29-261124-0012")  # who knows whether the units are the same


@pytest.mark.parametrize(
    "text",
    ["", "H29", "261124-0012", "000.00.00.H29-261124-012", "000.00.00.H29-261124-001200", "000.00.H29-261124-0012",
     "00.000.00.H29-261124-0012", "H29.19261124-0012x", "Nguyễn Văn An", "0912345678", "H２9.19-261124-0012"],
)  # fmt: skip
def test_what_is_no_dossier_code(text: str) -> None:
    with pytest.raises(BadDossierCode) as caught:
        DossierCode.parse(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("day", ["261324", "260230", "260001", "260100", "250229", "999999"])
def test_a_day_that_does_not_exist(day: str) -> None:
    with pytest.raises(BadDossierDate) as caught:
        DossierCode.parse(LONG.replace("261124", day))
    assert day not in str(caught.value)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(0, 99_999))
def test_every_real_day_is_accepted(day: date, order: int) -> None:
    assert day == DossierCode.parse(f"000.00.00.h29-{day:%y%m%d}-{order:04d}").received


@given(st.text(max_size=60))
def test_any_text_is_read_without_a_failure(text: str) -> None:
    read = read_text(text)

    assert not isinstance(read, DossierCode) or read == DossierCode.parse(read.canonical)


@pytest.mark.parametrize("text", ["079203001234", "079 203 001 234", "001099000001", "096300999999"])
def test_identification_numbers(text: str) -> None:
    assert text.replace(" ", "") == Cccd.parse(text).reveal()


@pytest.mark.parametrize("text", ["", "07920300123", "0792030012345", "000203001234", "097203001234", "079403001234", "07920300123a", "٠79203001234"])  # fmt: skip
def test_what_is_no_identification_number(text: str) -> None:
    with pytest.raises(NotACccd) as caught:
        Cccd.parse(text)
    assert not text or text not in str(caught.value)


@pytest.mark.parametrize("text", [CARD, CARD.replace("211234567", ""), CARD + "|more|fields", CARD + "\r\n"])
def test_only_the_number_is_kept_of_a_card(text: str) -> None:
    card = Cccd.from_qr(text)

    assert card.reveal() == "079203001234"
    assert not [shown for shown in (str(card), repr(card)) if "Nguy" in shown or "079" in shown or "2030012" in shown]


@pytest.mark.parametrize("text", ["079203001234|211234567|Nguyễn Văn An", "|||||||", CARD.replace("079", "999")])
def test_a_card_that_cannot_be_read(text: str) -> None:
    with pytest.raises(NotACccd) as caught:
        Cccd.from_qr(text)
    assert "Nguy" not in str(caught.value)
    assert Unreadable(Mistake.BAD_CCCD) == read_text(text)


@given(st.integers())
def test_a_receipt_comes_back_as_printed_and_as_typed(seed: int) -> None:
    receipt = ReceiptId.new(random.Random(seed).choice)

    for text in (str(receipt), str(receipt).lower(), receipt.letters, str(receipt).replace("-", " ").replace("Q", "0")):
        assert receipt == ReceiptId.parse(text) == read_text(text)


@given(st.integers(), st.integers(0, 7), st.sampled_from(ID_ALPHABET))
def test_one_wrong_letter_is_noticed(seed: int, place: int, letter: str) -> None:
    letters = ReceiptId.new(random.Random(seed).choice).letters
    wrong = letters[:place] + letter + letters[place + 1 :]
    if wrong != letters:
        with pytest.raises(BadReceipt):
            ReceiptId.parse(wrong)


@given(st.integers(), st.integers(0, 6))
def test_two_swapped_letters_are_noticed(seed: int, place: int) -> None:
    letters = ReceiptId.new(random.Random(seed).choice).letters
    swapped = letters[:place] + letters[place + 1] + letters[place] + letters[place + 2 :]
    if swapped != letters:
        with pytest.raises(BadReceipt):
            ReceiptId.parse(swapped)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (LONG, DossierCode.parse(LONG)),
        ("0012", PhoneTail("0012")),
        (CARD, Cccd("079203001234")),
        ("079203001234", Cccd("079203001234")),
        ("999999999999", Unreadable(Mistake.BAD_CCCD)),
        (LONG.replace("1124", "1324"), Unreadable(Mistake.BAD_DATE)),
        ("12", Unreadable(Mistake.BAD_DOSSIER)),
        ("", Unreadable(Mistake.BAD_DOSSIER)),
        ("x" * 10_000, Unreadable(Mistake.BAD_DOSSIER)),
    ],
)
def test_what_was_meant(text: str, read: object) -> None:
    assert read == read_text(text)


def test_a_phone_tail_is_found_by_its_digest_and_shows_nothing() -> None:
    tail = PhoneTail.of(Msisdn.parse("0912345678"))

    assert tail == read_text("5678")
    assert tail.digest(b"k") == PhoneTail("5678").digest(b"k") != PhoneTail("5678").digest(b"l")
    assert not [shown for shown in (str(tail), repr(tail)) if "5678" in shown]


LOADED = datetime(2026, 11, 20, 17, 0, tzinfo=timezone(timedelta(hours=7)))
REMINDED, OVERDUE = OverdueStep


@pytest.mark.parametrize(
    ("days", "done", "expected"),
    [
        (0, (), ()),
        (2.99, (), ()),
        (3, (), (REMINDED,)),
        (3, (REMINDED,), ()),
        (5, (REMINDED,), (OVERDUE,)),
        (5, (REMINDED, OVERDUE), ()),
        (30, (), (OVERDUE,)),
        (30, (OVERDUE,), ()),
        (3, (OVERDUE,), ()),  # the clock went back
        (-400, (), ()),
    ],
)
def test_when_who_is_told(days: float, done: tuple[OverdueStep, ...], expected: tuple[OverdueStep, ...]) -> None:
    assert expected == due(LOADED, LOADED + timedelta(days=days), done, OverdueRules())


def test_days_are_never_fewer_than_none() -> None:
    assert (days_waiting(LOADED, LOADED - timedelta(days=9)), days_waiting(LOADED, LOADED + timedelta(hours=71))) == (
        0,
        2,
    )


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        (("an", "officer"), ("binh", "leader"), None),
        (("an", "officer"), ("an", "leader"), RefuseSecond.TWO_PERSONS),
        (("an", "officer"), (" An ", "officer"), RefuseSecond.TWO_PERSONS),
        (("an", "officer"), ("chi", "technician"), RefuseSecond.NOT_ALLOWED),
    ],
)
def test_all_doors_take_two_persons(first: tuple[str, str], second: tuple[str, str], why: RefuseSecond | None) -> None:
    assert why is refuse_second(first, second, {"officer", "leader"})
