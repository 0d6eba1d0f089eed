"""Starts the made-up city in a process of its own, gives it orders, and logs a browser in. For browser tests and screenshots."""

import json
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyotp
from playwright.sync_api import Page

ROOT = Path(__file__).parents[2]


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

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def log_in(page: Page, fleet: FleetProcess, user: str) -> None:
    """Through the real form, as a person does."""
    pin, secret = fleet.users[user]
    page.goto(f"{fleet.url}/dang-nhap")
    page.fill("#name", user)
    page.fill("#pin", pin)
    page.fill("#code", pyotp.TOTP(secret).now())
    page.click("button[type=submit]")
    page.wait_for_url(f"{fleet.url}/")
