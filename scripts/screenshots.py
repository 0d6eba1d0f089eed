"""Photographs the pages in the size of their screens, over made-up desks (numbers drawn by a seed; they describe nobody).

`scripts/screenshots` renews the pictures the documents show, in docs/; `scripts/screenshots FOLDER` takes every page.
"""

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.fleet_play import FleetProcess
from tests.e2e.fleet_play import log_in as log_in_to_city
from tests.edge.web.guide_fakes import LATE, READY, UNDERWAY
from tests.edge.web.locker_fakes import CODE, PHONE, RECEIPT, TAIL
from tests.edge.web.play import StageProcess, launch, log_in

FOR_DOCUMENTS = {
    "page-officer-nudge", "page-leader", "page-tablet", "page-locker", "page-locker-open", "page-locker-officer",
    "page-locker-technician", "page-guide", "page-guide-ready", "page-guide-checked",
    "page-number", "page-board-call", "page-queue-called", "page-fleet", "page-fleet-devices",
}  # fmt: skip
OFFICER, LEADER, TABLET, TABLET_UPRIGHT = (1366, 768), (1920, 1080), (1280, 800), (800, 1280)
BOARD = (1920, 1080)


def main(folder: Path, only: set[str] | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state, StageProcess(Path(state)) as stage, sync_playwright() as playwright:
        browser = launch(playwright)
        Photographer(browser, stage, folder, only).everything()
        photograph_city(browser, folder, only)
        browser.close()


def photograph_city(browser: Browser, folder: Path, only: set[str] | None) -> None:
    """The city's own server, over made-up devices that are live."""
    with tempfile.TemporaryDirectory() as state, FleetProcess(Path(state), 120) as fleet:
        context = browser.new_context(viewport={"width": LEADER[0], "height": LEADER[1]}, locale="vi-VN")
        page = context.new_page()
        log_in_to_city(page, fleet, "lanh-dao")
        page.wait_for_timeout(20_000)  # until most of the devices have said something
        for path, name in (
            ("/", "page-fleet"), ("/thiet-bi", "page-fleet-devices"), ("/dia-ban", "page-fleet-figures"),
            ("/thiet-bi/diem-041/hop-01", "page-fleet-device"),
        ):  # fmt: skip
            if only is None or name in only:
                page.goto(fleet.url + path)
                page.wait_for_timeout(2500)
                page.screenshot(path=folder / f"{name}.png")


class Photographer:
    def __init__(self, browser: Browser, stage: StageProcess, folder: Path, only: set[str] | None = None) -> None:
        self._browser, self._stage, self._folder, self._only = browser, stage, folder, only

    def everything(self) -> None:
        self.entrance()
        self.tablet()
        self.officer()
        self.leader()
        self.locker()
        self.locker_staff()
        self.queue()
        self.guide()
        self.device()
        self.faces()

    def entrance(self) -> None:
        page = self._page(OFFICER)
        self._shoot(page, "/", "page-home")
        self._shoot(page, "/dang-nhap", "page-login")

    def tablet(self) -> None:
        page = self._page(TABLET)
        self._shoot(page, "/danh-gia/quay-01", "page-tablet")
        self._shoot(self._page(TABLET_UPRIGHT), "/danh-gia/quay-01", "page-tablet-upright")
        self._shoot(page, "/danh-gia/quay-04", "page-tablet-opted-out")
        self._shoot(page, "/danh-gia/quay-03", "page-tablet-off")
        page.goto(self._stage.url + "/danh-gia/quay-01")
        page.locator(".face").nth(1).click()
        page.locator(".thanks").wait_for(state="visible")
        self._save(page, "page-tablet-thanks")
        page.goto(self._stage.url + "/ngon-ngu/en?ve=/danh-gia/quay-01")
        self._shoot(page, "/danh-gia/quay-01", "page-tablet-en")

    def officer(self) -> None:
        page = self._page(OFFICER)
        log_in(page, self._stage, "quay-01")
        self._shoot(page, "/quay/quay-01", "page-officer")
        self._change(page, "page-officer-empty", phase="empty", visit=None, level=None, rating=None)
        self._change(page, "page-officer-unreadable", phase="unreadable", visit="v-9")
        self._change(page, "page-officer-opted-out", phase="opted_out")
        self._change(page, "page-officer-fault", phase="camera_fault", camera="black", visit=None)
        self._change(
            page,
            "page-officer-nudge",
            phase="measuring",
            camera="live",
            visit="v-9",
            level="dissatisfied",
            nudge="dissatisfied",
        )

    def leader(self) -> None:
        page = self._page(LEADER)
        log_in(page, self._stage, "lanh-dao-1")
        self._stage.order("counter", counter="quay-01", nudge=None, level="satisfied", rating="very_satisfied")
        self._shoot(page, "/lanh-dao", "page-leader")
        page.get_by_role("button", name="Phản đối").first.click()
        self._save(page, "page-leader-contest")
        self._shoot(page, "/thiet-bi", "page-device")

    def locker(self) -> None:
        page = self._page(TABLET)
        self._stage.order("locker_new")
        self._shoot(page, "/tu", "page-locker")
        page.get_by_role("button", name="Nhận kết quả").click()
        self._type(page, TAIL)
        self._pause(page, "page-locker-who")
        page.get_by_role("button", name="Tiếp tục").click()
        self._type(page, CODE)
        self._pause(page, "page-locker-code")
        page.get_by_role("button", name="Mở ngăn").click()
        page.locator(".opening").wait_for()
        self._stage.order("opening", opening="o-1", step="open")
        self._pause(page, "page-locker-open")
        self._stage.order("opening", opening="o-1", step="done")
        self._pause(page, "page-locker-done")
        page.get_by_role("button", name="Xong", exact=True).click()
        self._deposit(page)
        page.get_by_role("button", name="Cần giúp").click()
        self._pause(page, "page-locker-help")
        page.get_by_role("button", name="Thoát").click()
        page.get_by_role("button", name="English").click()
        self._pause(page, "page-locker-en")

    def _deposit(self, page: Page) -> None:
        page.get_by_role("button", name="Nộp hồ sơ").click()
        self._pause(page, "page-locker-procedures")
        page.get_by_role("button", name="Đăng ký khai sinh").click()
        self._pause(page, "page-locker-papers")
        page.get_by_role("button", name="Tôi có đủ, nộp luôn").click()
        self._type(page, PHONE)
        page.get_by_role("button", name="Tiếp tục").click()
        self._pause(page, "page-locker-height")
        page.get_by_role("button", name="Ngăn thấp").click()
        page.locator(".opening").wait_for()
        self._stage.order("opening", opening="o-2", step="done", receipt=RECEIPT, printed="printed")
        self._pause(page, "page-locker-receipt")
        page.get_by_role("button", name="Xong", exact=True).click()

    def device(self) -> None:
        page = self._page(OFFICER)
        log_in(page, self._stage, "ky-thuat")
        self._shoot(page, "/thiet-bi", "page-device")
        self._stage.order("identify", seconds=30)
        self._pause(page, "page-device-identify")
        self._shoot(self._page(TABLET), "/danh-gia/quay-01", "page-tablet-identify")
        page.goto(self._stage.url + "/ngon-ngu/en?ve=/thiet-bi")
        self._stage.order("identify", seconds=0)
        self._shoot(page, "/thiet-bi", "page-device-en")

    def locker_staff(self) -> None:
        page = self._page(OFFICER)
        log_in(page, self._stage, "quay-01")
        self._stage.order("locker_new")
        self._shoot(page, "/tu/can-bo", "page-locker-officer-load")
        page.get_by_role("button", name="Ngăn 07").click()
        self._pause(page, "page-locker-officer")
        page.get_by_role("tab", name="Dân nộp").click()
        self._pause(page, "page-locker-officer-deposits")
        page.get_by_role("button", name="Mở tất cả…").click()
        self._pause(page, "page-locker-officer-recall-all")
        page = self._page(OFFICER)
        log_in(page, self._stage, "ky-thuat")
        self._shoot(page, "/tu/ky-thuat", "page-locker-technician")

    def _type(self, page: Page, text: str) -> None:
        for letter in text:
            page.locator(".keys").get_by_role("button", name=letter, exact=True).click()

    def _pause(self, page: Page, name: str) -> None:
        page.wait_for_timeout(1300)
        self._save(page, name)

    def queue(self) -> None:
        page = self._page(TABLET)
        self._shoot(page, "/lay-so", "page-number")
        page.locator(".ticket-card").first.click()
        self._pause(page, "page-number-priority")
        page.locator(".ticket-card.for-older").click()
        self._pause(page, "page-number-slip")
        self._shoot(self._page(TABLET_UPRIGHT), "/lay-so", "page-number-upright")
        board = self._page(BOARD)
        self._shoot(board, "/bang-so", "page-board")
        officer = self._page(OFFICER)
        log_in(officer, self._stage, "quay-01")
        self._shoot(officer, "/quay/quay-01/so", "page-queue")
        officer.locator(".queue-next").click()
        self._pause(officer, "page-queue-called")
        self._pause(board, "page-board-call")
        officer.get_by_role("button", name="Đã đến quầy").click()
        officer.get_by_role("button", name="Chuyển việc khác").click()
        self._pause(officer, "page-queue-serving")
        leader = self._page(OFFICER)
        log_in(leader, self._stage, "lanh-dao-1")
        self._shoot(leader, "/lanh-dao/so", "page-queue-report")
        self._stage.order("hour", hour=12)
        self._shoot(page, "/lay-so", "page-number-closed")
        self._shoot(board, "/bang-so", "page-board-closed")

    def faces(self) -> None:
        page = self._page(OFFICER)
        log_in(page, self._stage, "quay-01")
        self._shoot(page, "/khuon-mat", "page-faces")
        page.get_by_label("Tên muốn được chào").fill("cô Bưởi")
        page.get_by_label("Người này đã nghe và đồng ý").check()
        self._touch(page, "Bắt đầu trước camera", "page-faces-stand")
        self._stage.order("faces", task="turn_left", done=1, hint="several_faces")
        page.get_by_text("Mời quay đầu sang trái").wait_for()
        self._save(page, "page-faces-task")
        self._stage.order("faces", refused="blurred")
        page.get_by_text("ảnh bị nhoè").wait_for()
        self._save(page, "page-faces-refused")
        self._stage.order("faces")
        page.get_by_text("cô Bưởi", exact=True).wait_for()
        self._save(page, "page-faces-enrolled")
        page.get_by_role("button", name="Xong").click()
        page.get_by_role("button", name="Rút đồng ý").first.click()
        page.get_by_role("button", name="Xoá ngay").wait_for()
        self._save(page, "page-faces-withdraw")

    def guide(self) -> None:
        page = self._page(TABLET)
        self._shoot(page, "/huong-dan", "page-guide")
        self._guide_greets(page)
        self._guide_number(page)
        self._guide_dossier(page)
        self._guide_papers(page)
        for name, picture in (
            ("Đến quầy nào?", "counters"), ("Giờ làm việc", "hours"), ("Chỉ đường", "directions"), ("Tổng đài", "hotline"),
            ("Góp ý", "feedback"),
        ):  # fmt: skip
            self._touch(page, name, f"page-guide-{picture}")
            if picture == "directions":
                self._touch(page, "Công an phường", "page-guide-way")
            if picture != "feedback":
                self._home(page)
        self._touch(page, "Thời gian chờ", "page-guide-opinion")
        self._touch(page, "Hài lòng", "page-guide-thanked")
        self._guide_voice(page)
        self._guide_looks()

    def _guide_number(self, page: Page) -> None:
        self._touch(page, "Lấy số thứ tự", "page-guide-services")
        self._touch(page, "Hộ tịch", "page-guide-priority")
        self._touch(page, "Người cao tuổi", "page-guide-ticket")
        self._home(page)

    def _guide_dossier(self, page: Page) -> None:
        self._touch(page, "Tra cứu hồ sơ", "page-guide-code")
        for code, picture in (
            (READY, "ready"),
            (UNDERWAY, "underway"),
            (LATE, "late"),
            ("H29.19-261124-9999", "unknown"),
        ):
            for letter in code:
                page.locator(".keys").get_by_role("button", name=letter, exact=True).click()
            page.get_by_role("button", name="Tra cứu", exact=True).click()
            if picture == "ready":
                self._settle(page, "page-guide-confirm")
            self._touch(page, "Đúng", f"page-guide-{picture}")
            page.get_by_role("button", name="Tra mã khác").click()
            page.locator(".keys").first.wait_for()
        self._stage.order("city", is_offline=True)
        self._stage.order("guide_scan", text=UNDERWAY)
        self._settle(page, "page-guide-offline")
        self._stage.order("city", is_offline=False)
        self._home(page)

    def _guide_papers(self, page: Page) -> None:
        self._touch(page, "Giấy tờ cần mang", "page-guide-procedures")
        self._touch(page, "Đăng ký khai sinh", "page-guide-papers")
        self._touch(page, "Kiểm tra đã đủ chưa", "page-guide-checking")
        for answer in ("Có rồi", "Chưa có", "Có rồi"):
            page.get_by_role("button", name=answer).click()
            page.wait_for_timeout(300)
        self._touch(page, "Có rồi", "page-guide-checked")
        self._home(page)

    def _guide_voice(self, page: Page) -> None:
        self._home(page)
        self._stage.order("hear", wishes=["papers khai-sinh", "counter khai-sinh", "ticket khai-sinh"], is_sure=False)
        self._settle(page, "page-guide-choose")
        self._stage.order("hear", wishes=[])
        self._settle(page, "page-guide-offer-person")
        self._touch(page, "Có, gọi giúp tôi", "page-guide-person")
        officer = self._page(OFFICER)
        log_in(officer, self._stage, "quay-01")
        self._shoot(officer, "/quay/quay-01/so", "page-queue-guide-call")
        officer.get_by_role("button", name="Tôi đến ngay").click()
        self._settle(page, "page-guide-coming")
        self._home(page)
        self._stage.order("hear", wishes=["counter khai-sinh"])
        self._settle(page, "page-guide-counter")
        self._home(page)

    def _guide_greets(self, page: Page) -> None:
        self._stage.order("guide_challenge", task="turn_left")
        self._settle(page, "page-guide-challenge")
        self._stage.order("guide_challenge", task="blink", is_first=False)
        self._settle(page, "page-guide-challenge-on")
        self._stage.order("guide_greet", name="cô Bưởi")
        self._settle(page, "page-guide-by-name")

    def _guide_looks(self) -> None:
        page = self._page(BOARD)
        self._shoot(page, "/huong-dan", "page-guide-large-screen")
        self._touch(page, "Tra cứu hồ sơ", "page-guide-large-screen-code")
        self._home(page)
        page = self._page(TABLET)
        page.goto(f"{self._stage.url}/huong-dan")
        self._touch(page, "Chữ to", "page-guide-larger")
        self._touch(page, "Tương phản cao", "page-guide-contrast")
        self._touch(page, "Giấy tờ cần mang", "page-guide-contrast-procedures")
        self._stage.order("guide_scan", text=READY)
        self._settle(page, "page-guide-contrast-answer")
        self._home(page)
        page.get_by_role("button", name="Chữ to").click()
        page.get_by_role("button", name="Tương phản cao").click()
        self._touch(page, "English", "page-guide-en")
        page.get_by_role("button", name="Tiếng Việt").click()
        self._stage.order("hour", hour=12)
        self._stage.order("hear", wishes=["ticket khai-sinh"])
        page.get_by_role("button", name="Không", exact=True).click()
        self._settle(page, "page-guide-closed")
        self._stage.order("hour", hour=10)

    def _home(self, page: Page) -> None:
        page.get_by_role("button", name="Về đầu").last.click()
        page.get_by_role("heading", name="Ông/bà cần gì?").wait_for()

    def _touch(self, page: Page, name: str, picture: str) -> None:
        page.get_by_role("button", name=name).first.click()
        self._settle(page, picture)

    def _settle(self, page: Page, name: str) -> None:
        page.wait_for_timeout(900)
        self._save(page, name)

    def _page(self, size: tuple[int, int]) -> Page:
        context = self._browser.new_context(viewport={"width": size[0], "height": size[1]}, locale="vi-VN")
        context.set_default_timeout(8000)
        return context.new_page()

    def _shoot(self, page: Page, path: str, name: str) -> None:
        page.goto(self._stage.url + path)
        page.wait_for_load_state("networkidle")
        page.wait_for_timeout(700)
        self._save(page, name)

    def _save(self, page: Page, name: str) -> None:
        if self._only is None or name in self._only:
            page.screenshot(path=self._folder / f"{name}.png", full_page=True)

    def _change(self, page: Page, name: str, **changes: object) -> None:
        self._stage.order("counter", counter="quay-01", **changes)
        page.wait_for_timeout(900)
        self._save(page, name)


if __name__ == "__main__":
    if any(word.startswith("-") for word in sys.argv[1:]):
        sys.exit(__doc__)
    main(Path(sys.argv[1]), None) if len(sys.argv) > 1 else main(Path("docs"), FOR_DOCUMENTS)
