"""The officer's desk and the technician's page of a cabinet, through NiceGUI's own elements."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from nicegui.element import Element

from edge.domain.locker import CompartmentState, Purpose
from edge.locker_ports import Door, HistoryRow, Kept, RefusalWhy, Refused, Step, TraceRow
from edge.web.locker_desk_door import RECALL_WHY
from edge.web.locker_trace import FRAMES_KEPT
from edge.web.site import LockerScreen
from edge.web.users import Role, create_user, remove_user
from tests.edge.web.house import PIN, House, Sheet, until
from tests.edge.web.locker_fakes import CODE, PHONE
from tests.edge.web.morning import MORNING

S = CompartmentState


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    made = House(tmp_path, locker=LockerScreen(code_shown_s=1.0))
    made.users["quay-02"] = create_user(made.users_file, "quay-02", Role.OFFICER, PIN, ("quay-02",))
    async with made.running():
        yield made


class Desk:
    """An officer or a technician in front of the page."""

    def __init__(self, house: House, sheet: Sheet) -> None:
        self.house, self.sheet, self.locker = house, sheet, house.centre.locker

    @property
    def text(self) -> str:
        return self.sheet.text

    @property
    def asked(self) -> list[tuple[object, ...]]:
        return self.locker.asked

    def press(self, text: str, classes: str = "") -> None:
        self.sheet.press(self.sheet.find("button", text, classes)[0])

    def pick(self, number: str) -> None:
        self.sheet.press(self.door(number))

    def door(self, number: str) -> Element:
        return next(one for one in self.sheet.find("button", classes="door") if one.props["data-number"] == number)

    def send(self, within: str, **fields: str) -> None:
        """The form whose button says `within`, with what the browser would put into it."""
        form = next(one for one in self.sheet.find("form") if within in self.sheet._inside(one))
        named = {name.replace("_", "-"): value for name, value in fields.items()}
        self.sheet.send(form, "submit", json.dumps(named))

    @property
    def dialog(self) -> str:
        (dialog,) = self.sheet.find("dialog")
        return self.sheet._inside(dialog).strip()

    def answer(self, text: str) -> None:
        """Press a button of the open dialog."""
        (dialog,) = self.sheet.find("dialog")
        inside = set(dialog.descendants())
        self.sheet.press(next(one for one in self.sheet.find("button", text) if one in inside))


async def officer(house: House, name: str = "quay-01", lang: str | None = None) -> Desk:
    return Desk(house, await house.open("/tu/can-bo", name, lang))


async def technician(house: House) -> Desk:
    return Desk(house, await house.open("/tu/ky-thuat", "ky-thuat"))


class TestPageOpenForDays:
    async def test_how_long_a_deposit_lies_there_is_said_anew(self, house: House) -> None:
        desk, clock = await officer(house), house.centre.clock
        since = clock.now() - timedelta(minutes=4)
        desk.locker.put("ngan-01", state=CompartmentState.OCCUPIED, purpose=Purpose.DEPOSIT, since=since, stay="s-1")
        desk.pick("01")
        assert "4 phút" in desk.text
        clock.at += timedelta(days=3)
        desk.locker.tell()  # as the page's own timer does
        assert "4 phút" not in desk.text
        assert "3 ngày" in desk.text


class TestPicture:
    @pytest.mark.parametrize("state", list(CompartmentState))
    async def test_each_state_has_a_word_and_a_colour(self, house: House, state: CompartmentState) -> None:
        desk = await officer(house)
        desk.locker.put("ngan-01", state=state)
        label = desk.door("01").props["aria-label"]
        assert house.site.words("vi")(f"page.locker.state.{state}") in label
        assert {"free", "held", "given", "busy", "late", "fault", "out"} & set(desk.door("01").classes)

    @pytest.mark.parametrize(
        ("lang", "word", "says"),
        [("vi", "Giữ chỗ", ("Giữ theo lệnh của", "Giữ đến")), ("en", "Kept", ("Kept by order of", "Kept until"))],
    )
    async def test_what_the_city_keeps_is_marked(
        self, house: House, lang: str, word: str, says: tuple[str, str]
    ) -> None:
        desk = await officer(house, lang=lang)
        end = desk.house.centre.clock.now() + timedelta(days=2)
        desk.locker.put("ngan-01", kept=Kept("H29.19-261124-0012", "chi-an", end))
        assert word in desk.door("01").props["aria-label"]
        assert "kept" in desk.door("01").classes
        desk.pick("01")
        for text in (*says, "chi-an", "H29.19-261124-0012", f"{end:%d/%m}"):
            assert text in desk.text

    async def test_a_door_moves_when_it_opens(self, house: House) -> None:
        desk = await officer(house)
        assert "is-open" not in desk.door("01").classes
        desk.locker.put("ngan-01", door=Door.OPEN)
        assert "is-open" in desk.door("01").classes
        assert "cửa đang mở" in desk.door("01").props["aria-label"]

    async def test_how_long_something_lies_there(self, house: House) -> None:
        desk = await officer(house)
        for seconds, expected in (
            (59, "0 phút"),
            (3599, "59 phút"),
            (3600, "1 giờ"),
            (86399, "23 giờ"),
            (2 * 86400, "2 ngày"),
        ):
            desk.locker.put("ngan-03", since=MORNING - timedelta(seconds=seconds))
            assert expected in desk.door("03").props["aria-label"]

    @pytest.mark.parametrize("why", ["starting", "disk", "boards"])
    async def test_a_cabinet_that_is_not_trusted_says_why(self, house: House, why: str) -> None:
        desk = await officer(house)
        desk.locker.trust(why)
        assert house.site.words("vi")(f"page.locker.distrust.{why}") in desk.text
        desk.locker.trust(None)
        assert house.site.words("vi")(f"page.locker.distrust.{why}") not in desk.text

    async def test_a_door_shows_what_it_holds_and_what_became_of_the_sms(self, house: House) -> None:
        desk = await officer(house)
        desk.pick("08")
        for expected in ("H29.19-261118-0108", "5 giờ", "không gửi được", "Nhỏ"):
            assert expected in desk.text
        assert desk.door("08").props["aria-pressed"] == "true"
        desk.locker.put("ngan-08", sms="delivered")
        assert "đã tới máy" in desk.text

    @pytest.mark.parametrize(
        ("sms", "word", "colour"), [("queued", "Mã chờ gửi", "held"), ("failed", "Mã chưa gửi", "late")]
    )
    async def test_a_code_that_did_not_go_out_is_seen_in_the_picture(
        self, house: House, sms: str, word: str, colour: str
    ) -> None:
        desk = await officer(house)
        desk.locker.put("ngan-07", sms=sms)
        assert word in desk.door("07").props["aria-label"]
        assert colour in desk.door("07").classes

    async def test_a_broken_door_says_what_to_do(self, house: House) -> None:
        desk = await officer(house)
        desk.pick("14")
        assert "cửa không bật" in desk.text
        assert "Báo kỹ thuật viên" in desk.text

    async def test_it_speaks_english(self, house: House) -> None:
        desk = await officer(house, lang="en")
        assert "Open a door to load" in desk.text
        assert "Stuck" in desk.text


class TestLoad:
    async def test_a_door_opens_and_the_citizens_number_stays_nowhere(self, house: House) -> None:
        desk = await officer(house)
        desk.send(
            "Mở ngăn để nạp", load_dossier="H29.19-261118-0077", load_phone=PHONE, load_size="large", load_low="yes"
        )
        await until(lambda: bool(desk.asked))
        assert desk.asked == [("load", "quay-01", "H29.19-261118-0077", PHONE, "large", True)]
        await until(lambda: bool(desk.sheet.find("li", "Đang mở…", "opening-card")))
        desk.locker.move("o-1", Step.OPEN)
        assert desk.sheet.find("li", "Xong thì đóng cửa", "step-open")
        desk.locker.move("o-1", Step.DONE)
        assert desk.sheet.find("li", "Đã đóng", "step-done")
        assert not any(PHONE in f"{one._text}{one.props}" for one in desk.sheet.client.elements.values())

    async def test_without_wishes_the_desk_chooses(self, house: House) -> None:
        desk = await officer(house)
        desk.send("Mở ngăn để nạp", load_dossier=" H29.19-261118-0077 ", load_phone=PHONE, load_size="")
        await until(lambda: desk.asked == [("load", "quay-01", "H29.19-261118-0077", PHONE, None, False)])

    @pytest.mark.parametrize("why", list(RefusalWhy))
    async def test_each_refusal_is_told(self, house: House, why: RefusalWhy) -> None:
        desk = await officer(house)
        desk.locker.refusal = Refused(why)
        desk.send("Mở ngăn để nạp", load_dossier="x", load_phone="y")
        await until(lambda: house.site.words("vi")(f"page.locker.staff.{why}") in desk.text)
        assert not desk.sheet.find("li", classes="opening-card")

    async def test_a_scan_is_told_and_goes_to_the_browsers_field(self, house: House) -> None:
        desk = await officer(house)
        desk.locker.staff.scanner.scan("H29.19-261118-0077")
        assert "Đã quét" in desk.text

    async def test_a_failed_door_stays_until_it_is_put_away(self, house: House) -> None:
        desk = await officer(house)
        desk.send("Mở ngăn để nạp", load_dossier="x", load_phone=PHONE)
        await until(lambda: bool(desk.sheet.find("li", classes="opening-card")))
        desk.locker.move("o-1", Step.FAILED, why="board_lost")
        assert "Mất liên lạc với bo mạch" in desk.text
        assert desk.locker.on_opening["o-1"] == []
        desk.press("×")
        assert not desk.sheet.find("li", classes="opening-card")


class TestDeposits:
    async def test_the_morning_round_oldest_first(self, house: House) -> None:
        desk = await officer(house)
        desk.press("Dân nộp", "tab")
        assert [one._text for one in desk.sheet.find("b", classes="row-number")] == ["05", "20"]
        assert "Đăng ký khai sinh" in desk.text
        desk.press("Lấy hồ sơ ra")
        await until(lambda: desk.asked == [("collect", "quay-01", "ngan-05")])
        desk.locker.put("ngan-05", state=S.FREE, stay=None, purpose=None)
        assert [one._text for one in desk.sheet.find("b", classes="row-number")] == ["20"]

    async def test_nothing_to_collect_is_said(self, house: House) -> None:
        for name in ("ngan-05", "ngan-20"):
            house.centre.locker.put(name, state=S.FREE, stay=None, purpose=None)
        desk = await officer(house)
        desk.press("Dân nộp", "tab")
        assert "Không có hồ sơ nào chờ lấy." in desk.text


class TestCodes:
    async def test_a_new_code_by_sms_is_asked_once_more(self, house: House) -> None:
        desk = await officer(house)
        desk.pick("07")
        desk.press("Gửi mã mới")
        assert "Mã cũ hết hiệu lực ngay" in desk.dialog
        assert not desk.asked
        desk.answer("Gửi mã mới")
        await until(lambda: desk.asked == [("reissue", "quay-01", "s-07", "sms")])
        await until(lambda: "Mã mới đang được gửi đi." in desk.text)
        assert desk.dialog == ""

    async def test_a_spoken_code_is_shown_once_and_then_nowhere(self, house: House) -> None:
        desk = await officer(house)
        desk.pick("07")
        desk.press("Đọc mã qua điện thoại")
        desk.answer("Đọc mã qua điện thoại")
        await until(lambda: f"{CODE[:3]} {CODE[3:]}" in desk.text)
        desk.answer("Đã đọc xong")
        assert desk.dialog == ""
        assert CODE[:3] not in "".join(f"{one._text}" for one in desk.sheet.client.elements.values())

    async def test_a_spoken_code_goes_by_itself(self, house: House) -> None:
        desk = await officer(house)
        desk.pick("07")
        desk.press("Đọc mã qua điện thoại")
        desk.answer("Đọc mã qua điện thoại")
        await until(lambda: CODE[:3] in desk.dialog)
        await until(lambda: desk.dialog == "")

    async def test_cancelling_asks_for_nothing(self, house: House) -> None:
        desk = await officer(house)
        desk.pick("07")
        desk.press("Xác nhận ngăn trống")
        desk.answer("Huỷ")
        assert desk.dialog == ""
        assert not desk.asked

    async def test_escape_empties_the_dialog(self, house: House) -> None:
        desk = await officer(house)
        desk.pick("07")
        desk.press("Đọc mã qua điện thoại")
        desk.answer("Đọc mã qua điện thoại")
        await until(lambda: CODE[:3] in desk.dialog)
        desk.sheet.send(desk.sheet.find("dialog")[0], "cancel")
        assert desk.dialog == ""

    async def test_found_empty_is_confirmed(self, house: House) -> None:
        desk = await officer(house)
        desk.pick("07")
        desk.press("Xác nhận ngăn trống")
        desk.answer("Xác nhận ngăn trống")
        await until(lambda: desk.asked == [("empty", "quay-01", "s-07")])


class TestRecall:
    @pytest.mark.parametrize("why", RECALL_WHY)
    async def test_one_door_with_a_reason(self, house: House, why: str) -> None:
        desk = await officer(house)
        desk.pick("12")
        desk.press("Thu hồi")
        assert house.site.words("vi")(f"page.locker.because.{why}") in desk.dialog
        desk.send("Mở và thu hồi", recall_why=why)
        await until(lambda: desk.asked == [("recall", "quay-01", "ngan-12", why)])

    async def test_a_reason_nobody_offered_opens_nothing(self, house: House) -> None:
        desk = await officer(house)
        desk.pick("12")
        desk.press("Thu hồi")
        desk.send("Mở và thu hồi", recall_why="because")
        await asyncio.sleep(0.02)
        assert not desk.asked

    def two(self, house: House, second: str = "quay-02", **changes: str) -> dict[str, str]:
        fields = {"all_why": "fire", "first_pin": PIN, "first_code": house.code("quay-01")}
        fields |= {"second_name": second, "second_pin": PIN, "second_code": house.code(second)}
        return {**fields, **changes}

    async def test_all_doors_with_two_persons(self, house: House) -> None:
        desk = await officer(house)
        desk.press("Mở tất cả…")
        desk.send("Mở tất cả", **self.two(house))
        await until(lambda: bool(desk.asked))
        assert desk.asked == [("recall_all", "quay-01", "fire", "quay-02", "officer")]
        await until(lambda: len(desk.sheet.find("li", classes="opening-card")) == 21)
        assert desk.dialog == ""

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"second_name": "quay-01"}, "một cán bộ hoặc lãnh đạo khác"),
            ({"second_name": "QUAY-01"}, "một cán bộ hoặc lãnh đạo khác"),
            ({"second_name": " quay-01 "}, "một cán bộ hoặc lãnh đạo khác"),
            ({"second_pin": "000000"}, "không đúng"),
            ({"second_code": "000000"}, "không đúng"),
            ({"first_pin": "000000"}, "không đúng"),
            ({"second_name": "nobody"}, "không đúng"),
        ],
    )
    async def test_less_than_two_persons_open_nothing(self, house: House, changes: dict[str, str], said: str) -> None:
        desk = await officer(house)
        desk.press("Mở tất cả…")
        desk.send("Mở tất cả", **self.two(house, **changes))
        await until(lambda: said in desk.dialog)
        assert not desk.asked
        assert PIN not in desk.text

    async def test_a_technician_is_no_second_person(self, house: House) -> None:
        desk = await officer(house)
        desk.press("Mở tất cả…")
        desk.send("Mở tất cả", **self.two(house, "ky-thuat"))
        await until(lambda: "một cán bộ hoặc lãnh đạo khác" in desk.dialog)
        assert not desk.asked


class TestLists:
    async def test_overdue_leads_to_the_door(self, house: House) -> None:
        desk = await officer(house)
        desk.press("Quá hạn", "tab")
        await until(lambda: "H29.19-261105-0113" in desk.text)
        assert "9 ngày · đã nhắc" in desk.text
        desk.press("Xem", "plain")
        assert desk.sheet.find("div", "12", "door-head late")

    async def test_a_result_that_becomes_overdue_joins_the_list(self, house: House) -> None:
        desk = await officer(house)
        desk.press("Quá hạn", "tab")
        await until(lambda: "H29.19-261105-0113" in desk.text)
        desk.locker.staff.late += (
            replace(desk.locker.staff.late[0], stay="s-07", number="07", dossier="H29.19-261101-0001"),
        )
        desk.locker.put("ngan-07", state=S.OVERDUE)
        await until(lambda: "H29.19-261101-0001" in desk.text)

    async def test_history_is_told_in_words(self, house: House) -> None:
        desk = await officer(house)
        desk.press("Lịch sử", "tab")
        desk.send("Mã hồ sơ hoặc số biên nhận", history_of="H29.19-261118-0042")
        await until(lambda: "Kết quả nằm trong ngăn 07 (quay-01)" in desk.text)
        assert "Cấp mã lần 1: vừa nạp, qua tin nhắn (quay-01)" in desk.text
        assert desk.asked == [("history", "H29.19-261118-0042")]

    async def test_an_event_nobody_wrote_words_for_is_still_there(self, house: House) -> None:
        house.centre.locker.staff.rows = (
            HistoryRow(MORNING, "locker.painted", {}),
            HistoryRow(MORNING, "closed", {"open_s": 3}),
        )
        desk = await officer(house)
        desk.press("Lịch sử", "tab")
        desk.send("Mã hồ sơ hoặc số biên nhận", history_of="x")
        await until(lambda: "painted" in desk.text)
        assert "Cửa – đóng" in desk.text

    async def test_no_history_is_said(self, house: House) -> None:
        house.centre.locker.staff.rows = ()
        desk = await officer(house)
        desk.press("Lịch sử", "tab")
        desk.send("Mã hồ sơ hoặc số biên nhận", history_of="x")
        await until(lambda: "Không có sự kiện nào của mã này" in desk.text)


class TestRights:
    async def test_an_action_after_the_user_was_removed_does_nothing(self, house: House) -> None:
        desk = await officer(house)
        desk.pick("05")
        remove_user(house.users_file, "quay-01")
        desk.press("Lấy hồ sơ ra")
        await until(lambda: desk.locker.subscribers == 0)
        assert not desk.asked

    async def test_closed_pages_leave_no_subscription(self, house: House) -> None:
        desks = [await officer(house), await technician(house)]
        desks[0].send("Mở ngăn để nạp", load_dossier="x", load_phone=PHONE)
        await until(lambda: desks[0].locker.subscribers == 5)
        for desk in desks:
            desk.sheet.close()
        assert desks[0].locker.subscribers == 0


class TestTechnician:
    async def test_the_line_is_decoded(self, house: House) -> None:
        desk = await technician(house)
        for expected in (
            "8A 01 02 11 98",
            "Mở khoá · kênh 2",
            "Tiếng vọng",
            "Nhiễu, không thành khung, bỏ · 7 byte",
            "Hỏi mọi cửa",
        ):
            assert expected in desk.text

    async def test_new_frames_come_and_can_be_held_still(self, house: House) -> None:
        desk = await technician(house)
        desk.locker.frame(row("unlock", "8a 01 05 11 9f", channel=5))
        await until(lambda: "8A 01 05 11 9F" in desk.text)
        desk.press("Tạm dừng")
        desk.locker.frame(row("unlock", "8a 01 06 11 9c", channel=6))
        await asyncio.sleep(0.05)
        assert "8A 01 06 11 9C" not in desk.text
        desk.press("Tạm dừng")
        assert "8A 01 06 11 9C" in desk.text

    async def test_routine_can_be_left_out(self, house: House) -> None:
        desk = await technician(house)
        desk.press("Ẩn lượt hỏi định kỳ")
        assert "Hỏi mọi cửa" not in desk.text
        assert "Mở khoá · kênh 2" in desk.text

    async def test_what_came_over_the_line_is_escaped_and_an_unknown_meaning_named(self, house: House) -> None:
        house.centre.locker.frames = [row("<script>", "00", what="<b>")]
        desk = await technician(house)
        assert "<script>" not in desk.text
        assert "&lt;script&gt; · &lt;b&gt;" in desk.text

    async def test_the_trace_has_a_bound(self, house: House) -> None:
        house.centre.locker.frames = [row("doors", f"{number:04x}") for number in range(FRAMES_KEPT * 2)]
        desk = await technician(house)
        assert desk.text.count("<tr") <= FRAMES_KEPT
        assert f"{FRAMES_KEPT * 2 - 1:04X}" in desk.text

    async def test_each_door_has_its_channel(self, house: House) -> None:
        desk = await technician(house)
        assert "tren · 1" in desk.text
        assert "duoi · 1" in desk.text

    async def test_a_door_is_tested_after_a_question(self, house: House) -> None:
        desk = await technician(house)
        desk.press("Thử")
        assert "Cửa sẽ bật ra" in desk.dialog
        assert not desk.asked
        desk.answer("Thử")
        await until(lambda: desk.asked == [("test", "ky-thuat", "ngan-01")])
        desk.locker.move("o-1", Step.OPEN)
        assert desk.sheet.find("li", "01", "step-open")

    async def test_out_of_service_and_back_with_the_name(self, house: House) -> None:
        desk = await technician(house)
        desk.press("Ngưng dùng")
        assert "ky-thuat" in desk.dialog
        desk.answer("Ngưng dùng")
        await until(lambda: desk.asked == [("out_of_service", "ky-thuat", "ngan-01")])
        desk.press("Dùng lại")
        desk.answer("Dùng lại")
        await until(lambda: desk.asked[-1] == ("back_in_service", "ky-thuat", "ngan-01"))


def row(meaning: str, frame: str, **values: str | int) -> TraceRow:
    return TraceRow(MORNING, "tren", sent=True, frame=frame, meaning=meaning, values=values)
