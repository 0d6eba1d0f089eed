"""The guide's kiosk through NiceGUI's own elements, over the real service; Chromium looks at it in tests/e2e."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from edge.domain.dialogue_events import Tick
from edge.domain.dialogue_terms import Intent, Meaning, Stage
from edge.services.guide import GuideService
from edge.voice_ports import EarsState
from edge.web import guide_screens
from tests.edge.web.guide_fakes import LATE, READY, UNDERWAY, wish
from tests.edge.web.house import House, Sheet, until
from tests.edge.web.test_gate import status

GUIDE = "/huong-dan"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    """With the guide's clock and ears running."""
    async with House(tmp_path).running() as made:
        running = asyncio.create_task(made.centre.guide.desk.run())
        yield made
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def desk(house: House) -> GuideService:
    return house.centre.guide.desk


def press(sheet: Sheet, text: str) -> None:
    sheet.press(sheet.find("button", text)[0])


async def show(house: House, sheet: Sheet, *meant: Meaning) -> None:
    for one in meant:
        await desk(house).press(one)
    await until(lambda: bool(sheet.find("h1")))


def said(sheet: Sheet) -> str:
    (subtitle,) = sheet.find("p", classes="guide-subtitle")
    return str(subtitle._text)


class TestDoor:
    @pytest.mark.parametrize(("address", "expected"), [("127.0.0.1", 200), ("10.1.2.3", 200), ("10.9.9.9", 403)])
    async def test_it_answers_this_machine_and_the_listed_ones(
        self, tmp_path: Path, address: str, expected: int
    ) -> None:
        async with House(tmp_path, tablet_clients=("10.1.2.0/24",)).running() as house:
            assert await status(house, GUIDE, address=address) == expected

    async def test_home_lists_it(self, house: House) -> None:
        async with house.browser() as browser:
            assert 'href="/huong-dan"' in (await browser.get("/")).text


class TestKiosk:
    async def test_nobody_is_here_and_everything_is_offered(self, house: House) -> None:
        sheet = await house.open(GUIDE)
        assert said(sheet).startswith("Xin chào! Tôi là máy hướng dẫn.")
        for text in ("Lấy số thứ tự", "Tra cứu hồ sơ", "Giấy tờ cần mang", "Kiểm tra giấy tờ", "Đến quầy nào?",
                     "Giờ làm việc", "Chỉ đường", "Tổng đài 1022", "Góp ý", "Gặp cán bộ"):  # fmt: skip
            assert sheet.find("button", text), text
        assert not sheet.find("button", "Quay lại")
        assert desk(house).view().scene.state.stage is Stage.AWAY

    async def test_every_stage_has_a_screen_with_one_heading_and_a_person(self, house: House) -> None:
        assert set(guide_screens._SCREENS) == set(Stage)

    async def test_a_number_from_the_menu_to_the_paper(self, house: House) -> None:
        sheet = await house.open(GUIDE)
        press(sheet, "Lấy số thứ tự")
        await until(lambda: bool(sheet.find("button", "Hộ tịch")))
        press(sheet, "Hộ tịch")
        await until(lambda: bool(sheet.find("button", "Phụ nữ mang thai")))
        press(sheet, "Phụ nữ mang thai")
        await until(lambda: bool(sheet.find("p", "A009", "slip-number")))
        await until(lambda: "Mời lấy phiếu" in sheet.text)
        assert said(sheet).startswith("Số của ông/bà là A009.")
        press(sheet, "Xong")
        await until(lambda: bool(sheet.find("h1", "Ông/bà cần gì?")))
        assert "A009" not in sheet.text

    @pytest.mark.parametrize(
        ("code", "words"),
        [
            (READY, ["Đã có kết quả.", READY, "Vừa hỏi hệ thống"]),
            (UNDERWAY, ["Hồ sơ đang được giải quyết.", "Đang được xác minh.", "Hẹn trả"]),
            (LATE, ["nay đã trễ; xin lỗi"]),
            ("H29.19-261124-9999", ["Tôi không thấy hồ sơ nào có mã này"]),
        ],
    )
    async def test_a_dossier(self, house: House, code: str, words: list[str]) -> None:
        sheet = await house.open(GUIDE)
        press(sheet, "Tra cứu hồ sơ")
        await until(lambda: bool(sheet.find("button", "Xoá hết")))
        for letter in code:
            sheet.press(next(key for key in sheet.find("button") if key._text == letter))
        press(sheet, "Tra cứu")
        await until(lambda: bool(sheet.find("p", code, "guide-code")))
        assert code not in said(sheet), "never said whole"
        press(sheet, "Đúng")
        await until(lambda: bool(sheet.find("h1", "Tình trạng hồ sơ")))
        for text in words:
            assert text in sheet.text
        assert "Nguyễn" not in sheet.text

    async def test_voice_and_touch_move_the_same_screen(self, house: House) -> None:
        sheet = await house.open(GUIDE)
        house.centre.guide.ears.hear(wish("papers", "khai-sinh"))
        await until(lambda: bool(sheet.find("h2", "Đăng ký khai sinh")))
        press(sheet, "Kiểm tra đã đủ chưa")
        await until(lambda: bool(sheet.find("button", "Có rồi")))
        house.centre.guide.ears.hear(wish("no"))
        await until(lambda: "Giấy 2 trên 4" in sheet.text)
        for _ in range(3):
            await desk(house).press(Meaning(Intent.YES))
        await until(lambda: "còn thiếu" in sheet.text)
        assert len(sheet.find("li", classes="missing")) == 1

    async def test_choices_are_buttons(self, house: House) -> None:
        sheet = await house.open(GUIDE)
        await desk(house).touch()
        house.centre.guide.ears.hear(wish("counter", "khai-sinh"), wish("hours"), is_sure=False)
        await until(lambda: bool(sheet.find("button", "Không phải những việc này")))
        press(sheet, "Đăng ký khai sinh ở quầy nào")
        await until(lambda: bool(sheet.find("p", "Quầy 2", "guide-counter")))

    async def test_hours_directions_hotline_and_counters_are_shown(self, house: House) -> None:
        sheet = await house.open(GUIDE)
        await show(house, sheet, Meaning(Intent.HOURS, day="sunday"))
        assert said(sheet) == "Chủ nhật không làm việc."
        assert "Nghỉ lễ sắp tới: Tết Dương lịch 01/01" in sheet.text
        assert len(sheet.find("div", classes="guide-row")) == 7
        await show(house, sheet, Meaning(Intent.DIRECTIONS, pick="thue"))
        assert "Ra cổng rẽ trái" in sheet.text
        assert "Mã QR chỉ đường đến Thuế cơ sở" in sheet.text
        await show(house, sheet, Meaning(Intent.HOTLINE))
        assert "Mã QR gọi số 1022" in sheet.text
        await show(house, sheet, Meaning(Intent.COUNTER))
        assert len(sheet.find("div", classes="guide-row")) == 4

    async def test_feedback_is_two_touches(self, house: House) -> None:
        sheet = await house.open(GUIDE)
        press(sheet, "Góp ý")
        await until(lambda: bool(sheet.find("button", "Thời gian chờ")))
        press(sheet, "Thời gian chờ")
        await until(lambda: bool(sheet.find("button", "Chưa hài lòng")))
        press(sheet, "Chưa hài lòng")
        await until(lambda: "Cảm ơn ông/bà đã góp ý" in sheet.text)
        assert house.centre.guide.ledger.events[-1].TYPE == "feedback.given"

    async def test_an_action_that_fails_says_so(self, house: House) -> None:
        sheet = await house.open(GUIDE)
        house.centre.guide.ledger.is_full = True
        press(sheet, "Giờ làm việc")
        await until(lambda: "Chưa làm được" in sheet.text or bool(sheet.find("div", classes="notice")))
        assert sheet.find("h1", "Giờ làm việc"), "and is answered all the same"

    async def test_ears_are_seen_to_listen_and_to_be_broken(self, house: House) -> None:
        sheet = await house.open(GUIDE)
        await until(lambda: "Đang nghe, mời nói" in sheet.text)
        house.centre.guide.ears.be(EarsState.LOST)
        await until(lambda: "Micro hỏng, mời chạm nút" in sheet.text)

    async def test_english_is_for_this_visitor_only(self, house: House) -> None:
        sheet = await house.open(GUIDE)
        press(sheet, "English")
        await until(lambda: bool(sheet.find("h1", "What do you need?")))
        press(sheet, "Larger text")
        press(sheet, "High contrast")
        await until(lambda: bool(sheet.find("div", classes="guide large contrast")))
        for _ in range(2):
            house.centre.clock.seconds = desk(house).view().scene.state.until
            await desk(house).happened(Tick())
        assert sheet.find("h1", "Ông/bà cần gì?")
        assert not sheet.find("div", classes="guide large")

    async def test_the_last_seconds_are_counted_in_sight(self, house: House) -> None:
        sheet = await house.open(GUIDE)
        await show(house, sheet, Meaning(Intent.HOURS))
        house.centre.clock.seconds = desk(house).view().scene.state.until
        await desk(house).happened(Tick())
        await until(lambda: "Màn hình sẽ xoá sau 15 giây" in sheet.text)
        press(sheet, "Tôi còn ở đây")
        await until(lambda: "Màn hình sẽ xoá" not in sheet.text)
        assert sheet.find("h1", "Giờ làm việc")

    async def test_subscriptions_end_with_the_page(self, house: House) -> None:
        before = house.centre.guide.subscribers
        sheet = await house.open(GUIDE)
        assert house.centre.guide.subscribers == before + 1
        sheet.close()
        assert house.centre.guide.subscribers == before


class TestPerson:
    @pytest.mark.parametrize("page", ["/quay/quay-01", "/quay/quay-01/so"])
    async def test_officers_see_who_waits_and_say_that_they_come(self, house: House, page: str) -> None:
        kiosk, officer = await house.open(GUIDE), await house.open(page, "quay-01")
        assert not officer.find("button", "Tôi đến ngay")
        press(kiosk, "Gặp cán bộ")
        await until(lambda: "Có người cần giúp ở máy hướng dẫn" in officer.text)
        press(officer, "Tôi đến ngay")
        await until(lambda: "Cán bộ đang đến." in kiosk.text)
        await until(lambda: not officer.find("button", "Tôi đến ngay"))

    async def test_a_visitor_who_no_longer_needs_one_takes_the_call_back(self, house: House) -> None:
        kiosk, officer = await house.open(GUIDE), await house.open("/quay/quay-01/so", "quay-01")
        press(kiosk, "Gặp cán bộ")
        await until(lambda: bool(officer.find("button", "Tôi đến ngay")))
        press(kiosk, "Không cần nữa")
        await until(lambda: not officer.find("button", "Tôi đến ngay"))
