"""The technician's page of the ears in the real Chromium: all of it on one screen, words that go away, a visitor who is told."""

import pytest
from playwright.sync_api import expect

from tests.e2e.watched import Opener
from tests.edge.web.play import StageProcess

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(180)]
LAPTOP, TABLET = (1280, 800), (800, 1280)
SCORES = [
    ("cho tôi lấy số thứ tự", "ticket", 0.86), ("cho tôi hỏi hồ sơ đến đâu rồi", "progress", 0.31),
    ("tôi muốn xếp hàng", "ticket", 0.22), ("cho tôi hỏi giờ làm việc", "hours", 0.08),
]  # fmt: skip
LEVELS = [[-62.0 + (place * 7) % 9, 0.02] for place in range(20)] + [
    [-28.0 - (place * 5) % 14, 0.95] for place in range(20)
] + [[-30.0 - (place * 3) % 6, 0.1] for place in range(15)]  # fmt: skip


def test_a_technician_looks_on_while_somebody_speaks(browse: Opener, stage: StageProcess) -> None:
    visitor = browse(size=LAPTOP)
    visitor.open("/huong-dan")
    watched = browse("ky-thuat", LAPTOP)
    watched.open("/thiet-bi")
    watched.page.get_by_role("link", name="Máy hướng dẫn nghe thấy gì và vì sao").click()
    expect(watched.page.get_by_role("heading", name="Máy hướng dẫn nghe thấy gì và vì sao")).to_be_visible()
    expect(visitor.page.get_by_text("Kỹ thuật viên đang kiểm tra")).to_be_visible()
    stage.order("levels", levels=LEVELS)
    stage.order("trace", text="where is the station", verdict="foreign", scores=[])
    stage.order("trace", text="cho tôi lấy xố thứ tự", verdict="taken", scores=SCORES)
    expect(watched.page.get_by_text("cho tôi lấy xố thứ tự")).to_be_visible()
    expect(watched.page.locator(".hearing-bars rect.speech")).to_have_count(20)
    assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert watched.page.evaluate("document.documentElement.scrollHeight <= innerHeight")
    expect(watched.page.get_by_text("cho tôi lấy xố thứ tự")).to_have_count(0)
    expect(watched.page.locator(".hearing-chip")).to_have_text(["Nhận", "Bỏ: tiếng nước ngoài"])
    watched.page.goto("about:blank")
    expect(visitor.page.get_by_text("Kỹ thuật viên đang kiểm tra")).to_be_hidden()


def test_it_fits_a_tablet_held_upright(browse: Opener, stage: StageProcess) -> None:
    watched = browse("ky-thuat", TABLET)
    watched.open("/huong-dan/ky-thuat")
    stage.order("levels", levels=LEVELS)
    expect(watched.page.get_by_role("button", name="Ngừng xem")).to_be_visible()
    assert watched.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
