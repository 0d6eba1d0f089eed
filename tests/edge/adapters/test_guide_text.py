"""What the guide says in both languages: every prompt has its words, and they are filled with what is true."""

from dataclasses import replace
from datetime import datetime, time, timedelta, timezone

import pytest

from edge.adapters.guide_setup import guide_hall, guide_house
from edge.adapters.guide_text import GuideSentences, hours_sentence
from edge.domain.dialogue_state import State
from edge.domain.dialogue_terms import Day, Intent, Meaning, Prompt, Stage, Topic
from edge.domain.dossier import DossierCode
from edge.domain.dossier_status import DossierRecord, DossierStatus, DossierStep, Found, NotFound, Source
from edge.domain.opening import Closed, Holiday, Opening, Span, WhyClosed
from edge.guide_ports import Scene
from edge.queue_ports import CounterInfo, Declined, Printing, Refusal, ServiceInfo, Slip
from edge.web.words import Words
from tests.edge.sentences import strings
from tests.edge.web.guide_fakes import profile

STRINGS = strings()
CONFIG = profile()
assert CONFIG.guide is not None
HALL = guide_hall(CONFIG, CONFIG.guide)
TEXT = GuideSentences(STRINGS, HALL)
NOW = datetime(2026, 11, 27, 9, 30, tzinfo=timezone(timedelta(hours=7)))  # a Friday
CODE = DossierCode.parse("000.00.19.H29-261124-0012")
KEYS = [f"guide.choice.{intent}" for intent in Intent] + [f"guide.status.{one}" for one in DossierStatus]
KEYS += [f"guide.step.{one}" for one in DossierStep] + [f"guide.topic.{one}" for one in Topic]
KEYS += [f"guide.day.{one}" for one in Day] + [f"page.guide.title_{one}" for one in Stage if one is not Stage.AWAY]
KEYS += [
    f"guide.choice.{intent}_of"
    for intent in (Intent.TICKET, Intent.PROCEDURE, Intent.COUNTER, Intent.PAPERS, Intent.CHECKLIST)
]


def scene(**state: object) -> Scene:
    return Scene(replace(State("vi"), **state), NOW)  # type: ignore[arg-type]


def record(status: DossierStatus, **more: object) -> DossierRecord:
    return replace(DossierRecord(CODE, status, NOW - timedelta(minutes=5)), **more)  # type: ignore[arg-type]


def said(status: DossierStatus, source: Source = Source.CITY, **more: object) -> str:
    return TEXT.sentence(Prompt.ANSWER, scene(answer=Found(record(status, **more), source)))


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("prompt", list(Prompt))
def test_every_prompt_has_words_in_whatever_state(prompt: Prompt, lang: str) -> None:
    """Also in a state that does not go with it: a screen must not die of that."""
    bare = Scene(State(lang), NOW)
    full = Scene(
        State(
            lang, code=CODE, answer=NotFound.UNKNOWN, procedure="khai-sinh", service="ho-tich", have=(True, False),
            choices=(Meaning(Intent.PAPERS, "khai-sinh"), Meaning(Intent.CODE, code=CODE)), topic=Topic.WAITING,
            day="sunday", place="thue",
        ),
        NOW,
    )  # fmt: skip
    for one in (bare, full):
        text = TEXT.sentence(prompt, one)
        assert text
        assert "{" not in text
        assert "guide.say" not in text


@pytest.mark.parametrize("key", KEYS)
def test_every_value_has_words(key: str) -> None:
    assert STRINGS.find(key, "vi", procedure="", code="", date="") is not None
    assert STRINGS.find(key, "en", procedure="", code="", date="") is not None


def test_every_procedure_of_the_profile_leads_to_a_counter_but_those_of_no_service() -> None:
    assert CONFIG.guide is not None
    house = guide_house(CONFIG, CONFIG.guide, HALL)
    assert house.papers["khai-sinh"] == 4
    assert set(HALL.procedures) - set(house.service_of) == {"ho-kinh-doanh"}


def test_a_code_is_read_back_by_its_day_and_its_end_and_never_whole() -> None:
    text = TEXT.sentence(Prompt.CONFIRM_CODE, scene(code=CODE))
    assert text == "Hồ sơ nộp ngày 24 tháng 11, số cuối 0012. Đúng không ạ?"
    assert "H29" not in text


def test_an_answer_says_how_far_until_when_and_as_of_when() -> None:
    promised = NOW.date() + timedelta(days=3)
    text = said(DossierStatus.IN_PROGRESS, step=DossierStep.SIGNING, promised=promised)
    assert text == "Hồ sơ đang được giải quyết. Đang chờ ký. Hẹn trả ngày 30/11/2026. Theo hệ thống lúc 09:25."


def test_an_old_answer_says_that_it_is_old() -> None:
    text = said(DossierStatus.RECEIVED, Source.LAST_SYNC, as_of=NOW - timedelta(days=1))
    assert text == (
        "Hồ sơ đã được tiếp nhận. Hiện không hỏi được hệ thống của thành phố; đây là tình trạng lúc 09:30 · 26/11."
    )


def test_a_late_one_is_said_to_be_late_and_a_finished_one_never() -> None:
    yesterday = NOW.date() - timedelta(days=1)
    assert "nay đã trễ; xin lỗi" in said(DossierStatus.IN_PROGRESS, promised=yesterday)
    assert "trễ" not in said(DossierStatus.READY, promised=yesterday)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (None, "Hôm nay mở cửa 7:30 đến 11:30 và 13:30 đến 16:30."),
        ("tomorrow", "Ngày mai mở cửa 7:30 đến 11:30."),
        ("saturday", "Thứ Bảy mở cửa 7:30 đến 11:30."),
        ("sunday", "Chủ nhật không làm việc."),
        ("holiday", "Kỳ nghỉ lễ tới: Tết Dương lịch, từ 01/01 đến 01/01."),
    ],
)
def test_hours_of_a_day(day: str | None, text: str) -> None:
    assert TEXT.sentence(Prompt.HOURS, scene(day=day)) == text


def test_hours_know_holidays_and_midnight() -> None:
    all_day = (Span(time(0), time.max),)
    opening = Opening((all_day, all_day, all_day, all_day, all_day, (), ()), (Holiday(NOW.date(), NOW.date(), "Lễ"),))
    hall, words = replace(HALL, opening=opening), Words(STRINGS, "vi")
    assert hours_sentence(words, hall, "today", NOW.date()) == "Hôm nay nghỉ lễ: Lễ."
    monday = NOW.date() + timedelta(days=3)
    assert hours_sentence(words, hall, None, monday) == "Hôm nay mở cửa 0:00 đến 24:00."
    assert hours_sentence(words, hall, "holiday", monday) == STRINGS.text("guide.say.hours_no_holiday", "vi")


def test_a_ticket_is_said_with_its_wait_and_counters() -> None:
    counters = (CounterInfo("quay-01", "Quầy 1", 1), CounterInfo("quay-02", "Quầy 2", 2))
    service = ServiceInfo("ho-tich", (("vi", "Hộ tịch"),), "A", ("quay-01",), 60.0)
    slip = Slip("SO-1", "A012", service, False, NOW, 3, 720.0, NOW + timedelta(seconds=720), counters)
    text = TEXT.sentence(Prompt.TICKET, replace(scene(), slip=slip))
    assert text == (
        "Số của ông/bà là A012. Trước ông/bà có 3 người, khoảng 10 phút. Khi được gọi, mời đến Quầy 1, Quầy 2."
    )
    for printing, start in ((Printing.FAILED, "Máy in không in được"), (Printing.UNKNOWN, "Phiếu có thể chưa in ra")):
        text = TEXT.sentence(Prompt.NO_SLIP, replace(scene(), slip=slip, printing=printing))
        assert text.startswith(start)
        assert "A012" in text
        assert text.endswith("Quầy 1, Quầy 2.")


@pytest.mark.parametrize(
    ("declined", "text"),
    [
        (Declined(Closed(WhyClosed.BREAK, NOW.replace(hour=13))), "Đang nghỉ trưa. Lấy số từ 13:30."),
        (Declined(Refusal.FULL), "Hôm nay đã phát hết số của việc này. Mời ông/bà gặp cán bộ."),
        (None, "Tôi chưa lấy được số. Mời ông/bà thử lại, hoặc gặp cán bộ."),
    ],
)
def test_why_there_is_no_number(declined: Declined | None, text: str) -> None:
    assert TEXT.sentence(Prompt.NO_TICKET, replace(scene(), declined=declined)) == text


def test_the_checklist_says_what_is_missing() -> None:
    missing = scene(procedure="khai-sinh", have=(True, False, True, True))
    assert TEXT.sentence(Prompt.CHECKED, missing) == (
        "Ông/bà còn thiếu: Giấy chứng sinh (bản chính). Ông/bà vẫn muốn lấy số chứ?"
    )
    full = scene(procedure="khai-sinh", have=(True,) * 4)
    assert TEXT.sentence(Prompt.CHECKED, full) == "Ông/bà đã đủ 4 loại giấy tờ. Tôi lấy số luôn nhé?"


def test_choices_are_asked_in_one_sentence() -> None:
    one = Meaning(Intent.COUNTER, "khai-sinh")
    assert TEXT.sentence(Prompt.CHOOSE, scene(choices=(one,))) == "Có phải ông/bà hỏi: đăng ký khai sinh ở quầy nào?"
    both = scene(choices=(one, Meaning(Intent.HOTLINE)))
    assert TEXT.sentence(Prompt.CHOOSE, both).endswith("đăng ký khai sinh ở quầy nào, hay tổng đài 1022?")


def test_a_way_to_choose_names_its_place() -> None:
    way = Meaning(Intent.DIRECTIONS, pick="thue")
    assert (TEXT.meaning(way, "vi"), TEXT.meaning(way, "en")) == ("đường đến Thuế cơ sở", "the way to Tax office")
    assert TEXT.meaning(Meaning(Intent.DIRECTIONS, pick="nowhere"), "vi") == "chỉ đường"


def test_who_waits_for_a_person_is_told_where_one_is() -> None:
    assert TEXT.sentence(Prompt.PERSON, scene()).endswith("hoặc đến Quầy 1.")
    nowhere = GuideSentences(STRINGS, replace(HALL, help_counter=None))
    assert nowhere.sentence(Prompt.PERSON, scene()).endswith("Mời ông/bà chờ ở đây một chút.")
