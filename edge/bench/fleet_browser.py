"""A real Chromium in front of the city's pages, for `motcua bench fleet`: how long a page takes, how big it is, when news is on it.

Needs Debian's chromium and Playwright, which comes with the profile `dev`.
"""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyotp

from edge.bench.fleet_town import Town, now_ms

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync",
)  # fmt: skip
SHOWN_MS = 60_000
MARKS = {"/": ".fleet-map .mark", "/thiet-bi": ".fleet-table tbody tr"}  # what is there once a page shows the fleet
# The moment a name first stands on the page, by the machine's own clock, which is the devices' too.
_WATCH = """() => {
  window.seen = {};
  const look = () => { for (const found of document.body.innerText.matchAll(/C-BENCH-\\d+/g)) window.seen[found[0]] ??= Date.now(); };
  new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true });
}"""
_FRAMES = """async seconds => {
  let last = performance.now(), longest = 0; const end = last + 1000 * seconds;
  while (performance.now() < end) {
    await new Promise(requestAnimationFrame);
    const now = performance.now(); longest = Math.max(longest, now - last); last = now;
  }
  return longest;
}"""


@dataclass(frozen=True, slots=True)
class Loaded:
    """From the address to the fleet on the screen; `sent_kb`: everything over the wire until then, uncached."""

    path: str
    ms: float
    elements: int
    sent_kb: float


@dataclass(frozen=True, slots=True)
class Watched:
    """A page that is only looked at: what comes to it, and its longest frame."""

    longest_frame_ms: float
    kb_per_s: float
    heap_mb: float


def why_none() -> str | None:
    """None where there is a browser to drive."""
    if shutil.which("chromium") is None:
        return "Debian's chromium is not installed: sudo apt-get install chromium"
    try:
        import playwright.sync_api  # noqa: F401, PLC0415 - only asked for
    except ImportError:
        return "Playwright is not installed: ./scripts/setup dev"
    return None


@contextlib.contextmanager
def chromium() -> Iterator["Browser"]:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - no part of what production installs

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(QUIET))
        yield browser
        browser.close()


class Viewer:
    """The city's leader, logged in through the form, with empty caches."""

    def __init__(self, browser: "Browser", town: Town) -> None:
        self._town = town
        self._context: BrowserContext = browser.new_context(locale="vi-VN", viewport={"width": 1920, "height": 1080})
        self._context.set_default_timeout(SHOWN_MS)
        page = self._context.new_page()
        page.goto(f"{town.url}/dang-nhap")
        page.fill("#name", town.user.name)
        page.fill("#pin", town.pin)
        page.fill("#code", pyotp.TOTP(town.user.totp_secret).now())
        page.click("button[type=submit]")
        page.wait_for_url(f"{town.url}/")
        page.close()

    def close(self) -> None:
        self._context.close()

    def load(self, path: str) -> Loaded:
        """Nothing out of the browser's cache."""
        page = self._context.new_page()
        meter = _Meter(self._context, page)
        began = now_ms()
        page.goto(self._town.url + path)
        page.wait_for_selector(MARKS[path])
        took = now_ms() - began
        elements = int(page.evaluate("document.getElementsByTagName('*').length"))
        found = Loaded(path, took, elements, meter.bytes / 1_000)
        page.close()
        return found

    def watch(self, path: str, seconds: float) -> Watched:
        page = self._context.new_page()
        page.goto(self._town.url + path)
        page.wait_for_selector(MARKS[path])
        page.wait_for_timeout(2_000)
        meter = _Meter(self._context, page)
        longest = float(page.evaluate(_FRAMES, seconds))
        heap = float(page.evaluate("performance.memory.usedJSHeapSize")) / 1e6
        found = Watched(longest, meter.bytes / 1_000 / seconds, heap)
        page.close()
        return found

    def alerts(self, count: int) -> tuple[list[float], float]:
        """Milliseconds from a device's raising it to its standing on the page, one after the other; kB that each sends to the page."""
        page = self._context.new_page()
        page.goto(self._town.url)
        page.wait_for_selector(MARKS["/"])
        page.evaluate(_WATCH)
        meter = _Meter(self._context, page)
        waits = [self._alert(page, number) for number in range(count)]
        page.close()
        return waits, meter.bytes / 1_000 / count

    def _alert(self, page: "Page", number: int) -> float:
        line, name = self._town.line, f"C-BENCH-{number}"
        device = line.devices[number * 7919 % len(line.devices)]
        raised = now_ms()
        line.say(device, lambda at: device.alert(at, name))
        page.wait_for_function("name => window.seen[name]", arg=name, polling=50)
        seen = float(page.evaluate("name => window.seen[name]", name))
        line.say(device, lambda at: device.close_alert(at, name))
        page.wait_for_timeout(300 + 137 * number % 700)  # not in step with the server's looks
        return seen - raised


class _Meter:
    """Bytes that a page has received: answers as they came over the wire, and every frame of its socket."""

    def __init__(self, context: "BrowserContext", page: "Page") -> None:
        self.bytes = 0.0
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})
        session.on("Network.loadingFinished", self._loaded)
        session.on("Network.webSocketFrameReceived", self._framed)

    def _loaded(self, said: dict[str, Any]) -> None:
        self.bytes += float(said["encodedDataLength"])

    def _framed(self, said: dict[str, Any]) -> None:
        self.bytes += len(said["response"]["payloadData"])
