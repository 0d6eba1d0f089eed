"""The queue's three pages through NiceGUI's own elements, over the real desk; Chromium looks at them in tests/e2e."""

import asyncio
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from edge.domain.ticket import TicketState
from edge.queue_ports import Action, Priority, Refusal
from edge.web import queue_words
from edge.web.users import remove_user
from tests.edge.web.fakes import MORNING
from tests.edge.web.house import PIN, House, Sheet
from tests.edge.web.test_gate import status

PANEL, BOARD, KIOSK, REPORT = "/quay/quay-01/so", "/bang-so", "/lay-so", "/lanh-dao/so"


async def until(fact: Callable[[], bool]) -> None:
    """Let the loop work until it is so; the test's own time limit ends the wait."""
    while not fact():
        await asyncio.sleep(0.005)


def state_of(house: House, label: str) -> TicketState:
    ticket = house.centre.queue.desk._day.find(label)
    assert ticket is not None
    return ticket.state


def press(sheet: Sheet, text: str, tag: str = "button") -> None:
    sheet.press(sheet.find(tag, text)[0])


class TestDoor:
    @pytest.mark.parametrize(
        ("name", "path", "expected"),
        [
            ("quay-01", PANEL, 200),
            ("quay-01", "/quay/quay-02/so", 403),
            ("lanh-dao-1", "/quay/quay-02/so", 200),
            ("ky-thuat", PANEL, 403),
            ("lanh-dao-1", "/quay/quay-99/so", 404),
            (None, PANEL, 303),
            ("lanh-dao-1", REPORT, 200),
            ("quay-01", REPORT, 403),
            (None, REPORT, 303),
            (None, BOARD, 200),
            (None, KIOSK, 200),
        ],
    )
    async def test_each_role_gets_its_own_pages(self, house: House, name: str | None, path: str, expected: int) -> None:
        assert await status(house, path, name) == expected

    @pytest.mark.parametrize("path", [BOARD, KIOSK])
    @pytest.mark.parametrize(("address", "expected"), [("127.0.0.1", 200), ("10.1.2.3", 200), ("10.9.9.9", 403)])
    async def test_board_and_kiosk_answer_this_machine_and_the_listed_ones(
        self, tmp_path: Path, path: str, address: str, expected: int
    ) -> None:
        async with House(tmp_path, tablet_clients=("10.1.2.0/24",)).running() as house:
            assert await status(house, path, address=address) == expected

    async def test_home_lists_them(self, house: House) -> None:
        async with house.browser() as browser:
            browser.cookies.set("motcua_session", house.session_of("quay-01"))
            text = (await browser.get("/")).text
        assert all(f'href="{path}"' in text for path in (PANEL, BOARD, KIOSK))
        assert 'href="/quay/quay-02/so"' not in text

    async def test_the_officers_two_pages_lead_to_each_other(self, house: House) -> None:
        panel, counter = await house.open(PANEL, "quay-01"), await house.open("/quay/quay-01", "quay-01")
        assert "/quay/quay-01" in [link.props.get("href") for link in panel.find("a")]
        assert PANEL in [link.props.get("href") for link in counter.find("a")]


class TestPanel:
    async def test_one_touch_calls_who_is_next_and_the_next_press_finishes(self, house: House) -> None:
        sheet = await house.open(PANEL, "quay-01")
        press(sheet, "Gọi số tiếp: A005")
        await until(lambda: "Đang gọi" in sheet.text)
        assert sheet.find("p", "A005", "queue-number")
        assert sheet.find("p", "Phụ nữ mang thai", "queue-mark")
        press(sheet, "Đã đến quầy")
        await until(lambda: "Đang phục vụ" in sheet.text)
        press(sheet, "Xong, gọi tiếp A002")
        await until(lambda: state_of(house, "A002") is TicketState.CALLED)
        assert state_of(house, "A005") is TicketState.SERVED
        await until(lambda: "1 lượt xong" in sheet.text)

    @pytest.mark.parametrize(
        ("pressed", "state"),
        [
            ("Gọi lại", TicketState.CALLED),
            ("Chưa thấy, gọi sau", TicketState.WAITING),
            ("Không đến", TicketState.NO_SHOW),
            ("Để sau", TicketState.PARKED),
        ],
    )
    async def test_every_button_of_a_called_number(self, house: House, pressed: str, state: TicketState) -> None:
        sheet = await house.open(PANEL, "quay-01")
        press(sheet, "Gọi số tiếp")
        await until(lambda: "Đang gọi" in sheet.text)
        before = house.centre.queue.ledger.events[:]
        press(sheet, pressed)
        await until(lambda: house.centre.queue.ledger.events != before)
        assert state_of(house, "A005") is state

    async def test_a_transfer_asks_where_to_and_keeps_the_number(self, house: House) -> None:
        sheet = await house.open(PANEL, "quay-01")
        press(sheet, "Gọi số tiếp")
        await until(lambda: "Đang gọi" in sheet.text)
        assert not sheet.find("button", "Chứng thực")
        press(sheet, "Chuyển việc khác")
        assert not sheet.find("button", "Hộ tịch"), "not to where it is already"
        press(sheet, "Chứng thực")
        await until(lambda: "Quầy đang trống" in sheet.text)
        assert [one.label for one in house.centre.queue.desk.panel("quay-03").waiting if one.label == "A005"] == [
            "A005"
        ]

    async def test_a_row_is_called_out_of_turn_and_a_parked_one_comes_back_or_is_dropped(self, house: House) -> None:
        sheet = await house.open(PANEL, "quay-01")
        (gone,) = sheet.find("button", "Bỏ số")
        assert gone.props["aria-label"] == "Bỏ số A001: người dân không quay lại"
        sheet.press(next(one for one in sheet.find("button", "Gọi") if one.props.get("aria-label") == "Gọi số A007"))
        await until(lambda: bool(sheet.find("p", "A007", "queue-number")))
        press(sheet, "Bỏ số")
        await until(lambda: state_of(house, "A001") is TicketState.NO_SHOW)
        assert "Không có số nào để sau." in sheet.text

    @pytest.mark.parametrize(
        ("refusal", "said"),
        [
            (Refusal.NOBODY, "Chưa có ai chờ quầy này."),
            (Refusal.BUSY, "Quầy đang gọi một số."),
            (Refusal.NOT_NOW, "Số này vừa đổi trạng thái."),
        ],
    )
    async def test_what_another_counter_did_meanwhile_is_told(
        self, house: House, monkeypatch: pytest.MonkeyPatch, refusal: Refusal, said: str
    ) -> None:
        async def too_late(_counter: str) -> Refusal:
            return refusal

        sheet = await house.open(PANEL, "quay-01")
        monkeypatch.setattr(house.centre.queue.desk, "call_next", too_late)
        press(sheet, "Gọi số tiếp")
        await until(lambda: said in sheet.text)

    async def test_a_new_number_joins_the_list_at_once(self, house: House) -> None:
        sheet = await house.open(PANEL, "quay-01")
        await house.centre.queue.desk.issue("ho-tich", Priority.NONE)
        assert sheet.find("b", "A009")

    async def test_waits_move_on_with_the_clock(self, house: House) -> None:
        sheet = await house.open(PANEL, "quay-01")
        assert "đã chờ 39 phút" in sheet.text
        house.centre.clock.at = MORNING + timedelta(minutes=30)
        await house.centre.queue.desk.issue("chung-thuc", Priority.NONE)
        assert "đã chờ 1 giờ 09 phút" in sheet.text

    async def test_an_officer_who_was_removed_calls_nobody(self, house: House) -> None:
        sheet = await house.open(PANEL, "quay-01")
        remove_user(house.users_file, "quay-01")
        before = len(house.centre.queue.ledger.events)
        press(sheet, "Gọi số tiếp")
        await asyncio.sleep(0.05)
        assert len(house.centre.queue.ledger.events) == before

    async def test_a_full_disk_is_told_and_nothing_is_called(self, house: House) -> None:
        sheet = await house.open(PANEL, "quay-01")
        house.centre.queue.ledger.is_full = True
        press(sheet, "Gọi số tiếp")
        await until(lambda: "Chưa ghi lại được" in sheet.text)
        assert state_of(house, "A005") is TicketState.WAITING

    async def test_english(self, house: House) -> None:
        sheet = await house.open(PANEL, "quay-01", "en")
        assert "Call next: A005" in sheet.text
        assert "Civil status" in sheet.text

    async def test_nothing_is_left_behind(self, house: House) -> None:
        for path, name in ((PANEL, "quay-01"), (BOARD, None), (KIOSK, None)):
            sheet = await house.open(path, name)
            assert house.centre.queue.subscribers == 1
            sheet.close()
            assert house.centre.queue.subscribers == 0


class TestBoard:
    async def test_the_newest_call_and_every_counter_in_its_place(self, house: House) -> None:
        sheet = await house.open(BOARD)
        await house.centre.queue.desk.call_next("quay-01")
        assert sheet.find("p", "A005", "board-number")
        assert sheet.find("p", "Quầy 1", "board-where")
        assert [tile._text for tile in sheet.find("p", classes="board-tile-name")] == [f"Quầy {n}" for n in range(1, 5)]
        assert [tile._text for tile in sheet.find("p", classes="board-tile-number")] == ["A005", "B001", "D001", "C001"]
        await house.centre.queue.desk.press("quay-01", "A005", Action.COME)
        assert not sheet.find("p", classes="board-number")

    async def test_nothing_of_priority_is_on_the_board(self, house: House) -> None:
        sheet = await house.open(BOARD)
        await house.centre.queue.desk.call_next("quay-01")
        assert not any(word in sheet.text for word in ("mang thai", "cao tuổi", "khuyết tật", "Ưu tiên"))

    async def test_only_calls_are_said(self, house: House) -> None:
        sheet = await house.open(BOARD)
        said: list[str] = []
        sheet.client.run_javascript = lambda code, **_: said.append(code)  # type: ignore[method-assign, assignment]
        desk = house.centre.queue.desk
        await desk.issue("ho-tich", Priority.NONE)
        await desk.call_next("quay-01")
        await desk.press("quay-01", "A005", Action.RECALL)
        await desk.press("quay-01", "A005", Action.COME)
        call = '"Mời số A không không năm đến quầy một", "vi"'
        assert [code for code in said if "motcuaBoard" in code] == [f"window.motcuaBoard?.call({call})"] * 2

    async def test_english_is_said_in_english(self, house: House) -> None:
        await house.centre.queue.desk.call_next("quay-01")
        (call,) = [one for one in house.centre.queue.desk.hall().calls if one.label == "A005"]
        said = queue_words.announcement(house.site.words("en"), call)
        assert said == "Number A 0 0 5, please come to counter 1"

    async def test_a_closed_hall_says_why(self, house: House) -> None:
        house.centre.clock.at = MORNING.replace(hour=12)
        sheet = await house.open(BOARD)
        assert "Đang nghỉ trưa. Lấy số từ 13:30." in sheet.text


class TestKiosk:
    async def take(self, sheet: Sheet, service: str, priority: str) -> None:
        press(sheet, service)
        press(sheet, priority)
        await until(lambda: bool(sheet.find("p", classes="slip-number")))

    async def test_two_touches_give_a_number_with_qr_and_wait(self, house: House) -> None:
        sheet = await house.open(KIOSK)
        await self.take(sheet, "Đất đai", "Không")
        assert sheet.find("p", "C004", "slip-number")
        assert "Sẽ được mời đến: Quầy 4" in sheet.text
        assert "Trước ông/bà: 2 người." in sheet.text
        assert 'aria-label="Mã QR của số C004"' in sheet.text
        await until(lambda: "Mời lấy phiếu" in sheet.text)
        assert house.centre.queue.printer.printed == ["C004"]
        press(sheet, "Xong")
        assert "Ông/bà đến làm việc gì?" in sheet.text

    async def test_priority_by_the_citizens_own_word(self, house: House) -> None:
        sheet = await house.open(KIOSK)
        await self.take(sheet, "Hộ tịch", "Người cao tuổi")
        ticket = house.centre.queue.desk._day.find("A009")
        assert ticket is not None
        assert ticket.priority is Priority.OLDER
        assert "Ưu tiên" in sheet.text

    async def test_a_second_touch_is_the_same_finger(self, house: House) -> None:
        sheet = await house.open(KIOSK)
        press(sheet, "Hộ tịch")
        for _ in range(3):
            press(sheet, "Không")
        await until(lambda: bool(sheet.find("p", classes="slip-number")))
        assert house.centre.queue.desk._day.find("A010") is None

    async def test_a_printer_that_fails_leaves_the_number_valid(self, house: House) -> None:
        house.centre.queue.printer.works = False
        sheet = await house.open(KIOSK)
        await self.take(sheet, "Hộ tịch", "Không")
        await until(lambda: "Chưa in được phiếu" in sheet.text)
        assert state_of(house, "A009") is TicketState.WAITING

    async def test_an_unanswered_question_and_a_read_slip_go_away_by_themselves(self, tmp_path: Path) -> None:
        async with House(tmp_path, queue_idle_s=0.02, queue_slip_s=0.02).running() as house:
            sheet = await house.open(KIOSK)
            press(sheet, "Hộ tịch")
            await until(lambda: "Ông/bà đến làm việc gì?" in sheet.text)
            assert house.centre.queue.desk._day.find("A009") is None
            await self.take(sheet, "Hộ tịch", "Không")
            await until(lambda: "Ông/bà đến làm việc gì?" in sheet.text)

    async def test_closing_time_between_two_touches(self, house: House) -> None:
        sheet = await house.open(KIOSK)
        press(sheet, "Hộ tịch")
        house.centre.clock.at = MORNING.replace(hour=16, minute=30)
        press(sheet, "Không")
        await until(lambda: "Đã hết giờ lấy số hôm nay." in sheet.text)
        assert "Lấy số lại từ 07:30 thứ Hai 23/11." in sheet.text
        assert house.centre.queue.desk._day.find("A009") is None

    async def test_when_every_number_is_taken_it_says_so(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("edge.domain.queue.NUMBERS_A_DAY", 8)
        sheet = await house.open(KIOSK)
        press(sheet, "Hộ tịch")
        press(sheet, "Không")
        await until(lambda: "đã phát hết số" in sheet.text)
        assert "Ông/bà đến làm việc gì?" in sheet.text

    async def test_english(self, house: House) -> None:
        sheet = await house.open(KIOSK, lang="en")
        await self.take(sheet, "Land and building", "No")
        assert "Your number" in sheet.text


def unnamed(markup: str) -> str:
    """A table without what each cell is called where the screen is too narrow for its head."""
    return re.sub(r' data-name="[^"]*"', "", markup)


class TestReport:
    async def test_todays_counts_follow_what_happens(self, house: House) -> None:
        sheet = await house.open(REPORT, "lanh-dao-1")
        await until(lambda: '<th scope="row">Hộ tịch</th><td>8</td><td>0</td>' in unnamed(sheet.text))
        await house.centre.queue.desk.press("quay-02", "B001", Action.FINISH)
        await until(
            lambda: '<th scope="row">Chứng thực</th><td>3</td><td>1</td><td>0</td><td>2</td>' in unnamed(sheet.text)
        )
        assert '<th scope="row">Quầy 2</th><td>1</td><td>1</td>' in unnamed(sheet.text)
        assert "A001" not in sheet.text

    async def test_another_day_is_one_link_away(self, house: House) -> None:
        today = await house.open(REPORT, "lanh-dao-1")
        assert [link.props["href"] for link in today.find("a")][:3] == ["/", "/lanh-dao", f"{REPORT}?ngay=2026-11-19"]
        past = await house.open(f"{REPORT}?ngay=2026-11-19", "lanh-dao-1")
        assert "19/11/2026" in past.text
        await until(lambda: '<th scope="row">Hộ tịch</th><td>0</td>' in unnamed(past.text))
        assert f"{REPORT}?ngay=2026-11-20" in [link.props["href"] for link in past.find("a")]

    @pytest.mark.parametrize("asked", ["hom-qua", "2026-13-45", "0001-01-01", "9999-12-31"])
    async def test_a_day_that_is_none_is_today(self, house: House, asked: str) -> None:
        sheet = await house.open(f"{REPORT}?ngay={asked}", "lanh-dao-1")
        assert "20/11/2026" in sheet.text


@pytest.mark.parametrize(
    ("seconds", "minutes_ahead", "said"),
    [
        (0.0, 0, "gần như không phải chờ"),
        (59.0, 1, "gần như không phải chờ"),
        (60.0, 1, "khoảng 1 phút"),
        (420.0, 7, "khoảng 7 phút"),
        (1000.0, 17, "khoảng 15 phút"),
        (3500.0, 58, "khoảng 1 giờ 00 phút"),
        (3601.0, 61, "chừng 11:45"),
        (None, 0, "có thể không kịp trong hôm nay"),
    ],
)
async def test_a_wait_is_told_no_finer_than_it_is_known(
    house: House, seconds: float | None, minutes_ahead: int, said: str
) -> None:
    at = None if seconds is None else MORNING + timedelta(minutes=minutes_ahead)
    assert queue_words.wait(house.site.words("vi"), seconds, at) == said


async def test_an_officer_of_a_counter_without_a_camera_lands_on_its_queue(house: House) -> None:
    del house.centre.counters.views["quay-01"]
    async with house.browser() as browser:
        seal = re.findall(r'name="seal" value="([^"]+)"', (await browser.get("/dang-nhap")).text)[0]
        filled = {"name": "quay-01", "pin": PIN, "code": house.code("quay-01"), "ve": "/", "seal": seal}
        answer = await browser.post("/dang-nhap", data=filled)
    assert answer.headers["location"] == PANEL
