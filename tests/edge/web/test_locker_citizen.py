"""The citizen's screen of a cabinet: each step, each refusal, and that nothing is left when somebody has gone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from edge.locker_ports import PrintOutcome, RefusalWhy, Refused, Step
from edge.web.locker_refusal import TRY_AGAIN
from edge.web.site import LockerScreen
from tests.edge.web.house import House, Sheet, until
from tests.edge.web.locker_fakes import CODE, DOSSIER, KEYPAD, PHONE, RECEIPT, TAIL

QUICK = LockerScreen(help_phone="028 3822 1234", hours="7:30–11:30", tick_s=0.01)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with House(tmp_path, locker=QUICK).running() as made:
        yield made


class Citizen:
    """Somebody at the screen."""

    def __init__(self, house: House, sheet: Sheet) -> None:
        self.house, self.sheet, self.locker = house, sheet, house.centre.locker

    @property
    def text(self) -> str:
        return self.sheet.text

    @property
    def everything(self) -> str:
        """Also what is hidden: the whole page as the browser has it."""
        elements = self.sheet.client.elements.values()
        return "\n".join(f"{one._text} {one.props}" for one in elements)

    def press(self, text: str) -> None:
        self.sheet.press(next(one for one in self.sheet.find("button", text) if "disabled" not in one.props))

    def type(self, text: str) -> None:
        for letter in text:
            self.sheet.press(next(one for one in self.sheet.find("button", classes="key") if one._text == letter))

    async def give_code(self, code: str = CODE) -> None:
        self.press("Nhận kết quả")
        self.type(TAIL)
        self.press("Tiếp tục")
        self.type(code)
        self.press("Mở ngăn")
        await until(lambda: bool(self.locker.asked) and "Đang kiểm tra" not in self.text)

    async def hand_in(self, height: str = "Ngăn bất kỳ") -> None:
        self.press("Nộp hồ sơ")
        self.press("Đăng ký khai sinh")
        self.press("Tôi có đủ")
        self.type(PHONE)
        self.press("Tiếp tục")
        self.press(height)
        await until(lambda: bool(self.locker.asked) and "Đang kiểm tra" not in self.text)

    def wait(self, seconds: float) -> None:
        self.house.centre.clock.seconds += seconds


async def arrive(house: House, lang: str | None = None) -> Citizen:
    return Citizen(house, await house.open("/tu", lang=lang))


class TestPickUp:
    async def test_the_code_opens_the_door_and_closing_it_ends(self, house: House) -> None:
        citizen = await arrive(house)
        await citizen.give_code()
        assert citizen.locker.asked == [("pick_up", KEYPAD, TAIL, CODE)]
        await until(lambda: "Đang mở ngăn 07" in citizen.text)
        citizen.locker.move("o-1", Step.OPEN)
        assert "Ngăn 07 đã mở" in citizen.text
        assert citizen.sheet.find("div", "07", "door lit is-open")
        citizen.locker.move("o-1", Step.CLOSE_IT)
        assert "Xin đóng cửa ngăn 07" in citizen.text
        citizen.locker.move("o-1", Step.DONE)
        assert "Xong rồi, cảm ơn" in citizen.text
        citizen.press("Xong")
        assert "Ông/bà cần làm gì?" in citizen.text

    async def test_the_door_is_not_called_open_before_it_was_seen_open(self, house: House) -> None:
        citizen = await arrive(house)
        await citizen.give_code()
        await until(lambda: "Đang mở ngăn 07" in citizen.text)
        assert "đã mở" not in citizen.text
        assert not citizen.sheet.find("div", classes="is-open")

    async def test_a_dossier_code_is_typed_with_letters(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("Nhận kết quả")
        citizen.press("Nhập mã hồ sơ")
        citizen.type(DOSSIER)
        assert citizen.sheet.find("output", DOSSIER)
        citizen.press("Tiếp tục")
        citizen.type(CODE)
        citizen.press("Mở ngăn")
        await until(lambda: citizen.locker.asked == [("pick_up", KEYPAD, DOSSIER, CODE)])

    async def test_a_scanned_receipt_leads_straight_to_the_code(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.locker.citizen.scanner.scan(f"{RECEIPT}\n")
        assert "Nhập mã nhận hồ sơ" in citizen.text
        assert RECEIPT not in citizen.everything, "what was scanned is not shown to whoever stands behind"
        citizen.type(CODE)
        citizen.press("Mở ngăn")
        await until(lambda: citizen.locker.asked == [("pick_up", KEYPAD, RECEIPT, CODE)])

    async def test_nothing_can_be_asked_before_everything_is_typed(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("Nhận kết quả")
        citizen.type("56")
        (further,) = citizen.sheet.find("button", "Tiếp tục")
        assert "disabled" in further.props
        citizen.sheet.press(further)
        assert "4 số cuối" in citizen.text
        citizen.type("78")
        citizen.press("Tiếp tục")
        citizen.type(CODE[:-1])
        citizen.sheet.press(citizen.sheet.find("button", "Mở ngăn")[0])
        assert not citizen.locker.asked

    @pytest.mark.parametrize("configured", [6, 8])
    @pytest.mark.parametrize("code", [CODE, CODE + "37"])
    async def test_a_code_is_taken_as_long_as_it_was_issued(self, tmp_path: Path, configured: int, code: str) -> None:
        async with House(tmp_path, locker=replace(QUICK, code_digits=configured)).running() as house:
            citizen = await arrive(house)
            await citizen.give_code(code)
            assert citizen.locker.asked == [("pick_up", KEYPAD, TAIL, code)]

    async def test_a_code_of_no_length_is_not_asked(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("Nhận kết quả")
        citizen.type(TAIL)
        citizen.press("Tiếp tục")
        citizen.type(CODE + "3")
        citizen.sheet.press(citizen.sheet.find("button", "Mở ngăn")[0])
        assert not citizen.locker.asked

    async def test_the_code_is_masked_and_gone_after_the_answer(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("Nhận kết quả")
        citizen.type(TAIL)
        citizen.press("Tiếp tục")
        citizen.type("2048")
        assert citizen.sheet.find("output", "●●●●○○")
        assert "2048" not in citizen.everything
        citizen.press("⌫")
        assert citizen.sheet.find("output", "●●●○○○")

    async def test_mistakes_are_taken_back(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("Nhận kết quả")
        citizen.type("12345")
        assert citizen.sheet.find("output", "1 2 3 4"), "no more than four"
        citizen.press("⌫")
        citizen.type("9")
        assert citizen.sheet.find("output", "1 2 3 9")
        citizen.press("Xoá hết")
        assert citizen.sheet.find("output", "_ _ _ _")

    async def test_back_and_the_way_out_are_always_there(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("Nhận kết quả")
        citizen.type(TAIL)
        citizen.press("Tiếp tục")
        citizen.press("Quay lại")
        assert "Tìm kết quả của ông/bà" in citizen.text
        citizen.press("Thoát")
        assert "Ông/bà cần làm gì?" in citizen.text
        citizen.press("Nhận kết quả")
        assert citizen.sheet.find("output", "_ _ _ _"), "nothing of the one before"


class TestRefusals:
    @pytest.mark.parametrize("why", list(RefusalWhy))
    async def test_each_says_what_to_do_in_both_languages(self, house: House, why: RefusalWhy) -> None:
        citizen = await arrive(house)
        citizen.locker.refusal = Refused(why)
        await citizen.give_code()
        await until(lambda: "Chưa mở được" in citizen.text)
        assert house.site.words("vi")(f"page.locker.refusal.{why}") in citizen.text
        assert bool(citizen.sheet.find("button", "Nhập lại")) == (why in TRY_AGAIN)
        assert "028 3822 1234" in citizen.text
        citizen.press("English")
        assert house.site.words("en")(f"page.locker.refusal.{why}") in citizen.text

    async def test_a_wait_counts_down_and_then_lets_try_again(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.locker.refusal = Refused(RefusalWhy.WAIT, 30.0)
        await citizen.give_code()
        await until(lambda: "Thử lại được sau 30 giây" in citizen.text)
        assert not citizen.sheet.find("button", "Nhập lại")
        citizen.wait(10)
        await until(lambda: "Thử lại được sau 20 giây" in citizen.text)
        citizen.wait(20)
        await until(lambda: bool(citizen.sheet.find("button", "Nhập lại")))
        citizen.press("Nhập lại")
        assert "Tìm kết quả của ông/bà" in citizen.text

    async def test_a_wrong_code_says_the_same_for_a_wrong_dossier(self, house: House) -> None:
        citizen = await arrive(house)
        await citizen.give_code("000000")
        await until(lambda: "không khớp" in citizen.text)
        wrong_code = citizen.text
        citizen.press("Về màn hình đầu")
        citizen.locker.asked.clear()
        citizen.press("Nhận kết quả")
        citizen.type("9999")
        citizen.press("Tiếp tục")
        citizen.type(CODE)
        citizen.press("Mở ngăn")
        await until(lambda: "không khớp" in citizen.text)
        assert citizen.text == wrong_code

    async def test_an_action_that_fails_is_told_and_keeps_no_code(
        self, house: House, caplog: pytest.LogCaptureFixture
    ) -> None:
        citizen = await arrive(house)
        citizen.locker.citizen.is_broken = True
        citizen.press("Nhận kết quả")
        citizen.type(TAIL)
        citizen.press("Tiếp tục")
        citizen.type(CODE)
        citizen.press("Mở ngăn")
        await until(lambda: "Chưa ghi lại được" in citizen.text)
        await until(lambda: bool(citizen.sheet.find("output", "○○○○○○")))
        assert CODE not in caplog.text

    @pytest.mark.parametrize(
        "why", ["open_failed", "open_unknown", "wrong_door", "board_lost", "board_refused", "new_one"]
    )
    async def test_a_door_that_does_not_open_is_never_shown_as_success(self, house: House, why: str) -> None:
        citizen = await arrive(house)
        await citizen.give_code()
        citizen.locker.move("o-1", Step.FAILED, why=why)
        await until(lambda: "Ngăn 07 chưa mở được" in citizen.text)
        words = house.site.words("vi")
        assert words.first(f"page.locker.why.{why}", "page.locker.why.unknown") in citizen.text
        assert "Xong rồi" not in citizen.text

    async def test_a_cabinet_that_is_not_trusted_offers_no_door_and_comes_back_by_itself(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.locker.trust("disk")
        assert "Tủ tạm ngừng phục vụ" in citizen.text
        assert not citizen.sheet.find("button", "Nhận kết quả")
        assert citizen.sheet.find("button", "Cần giúp")
        citizen.locker.citizen.scanner.scan(RECEIPT)
        assert "Tủ tạm ngừng phục vụ" in citizen.text
        citizen.locker.trust(None)
        assert citizen.sheet.find("button", "Nhận kết quả")


class TestDeposit:
    async def test_papers_phone_door_receipt(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("Nộp hồ sơ")
        citizen.press("Đăng ký khai sinh")
        for paper in ("Tờ khai đăng ký khai sinh", "Giấy chứng sinh", "Bản sao giấy kết hôn"):
            assert paper in citizen.text
        citizen.press("Tôi có đủ")
        citizen.type(PHONE)
        assert citizen.sheet.find("output", "0912 345 678")
        citizen.press("Tiếp tục")
        citizen.press("Ngăn thấp")
        await until(lambda: "Đang mở ngăn 17" in citizen.text)
        assert citizen.locker.asked == [("deposit", KEYPAD, "khai-sinh", PHONE, None, True, "vi")]
        assert PHONE not in citizen.everything.replace(" ", "")
        citizen.locker.move("o-1", Step.OPEN)
        assert "Đặt túi hồ sơ vào" in citizen.text
        citizen.locker.move("o-1", Step.DONE, receipt=RECEIPT)
        assert RECEIPT in citizen.text
        assert "Đang in biên nhận" in citizen.text
        assert "<svg" in citizen.text
        citizen.locker.move("o-1", Step.DONE, printed=PrintOutcome.NO_PAPER)
        assert "hết giấy" in citizen.text

    @pytest.mark.parametrize("outcome", PrintOutcome)
    async def test_each_end_of_a_printing_is_said(self, house: House, outcome: PrintOutcome) -> None:
        citizen = await arrive(house)
        await citizen.hand_in()
        citizen.locker.move("o-1", Step.DONE, receipt=RECEIPT)
        citizen.locker.move("o-1", Step.DONE, printed=outcome)
        assert RECEIPT in citizen.text
        assert "Đang in" not in citizen.text
        assert "printed." not in citizen.text

    async def test_the_second_page_of_procedures_follows_and_turns_back(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("Nộp hồ sơ")
        assert "Cấp phép xây dựng" not in citizen.text
        citizen.press("Xem thêm")
        assert "Cấp phép xây dựng" in citizen.text
        citizen.press("Xem thêm")
        assert "Đăng ký khai sinh" in citizen.text

    async def test_a_scanned_receipt_adds_to_that_dossier(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("Nộp hồ sơ")
        citizen.press("Đăng ký khai sinh")
        citizen.locker.citizen.scanner.scan(DOSSIER)
        assert "bổ sung cho hồ sơ đó" in citizen.text
        assert DOSSIER not in citizen.everything
        citizen.press("Tôi có đủ")
        citizen.type(PHONE)
        citizen.press("Tiếp tục")
        citizen.press("Ngăn bất kỳ")
        await until(lambda: citizen.locker.asked == [("deposit", KEYPAD, "khai-sinh", PHONE, DOSSIER, False, "vi")])

    async def test_what_is_no_dossier_code_is_not_taken_for_one(self, house: House) -> None:
        """The cabinet's own receipt, scanned before handing in, was refused at the very end, again and again."""
        citizen = await arrive(house)
        citizen.press("Nộp hồ sơ")
        citizen.press("Đăng ký khai sinh")
        citizen.locker.citizen.scanner.scan(RECEIPT)
        assert "Không đọc được mã vừa quét" in citizen.text
        assert "bổ sung cho hồ sơ đó" not in citizen.text
        citizen.press("Tôi có đủ")
        citizen.type(PHONE)
        citizen.press("Tiếp tục")
        citizen.press("Ngăn bất kỳ")
        await until(lambda: citizen.locker.asked == [("deposit", KEYPAD, "khai-sinh", PHONE, None, False, "vi")])

    async def test_a_number_that_is_no_mobile_is_told_and_can_be_mended(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.locker.refusal = Refused(RefusalWhy.BAD_PHONE)
        await citizen.hand_in()
        await until(lambda: "không phải số di động" in citizen.text)
        citizen.press("Nhập lại")
        assert citizen.sheet.find("output", "0912 345 678")

    async def test_the_receipt_is_in_the_depositors_language(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("English")
        citizen.press("Hand in papers")
        citizen.press("Birth registration")
        citizen.press("I have them all")
        citizen.type(PHONE)
        citizen.press("Continue")
        citizen.press("Any door")
        await until(lambda: citizen.locker.asked == [("deposit", KEYPAD, "khai-sinh", PHONE, None, False, "en")])


class TestSession:
    async def test_it_ends_by_itself_and_leaves_nothing(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("English")
        citizen.press("Hand in papers")
        citizen.press("Birth registration")
        citizen.press("I have them all")
        citizen.type(PHONE)
        assert "0912 345 678" in citizen.everything
        citizen.wait(50)
        await until(lambda: "Are you still there?" in citizen.text)
        citizen.wait(10)
        await until(lambda: "Ông/bà cần làm gì?" in citizen.text)
        assert "0912" not in citizen.everything
        assert "678" not in citizen.everything

    @pytest.mark.parametrize("step", ["I need help", "Collect a result", "Hand in papers"])
    async def test_a_step_back_keeps_the_language_and_an_empty_screen_does_not(self, house: House, step: str) -> None:
        citizen = await arrive(house)
        citizen.press("English")
        citizen.press(step)
        citizen.wait(50)
        citizen.press("‹ Back")
        await until(lambda: "What would you like to do?" in citizen.text)
        citizen.wait(59)
        assert "What would you like to do?" in citizen.text
        citizen.wait(1)
        await until(lambda: "Ông/bà cần làm gì?" in citizen.text)

    async def test_a_language_that_nobody_used_goes_back(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("English")
        citizen.wait(60)
        await until(lambda: "Ông/bà cần làm gì?" in citizen.text)

    async def test_somebody_who_is_still_there_says_so(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("Nhận kết quả")
        citizen.wait(50)
        await until(lambda: bool(citizen.sheet.find("button", "Tôi vẫn ở đây")))
        citizen.press("Tôi vẫn ở đây")
        await until(lambda: "tự xoá sau 60 giây" in citizen.text)
        assert not citizen.sheet.find("button", "Tôi vẫn ở đây")

    async def test_each_touch_begins_the_time_anew(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("Nhận kết quả")
        citizen.wait(55)
        citizen.type("5")
        citizen.wait(55)
        await until(lambda: "tự xoá sau 5 giây" in citizen.text)
        assert citizen.sheet.find("output", "5 _ _ _")

    async def test_an_open_door_is_not_left_alone(self, house: House) -> None:
        citizen = await arrive(house)
        await citizen.give_code()
        citizen.locker.move("o-1", Step.OPEN)
        citizen.wait(600)
        citizen.locker.move("o-1", Step.CLOSE_IT)
        await asyncio.sleep(0.03)  # a tick that would have sent them away
        assert "Xin đóng cửa ngăn 07" in citizen.text
        citizen.locker.move("o-1", Step.DONE)
        assert "Xong rồi" in citizen.text
        citizen.wait(QUICK.done_s)
        await until(lambda: "Ông/bà cần làm gì?" in citizen.text)

    async def test_an_opening_nobody_knows_any_more_does_not_hold_the_screen(self, house: House) -> None:
        citizen = await arrive(house)
        await citizen.give_code()
        await until(lambda: "Đang mở ngăn 07" in citizen.text)
        citizen.locker.openings.clear()
        await until(lambda: "Ông/bà cần làm gì?" in citizen.text)

    async def test_a_screen_that_runs_for_months_does_not_grow(self, house: House) -> None:
        citizen = await arrive(house)
        counts = []
        for number in range(1, 9):
            counts.append(len(citizen.sheet.client.elements))
            citizen.locker.asked.clear()
            await citizen.give_code()
            citizen.locker.move(f"o-{number}", Step.OPEN)
            citizen.locker.move(f"o-{number}", Step.DONE)
            citizen.press("Xong")
        assert counts[-1] == counts[1]
        assert citizen.locker.subscribers == 2, "the scanner and the cabinet"

    async def test_a_closed_page_leaves_no_subscription(self, house: House) -> None:
        citizen = await arrive(house)
        await citizen.give_code()
        await until(lambda: "Đang mở ngăn 07" in citizen.text)
        assert citizen.locker.subscribers == 3
        citizen.sheet.close()
        assert citizen.locker.subscribers == 0


class TestHelp:
    async def test_a_person_the_city_and_the_hours(self, house: House) -> None:
        citizen = await arrive(house)
        citizen.press("Cần giúp")
        for expected in ("028 3822 1234", "1022", "7:30–11:30"):
            assert expected in citizen.text
        citizen.press("Quay lại")
        assert "Ông/bà cần làm gì?" in citizen.text

    async def test_without_a_number_1022_is_named(self, tmp_path: Path) -> None:
        async with House(tmp_path).running() as house:
            citizen = await arrive(house)
            assert "Cần người giúp: gọi 1022." in citizen.text

    async def test_it_speaks_english(self, house: House) -> None:
        citizen = await arrive(house, lang="en")
        assert "What would you like to do?" in citizen.text
