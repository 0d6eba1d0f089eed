"""The city's pages in the real Chromium, with 200 made-up devices live: through a broker, the receiver, the database, to the page."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.fleet_play import FleetProcess, log_in
from tests.e2e.test_pages import CROWDED
from tests.e2e.watched import PATIENCE_MS

DEVICES = 200
WATCHED_S = 2  # for the figures that are printed; `motcua bench fleet` measures
SIZES = [(1920, 1080), (1366, 768)]
FRAMES = """async seconds => {
  let last = performance.now(), longest = 0, frames = 0; const end = last + 1000 * seconds;
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    const now = performance.now(); longest = Math.max(longest, now - last); last = now; frames += 1;
  }
  return [longest, frames / seconds, document.getElementsByTagName('*').length];
}"""
# What the Tab key came to: its name, whether the focus is seen there, and whether it follows what came before it on the page. What can be
# pressed or filled in is looked up anew each time, because the page lives; a mark on the map is for the mouse, the list beside it for all.
NEXT_STOP = """() => {
  const all = [...document.querySelectorAll('a:not(svg a), button, select, input:not([type=hidden])')].filter(e => e.checkVisibility());
  const here = document.activeElement, place = all.indexOf(here), before = window.stop ?? null;
  if (place >= 0) window.stop = here;
  const follows = place < 0 || here === before || (all[place - 1] ?? null) === before || (before && !before.isConnected);
  return [here === document.body ? null : here.innerText || here.name || here.tagName, getComputedStyle(here).outlineStyle, !!follows,
    place === all.length - 1];
}"""

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetProcess]:
    with FleetProcess(tmp_path_factory.mktemp("fleet"), DEVICES) as made:
        yield made


@pytest.fixture(scope="module")
def leader(fleet: FleetProcess, chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="vi-VN")
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    log_in(page, fleet, "lanh-dao")
    page.close()
    yield context
    context.close()


@pytest.fixture
def page(leader: BrowserContext) -> Iterator[Page]:
    made = leader.new_page()
    complaints: list[str] = []
    made.on("pageerror", lambda error: complaints.append(str(error)))
    made.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    yield made
    made.close()
    assert complaints == []


def test_an_alert_comes_to_the_page_and_the_page_stays_quick(fleet: FleetProcess, page: Page) -> None:
    page.goto(fleet.url)
    expect(page.locator(".fleet-map .mark").first).to_be_visible()
    waits = []
    for n in range(5):
        began = time.monotonic()
        fleet.order("alert", name=f"C-DO-{n}", place=n)
        expect(page.get_by_text(f"C-DO-{n}")).to_be_visible(timeout=3 * PATIENCE_MS)  # behind what all others say
        waits.append(time.monotonic() - began)
    before = fleet.order("figures")
    longest, rate, elements = page.evaluate(FRAMES, WATCHED_S)
    after = fleet.order("figures")
    print(  # noqa: T201 - figures for whoever asks (-s)
        f"\n{DEVICES} devices: raised by a device to seen on the page {', '.join(f'{one:.2f}' for one in waits)} s; "
        f"{(after['published'] - before['published']) / WATCHED_S:.0f} events/s; longest frame {longest:.0f} ms, {rate:.0f} frames/s, "
        f"{elements} elements; server, devices and broker together: {100 * (after['cpu_s'] - before['cpu_s']) / WATCHED_S:.0f} % "
        f"of a core, {after['rss_mb']:.0f} MB"
    )
    assert after["held"] > before["held"]


def test_the_table_of_devices_lives_and_its_rows_stay(fleet: FleetProcess, page: Page) -> None:
    page.goto(f"{fleet.url}/thiet-bi?sap=device")
    expect(page.get_by_role("status").filter(has_text=f"{DEVICES} máy")).to_be_visible()
    rows = page.locator(".fleet-table tbody tr")
    expect(rows).to_have_count(50)
    first = rows.first.get_by_role("link")
    first.focus()
    name = first.inner_text()
    longest, _, elements = page.evaluate(FRAMES, WATCHED_S)
    print(f"\ntable: longest frame {longest:.0f} ms, {elements} elements")  # noqa: T201
    assert page.evaluate("document.activeElement.innerText") == name
    page.get_by_role("link", name="Trang 4").click()
    expect(rows.first).to_be_visible()


def test_a_device_is_found_and_its_page_says_what_to_do(fleet: FleetProcess, page: Page) -> None:
    page.goto(f"{fleet.url}/thiet-bi")
    page.get_by_label("Tình trạng").select_option("chain")
    page.get_by_role("button", name="Xem").click()
    page.locator(".fleet-table tbody tr").first.get_by_role("link").click()
    expect(page.get_by_text("motcua city settle")).to_be_visible()
    page.get_by_role("button", name="Nháy màn hình").click()
    expect(page.locator(".notice")).to_contain_text("Đã ghi lệnh")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", ["/", "/thiet-bi", "/dia-ban"])
def test_the_screen_is_filled_and_nothing_is_cut_off_sideways(
    fleet: FleetProcess, page: Page, path: str, size: tuple[int, int]
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(fleet.url + path)
    page.wait_for_load_state("networkidle")
    all_of_it = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert all_of_it == list(size)
    inside = page.evaluate(
        "[...document.querySelectorAll('.panel')].filter(one => one.scrollWidth > one.clientWidth + 1).length"
    )
    assert inside == 0


@pytest.mark.parametrize("path", ["/", "/thiet-bi", "/dia-ban", "/bao-cao", "/thiet-bi/diem-001/hop-01"])
def test_telephones_have_room_for_everything(fleet: FleetProcess, page: Page, path: str) -> None:
    """Also for letters twice as large. A mark on the map is a picture; the list beside it has the link for a finger."""
    letters = page.context.new_cdp_session(page)
    page.set_viewport_size({"width": 360, "height": 640})
    page.goto(fleet.url + path)
    page.wait_for_load_state("networkidle")
    for letter_px in (16, 32):
        letters.send("Page.setFontSizes", {"fontSizes": {"standard": letter_px}})
        expect(page.locator("html")).to_have_css("font-size", f"{letter_px * 9 / 8:g}px")
        assert page.evaluate(CROWDED) == [], f"{path}, letters of {letter_px} px"


@pytest.mark.parametrize("path", ["/", "/thiet-bi", "/dia-ban", "/thiet-bi/diem-001/hop-01"])
def test_every_action_is_reached_by_the_tab_key_and_seen(fleet: FleetProcess, page: Page, path: str) -> None:
    """Each of them, in the order that they stand in, to the last."""
    page.set_viewport_size({"width": 1366, "height": 768})
    page.goto(fleet.url + path)
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Tab")
    is_last = False
    while not is_last:
        name, outline, follows, is_last = page.evaluate(NEXT_STOP)
        assert name is not None, "the keyboard left the page before its end"
        assert outline != "none", f"focus cannot be seen on {name}"
        assert follows, f"something before {name} was left out"
        page.keyboard.press("Tab")


def test_a_telephones_menu_leaves_the_screen_to_the_page(fleet: FleetProcess, page: Page) -> None:
    """Also for letters twice as large; by keyboard alone, as a reader drives it."""
    page.set_viewport_size({"width": 360, "height": 640})
    letters = page.context.new_cdp_session(page)
    letters.send("Page.setFontSizes", {"fontSizes": {"standard": 32}})
    page.goto(f"{fleet.url}/thiet-bi")
    page.wait_for_load_state("networkidle")
    bar, menu = page.get_by_role("banner"), page.get_by_role("button", name="Danh mục")
    assert bar.bounding_box()["height"] < 640 / 3  # type: ignore[index]
    places = page.get_by_role("navigation", name="Điều hướng")
    expect(places).to_be_hidden()
    page.keyboard.press("Tab")
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    expect(places).to_be_visible()
    assert page.evaluate(CROWDED) == []
    for name in ("Đóng", "Trang đầu", "Số liệu"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.innerText").endswith(name)
    here = places.get_by_role("link", name="Thiết bị")
    expect(here).to_have_attribute("aria-current", "page")
    page.keyboard.press("Escape")
    expect(places).to_be_hidden()
    expect(menu).to_be_focused()
    menu.click()
    places.get_by_role("button", name="Đóng").click()
    expect(places).to_be_hidden()
    expect(menu).to_be_focused()


def test_the_other_language_keeps_what_was_chosen(fleet: FleetProcess, page: Page) -> None:
    page.goto(f"{fleet.url}/thiet-bi?tinh-trang=offline&tim=h%E1%BB%99p&sap=device")
    try:
        page.get_by_role("link", name="English").click()
        expect(page.get_by_label("State")).to_have_value("offline")
        expect(page.get_by_label("Find name, id, version")).to_have_value("hộp")
        assert page.url.endswith("/thiet-bi?tinh-trang=offline&tim=h%E1%BB%99p&sap=device")
        page.goto(f"{fleet.url}/dia-ban?tu=2026-11-01&den=2026-11-20")
    finally:
        page.get_by_role("link", name="Tiếng Việt").click()
    expect(page.get_by_label("Từ ngày")).to_have_value("2026-11-01")
