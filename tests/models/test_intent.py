"""The project's templates, and what typed sentences mean: accents left out, words misheard, nothing guessed."""

import typing
from pathlib import Path

import pytest

from models import voice_wire
from models.folding import folded, words
from models.intent import (
    MOST_SENTENCES,
    Day,
    Intent,
    IntentsUnusable,
    Meaning,
    PhraseBook,
    code_heard,
    load_phrases,
    phrases_of,
)
from models.speech import ACCEPT, Heard, Ranked

TEMPLATES = Path(__file__).parents[2] / "config" / "intents.vi.yaml"


@pytest.fixture(scope="module")
def book() -> PhraseBook:
    return load_phrases(TEMPLATES)


def test_every_intent_but_codes_has_sentences_and_each_sentence_one_meaning(book: PhraseBook) -> None:
    assert {meaning.intent for meaning in book.meanings} == set(Intent) - {Intent.CODE}
    assert len(book.sentences) == len(set(book.sentences)) == len(book.meanings) <= MOST_SENTENCES
    assert all(sentence == words(sentence) for sentence in book.sentences)


def test_procedures_are_named_as_in_the_procedures_file(book: PhraseBook) -> None:
    procedures = {meaning.procedure for meaning in book.meanings if meaning.procedure}
    assert {"khai-sinh", "khai-tu", "ket-hon", "chung-thuc-ban-sao", "dang-ky-dat-dai", "ho-kinh-doanh"} <= procedures
    asked = {meaning.intent for meaning in book.meanings if meaning.procedure == "khai-sinh"}
    assert asked == {Intent.TICKET, Intent.PROCEDURE, Intent.COUNTER, Intent.PAPERS, Intent.CHECKLIST}


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("hồ sơ của tôi xong chưa", Meaning(Intent.PROGRESS)),
        ("ho so cua toi xong chua", Meaning(Intent.PROGRESS)),
        ("Hồ sơ của tôi sông chưa?", Meaning(Intent.PROGRESS)),
        ("cho toi lay so thu tu", Meaning(Intent.TICKET)),
        ("làm giấy khai xinh cần giấy tờ gì", Meaning(Intent.PAPERS, "khai-sinh")),
        ("dang ky ket hon o quay nao", Meaning(Intent.COUNTER, "ket-hon")),
        ("thứ bảy có làm việc không", Meaning(Intent.HOURS, day=Day.SATURDAY)),
        ("chu nhat co mo cua khong", Meaning(Intent.HOURS, day=Day.SUNDAY)),
        ("tôi muốn gặp cán bộ", Meaning(Intent.PERSON)),
        ("một không hai hai", Meaning(Intent.HOTLINE)),
        ("nói lại", Meaning(Intent.REPEAT)),
        ("đúng rồi", Meaning(Intent.YES)),
        ("không phải", Meaning(Intent.NO)),
        ("phải rồi", Meaning(Intent.YES)),
        ("có rồi", Meaning(Intent.YES)),
        ("được rồi", Meaning(Intent.YES)),
        ("chưa có", Meaning(Intent.NO)),
        ("không có", Meaning(Intent.NO)),
        ("dạ chưa", Meaning(Intent.NO)),
        ("góp ý", Meaning(Intent.FEEDBACK)),
        ("kiem tra giay to", Meaning(Intent.CHECKLIST)),
        ("tôi còn thiếu giấy tờ gì", Meaning(Intent.CHECKLIST)),
        ("làm khai sinh đủ giấy tờ chưa", Meaning(Intent.CHECKLIST, "khai-sinh")),
        ("chỉ đường", Meaning(Intent.DIRECTIONS)),
        ("công an phường ở đâu", Meaning(Intent.DIRECTIONS, place="cong-an")),
        ("duong den co quan thue", Meaning(Intent.DIRECTIONS, place="thue")),
        ("cho tôi hỏi nhà vệ sinh ở đâu", Meaning(Intent.DIRECTIONS, place="nha-ve-sinh")),
        ("kiểm tra hồ sơ", Meaning(Intent.PROGRESS)),
        ("giấy tờ của tôi xong chưa", Meaning(Intent.PROGRESS)),
        ("khai sinh ở đâu", Meaning(Intent.COUNTER, "khai-sinh")),
    ],
)
def test_what_typed_sentences_mean(book: PhraseBook, text: str, meaning: Meaning) -> None:
    best = book.read(text).best
    assert best is not None
    assert best.meaning == meaning


def test_every_yes_and_every_no_is_scored_when_one_is_expected(book: PhraseBook) -> None:
    answers = {place for place, meaning in enumerate(book.meanings) if meaning.intent in {Intent.YES, Intent.NO}}
    assert set(book.always("yes_no")) == answers


NEAR_MISSES = [
    "tôi thuê nhà ở đâu", "công ăn việc làm ở đâu", "hôm nay công an bắt ai", "mẹ tôi ra ủy ban rồi", "giá xe ở đâu",
    "nhà tôi ở đâu", "đường hôm nay đông quá", "con đường đi học", "kiểm tra sức khỏe ở đâu", "kiểm tra tiếng anh",
    "tôi đủ tiền chưa", "giấy tờ nhà tôi bị mất",
]  # fmt: skip


@pytest.mark.parametrize("text", ["", "giá vàng hôm qua bao nhiêu", "where is the station", "???", "a", *NEAR_MISSES])
def test_what_is_none_of_ours_is_not_guessed(book: PhraseBook, text: str) -> None:
    assert book.read(text).best is None


def heard(*ranked: tuple[int, float]) -> Heard:
    return Heard(("x",), tuple(Ranked(index, confidence) for index, confidence in ranked))


def test_below_the_threshold_three_different_meanings_are_offered() -> None:
    meanings = [Intent.TICKET, Intent.TICKET, Intent.HOURS, Intent.YES, Intent.NO]
    book = PhraseBook(("a", "b", "c", "d", "e"), tuple(Meaning(intent) for intent in meanings))

    understood = book.understand(heard((0, 0.49), (1, 0.48), (2, 0.4), (3, 0.3), (4, 0.25)))

    assert understood.best is None
    assert [choice.meaning.intent for choice in understood.choices] == [Intent.TICKET, Intent.HOURS, Intent.YES]


def test_what_nobody_would_recognise_is_not_even_offered() -> None:
    understood = phrases_of(["một", "hai"]).understand(heard((0, 0.1), (1, 0.05)))
    assert (understood.best, understood.choices) == (None, ())


@pytest.mark.parametrize(("other", "is_sure"), [(0.9, False), (0.7, False), (0.6, True)])
def test_yes_counts_only_when_it_was_not_perhaps_no(other: float, is_sure: bool) -> None:
    book = PhraseBook(("đúng", "không", "đúng rồi"), (Meaning(Intent.YES), Meaning(Intent.NO), Meaning(Intent.YES)))
    understood = book.understand(heard((0, 0.95), (2, 0.9), (1, other)))
    assert (understood.best is not None) == is_sure
    assert [choice.meaning.intent for choice in understood.choices] == [Intent.YES, Intent.NO]


def test_from_the_threshold_on_it_counts() -> None:
    understood = phrases_of(["một", "hai"]).understand(heard((1, ACCEPT), (0, 0.4)))
    assert understood.best is not None
    assert understood.best.sentence == 1


def test_a_site_names_its_own_procedures() -> None:
    book = load_phrases(TEMPLATES, {"khai-sinh": "Đăng ký khai sinh", "nuoc-sach": "Cấp nước sạch"})

    assert {meaning.procedure for meaning in book.meanings} == {None, "khai-sinh", "nuoc-sach"}
    best = book.read("cấp nước sạch cần giấy tờ gì").best
    assert best is not None
    assert best.meaning == Meaning(Intent.PAPERS, "nuoc-sach")


def test_a_site_names_its_own_places() -> None:
    book = load_phrases(TEMPLATES, places={"cong-an": "Công an phường (cư trú)", "buu-dien": "Bưu điện (bên hông)"})

    assert {meaning.place for meaning in book.meanings} == {None, "cong-an", "buu-dien"}
    best = book.read("bưu điện ở đâu").best
    assert best is not None
    assert best.meaning == Meaning(Intent.DIRECTIONS, place="buu-dien")
    assert book.read("nhà vệ sinh ở đâu").best is None


def test_a_site_that_leads_nowhere_is_not_asked_the_way() -> None:
    book = load_phrases(TEMPLATES, places={})
    assert Intent.DIRECTIONS not in {meaning.intent for meaning in book.meanings}


def test_codes_that_exist_become_sentences_without_changing_the_old_ones(book: PhraseBook) -> None:
    code = "H29.19-261124-0012"
    more = book.with_codes([code])

    assert more.sentences[: len(book.sentences)] == book.sentences
    best = more.read("không không một hai").best
    assert best is not None
    assert best.meaning == Meaning(Intent.CODE, code=code)
    assert {more.meanings[place].code for place in more.always("code")} == {code}


def test_a_code_is_taken_from_the_first_hypothesis_that_names_one() -> None:
    known = ["H29.19-261124-0012", "H29.19-261124-0368"]
    assert code_heard(["xin chào", "không ba sáu tám"], known) == ("H29.19-261124-0368",)
    assert code_heard(["xin chào"], known) == ()


@pytest.mark.parametrize(
    "text",
    [
        "no: [yaml",
        "language: vi",
        "language: vi\nintents: {dance: {data: [{sentences: [nhảy]}]}}\nlists: {procedure: {values: []}}",
        "language: vi\nintents: {ticket: {data: [{sentences: ['(a']}]}}\nlists: {procedure: {values: []}}",
        "language: vi\nintents: {ticket: {data: [{sentences: ['<nobody>']}]}}\nlists: {procedure: {values: []}}",
    ],
)
def test_wrong_templates_are_refused_with_the_file_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "intents.vi.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(IntentsUnusable, match=r"intents\.vi\.yaml"):
        load_phrases(path)


def test_the_wire_knows_every_intent_and_day() -> None:
    assert set(typing.get_args(voice_wire.IntentName)) == set(Intent)
    assert set(typing.get_args(voice_wire.DayName)) == set(Day)


def test_folding() -> None:
    assert folded("Đăng ký KHAI SINH, ở đâu?") == "dang ky khai sinh o dau"
    assert words("Đúng  rồi!") == "đúng rồi"
