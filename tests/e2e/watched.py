"""A browser page that is watched while it is used."""

import time
from collections.abc import Callable

from playwright.sync_api import ConsoleMessage, Page, Request

from tests.edge.web.play import StageProcess

PATIENCE_MS = 20_000  # of a browser on a machine that has other things to do; nothing is asserted about speed


class Watched:
    """A browser page that remembers every address it asked for and everything it complained about."""

    def __init__(self, page: Page, stage: StageProcess) -> None:
        self.page, self.stage = page, stage
        self.asked: list[str] = []
        self.complaints: list[str] = []
        page.on("request", self._request)
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, path: str) -> Page:
        self.page.goto(self.stage.url + path)
        self.page.wait_for_function("() => !document.querySelector('#app') || window.socket?.connected")
        return self.page

    def check(self) -> None:
        host = self.stage.url.removeprefix("http://")
        elsewhere = [url for url in self.asked if not url.startswith((f"http://{host}/", f"ws://{host}/", "data:"))]
        assert elsewhere == []
        assert self.complaints == []

    def _request(self, request: Request) -> None:
        self.asked.append(request.url)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(message.text)


def until(fact: Callable[[], object]) -> None:
    """Wait for something that no page shows; the test's own time limit ends the wait."""
    while not fact():
        time.sleep(0.05)


Opener = Callable[..., Watched]
