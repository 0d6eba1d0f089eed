"""The guide on an upright screen in the real Chromium: who sits or is small reaches every button, on every page, whatever is said."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.test_guide import MARKS, SCREENS
from tests.e2e.test_pages import CROWDED
from tests.e2e.watched import Opener
from tests.edge.web.play import StageProcess

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(300)]
SIZES = ((1080, 1920), (1200, 1920), (800, 1280))
FIXED = (".guide-speech", ".guide-foot", ".guide-tools", ".guide-key.back", ".guide-key.repeat", ".guide-key.person")
# Buttons that cannot be reached, are covered, lie over each other or are small for a finger; what does not fit where it stands.
_OUT_OF_REACH = """() => {
  const shown = [...document.querySelectorAll('.guide, .guide *')].filter(it => it.checkVisibility() && !it.closest('svg'));
  const keys = shown.filter(it => it.matches('button')).map(it => [it, it.getBoundingClientRect()]);
  const is_met = (it, box) => [[.5, .5], [.15, .2], [.85, .2], [.15, .8], [.85, .8]].every(([x, y]) =>
    it.contains(document.elementFromPoint(box.left + box.width * x, box.top + box.height * y)));
  const meets = (one, other) => Math.min(one.right, other.right) - Math.max(one.left, other.left) > 1
    && Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 1;
  const bad = keys.filter(([it, box]) => box.top < innerHeight * .4 - 1 || box.bottom > innerHeight + 1 || box.right > innerWidth + 1
    || box.height < 48 || box.width < 48 || !is_met(it, box) || keys.some(([other, its]) => other !== it && meets(box, its)));
  const cut = shown.filter(it => getComputedStyle(it).overflowY !== 'visible' && it.scrollHeight > it.clientHeight + 1);
  return [...bad.map(([it]) => it.innerText), ...cut.map(it => it.className)];
}"""
_PLACES = """wanted => Object.fromEntries(wanted.map(it => [it, document.querySelector(it)]).filter(([, it]) => it?.checkVisibility())
  .map(([name, it]) => [name, Object.values(it.getBoundingClientRect().toJSON()).map(Math.round)]))"""


@pytest.mark.long
def test_every_button_is_within_reach_and_none_moves(browse: Opener, stage: StageProcess) -> None:
    page = browse(size=SIZES[0], has_touch=True).open("/huong-dan")
    places: dict[tuple[object, ...], object] = {}
    stage.order("guide_challenge", task="turn_left")
    expect(page.locator(".guide-subtitle").first).to_contain_text("Muốn được chào bằng tên")
    _look(page, "challenge", places)
    for name in _every_screen(page):
        _look(page, name, places)
    stage.order("guide_waits")
    expect(page.locator(".guide-last")).to_be_visible()
    _look(page, "last call", places)


@pytest.mark.parametrize("letter_px", [16, 32])
def test_a_telephone_scrolls_and_has_room_for_every_screen(browse: Opener, stage: StageProcess, letter_px: int) -> None:
    """Whoever looks after the guide opens it there; the keys stay at the lower edge."""
    page = browse(size=(360, 780), has_touch=True).open("/huong-dan")
    page.context.new_cdp_session(page).send("Page.setFontSizes", {"fontSizes": {"standard": letter_px}})
    expect(page.locator("html")).to_have_css("font-size", f"{letter_px * 9 / 8:g}px")
    for name in _every_screen(page):
        assert page.evaluate(CROWDED) == [], name
        foot = page.locator(".guide-foot").bounding_box()
        assert foot is not None
        assert foot["y"] + foot["height"] <= 781, name


def _every_screen(page: Page) -> Iterator[str]:
    """One after the other, by touch from the menu."""
    for name, buttons in SCREENS.items():
        for button in buttons:
            before = page.locator(".guide-screen").inner_text()
            page.locator(".guide-main").get_by_role("button", name=button).or_(
                page.locator(".guide-key", has_text=button)
            ).first.tap()
            expect(page.locator(".guide-screen")).not_to_have_text(before, use_inner_text=True)
        expect(page.locator(f".guide-screen.{MARKS[name]}")).to_be_visible()
        yield name
        if buttons:
            page.locator(".guide-key.start").tap()
            expect(page.locator(".guide-screen.menu")).to_be_visible()


def _look(page: Page, name: str, places: dict[tuple[object, ...], object]) -> None:
    """At every size, in both sizes of letters; `places` is where everything stood that may not move."""
    for size in SIZES:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        for is_large in (False, True):
            page.evaluate("is => document.querySelector('.guide').classList.toggle('large', is)", is_large)
            assert page.evaluate(_OUT_OF_REACH) == [], (name, size, is_large)
            for part, box in page.evaluate(_PLACES, list(FIXED)).items():
                assert places.setdefault((size, is_large, part), box) == box, (name, size, is_large, part)
    page.evaluate("document.querySelector('.guide').classList.remove('large')")
