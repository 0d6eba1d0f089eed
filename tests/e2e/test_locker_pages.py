"""The cabinet's pages in the real Chromium: a whole pickup, a deposit, a load, and what must never stay on a screen."""

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_pages import CROWDED
from tests.e2e.watched import Opener
from tests.edge.web.locker_fakes import CODE, DOSSIER, KEYPAD, PHONE, RECEIPT, TAIL
from tests.edge.web.play import StageProcess
from tests.edge.web.stage import PIN

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(180)]

TOUCH = {"size": (1280, 800), "has_touch": True}
SMALLEST_BUTTON_PX = 64
APART_PX = 24  # a button from the words above it


def type_in(page: Page, text: str) -> None:
    for letter in text:
        page.locator(".keys").get_by_role("button", name=letter, exact=True).tap()


def ask_for_pickup(page: Page) -> None:
    page.get_by_role("button", name="Nhận kết quả").tap()
    type_in(page, TAIL)
    page.get_by_role("button", name="Tiếp tục").tap()
    expect(page.get_by_role("heading", name="Nhập mã nhận hồ sơ")).to_be_visible()  # its keys look like those before
    type_in(page, CODE)
    page.get_by_role("button", name="Mở ngăn").tap()


def test_a_whole_pickup(browse: Opener, stage: StageProcess) -> None:
    page = browse(**TOUCH).open("/tu")
    ask_for_pickup(page)
    expect(page.get_by_role("heading", name="Đang mở ngăn 07…")).to_be_visible()
    page.wait_for_function("code => !document.documentElement.outerHTML.includes(code)", arg=CODE)
    stage.order("opening", opening="o-1", step="open")
    expect(page.get_by_role("heading", name="Ngăn 07 đã mở")).to_be_visible()
    expect(page.locator(".map .lit.is-open")).to_have_attribute("data-number", "07")
    stage.order("opening", opening="o-1", step="close_it")
    expect(page.get_by_role("heading", name="Xin đóng cửa ngăn 07")).to_be_visible()
    stage.order("opening", opening="o-1", step="done")
    expect(page.get_by_role("heading", name="Xong rồi, cảm ơn ông/bà!")).to_be_visible()
    page.get_by_role("button", name="Xong", exact=True).tap()
    expect(page.get_by_role("heading", name="Xin chào!")).to_be_visible()
    assert stage.order("asked") == [["pick_up", KEYPAD, TAIL, CODE]]


def test_the_way_home_from_a_door_left_open_stands_apart_from_what_is_asked(
    browse: Opener, stage: StageProcess
) -> None:
    page = browse(**TOUCH).open("/tu")
    ask_for_pickup(page)
    expect(page.get_by_role("heading", name="Đang mở ngăn 07…")).to_be_visible()
    stage.order("opening", opening="o-1", step="close_it", why="left_open")
    home, hint = page.get_by_role("button", name="Về màn hình đầu"), page.locator(".opening-words .kiosk-hint")
    expect(home).to_be_visible()
    below, above = home.bounding_box(), hint.bounding_box()
    assert below is not None
    assert above is not None
    assert below["y"] - above["y"] - above["height"] >= APART_PX
    home.tap()
    expect(page.get_by_role("heading", name="Xin chào!")).to_be_visible()


def test_a_whole_deposit(browse: Opener, stage: StageProcess) -> None:
    page = browse(**TOUCH).open("/tu")
    page.get_by_role("button", name="Nộp hồ sơ").tap()
    page.get_by_role("button", name="Đăng ký khai sinh").tap()
    expect(page.get_by_text("Giấy chứng sinh")).to_be_visible()
    page.get_by_role("button", name="Tôi có đủ, nộp luôn").tap()
    type_in(page, PHONE)
    expect(page.locator(".keypad-field")).to_have_text("0912 345 678")
    page.get_by_role("button", name="Tiếp tục").tap()
    page.get_by_role("button", name="Ngăn thấp").tap()
    expect(page.get_by_role("heading", name="Đang mở ngăn 17…")).to_be_visible()
    page.wait_for_function("digits => !document.body.innerText.includes(digits)", arg="678")
    stage.order("opening", opening="o-1", step="open")
    stage.order("opening", opening="o-1", step="done", receipt=RECEIPT, printed="printed")
    expect(page.get_by_text(RECEIPT)).to_be_visible()
    expect(page.get_by_role("img", name="Mã QR của số biên nhận")).to_be_visible()
    assert stage.order("asked") == [["deposit", KEYPAD, "khai-sinh", PHONE, None, True, "vi"]]


def test_a_whole_load_with_a_scanner(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/tu/can-bo")
    stage.order("scan", text=DOSSIER, at="staff")
    expect(page.get_by_label("Mã hồ sơ", exact=True)).to_have_value(DOSSIER)
    page.get_by_label("Số di động của người dân").fill(PHONE)
    page.get_by_label("Ngăn thấp (xe lăn)").check()
    page.get_by_role("button", name="Mở ngăn để nạp").click()
    card = page.locator(".opening-card")
    expect(card).to_contain_text("Đang mở…")
    expect(page.get_by_label("Số di động của người dân")).to_have_value("")
    stage.order("opening", opening="o-1", step="open")
    expect(card).to_contain_text("Xong thì đóng cửa lại")
    expect(page.locator(".door.is-open[data-number='02']")).to_be_visible()
    stage.order("opening", opening="o-1", step="done")
    expect(card).to_contain_text("Đã đóng. Mã đang được gửi")
    assert stage.order("asked") == [["load", "quay-01", DOSSIER, PHONE, None, True]]


def test_a_refused_load_keeps_what_was_typed(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/tu/can-bo")
    stage.order("refuse", why="bad_phone")
    page.get_by_label("Mã hồ sơ", exact=True).fill(DOSSIER)
    page.get_by_label("Số di động của người dân").fill("0123")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Không phải số di động")).to_be_visible()
    expect(page.get_by_label("Số di động của người dân")).to_have_value("0123")


def test_a_spoken_code_is_gone_by_escape(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/tu/can-bo")
    page.get_by_role("button", name="Ngăn 07, Chờ nhận").click()
    page.get_by_role("button", name="Đọc mã qua điện thoại").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Đọc mã qua điện thoại").click()
    expect(dialog.get_by_text(f"{CODE[:3]} {CODE[3:]}")).to_be_visible()
    expect(dialog.get_by_role("button", name="Đã đọc xong")).to_be_focused()  # the question's dialog was another one
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator(".spoken-code")).to_have_count(0)


def test_the_desks_tabs_are_one_stop_and_arrows_choose(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/tu/can-bo")
    tabs = page.get_by_role("tab")
    names = ["load", "door", "deposits", "overdue", "history"]
    tabs.first.focus()
    for key, name in (
        ("ArrowRight", "door"), ("End", "history"), ("ArrowRight", "load"), ("ArrowLeft", "history"), ("Home", "load"),
    ):  # fmt: skip
        page.keyboard.press(key)
        expect(page.locator(f"#tab-{name}")).to_be_focused()
        expect(page.locator(f"#tab-{name}")).to_have_attribute("aria-selected", "true")
        expect(page.locator(f"#panel-{name}")).to_be_visible()
        assert page.locator("[role=tab][aria-selected=true]").count() == 1
        stops = tabs.evaluate_all("all => all.filter(one => one.tabIndex === 0).map(one => one.id)")
        assert stops == [f"tab-{name}"]
    assert tabs.evaluate_all("all => all.map(one => one.getAttribute('aria-controls'))") == [
        f"panel-{n}" for n in names
    ]
    page.keyboard.press("Tab")
    expect(page.get_by_role("tabpanel")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Mã hồ sơ", exact=True)).to_be_focused()


def test_escape_closes_a_question_and_gives_the_keyboard_back(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/tu/can-bo")
    page.get_by_role("button", name="Ngăn 07, Chờ nhận").press("Enter")
    recall = page.get_by_role("button", name="Thu hồi…")
    recall.press("Enter")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(recall).to_be_focused()
    recall.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Mở và thu hồi").press("Enter")
    expect(page.locator(".opening-card")).to_contain_text("07")
    stage.order("opening", opening="o-1", step="open")
    expect(page.locator(".door-head")).to_contain_text("cửa đang mở")
    expect(page.locator(".door-head h2")).to_be_focused()  # not thrown back to the top


def test_all_doors_need_two_persons(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/tu/can-bo")
    page.get_by_role("button", name="Mở tất cả…").click()
    dialog = page.get_by_role("dialog")
    one, two = dialog.locator("fieldset").nth(0), dialog.locator("fieldset").nth(1)
    one.get_by_label("Mã PIN").fill(PIN)
    one.get_by_label("Mã một lần").fill("000000")
    two.get_by_label("Tên đăng nhập").fill("lanh-dao-1")
    two.get_by_label("Mã PIN").fill(PIN)
    two.get_by_label("Mã một lần").fill("000000")
    dialog.get_by_role("button", name="Mở tất cả").click()
    expect(dialog.get_by_role("alert")).to_contain_text("không đúng")
    assert stage.order("asked") == []


def test_the_technician_tests_a_door_and_reads_the_line(browse: Opener, stage: StageProcess) -> None:
    page = browse("ky-thuat").open("/tu/ky-thuat")
    expect(page.get_by_role("cell", name="Mở khoá · kênh 2")).to_be_visible()
    page.get_by_role("button", name="Thử mở ngăn 03").click()
    page.get_by_role("dialog").get_by_role("button", name="Thử").click()
    expect(page.locator(".opening-card")).to_contain_text("03")
    assert stage.order("asked") == [["test", "ky-thuat", "ngan-03"]]


def test_the_keyboard_types_and_tabs_too(browse: Opener, stage: StageProcess) -> None:
    page = browse(size=(1280, 800)).open("/tu")
    expect(page.get_by_role("heading", level=1)).to_be_focused()  # each step puts the keyboard there, the first one too
    page.get_by_role("button", name="Nhận kết quả").press("Enter")
    expect(page.get_by_role("heading", name="Tìm kết quả của ông/bà")).to_be_focused()
    expect(page.locator(".keypad-field")).to_have_text("_ _ _ _")
    page.keyboard.type(TAIL)
    expect(page.locator(".keypad-field")).to_have_text(" ".join(TAIL))
    page.get_by_role("button", name="Tiếp tục").press("Enter")
    expect(page.get_by_role("heading", name="Nhập mã nhận hồ sơ")).to_be_visible()
    page.keyboard.type(CODE)
    expect(page.locator(".keypad-field")).to_have_text("●" * len(CODE))
    page.keyboard.press("Backspace")
    expect(page.locator(".keypad-field")).to_have_text("●" * (len(CODE) - 1) + "○")


def test_english_is_for_this_citizen_only(browse: Opener, stage: StageProcess) -> None:
    page = browse(**TOUCH).open("/tu")
    page.get_by_role("button", name="English").tap()
    expect(page.get_by_role("heading", name="Welcome!")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page).to_have_title("Dossier locker")
    page.get_by_role("button", name="I need help").tap()
    page.get_by_role("button", name="Leave").tap()
    expect(page.get_by_role("heading", name="Xin chào!")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "vi")


# From the home step, by places and not by words, so that it works in both languages: what is typed, what is pressed then.
WAYS = {
    "help": [("", ".choice.wide")],
    "dossier": [("", ".choice.take"), ("", ".entry-side .button >> nth=-1")],
    "code": [("", ".choice.take"), (TAIL, ".entry-side .primary")],
    "deposit": [("", ".choice.give"), ("", ".choices .choice.slim >> nth=-1"), ("", ".go"), (PHONE, ".go")],
}


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize("way", WAYS)
def test_each_step_fits_the_screen_with_buttons_for_fingers(
    browse: Opener, stage: StageProcess, lang: str, way: str
) -> None:
    page = browse(**TOUCH).open("/tu")
    if lang == "en":
        page.get_by_role("button", name="English").tap()
        expect(page.get_by_role("heading", name="Welcome!")).to_be_visible()
    fits(page)
    for typed, pressed in WAYS[way]:
        before = page.locator("h1").get_attribute("id")
        assert before
        type_in(page, typed)
        page.locator(pressed).tap()
        expect(page.locator("h1")).not_to_have_id(before)  # each step brings its own
        fits(page)


@pytest.mark.parametrize("letter_px", [16, 32])
@pytest.mark.parametrize("way", WAYS)
def test_a_telephone_has_room_for_each_step(browse: Opener, stage: StageProcess, way: str, letter_px: int) -> None:
    page = browse(size=(360, 780), has_touch=True).open("/tu")
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": letter_px}})
    expect(page.locator("html")).to_have_css("font-size", f"{letter_px * 9 / 8:g}px")
    for typed, pressed in WAYS[way]:
        before = page.locator("h1").get_attribute("id")
        assert before
        type_in(page, typed)
        page.locator(pressed).tap()
        expect(page.locator("h1")).not_to_have_id(before)
        assert page.evaluate(CROWDED) == [], page.locator("h1").inner_text()


def fits(page: Page) -> None:
    step = page.locator("h1").inner_text()
    size = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size == [1280, 800], step
    assert page.evaluate(_OUTSIDE) == [], step
    assert page.evaluate(_SMALL, SMALLEST_BUTTON_PX) == [], step
    assert page.locator("h1").count() == 1, step


_OUTSIDE = """() => [...document.querySelectorAll('.kiosk *')].filter(e => e.checkVisibility() && !e.closest('svg, .unseen'))
  .filter(e => { const r = e.getBoundingClientRect(); return r.width && (r.left < 0 || r.right > innerWidth + 1 || r.bottom > innerHeight + 1) })
  .map(e => e.outerHTML.slice(0, 120))"""
_SMALL = """least => [...document.querySelectorAll('.kiosk button')].filter(e => e.checkVisibility())
  .filter(e => e.getBoundingClientRect().height < least || e.getBoundingClientRect().width < least).map(e => e.innerText)"""
