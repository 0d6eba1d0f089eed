"""The pages in the real Chromium, served by the real server in a process of its own over made-up desks."""

import pytest
from playwright.sync_api import expect

from tests.e2e.watched import Opener, until
from tests.edge.web.play import StageProcess
from tests.edge.web.stage import LANGUAGE_RESET_S

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(180)]


def test_login_leads_to_the_own_counter(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/")
    expect(page.get_by_role("link", name="Quầy 1").first).to_be_visible()
    expect(page.get_by_role("link", name="Màn hình lãnh đạo")).to_have_count(0)


def test_a_wrong_code_is_told_kindly(browse: Opener) -> None:
    watched = browse()
    page = watched.open("/dang-nhap")
    page.get_by_label("Tên đăng nhập").fill("quay-01")
    page.get_by_label("Mã PIN").fill("000001")
    page.get_by_label("Mã một lần").fill("000000")
    with page.expect_response(lambda answer: answer.status == 401):
        page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("không đúng")
    assert all("401" in complaint for complaint in watched.complaints)
    watched.complaints.clear()


def test_the_officer_sees_a_nudge_live(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/quay/quay-01")
    expect(page.locator(".present-word")).to_have_text("Hài lòng")
    stage.order("counter", counter="quay-01", level="dissatisfied", nudge="dissatisfied")
    expect(page.locator(".nudge")).to_contain_text("Thử chậm lại một nhịp")
    expect(page.locator(".present-word")).to_have_text("Không hài lòng")
    assert page.locator(".present img, .present video, .present canvas, .present svg").count() == 0


def test_the_officer_sees_rating_opt_out_and_camera_fault(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/quay/quay-01")
    stage.order("counter", counter="quay-01", rating="very_satisfied")
    expect(page.get_by_text("Người dân tự đánh giá: Rất hài lòng")).to_be_visible()
    stage.order("counter", counter="quay-01", phase="opted_out", rating=None)
    expect(page.locator(".present-word")).to_have_text("Không đo")
    stage.order("counter", counter="quay-01", phase="camera_fault", camera="frozen")
    expect(page.get_by_text("Rút camera ra, cắm lại.")).to_be_visible()


def test_the_leader_acknowledges_and_contests(browse: Opener, stage: StageProcess) -> None:
    page = browse("lanh-dao-1", size=(1920, 1080)).open("/lanh-dao")
    stage.order("alert", alert="E2E1", counter="quay-03")
    card = page.locator("li.alert", has_text="E2E1")
    expect(card.get_by_text("Chờ người nhận")).to_be_visible()
    card.get_by_role("button", name="Tôi nhận xử lý cảnh báo của Quầy 3").click()
    expect(card.get_by_text("Người nhận: lanh-dao-1")).to_be_visible()
    card.get_by_role("button", name="Phản đối cảnh báo của Quầy 3").click()
    field = card.get_by_label("Vì sao không đúng?")
    expect(field).to_be_focused()
    field.fill("Người dân nheo mắt vì nắng.")
    card.get_by_role("button", name="Gửi phản đối").click()
    apart = page.locator(".contested-panel")
    expect(apart).to_contain_text("lanh-dao-1 phản đối: “Người dân nheo mắt vì nắng.”")
    said = stage.order("said")
    assert said["owners"]["E2E1"] == "lanh-dao-1"
    assert ["E2E1", "lanh-dao-1", "leader", "Người dân nheo mắt vì nắng."] in said["contests"]


def test_one_touch_on_the_tablet_gives_a_rating(browse: Opener, stage: StageProcess) -> None:
    page = browse(size=(1280, 800), has_touch=True).open("/danh-gia/quay-01")
    page.get_by_role("button", name="Không hài lòng", exact=True).tap()
    expect(page.get_by_role("heading", name="Xin cảm ơn ông/bà!", level=1)).to_be_visible()
    assert page.evaluate(HEADINGS) == 1
    assert ["quay-01", "dissatisfied"] in stage.order("said")["ratings"]
    expect(page.get_by_role("heading", name="Ông/bà thấy được phục vụ thế nào?")).to_be_visible()


def test_one_touch_stops_the_measuring(browse: Opener, stage: StageProcess) -> None:
    page = browse(size=(800, 1280), has_touch=True).open("/danh-gia/quay-01")
    page.get_by_role("button", name="Đừng đo tôi").tap()
    expect(page.locator(".sign")).to_have_text("Không đo ông/bà")
    expect(page.locator(".out-done")).to_contain_text("Số liệu của lượt này đã bỏ hết")
    assert "quay-01" in stage.order("said")["opted_out"]


def test_the_tablet_works_by_keyboard_alone(browse: Opener, stage: StageProcess) -> None:
    page = browse(size=(1280, 800)).open("/danh-gia/quay-01")
    seen = []
    for _ in range(7):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.innerText.trim().replace(/\\s+/g, ' ')"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", f"focus cannot be seen on {seen[-1]}"
    five = ["Rất hài lòng", "Hài lòng", "Bình thường", "Không hài lòng", "Rất không hài lòng"]
    assert seen == ["English", *five, "Đừng đo tôi"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Đã ghi: Rất không hài lòng")).to_be_visible()
    expect(page.get_by_role("heading", name="Ông/bà thấy")).to_be_visible()
    expect(page.locator(".faces")).to_be_focused()  # it comes after the words
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.innerText.trim()") == "Rất hài lòng", "not thrown back to the top"


def test_the_leader_works_by_keyboard_alone(browse: Opener, stage: StageProcess) -> None:
    page = browse("lanh-dao-1", size=(1920, 1080)).open("/lanh-dao")
    stage.order("alert", alert="KEY1", counter="quay-01")
    card = page.locator("li.alert", has_text="KEY1")
    expect(card).to_be_visible()
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('aria-label')") == "Tôi nhận xử lý cảnh báo của Quầy 1":
            break
    page.keyboard.press("Space")
    expect(card.get_by_text("Người nhận: lanh-dao-1")).to_be_visible()
    expect(card.get_by_role("button", name="Phản đối cảnh báo của Quầy 1")).to_be_focused()
    page.keyboard.press("Enter")
    field = card.get_by_label("Vì sao không đúng?")
    expect(field).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Mời ghi một câu lý do")).to_be_visible()
    expect(field).to_be_focused()
    page.keyboard.press("Escape")
    expect(field).to_be_hidden()
    expect(card.get_by_role("button", name="Phản đối cảnh báo của Quầy 1")).to_be_focused()


def test_english_is_one_click_away_and_stays(browse: Opener) -> None:
    page = browse("quay-01").open("/quay/quay-01")
    expect(page.locator("html")).to_have_attribute("lang", "vi")
    page.get_by_role("link", name="English").click()
    expect(page.locator(".present-word")).to_have_text("Satisfied")
    expect(page.locator("html")).to_have_attribute("lang", "en-US")
    page.reload()
    expect(page.get_by_role("heading", name="Today")).to_be_visible()


def test_a_tablet_left_in_english_goes_back(browse: Opener) -> None:
    watched = browse(size=(1280, 800))
    watched.page.clock.install()
    page = watched.open("/danh-gia/quay-01")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_text("How were you served today?")).to_be_visible()
    page.clock.fast_forward(1000 * LANGUAGE_RESET_S)
    expect(page.get_by_text("Ông/bà thấy được phục vụ thế nào?")).to_be_visible()


@pytest.mark.parametrize(
    ("user", "path", "size"),
    [
        ("quay-01", "/quay/quay-01", (1366, 768)),
        ("lanh-dao-1", "/lanh-dao", (1920, 1080)),
        ("ky-thuat", "/thiet-bi", (1366, 768)),
        (None, "/danh-gia/quay-01", (1280, 800)),
        (None, "/danh-gia/quay-01", (800, 1280)),
        (None, "/dang-nhap", (1366, 768)),
        (None, "/tu", (1280, 800)),
        ("quay-01", "/tu/can-bo", (1366, 768)),
        ("ky-thuat", "/tu/ky-thuat", (1366, 768)),
        ("quay-01", "/khuon-mat", (1366, 768)),
    ],
)
def test_it_fits_its_screen_and_everything_has_a_name(
    browse: Opener, user: str | None, path: str, size: tuple[int, int]
) -> None:
    page = browse(user, size=size).open(path)
    assert page.evaluate(_NAMELESS) == []
    assert page.evaluate(_MISNAMED) == []
    assert page.evaluate(HEADINGS) == 1
    wide, high = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert wide <= size[0]
    assert high <= size[1]


@pytest.mark.parametrize("lang", ["vi", "en"])
@pytest.mark.parametrize(
    ("user", "paths"),
    [
        ("quay-01", ("/", "/quay/quay-01", "/quay/quay-01/so", "/tu/can-bo", "/khuon-mat")),
        ("lanh-dao-1", ("/lanh-dao", "/lanh-dao/so", "/thiet-bi")),
        ("ky-thuat", ("/tu/ky-thuat", "/huong-dan/ky-thuat")),
        (None, ("/dang-nhap", "/danh-gia/quay-01", "/lay-so", "/bang-so", "/tu", "/huong-dan")),
    ],
)
def test_small_screens_and_large_letters_have_room_for_everything(
    browse: Opener, stage: StageProcess, user: str | None, paths: tuple[str, ...], lang: str
) -> None:
    """Telephones, and a telephone and a laptop whose owners asked the browser for letters twice as large."""
    watched = browse(user)
    watched.page.context.add_cookies([{"name": "motcua_lang", "value": lang, "url": stage.url}])
    letters = watched.page.context.new_cdp_session(watched.page)
    for path in paths:
        page = watched.open(path)
        for width, high, letter_px in ((360, 640, 16), (360, 640, 32), (390, 844, 32), (1366, 768, 32)):
            page.set_viewport_size({"width": width, "height": high})
            letters.send("Page.setFontSizes", {"fontSizes": {"standard": letter_px}})
            expect(page.locator("html")).to_have_css("font-size", f"{letter_px * 9 / 8:g}px")
            assert page.evaluate(CROWDED) == [], f"{path} at {width} px, letters of {letter_px} px"


def test_a_telephone_says_that_the_server_is_lost_in_a_box_that_can_be_read(browse: Opener) -> None:
    watched = browse(size=(360, 640))
    watched.page.context.new_cdp_session(watched.page).send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
    page = watched.open("/danh-gia/quay-01")
    page.evaluate("document.getElementById('popup').ariaHidden = 'false'")
    box = page.get_by_role("alert").last
    expect(box).to_have_attribute("id", "popup")
    left, right, high = box.evaluate(
        "it => (({left, right, height}) => [left, right, height])(it.getBoundingClientRect())"
    )
    assert left >= 0
    assert right <= 360
    assert high <= 430, "a word a line is not read"


def test_the_login_keeps_its_field_in_sight_over_the_keyboard_of_a_telephone(browse: Opener) -> None:
    page = browse(size=(360, 640)).open("/dang-nhap")
    page.set_viewport_size({"width": 360, "height": 340})  # what the keyboard leaves
    for name in ("Mã PIN", "Mã một lần", "Tên đăng nhập"):  # the last one was focused before the keyboard came
        field = page.get_by_label(name, exact=True)
        field.focus()
        expect(field).to_be_in_viewport(ratio=1)


def test_the_guide_tells_readers_the_language_that_it_speaks(browse: Opener, stage: StageProcess) -> None:
    """Somebody chose English on another page of this browser; the guide begins in its own."""
    watched = browse(size=(1280, 800))
    watched.page.context.add_cookies([{"name": "motcua_lang", "value": "en", "url": stage.url}])
    page = watched.open("/huong-dan")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ông/bà cần gì?")
    expect(page.locator("html")).to_have_attribute("lang", "vi")


def test_no_button_of_the_guide_moves_while_a_finger_is_on_its_way(browse: Opener, stage: StageProcess) -> None:
    """Whatever is said, short or long, what is said in has one height, and all of it can be read; so in large letters."""
    page = browse(size=(1280, 800)).open("/huong-dan")
    bar, said = page.locator(".guide-speech"), page.locator(".guide-subtitle").first

    def height_after(name: str, words: str) -> int:
        page.get_by_role("button", name=name).first.click()
        return height_saying(words)

    def height_saying(words: str) -> int:
        expect(said).to_contain_text(words)
        for room in (said, page.locator(".guide-main")):
            assert room.evaluate("it => it.scrollHeight - it.clientHeight") <= 1
        return int(bar.evaluate("it => Math.round(it.getBoundingClientRect().height)"))

    def heights() -> set[int]:
        answers = (
            ("Tra cứu hồ sơ", "Mời quét mã"), ("Về đầu", "Ông/bà cần gì?"), ("Giấy tờ cần mang", "?"),
            ("Đăng ký khai sinh", "Đăng ký khai sinh cần"), ("Về đầu", "Ông/bà cần gì?"),
        )  # fmt: skip
        return {height_after(name, words) for name, words in answers}

    stage.order("guide_challenge", task="turn_left")
    assert len({height_saying("Muốn được chào bằng tên"), *heights()}) == 1
    page.get_by_role("button", name="Chữ to").click()
    expect(page.locator(".guide.large")).to_be_visible()
    assert len(heights()) == 1


def test_what_changes_is_announced_politely(browse: Opener) -> None:
    page = browse("quay-01").open("/quay/quay-01")
    assert page.locator(".present-live").get_attribute("aria-live") == "polite"
    assert page.locator(".nudge").get_attribute("aria-live") == "polite"


def test_a_wish_for_less_motion_is_kept(browse: Opener) -> None:
    page = browse("quay-01", reduced_motion="reduce").open("/quay/quay-01")
    assert page.evaluate("getComputedStyle(document.querySelector('.present')).transitionProperty") == "none"


def test_loading_pages_again_and_again_leaves_nothing_behind(browse: Opener, stage: StageProcess) -> None:
    watched = browse("quay-01")
    for _ in range(5):
        watched.open("/quay/quay-01")
    request = watched.page.context.request
    for _ in range(20):
        request.get(f"{stage.url}/danh-gia/quay-01")
    watched.page.goto("about:blank")
    until(lambda: stage.order("pages") == 0)
    assert stage.order("said")["subscribers"] == 0


HEADINGS = "[...document.querySelectorAll('h1')].filter(e => e.checkVisibility()).length"
_NAMELESS = """() => [...document.querySelectorAll('button, a, input:not([type=hidden]), textarea, [role=img]')]
  .filter(e => e.checkVisibility())
  .filter(e => !(e.innerText?.trim() || e.getAttribute('aria-label') || e.labels?.length))
  .map(e => e.outerHTML)"""
_MISNAMED = """() => [...document.querySelectorAll('button[aria-label], a[aria-label]')].filter(e => e.checkVisibility())
  .map(e => [e.getAttribute('aria-label'), e.textContent].map(text => text.toLowerCase().replace(/[^\\p{L}\\p{N}]+/gu, '')))
  .filter(([name, seen]) => !name.includes(seen))"""
CROWDED = """() => {
  const wide = document.documentElement.clientWidth, found = [];
  const seen = e => e.checkVisibility({visibilityProperty: true}) && !e.closest('.unseen, #popup, #too_long_message_popup');
  const tell = (what, e) => found.push(`${what}: <${e.tagName} ${e.className}> ${e.innerText ?? ''}`);
  if (document.documentElement.scrollWidth > wide) tell('sideways', document.body);
  for (const e of document.querySelectorAll('button, a:not(svg a), select, input:not([type=checkbox], [type=hidden])')) {
    const {width, height} = e.getBoundingClientRect();
    if (seen(e) && (width < 43.5 || height < 43.5)) tell('too small to touch', e);
  }
  for (const e of document.body.querySelectorAll('*')) {
    if (!seen(e) || ![...e.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim())) continue;
    const text = document.createRange();
    text.selectNodeContents(e);
    const {left, right} = text.getBoundingClientRect();
    if (left < -1 || right > wide + 1) tell('beside the screen', e);
    if (['hidden', 'clip'].includes(getComputedStyle(e).overflowX) && e.scrollWidth > e.clientWidth + 1) tell('cut off', e);
  }
  return found;
}"""
