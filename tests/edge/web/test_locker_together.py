"""The cabinet's pages over the real locker service and a real journal: what is pressed moves doors, what doors do is seen."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from edge.locker_ports import LockerDesks, OpeningView
from edge.web.site import LockerScreen
from tests.edge.services.fake_doors import Behaviour
from tests.edge.services.locker_house import DOSSIER, OFFICER, OTHER, OTHER_PHONE, PHONE
from tests.edge.services.locker_house import House as Cabinet
from tests.edge.web.house import House, until
from tests.edge.web.test_locker_citizen import Citizen
from tests.edge.web.test_locker_staff import Desk

COIL_S = 10.0  # more than a coil needs between two pulses


@dataclass
class Hall:
    """An officer at the desk, a citizen at the screen, and the doors between them."""

    cabinet: Cabinet
    desk: Desk
    citizen: Citizen

    async def load(self) -> str:
        """A result lies behind the door whose number this is."""
        self.desk.send("Mở ngăn để nạp", load_dossier=DOSSIER, load_phone=PHONE, load_size="")
        await until(lambda: bool(self.desk.sheet.find("li", classes="opening-card")))
        number = self.desk.sheet.find("b", classes="opening-card-number")[0]._text or ""
        await self.cabinet.flow()
        await self.move(number)
        return number

    async def move(self, number: str) -> None:
        """Somebody pulls the door open and closes it again."""
        await self.cabinet.pulls(f"n{number}")
        await self.cabinet.pushes(f"n{number}")
        await self.cabinet.passes(COIL_S)

    async def spoken(self, number: str) -> str:
        """A new code, as the officer reads it out."""
        self.desk.pick(number)
        self.desk.press("Đọc mã qua điện thoại")
        self.desk.answer("Đọc mã qua điện thoại")
        await until(lambda: bool(self.desk.sheet.find("p", classes="spoken-code")))
        code = (self.desk.sheet.find("p", classes="spoken-code")[0]._text or "").replace(" ", "")
        self.desk.answer("Đã đọc xong")
        return code

    def try_code(self, code: str) -> None:
        self.citizen.press("Nhận kết quả")
        self.citizen.type(PHONE[-4:])
        self.citizen.press("Tiếp tục")
        self.citizen.type(code)
        self.citizen.press("Mở ngăn")


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    journal, web = tmp_path / "journal", tmp_path / "web"
    journal.mkdir()
    web.mkdir()
    cabinet = await Cabinet.open(journal)
    desks = LockerDesks(cabinet.citizen, cabinet.staff)
    house = House(web, change=lambda made: replace(made, locker=desks), locker=LockerScreen(tick_s=0.01))
    async with house.running():
        desk = Desk(house, await house.open("/tu/can-bo", "quay-01"))
        yield Hall(cabinet, desk, Citizen(house, await house.open("/tu")))
    await cabinet.journal.close()


async def test_a_result_goes_through_the_cabinet(hall: Hall) -> None:
    number = await hall.load()
    assert hall.desk.sheet.find("li", "Mã đang được gửi", "step-done")
    assert "Mã chờ gửi" in hall.desk.door(number).props["aria-label"]
    code = await hall.spoken(number)
    hall.try_code("000001" if code == "000000" else "000000")
    await until(lambda: "không khớp" in hall.citizen.text)
    hall.citizen.press("Về màn hình đầu")
    hall.try_code(code)
    await until(lambda: f"Đang mở ngăn {number}" in hall.citizen.text)
    await hall.cabinet.flow()
    await hall.cabinet.pulls(f"n{number}")
    assert f"Ngăn {number} đã mở" in hall.citizen.text
    assert "is-open" in hall.desk.door(number).classes
    await hall.cabinet.pushes(f"n{number}")
    assert "Xong rồi, cảm ơn" in hall.citizen.text
    assert "Trống" in hall.desk.door(number).props["aria-label"]
    hall.desk.press("Lịch sử", "tab")
    hall.desk.send("Mã hồ sơ hoặc số biên nhận", history_of=DOSSIER)
    await until(lambda: f"Đã giao khỏi ngăn {number} (kiosk)" in hall.desk.text)
    assert code not in hall.desk.text + hall.citizen.everything


async def test_a_door_left_open_frees_the_screen_once_staff_were_told(hall: Hall) -> None:
    number = await hall.load()
    hall.try_code(await hall.spoken(number))
    await until(lambda: f"Đang mở ngăn {number}" in hall.citizen.text)
    await hall.cabinet.flow()
    await hall.cabinet.pulls(f"n{number}")
    hall.citizen.wait(3600)
    assert not hall.citizen.sheet.find("button", "Về màn hình đầu"), "a door that has just opened holds the screen"
    await hall.cabinet.passes(120)
    assert hall.cabinet.state(f"n{number}") == "left_open"
    assert hall.citizen.sheet.find("button", "Về màn hình đầu")
    hall.citizen.wait(3600)
    await until(lambda: bool(hall.citizen.sheet.find("button", "Nhận kết quả")))
    await hall.cabinet.pushes(f"n{number}")
    await hall.cabinet.passes(COIL_S)
    assert hall.citizen.sheet.find("button", "Nhận kết quả"), (
        "what becomes of that door is no news for the next citizen"
    )


async def test_a_board_that_is_lost_behind_an_open_door_frees_the_screen(hall: Hall) -> None:
    number = await hall.load()
    hall.try_code(await hall.spoken(number))
    await until(lambda: f"Đang mở ngăn {number}" in hall.citizen.text)
    await hall.cabinet.flow()
    await hall.cabinet.pulls(f"n{number}")
    hall.cabinet.doors.lose_board("main")
    await hall.cabinet.flow()
    await hall.cabinet.passes(120)
    await until(lambda: bool(hall.citizen.sheet.find("button", "Về màn hình đầu")))
    hall.citizen.wait(3600)
    await until(lambda: f"ngăn {number}" not in hall.citizen.text)


async def test_a_recall_that_was_asked_before_another_result_came_takes_nothing_out(hall: Hall) -> None:
    number = await hall.load()
    code = await hall.spoken(number)
    hall.desk.pick(number)
    hall.desk.press("Thu hồi…")
    assert isinstance(await hall.cabinet.citizen.pick_up("kiosk", DOSSIER, code), OpeningView)
    await hall.cabinet.flow()
    await hall.move(number)
    others = [OTHER[:-1] + str(last) for last in range(10)]
    for other in others:  # until one lies behind the same door
        if await hall.cabinet.loaded(other, OTHER_PHONE) == f"n{number}":
            break
    stay = hall.cabinet.cabinet.compartments[f"n{number}"].stay
    hall.desk.send("Mở và thu hồi", recall_why="wrong_dossier")
    await until(lambda: "Tình trạng ngăn đã thay đổi" in hall.desk.text)
    await hall.cabinet.flow()
    assert await hall.cabinet.rows("SELECT is_dead FROM locker_codes WHERE stay = ?", stay) == [(0,)]
    assert hall.cabinet.state(f"n{number}") == "occupied"


async def test_a_deposit_whose_door_jammed_is_collected_later(hall: Hall) -> None:
    view = await hall.cabinet.citizen.deposit("kiosk", "khai-sinh", PHONE)
    assert isinstance(view, OpeningView)
    await hall.cabinet.flow()
    await hall.cabinet.pushes(view.compartment)
    await hall.cabinet.passes(COIL_S)
    hall.cabinet.doors.behaves[view.compartment] = Behaviour.JAMS
    await hall.cabinet.staff.collect(OFFICER, view.compartment)
    await hall.cabinet.flow()
    await hall.cabinet.passes(120)
    assert hall.cabinet.state(view.compartment) == "open_failed"
    hall.cabinet.doors.behaves.clear()
    hall.desk.pick(view.number)
    collect = hall.desk.house.site.words("vi")("page.locker.collect")
    await until(lambda: bool(hall.desk.sheet.find("button", collect)))
    hall.desk.press(collect)
    await until(lambda: hall.cabinet.state(view.compartment) == "opening")
    await hall.cabinet.flow()
    await hall.cabinet.pulls(view.compartment)
    assert hall.cabinet.state(view.compartment) == "open"
    assert "is-open" in hall.desk.door(view.number).classes


async def test_the_old_code_is_dead_when_a_new_one_was_read_out(hall: Hall) -> None:
    number = await hall.load()
    old, new = await hall.spoken(number), await hall.spoken(number)
    assert new != old
    hall.try_code(old)
    await until(lambda: "không khớp" in hall.citizen.text)


async def test_a_deposit_gets_a_receipt_and_waits_for_the_morning(hall: Hall) -> None:
    citizen = hall.citizen
    for press in ("Nộp hồ sơ", "Đăng ký khai sinh", "Tôi có đủ"):
        citizen.press(press)
    citizen.type(PHONE)
    citizen.press("Tiếp tục")
    citizen.press("Ngăn thấp")
    await until(lambda: "Đang mở ngăn" in citizen.text)
    number = citizen.sheet.find("p", classes="opening-number")[0]._text or ""
    await hall.cabinet.flow()
    await hall.move(number)
    (receipt,) = citizen.sheet.find("p", classes="receipt-number")
    assert receipt._text == hall.cabinet.printer.printed[0].receipt
    assert "Biên nhận đang in ra" in citizen.text
    hall.desk.press("Dân nộp", "tab")
    hall.desk.press("Lấy hồ sơ ra")
    await until(lambda: bool(hall.desk.sheet.find("li", classes="opening-card")))
    await hall.cabinet.flow()
    await hall.move(number)
    assert hall.desk.sheet.find("li", "Đã đóng", "step-done")
    assert "Không có hồ sơ nào chờ lấy." in hall.desk.text


async def test_a_door_that_jams_is_told_and_the_code_stays_good(hall: Hall) -> None:
    number = await hall.load()
    code = await hall.spoken(number)
    hall.cabinet.doors.behaves[f"n{number}"] = Behaviour.JAMS
    hall.try_code(code)
    await until(lambda: f"Đang mở ngăn {number}" in hall.citizen.text)
    await hall.cabinet.passes(60)
    assert f"Ngăn {number} chưa mở được" in hall.citizen.text
    assert "cửa không bật" in hall.citizen.text
    assert "fault" in hall.desk.door(number).classes


async def test_a_full_disk_closes_the_cabinet_for_the_citizen(hall: Hall) -> None:
    number = await hall.load()
    code = await hall.spoken(number)
    hall.cabinet.disk.is_full = True
    hall.try_code(code)
    await until(lambda: "Cán bộ đã được báo" in hall.citizen.text)
    assert "đã mở" not in hall.citizen.text
