"""Starts the stage in a process of its own, gives it orders, and logs a browser in. For browser tests and screenshots."""

import atexit
import json
import socket
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyotp
from playwright.sync_api import Browser, Page, Playwright

from edge.web.auth import COOKIE
from tests.edge.web.stage import PIN

ROOT = Path(__file__).parents[3]
_GOODBYE_S = 10
CHROMIUM = "/usr/bin/chromium"
QUIET = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@cache
def nursery() -> str:
    """The address of this process's own nursery, started when it is first asked for (see tests.edge.web.nursery)."""
    address = str(Path(tempfile.mkdtemp(prefix="nursery-")) / "door")
    command = [sys.executable, "-m", "tests.edge.web.nursery", address]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    atexit.register(_close, process, Path(address))
    assert process.stdout is not None
    assert process.stdout.readline() == b"open\n"
    return address


def _close(process: "subprocess.Popen[bytes]", door: Path) -> None:
    process.communicate()
    door.unlink()
    door.parent.rmdir()


class StageProcess:
    """The real server over the fakes; `order` waits for the answer, so what it did has happened."""

    def __init__(self, folder: Path) -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(nursery())
        self._answers = self._line.makefile(encoding="utf-8")
        self._say(str(folder))
        greeting = self._answer()
        self.url = f"http://127.0.0.1:{greeting['port']}"
        self._secrets: dict[str, str] = greeting["users"]
        self._used: dict[str, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._line.shutdown(socket.SHUT_WR)
        self._line.settimeout(_GOODBYE_S)
        self._answers.read()  # until the stage has ended
        self._answers.close()
        self._line.close()

    def order(self, do: str, **what: object) -> Any:
        self._say(json.dumps({"do": do, **what}))
        return self._answer()["answer"]

    def fresh_code(self, user: str) -> str:
        """A code not used before: the next step's when this one's is gone (the server allows one step of drift)."""
        totp = pyotp.TOTP(self._secrets[user])
        code = totp.now()
        if self._used.get(user) == code:
            code = totp.at(int(time.time()) + 30)
        self._used[user] = code
        return code

    def _say(self, line: str) -> None:
        self._line.sendall(f"{line}\n".encode())

    def _answer(self) -> Any:
        line = self._answers.readline()
        if not line:
            msg = "the stage ended; what it said is on stderr"
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
