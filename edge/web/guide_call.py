"""Somebody at the guide waits for a person: a line on officers' pages until one of them goes. For `edge.web`."""

from edge.guide_ports import GuideDesk, GuideView
from edge.web.live import Live
from edge.web.parts import Text, block, button, show
from edge.web.site import Site, Viewer


class CallLine:
    """Hidden while nobody waits. Whoever presses is on the way, and the guide's screen says so."""

    def __init__(self, site: Site, viewer: Viewer, live: Live, desk: GuideDesk) -> None:
        self._site, self._viewer, self._live, self._desk = site, viewer, live, desk
        with block("div", "guide-call", role="alert") as self._line:
            self._text = Text("p")
            button(viewer.words("page.guide.i_come"), self._come, "primary")
        self._refresh()
        live.follow(desk.subscribe, self._news)
        live.at_connect(self._refresh)

    def _news(self, _: GuideView) -> None:
        self._refresh()

    def _refresh(self) -> None:
        call = self._desk.call()
        is_waiting = call is not None and not call.is_coming
        if call is not None:
            since = self._viewer.words.clock(call.since, self._site.desks.clock.now())
            self._text.say(self._viewer.words("page.guide.somebody_waits", time=since))
        show(self._line, is_shown=is_waiting)

    async def _come(self) -> None:
        await self._live.act(self._viewer.session is not None, self._desk.come)


def call_line(site: Site, viewer: Viewer, live: Live) -> None:
    """Where this device has a guide."""
    if site.desks.guide is not None:
        CallLine(site, viewer, live, site.desks.guide)
