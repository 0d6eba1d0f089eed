"""Somebody enrols before the real camera worker and is greeted by name later: the agent, its wire and its pages, all real.

Only the person is made: a photograph of a real face that does what the page asks (tests.models.puppet).
"""

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from edge.web.users import Role, create_user
from models.challenge import Task
from models.fetch import default_directory
from tests.edge.web.stage import PIN
from tests.models.puppeteer import Puppeteer, puppet_of
from tests.sync.broker_fixtures import free_port
from tests.sync.identity_fixtures import wait_for_port

pytestmark = [
    pytest.mark.long, pytest.mark.models, pytest.mark.browser, pytest.mark.enable_socket, pytest.mark.timeout(240),
]  # fmt: skip
ROOT = Path(__file__).parents[2]
PATIENCE_MS = 60_000
GONE_MS = 5_000  # whoever was not seen for a second has left, on a busy machine too
ASKED = {
    Task.TURN_LEFT: re.compile("quay đầu sang trái"), Task.TURN_RIGHT: re.compile("quay đầu sang phải"),
    Task.BLINK: re.compile("nhắm mắt"), Task.OPEN_MOUTH: re.compile("há miệng"),
}  # fmt: skip


class Site:
    """The agent as a process, before the puppet."""

    def __init__(self, folder: Path, person: Puppeteer, camera: Path) -> None:
        self.person, self.port = person, free_port()
        users = folder / "users.toml"
        self._secret = create_user(users, "quay-01", Role.OFFICER, PIN, ("quay-01",)).totp_secret
        text = (ROOT / "config" / "profiles" / "guide.toml").read_text(encoding="utf-8")
        text = text.replace("/var/lib/motcua", str(folder / "data"))
        text = text.replace("port = 8080", f'port = {self.port}\nusers_file = "{users}"')
        text += (
            f'\n[guide.camera]\nsource = "replay:{camera}"\ngone_s = 1\n[models]\ndirectory = "{default_directory()}"\n'
        )
        self.config = folder / "motcua.toml"
        self.config.write_text(text, encoding="utf-8")
        self.url = f"http://127.0.0.1:{self.port}"

    def log_in(self, page: Page) -> None:
        page.goto(f"{self.url}/dang-nhap")
        page.fill("#name", "quay-01")
        page.fill("#pin", PIN)
        page.fill("#code", pyotp.TOTP(self._secret).now())
        page.click("button[type=submit]")
        page.wait_for_url(lambda url: "/dang-nhap" not in url)

    def obey_until(self, page: Page, words: str, ending: re.Pattern[str]) -> list[Task]:
        """The puppet does what stands there until this stands there; what it was asked."""
        asked: list[Task] = []
        while True:
            text = page.locator(words).inner_text(timeout=PATIENCE_MS)
            task = next((task for task, said in ASKED.items() if said.search(text)), None)
            asked += [task] if task and asked[-1:] != [task] else []
            self.person.do(task)
            if ending.search(text):
                return asked
            page.wait_for_timeout(100)


@pytest.fixture
def site(tmp_path: Path, model_file: Callable[[str], Path]) -> Iterator[Site]:
    camera = tmp_path / "person.jpegs"
    puppet = puppet_of(model_file("single_face.mp4"), model_file("face_landmarker.task"))
    with Puppeteer(puppet, camera) as person:
        made = Site(tmp_path, person, camera)
        log = (tmp_path / "agent.log").open("wb")
        with log, subprocess.Popen(
            [sys.executable, "-m", "edge", "run", "--config", str(made.config)], stdout=log, stderr=log, cwd=ROOT
        ) as agent:  # fmt: skip
            try:
                wait_for_port(made.port)
                yield made
            finally:
                agent.terminate()


def test_who_does_what_is_asked_is_enrolled_and_greeted_by_name(site: Site, chromium: Browser) -> None:
    page = chromium.new_page()
    page.set_default_timeout(PATIENCE_MS)
    site.log_in(page)
    page.goto(f"{site.url}/khuon-mat")
    page.get_by_label("Tên muốn được chào").fill("anh Minh")
    page.get_by_label("Người này đã nghe và đồng ý").check()
    expect(page.get_by_role("button", name="Bắt đầu trước camera")).to_be_enabled(timeout=PATIENCE_MS)
    page.get_by_role("button", name="Bắt đầu trước camera").click()
    asked = site.obey_until(page, ".faces-task", re.compile("Từ nay máy chào|không rõ|hãy"))
    expect(page.locator(".faces-task")).to_have_text("Từ nay máy chào: “Chào anh Minh!”")
    assert len(asked) == 3
    expect(page.locator(".faces-person", has_text="anh Minh")).to_be_visible()

    site.person.is_there = False
    page.goto(f"{site.url}/huong-dan")
    page.wait_for_timeout(GONE_MS)
    site.person.is_there = True
    asked = site.obey_until(page, ".guide-subtitle >> nth=0", re.compile("^Chào anh Minh!"))
    assert len(asked) == 2
    assert {Task.TURN_LEFT, Task.TURN_RIGHT} & {*asked}
    page.close()
