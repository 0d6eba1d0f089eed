"""Starts the stage in a process of its own, gives it orders, and logs a browser in. For browser tests and screenshots."""

import json
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyotp
from playwright.sync_api import Browser, Page, Playwright

from edge.web.auth import COOKIE
from tests.edge.web.stage import PIN

ROOT = Path(__file__).parents[3]
CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


class StageProcess:
    """The real server over the fakes; `order` waits for the answer, so what it did has happened."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.edge.web.stage", str(folder)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=None, text=True
        )
        greeting = self._answer()
        self.url = f"http://127.0.0.1:{greeting['port']}"
        self._secrets: dict[str, str] = greeting["users"]
        self._used: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        stdin = self._process.stdin
        if stdin:
            stdin.close()
        self._process.wait(10)
        if self._process.stdout:
            self._process.stdout.close()

    def order(self, do: str, **what: object) -> Any:
        if self._process.stdin is None:
            return None
        self._process.stdin.write(json.dumps({"do": do, **what}) + "\n")
        self._process.stdin.flush()
        return self._answer()["answer"]

    def fresh_code(self, user: str) -> str:
        """A code not used before: the next step's when this one's is gone (the server allows one step of drift)."""
        totp = pyotp.TOTP(self._secrets[user])
        code = totp.now()
        if self._used.get(user) == code:
            code = totp.at(int(time.time()) + 30)
        self._used[user] = code
        return code

    def _answer(self) -> Any:
        if self._process.stdout is None:
            return None
        line = self._process.stdout.readline()
        if not line:
            msg = f"the stage ended with {self._process.wait(10)}"
            raise RuntimeError(msg)
        return json.loads(line)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))


def log_in(page: Page, stage: StageProcess, user: str) -> None:
    """Through the real form, as a person does."""
    page.goto(f"{stage.url}/dang-nhap")
    page.fill("#name", user)
    page.fill("#pin", PIN)
    page.fill("#code", stage.fresh_code(user))
    page.click("button[type=submit]")
    page.wait_for_url(lambda url: "/dang-nhap" not in url)


def session_cookie(page: Page) -> str | None:
    return next((cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE), None)
