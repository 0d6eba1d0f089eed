"""The guide's kiosk in the real Chromium: touch, voice, keyboard, two sizes, and nothing left for the next visitor."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.e2e.test_pages import _NAMELESS
from tests.e2e.test_queue import Opener
from tests.edge.web.guide_fakes import READY
from tests.edge.web.play import CHROMIUM, QUIET, StageProcess

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(180)]
KIOSK, HALL = (1280, 800), (1920, 1080)
# Every screen, by what is pressed to get there from the menu.
SCREENS = {
    "menu": [], "services": ["Lấy số thứ tự"], "priority": ["Lấy số thứ tự", "Hộ tịch"],
    "ticket": ["Lấy số thứ tự", "Hộ tịch", "Người cao tuổi"], "code": ["Tra cứu hồ sơ"],
    "procedures": ["Giấy tờ cần mang"], "papers": ["Giấy tờ cần mang", "Đăng ký khai sinh"],
    "checking": ["Kiểm tra giấy tờ", "Đăng ký kết hôn"],
    "checked": ["Kiểm tra giấy tờ", "Đăng ký kết hôn", "Có rồi", "Chưa có", "Có rồi"], "counters": ["Đến quầy nào?"],
    "hours": ["Giờ làm việc"], "directions": ["Chỉ đường", "Thuế cơ sở"], "hotline": ["Tổng đài 1022"],
    "topics": ["Góp ý"], "opinion": ["Góp ý", "Thời gian chờ"], "thanked": ["Góp ý", "Thời gian chờ", "Hài lòng"],
    "person": ["Gặp cán bộ"],
}  # fmt: skip
MARKS = {name: name for name in SCREENS} | {
    "papers": "papers-screen", "checked": "papers-screen", "counters": "counter", "thanked": "middle", "person": "middle",
}  # fmt: skip
# What a person cannot see whole: buttons and words outside the screen or under the bars.
_CUT = """() => { const main = document.querySelector('.guide-main').getBoundingClientRect();
  return [...document.querySelectorAll('.guide-main button, .guide-main p, .guide-main h1, .guide-main li, .guide-main .guide-row')]
    .filter(e => e.checkVisibility()).map(e => [e, e.getBoundingClientRect()])
    .filter(([, box]) => box.bottom > main.bottom + 1 || box.right > innerWidth + 1 || box.top < main.top - 1)
    .map(([e]) => e.innerText); }"""


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StageProcess]:
    """A fresh morning for every test: a guide has one conversation."""
    with StageProcess(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
    yield browser
    browser.close()


@pytest.fixture
def open_page(stage: StageProcess, chromium: Browser) -> Iterator[Opener]:
    opener = Opener(stage, chromium)
    yield opener
    opener.close()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1, name=text)).to_be_visible()


def tap(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.tap()


def test_a_visitor_takes_a_number_by_touch(open_page: Opener, stage: StageProcess) -> None:
    page = open_page("/huong-dan", KIOSK)
    tap(page, "Lấy số thứ tự")
    tap(page, "Hộ tịch")
    tap(page, "Phụ nữ mang thai")
    expect(page.locator(".slip-number")).to_have_text("A009")
    expect(page.get_by_role("img", name="Mã QR của số A009")).to_be_visible()
    expect(page.locator(".guide-subtitle:not(.other)")).to_contain_text("Số của ông/bà là A009.")
    expect(page.get_by_text("Mời lấy phiếu")).to_be_visible()
    assert stage.order("printed") == ["A009"]
    assert stage.order("guide")["events"] == [["guide.asked", {"place": "huong-dan", "intent": "ticket"}]]


def test_a_visitor_asks_by_voice_and_answers_by_touch(open_page: Opener, stage: StageProcess) -> None:
    page = open_page("/huong-dan", KIOSK)
    expect(page.get_by_text("Đang nghe, mời nói")).to_be_visible()
    stage.order("hear", wishes=["papers khai-sinh", "counter khai-sinh"], is_sure=True)
    heading(page, "Giấy tờ cần mang")
    expect(page.get_by_role("listitem").filter(has_text="Giấy chứng sinh")).to_be_visible()
    tap(page, "Kiểm tra đã đủ chưa")
    tap(page, "Có rồi")
    expect(page.get_by_text("Giấy 2 trên 4", exact=True)).to_be_visible()
    stage.order("hear", wishes=["no"])
    expect(page.get_by_text("Giấy 3 trên 4", exact=True)).to_be_visible()
    stage.order("hear", wishes=["yes"])
    expect(page.get_by_text("Giấy 4 trên 4", exact=True)).to_be_visible()
    stage.order("hear", wishes=["yes"])
    expect(page.locator("li.missing")).to_have_text("Giấy chứng sinh (bản chính)còn thiếu")
    assert stage.order("guide")["said"][-1].startswith("Ông/bà còn thiếu: Giấy chứng sinh")


def test_a_dossier_is_scanned_and_the_offline_answer_says_its_time(open_page: Opener, stage: StageProcess) -> None:
    page = open_page("/huong-dan", KIOSK)
    stage.order("city", is_offline=True)
    stage.order("guide_scan", text=READY)
    heading(page, "Tình trạng hồ sơ")
    expect(page.get_by_text("Đã có kết quả.").first).to_be_visible()
    expect(page.get_by_text("đây là thông tin cũ")).to_be_visible()
    assert stage.order("guide")["asked"] == [READY]


def test_the_keyboard_alone_gets_through(open_page: Opener, stage: StageProcess) -> None:
    page = open_page("/huong-dan", KIOSK)
    page.get_by_role("button", name="Tra cứu hồ sơ").focus()
    page.keyboard.press("Enter")
    heading(page, "Mã hồ sơ")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.keyboard.type(READY.lower(), delay=30)
    expect(page.locator(".keypad-field")).to_have_text(READY)
    page.get_by_role("button", name="Tra cứu", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator(".guide-code")).to_have_text(READY)
    expect(page.get_by_role("heading", level=1)).to_be_focused()  # a new screen takes the focus to its heading
    page.get_by_role("button", name="Đúng", exact=True).focus()
    page.keyboard.press("Enter")
    heading(page, "Tình trạng hồ sơ")


def test_twice_not_understood_a_person_is_called_and_comes(open_page: Opener, stage: StageProcess) -> None:
    page = open_page("/huong-dan", KIOSK)
    officer = open_page("/quay/quay-01/so", (1366, 768), "quay-01")
    page.locator(".guide-title").tap()
    expect(page.get_by_role("button", name="Nói lại")).to_be_visible()
    stage.order("hear", wishes=[])
    expect(page.locator(".guide-subtitle:not(.other)")).to_contain_text("chưa hiểu")
    stage.order("hear", wishes=[])
    heading(page, "Gọi cán bộ đến giúp?")
    tap(page, "Có, gọi giúp tôi")
    officer.get_by_role("button", name="Tôi đến ngay").click()
    expect(page.locator(".guide-subtitle:not(.other)")).to_contain_text("Cán bộ đang đến")


def test_nothing_is_left_for_the_next_visitor(open_page: Opener, stage: StageProcess) -> None:
    page = open_page("/huong-dan", KIOSK)
    tap(page, "English")
    heading(page, "What do you need?")
    tap(page, "Larger text")
    stage.order("guide_scan", text=READY)
    expect(page.get_by_text(READY)).to_be_visible()
    stage.order("guide_waits")
    expect(page.get_by_text("The screen clears in")).to_be_visible()
    stage.order("guide_waits")
    heading(page, "Ông/bà cần gì?")
    expect(page.get_by_role("button", name="Chữ to")).to_have_attribute("aria-pressed", "false")
    page.wait_for_function("code => !document.documentElement.outerHTML.includes(code)", arg=READY)
    expect(page.get_by_role("button", name="English")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "vi")
    assert stage.order("guide")["is_fresh"] is True


@pytest.mark.timeout(300)
@pytest.mark.parametrize("size", [KIOSK, HALL])
@pytest.mark.parametrize("look", ["plain", pytest.param("larger", marks=pytest.mark.long)])
def test_every_screen_fits_and_everything_on_it_has_a_name(open_page: Opener, look: str, size: tuple[int, int]) -> None:
    page = open_page("/huong-dan", size)
    if look == "larger":
        tap(page, "Chữ to")
    for name, buttons in SCREENS.items():
        for button in buttons:
            before = page.locator(".guide-screen").inner_text()
            tap(page, button)
            expect(page.locator(".guide-screen")).not_to_have_text(
                before, use_inner_text=True
            )  # not the old button twice
        expect(page.locator(f".guide-screen.{MARKS.get(name, 'menu')}")).to_be_visible()
        assert page.evaluate(_NAMELESS) == [], name
        assert page.evaluate("document.querySelectorAll('h1').length") == 1, name
        assert look == "larger" or page.evaluate(_CUT) == [], name
        wide, high = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
        assert wide <= size[0], name
        assert high <= size[1], name
        if buttons:
            page.get_by_role("button", name="Về đầu").last.tap()
            expect(page.locator(".guide-screen.menu")).to_be_visible()


def test_who_may_be_greeted_by_name_is_asked_to_show_it_and_need_not(open_page: Opener, stage: StageProcess) -> None:
    page = open_page("/huong-dan", KIOSK)
    spoken = page.locator(".guide-subtitle:not(.other)")
    stage.order("guide_challenge", task="turn_left")
    expect(spoken).to_contain_text("Muốn được chào bằng tên thì mời quay đầu sang trái của ông/bà")
    stage.order("guide_challenge", task="blink", is_first=False)
    expect(spoken).to_contain_text("Bây giờ mời nhắm mắt")
    stage.order("guide_greet", name="cô Bưởi")
    expect(spoken).to_contain_text("Chào cô Bưởi!")
    stage.order("guide_waits")
    expect(page.get_by_text("Màn hình sẽ xoá sau")).to_be_visible()
    stage.order("guide_waits")
    expect(spoken).not_to_contain_text("Bưởi")
    stage.order("guide_challenge", task="open_mouth")
    expect(spoken).to_contain_text("mời há miệng")
    tap(page, "Giờ làm việc")
    expect(page.locator(".hours")).to_be_visible()
    stage.order("guide_greet", name="cô Bưởi")
    expect(spoken).not_to_contain_text("Bưởi")
