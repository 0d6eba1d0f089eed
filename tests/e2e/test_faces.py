"""Greeting by name in the real Chromium: consent, camera, refusal, list, withdrawal, export."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.watched import Opener
from tests.edge.web.play import StageProcess

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(180)]


def begin(page: Page, name: str) -> None:
    page.get_by_label("Tên muốn được chào").fill(name)
    page.get_by_label("Người này đã nghe và đồng ý").check()
    page.get_by_role("button", name="Bắt đầu trước camera").click()
    expect(page.locator(".faces-task")).to_contain_text("Mời đứng trước camera")  # the desk has begun too


def put_away(page: Page) -> None:
    page.get_by_role("button", name="Xong").click()
    expect(page.get_by_label("Tên muốn được chào")).to_be_visible()
    expect(page.get_by_label("Tên muốn được chào")).to_have_value("")


def test_nobody_is_enrolled_without_consent(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/khuon-mat")
    expect(page.locator("blockquote")).to_contain_text("Ông/bà không phải đồng ý")
    page.get_by_label("Tên muốn được chào").fill("chị Mai")
    page.get_by_role("button", name="Bắt đầu trước camera").click()
    expect(page.get_by_label("Người này đã nghe và đồng ý")).to_be_focused()
    assert not any("chị Mai" in asked for asked in stage.order("faces_asked"))


def test_consent_then_camera_then_a_greeting_by_name(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/khuon-mat")
    begin(page, "cô Bưởi Xanh")
    stage.order("faces", task="turn_left", done=1, hint="several_faces")
    expect(page.locator(".faces-task")).to_have_text("Mời quay đầu sang trái của ông/bà")
    expect(page.locator(".faces-hint")).to_contain_text("có nhiều khuôn mặt")
    expect(page.locator(".faces-steps .is-done")).to_have_count(1)
    stage.order("faces")
    expect(page.locator(".faces-task")).to_have_text("Từ nay máy chào: “Chào cô Bưởi Xanh!”")
    expect(page.locator(".faces-person", has_text="cô Bưởi Xanh")).to_be_visible()
    assert ["begin", "cô Bưởi Xanh", "quay-01", "Để nhận ra "] in stage.order("faces_asked")
    put_away(page)


@pytest.mark.parametrize(
    ("why", "said"),
    [("turned", "hãy nhìn thẳng"), ("blurred", "ảnh bị nhoè"), ("several_faces", "nhiều khuôn mặt"), ("known_already", "rút bản cũ")],
)  # fmt: skip
def test_a_refusal_says_why_and_that_nothing_was_kept(browse: Opener, stage: StageProcess, why: str, said: str) -> None:
    page = browse("lanh-dao-1").open("/khuon-mat")
    begin(page, "anh Ba")
    stage.order("faces", refused=why)
    expect(page.locator(".faces-sitting")).to_contain_text(said)
    expect(page.get_by_role("heading", name="Chưa đăng ký được")).to_be_focused()
    put_away(page)


def test_withdrawing_deletes_and_says_so(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/khuon-mat")
    row = page.locator(".faces-person", has_text="bác Tư")
    row.get_by_role("button", name="Rút đồng ý").click()
    expect(page.get_by_role("heading", name="Rút đồng ý của bác Tư?")).to_be_visible()
    page.get_by_role("button", name="Xoá ngay").click()
    expect(page.get_by_text("Đã xoá khuôn mặt và tên của ông/bà khỏi máy này.")).to_be_visible()
    expect(row).to_have_count(0)
    assert ["forget", "d4e5f6", "quay-01"] in stage.order("faces_asked")


def test_what_is_kept_is_handed_out_as_a_file(browse: Opener, stage: StageProcess) -> None:
    page = browse("quay-01").open("/khuon-mat")
    page.locator(".faces-person", has_text="chị Lan").get_by_role("button", name="Xuất dữ liệu").click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Tải tệp").click()
    kept = json.loads(Path(coming.value.path()).read_text(encoding="utf-8"))
    assert (kept["person"], kept["name"]) == ("a1b2c3", "chị Lan")


def test_a_technician_takes_no_consents(browse: Opener) -> None:
    watched = browse("ky-thuat")
    page = watched.open("/khuon-mat")
    expect(page.get_by_role("heading", name="Greeting").or_(page.locator(".faces-desk"))).to_have_count(0)
    assert all("403" in complaint for complaint in watched.complaints)
    watched.complaints.clear()
