"""What joins a page to the desks: news while a browser looks, actions checked each time, nothing left behind afterwards.

Every NiceGUI page of a device owns one `Live`, every one of the city a `LivePage`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import quote

from nicegui import background_tasks, ui

from edge.web.parts import Text, block, show
from edge.web.site import House, Site, Viewer

log = logging.getLogger(__name__)

T = TypeVar("T")
Unsubscribe = Callable[[], None]
NOTICE_S = 8.0


class LivePage:
    """Subscribes when the browser connects, unsubscribes when it is gone, and asks the session before each step."""

    def __init__(self, house: House, viewer: Viewer) -> None:
        self._house = house
        self.viewer = viewer
        self._client = ui.context.client
        self._starts: list[Callable[[], Unsubscribe]] = []
        self._stops: list[Unsubscribe] = []
        self._fresh: list[Callable[[], object]] = []
        self._notice = block("div", "notice", role="alert")
        with self._notice:
            self._notice_text = Text("p")
        show(self._notice, is_shown=False)
        self._client.on_connect(self._start)
        self._client.on_delete(self._stop)
        if viewer.session:
            ui.timer(house.settings.health_every_s, self._leave_if_over)

    def follow(self, subscribe: Callable[[Callable[[T], None]], Unsubscribe], react: Callable[[T], None]) -> None:
        """Call `react` in the page's context for every piece of news while a browser is connected."""
        self._starts.append(lambda: subscribe(lambda news: self._react(react, news)))

    def at_connect(self, refresh: Callable[[], object]) -> None:
        """Run at every (re)connection: news may have been missed before it."""
        self._fresh.append(refresh)

    def every(self, seconds: float, refresh: Callable[[], object]) -> None:
        """For desks that cannot be subscribed to."""
        ui.timer(seconds, refresh)

    def attend(
        self, subscribe: Callable[[Callable[[T], None]], Unsubscribe], react: Callable[[T], None]
    ) -> Unsubscribe:
        """As `follow`, from now on and until the answer is called or the page is gone."""
        stop = _Once(subscribe(lambda news: self._react(react, news)))
        self._stops = [each for each in self._stops if not (isinstance(each, _Once) and each.is_done)]
        self._stops.append(stop)
        return stop

    async def act(self, is_allowed: bool, action: Callable[[], Awaitable[object]]) -> bool:  # noqa: FBT001
        """Run a person's action if their session still allows it; say so on the page when it fails."""
        return await self.ask(is_allowed, action) is not None

    async def ask(self, is_allowed: bool, action: Callable[[], Awaitable[T]]) -> "Answer[T] | None":  # noqa: FBT001
        """As `act`, with what the action answered; None when it did not run or failed, which the page then says."""
        if self._leave_if_over():
            return None
        if not is_allowed:
            log.warning("action refused path=%s", self.viewer.path)
            self.say("page.common.not_allowed")
            return None
        try:
            return Answer(await action())
        except Exception:
            log.exception("action failed path=%s", self.viewer.path)
            self.say("page.common.action_failed")
            return None

    def say(self, key: str, **params: object) -> None:
        """A short notice that goes away by itself."""
        self._notice_text.say(self.viewer.words(key, **params))
        show(self._notice, is_shown=True)
        with self._client:
            ui.timer(NOTICE_S, lambda: show(self._notice, is_shown=False), once=True)

    def paced(self, refresh: Callable[[], Awaitable[None]]) -> "Paced":
        made = Paced(refresh, self._house.settings.statistics_pause_s)
        self._stops.append(made.stop)
        return made

    def _start(self) -> None:
        self._stops += [start() for start in self._starts]
        self._starts.clear()
        for refresh in self._fresh:
            self._client.safe_invoke(refresh)

    def _stop(self) -> None:
        while self._stops:
            self._stops.pop()()

    def _react(self, react: Callable[[T], None], news: T) -> None:
        if not self._leave_if_over():
            self._client.safe_invoke(lambda: react(news))

    def _leave_if_over(self) -> bool:
        session = self.viewer.session
        if session is None or self._house.sessions.is_alive(session):
            return False
        self._stop()
        self._client.open(f"/dang-nhap?ve={quote(self.viewer.here)}")
        return True


class Live(LivePage):
    """Of a device's page, with its desks."""

    def __init__(self, site: Site, viewer: Viewer) -> None:
        super().__init__(site, viewer)
        self.site = site


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    value: T


class _Once:
    """An unsubscribing that may be asked for by the page's end and by the page itself."""

    def __init__(self, unsubscribe: Unsubscribe) -> None:
        self._unsubscribe = unsubscribe
        self.is_done = False

    def __call__(self) -> None:
        if not self.is_done:
            self.is_done = True
            self._unsubscribe()


class Paced:
    """Runs a refresh at once when asked, but never more often than `pause_s`; asking meanwhile means once more."""

    def __init__(self, refresh: Callable[[], Awaitable[None]], pause_s: float) -> None:
        self._refresh = refresh
        self._pause_s = pause_s
        self._task: asyncio.Task[None] | None = None
        self._is_asked = False

    def ask(self) -> None:
        self._is_asked = True
        if self._task is None or self._task.done():
            self._task = background_tasks.create(self._run(), name="refresh charts")

    def stop(self) -> None:
        if self._task:
            self._task.cancel()

    async def _run(self) -> None:
        while self._is_asked:
            self._is_asked = False
            await self._refresh()
            await asyncio.sleep(self._pause_s)
