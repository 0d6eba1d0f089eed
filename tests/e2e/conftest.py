"""The stage and Chromium, once a module; a watched browser for each test."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.e2e.watched import PATIENCE_MS, Opener, Watched
from tests.edge.web.play import StageProcess, launch, log_in

expect.set_options(timeout=PATIENCE_MS)
LIKE_NEW: dict[str, Any] = {
    "counter": "quay-01", "phase": "measuring", "camera": "live", "visit": "v-1", "level": "satisfied", "nudge": None,
    "rating": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StageProcess]:
    with StageProcess(tmp_path_factory.mktemp("stage")) as made:
        yield made


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def sessions(stage: StageProcess, chromium: Browser) -> dict[str, Any]:
    """Everybody logs in once, through the form: a code works once, so tests share the cookies."""
    found = {}
    for name in ("quay-01", "lanh-dao-1", "ky-thuat"):
        context = chromium.new_context()
        log_in(context.new_page(), stage, name)
        found[name] = context.storage_state()
        context.close()
    return found


@pytest.fixture
def browse(stage: StageProcess, chromium: Browser, sessions: dict[str, Any]) -> Iterator[Opener]:
    """`browse("quay-01")` is a browser where that user is logged in. Every page is checked at the end."""
    opened: list[Watched] = []

    def make(user: str | None = None, size: tuple[int, int] = (1366, 768), **options: Any) -> Watched:
        context = chromium.new_context(
            viewport={"width": size[0], "height": size[1]}, storage_state=sessions[user] if user else None, **options
        )
        context.set_default_timeout(PATIENCE_MS)
        opened.append(Watched(context.new_page(), stage))
        return opened[-1]

    stage.order("counter", **LIKE_NEW)
    stage.order("locker_new")
    yield make
    for watched in opened:
        watched.page.context.close()
        watched.check()
