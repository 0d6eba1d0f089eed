"""The queue's three pages in the real Chromium: a number is taken, called, said and served."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.e2e.test_pages import _NAMELESS, HEADINGS
from tests.e2e.watched import PATIENCE_MS, Watched, until
from tests.edge.web.play import CHROMIUM, QUIET, StageProcess, launch, log_in
from tests.edge.web.stage import LANGUAGE_RESET_S

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(180)]
KIOSK_SOUND = "--autoplay-policy=no-user-gesture-required"  # as the board's browser is started in a hall
NOT_YET = "The AudioContext was not allowed to start"

# Chromium ships no voice: this one says who spoke what, in order, and takes its time as a real one does.
VOICE = """
  window.spoken = [];
  class Said { constructor(text) { this.text = text; } }
  window.SpeechSynthesisUtterance = Said;
  Object.defineProperty(window, 'speechSynthesis', { value: {
    getVoices: () => [{ lang: 'vi-VN' }, { lang: 'en-US', localService: true }, { lang: 'vi-VN', localService: true }],
    speak: said => { window.spoken.push([said.text, said.lang]); setTimeout(() => said.onend(), 50); },
  }});
"""


@pytest.fixture
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StageProcess]:
    """A fresh morning for every test: numbers are taken and called."""
    with StageProcess(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as made:
        yield made


@pytest.fixture(scope="module")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, KIOSK_SOUND])
    yield browser
    browser.close()


@pytest.fixture
def open_page(stage: StageProcess, chromium: Browser) -> Iterator["Opener"]:
    opener = Opener(stage, chromium)
    yield opener
    opener.close()


class Opener:
    """Pages of their own browsers; every one is checked for complaints and foreign addresses at the end."""

    def __init__(self, stage: StageProcess, chromium: Browser) -> None:
        self._stage, self._chromium = stage, chromium
        self._opened: list[Watched] = []

    def __call__(
        self,
        path: str,
        size: tuple[int, int],
        user: str | None = None,
        script: str | None = None,
        lang: str = "vi",
        *,
        is_timed: bool = False,
    ) -> Page:
        """`is_timed`: the test moves the page's clock."""
        context = self._chromium.new_context(viewport={"width": size[0], "height": size[1]}, has_touch=True)
        context.set_default_timeout(PATIENCE_MS)
        context.add_cookies([{"name": "motcua_lang", "value": lang, "url": self._stage.url}])
        page = context.new_page()
        if is_timed:
            page.clock.install()
        if script:
            page.add_init_script(script)
        if user:
            log_in(page, self._stage, user)
        self._opened.append(Watched(page, self._stage))
        return self._opened[-1].open(path)

    def close(self) -> None:
        for watched in self._opened:
            watched.page.context.close()
            watched.complaints[:] = [text for text in watched.complaints if NOT_YET not in text]
            watched.check()


def test_a_citizen_takes_a_number_and_is_called_and_served(open_page: Opener, stage: StageProcess) -> None:
    kiosk = open_page("/lay-so", (1280, 800))
    board = open_page("/bang-so", (1920, 1080), script=VOICE)
    officer = open_page("/quay/quay-01/so", (1366, 768), "quay-01")

    kiosk.get_by_role("button", name="Hộ tịch").tap()
    expect(kiosk.get_by_role("heading", name="diện ưu tiên", level=1)).to_be_visible()
    kiosk.get_by_role("button", name="Phụ nữ mang thai").tap()
    expect(kiosk.get_by_role("heading", name="Số của ông/bà", level=1)).to_be_visible()
    expect(kiosk.locator(".slip-number")).to_have_text("A009")
    expect(kiosk.get_by_role("img", name="Mã QR của số A009")).to_be_visible()
    expect(kiosk.get_by_text("Mời lấy phiếu")).to_be_visible()
    assert stage.order("printed") == ["A009"]

    officer.get_by_role("button", name="Gọi số A009").click()
    expect(board.locator(".board-number")).to_have_text("A009")
    expect(board.locator(".board-where")).to_have_text("Quầy 1")
    board.wait_for_function("window.spoken.length === 1")
    assert board.evaluate("window.spoken") == [["Mời số A không không chín đến quầy một", "vi-VN"]]
    officer.get_by_role("button", name="Gọi lại").click()
    board.wait_for_function("window.spoken.length === 2")

    officer.get_by_role("button", name="Đã đến quầy").click()
    expect(board.locator(".board-tile", has_text="Quầy 1")).to_contain_text("đang phục vụ")
    officer.get_by_role("button", name="Xong", exact=True).click()
    expect(officer.get_by_text("Quầy đang trống")).to_be_visible()
    assert stage.order("tickets")["A009"] == "served"
    expect(kiosk.get_by_role("heading", name="Ông/bà đến làm việc gì?")).to_be_visible()


def test_calls_wait_for_each_other_and_none_is_left_out(open_page: Opener, stage: StageProcess) -> None:
    board = open_page("/bang-so", (1920, 1080), script=VOICE)
    stage.order("queue", counter="quay-02", label="B001", action="finish")
    for counter, label in (("quay-01", "A002"), ("quay-02", "B002")):
        assert stage.order("queue", counter=counter, label=label, action="call") is None
    board.wait_for_function("window.spoken.length === 2")
    assert [text for text, _ in board.evaluate("window.spoken")] == [
        "Mời số A không không hai đến quầy một",
        "Mời số B không không hai đến quầy hai",
    ]


def test_without_a_voice_there_is_a_chime(open_page: Opener, stage: StageProcess) -> None:
    board = open_page("/bang-so", (1920, 1080), script="window.speechSynthesis.getVoices = () => [];")
    board.wait_for_function("document.querySelector('.board-sound')?.hidden !== false")
    stage.order("queue", counter="quay-01", label="A002", action="call")
    expect(board.locator(".board-number")).to_have_text("A002")
    expect(board.locator("body")).to_have_attribute("data-called-by", "chime")
    expect(board.locator("body")).to_have_attribute("data-call", "Mời số A không không hai đến quầy một")


def test_a_browser_that_keeps_quiet_offers_to_switch_the_sound_on(playwright: Playwright, stage: StageProcess) -> None:
    browser = launch(playwright)
    page = browser.new_page()
    page.goto(f"{stage.url}/bang-so")
    button = page.get_by_role("button", name="Chạm để bật tiếng")
    expect(button).to_be_visible()
    button.click()
    expect(button).to_be_hidden()
    browser.close()


def test_the_officer_works_by_keyboard_alone(open_page: Opener, stage: StageProcess) -> None:
    page = open_page("/quay/quay-01/so", (1366, 768), "quay-01")
    page.get_by_role("button", name="Gọi số tiếp").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".queue-number")).to_have_text("A005")
    expect(page.get_by_role("button", name="Đã đến quầy")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Xong, gọi tiếp A002")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator(".queue-number")).to_have_text("A002")
    assert stage.order("tickets")["A005"] == "served"


def test_a_kiosk_left_in_english_goes_back(open_page: Opener) -> None:
    kiosk = open_page("/lay-so", (1280, 800), lang="en", is_timed=True)
    expect(kiosk.get_by_text("What do you come for?")).to_be_visible()
    kiosk.clock.fast_forward(1000 * LANGUAGE_RESET_S)
    expect(kiosk.get_by_text("Ông/bà đến làm việc gì?")).to_be_visible()


def test_at_noon_no_number_is_offered(open_page: Opener, stage: StageProcess) -> None:
    stage.order("hour", hour=12)
    kiosk = open_page("/lay-so", (1280, 800))
    expect(kiosk.get_by_text("Đang nghỉ trưa.")).to_be_visible()
    expect(kiosk.get_by_text("Lấy số từ 13:30.")).to_be_visible()
    expect(kiosk.get_by_role("button", name="Hộ tịch")).to_be_hidden()


@pytest.mark.parametrize(
    ("user", "path", "size"),
    [
        ("quay-01", "/quay/quay-01/so", (1366, 768)),
        (None, "/bang-so", (1920, 1080)),
        (None, "/bang-so", (1280, 720)),
        (None, "/lay-so", (1280, 800)),
        (None, "/lay-so", (800, 1280)),
    ],
)
def test_it_fits_its_screen_and_everything_has_a_name(
    open_page: Opener, user: str | None, path: str, size: tuple[int, int]
) -> None:
    page = open_page(path, size, user)
    assert page.evaluate(_NAMELESS) == []
    assert page.evaluate(HEADINGS) == 1
    wide, high = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert wide <= size[0]
    assert high <= size[1]


def test_a_kiosk_that_is_looked_for_beeps_and_says_so(open_page: Opener, stage: StageProcess) -> None:
    board = open_page("/bang-so", (1920, 1080))
    officer = open_page("/quay/quay-01/so", (1366, 768), "quay-01")
    expect(board.locator(".board-clock, .board-number").first).to_be_visible()
    stage.order("identify", seconds=30)
    expect(board.locator("body")).to_have_attribute("data-beeps", "30")
    expect(officer.locator(".identify")).to_be_visible()
    expect(officer.locator("body")).not_to_have_attribute("data-beeps", "30")  # it stands on somebody's desk, anywhere
    until(lambda: stage.order("identify_heard"))  # the browser's word is on its way
