"""The city's pages in the real Chromium, with 200 made-up devices live: through a broker, the receiver, the database, to the page."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

ROOT = Path(__file__).parents[2]
DEVICES = 200
WATCHED_S = 10
SIZES = [(1920, 1080), (1366, 768)]
FRAMES = """async seconds => {
  let last = performance.now(), longest = 0, frames = 0; const end = last + 1000 * seconds;
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    const now = performance.now(); longest = Math.max(longest, now - last); last = now; frames += 1;
  }
  return [longest, frames / seconds, document.getElementsByTagName('*').length];
}"""

pytestmark = [pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(300)]


class FleetProcess:
    """The stage; `order` waits for the answer."""

    def __init__(self, folder: Path, devices: int) -> None:
        command = [sys.executable, "-m", "tests.e2e.fleet_stage", str(folder), str(devices)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        greeting = json.loads(self._line())
        self.url = f"http://127.0.0.1:{greeting['port']}"
        self.users: dict[str, tuple[str, str]] = greeting["users"]

    def order(self, do: str, **what: object) -> Any:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"do": do, **what}) + "\n")
        self._process.stdin.flush()
        return json.loads(self._line())["answer"]

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FleetProcess]:
    made = FleetProcess(tmp_path_factory.mktemp("fleet"), DEVICES)
    yield made
    made.close()


@pytest.fixture(scope="module")
def leader(fleet: FleetProcess, chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(locale="vi-VN")
    context.set_default_timeout(20_000)
    page, (pin, secret) = context.new_page(), fleet.users["lanh-dao"]
    page.goto(f"{fleet.url}/dang-nhap")
    page.fill("#name", "lanh-dao")
    page.fill("#pin", pin)
    page.fill("#code", pyotp.TOTP(secret).now())
    page.click("button[type=submit]")
    page.wait_for_url(f"{fleet.url}/")
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
        expect(page.get_by_text(f"C-DO-{n}")).to_be_visible(timeout=20_000)
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
    longest, _, elements = page.evaluate(FRAMES, 5)
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
    page.get_by_role("button", name="Nháy đèn").click()
    expect(page.locator(".notice")).to_contain_text("Đã ghi lệnh")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("path", ["/", "/thiet-bi", "/dia-ban"])
def test_nothing_is_cut_off_sideways(fleet: FleetProcess, page: Page, path: str, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.goto(fleet.url + path)
    page.wait_for_load_state("networkidle")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    inside = page.evaluate(
        "[...document.querySelectorAll('.panel')].filter(one => one.scrollWidth > one.clientWidth + 1).length"
    )
    assert inside == 0
