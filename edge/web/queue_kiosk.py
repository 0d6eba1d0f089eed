"""The ticket kiosk: what one comes for, whether one has priority, the number. Touch, two languages, no login."""

import json
from collections.abc import Callable
from functools import partial

from nicegui import ui
from nicegui.element import Element

from edge.queue_ports import (
    ASKED_FOR,
    CallView,
    Closed,
    Declined,
    Printing,
    Priority,
    QueueDesk,
    Refusal,
    ServiceInfo,
    ServiceView,
    Slip,
)
from edge.web import queue_words as say
from edge.web.frame import language_link
from edge.web.live import Live
from edge.web.locker_icons import qr_svg
from edge.web.parts import Text, block, button, drawing, focus, head, show
from edge.web.plain import e
from edge.web.site import Site, Viewer
from edge.web.words import Words

REFRESH_S = 15.0  # waiting times move without any news


class NumberPage:
    """Three steps, one shown at a time. A number is given once for a press, and stays on the screen until read."""

    def __init__(self, site: Site, viewer: Viewer, desk: QueueDesk) -> None:
        self._site, self._words, self._desk = site, viewer.words, desk
        self._service: ServiceInfo | None = None
        self._is_giving = False
        self._away: ui.timer | None = None  # goes back to the first step by itself
        head(self._words, self._words("page.number.title"), "page.number.connection_lost")
        self._live = Live(site, viewer)
        with block("div", "ticket-kiosk"):
            self._build_top(viewer)
            with block("main", "ticket-main"):
                self._build_steps()
            Text("footer", self._words("page.number.help"), "ticket-foot")
        self._show_step(self._choose)
        self._refresh()
        self._live.follow(desk.subscribe, self._news)
        self._live.at_connect(self._refresh)
        self._live.every(REFRESH_S, self._refresh)
        if viewer.words.lang != site.settings.language:
            _back_to_the_usual_language(site, viewer.path)

    def _build_top(self, viewer: Viewer) -> None:
        with block("header", "ticket-top"):
            Text("p", self._site.settings.centre, "ticket-centre")
            language_link(self._words, viewer.here)

    def _build_steps(self) -> None:
        words = self._words
        with _step("choose") as self._choose:
            Text("h1", words("page.number.choose"))
            with block("div", "ticket-cards"):
                self._cards = {
                    info.service: ServiceCard(words, info, self._choose_service) for info in self._desk.services()
                }
        with _step("closed") as self._closed:
            self._closed_why = Text("h1", "", "ticket-closed")
            self._closed_until = Text("p", "", "ticket-closed-until")
        with _step("priority") as self._priority:
            Text("h1", words("page.number.priority"), "ticket-question")
            Text("p", words("page.number.priority_how"), "ticket-how")
            with block("div", "ticket-cards"):
                for one in (Priority.NONE, *ASKED_FOR):
                    button(words(f"page.number.for_{one}"), partial(self._take, one), f"ticket-card big for-{one}")
            button(words("page.number.back"), self._start_again, "ticket-back")
        with _step("slip") as self._slip:
            self._slip_view = SlipView(words, "h1")
            button(words("page.number.done"), self._start_again, "primary ticket-done")

    def _choose_service(self, info: ServiceInfo) -> None:
        self._service = info
        self._show_step(self._priority)
        self._go_back_after(self._site.settings.queue_idle_s)

    async def _take(self, priority: Priority) -> None:
        service = self._service
        if service is None or self._is_giving:
            return  # a second touch is the same finger
        self._is_giving = True
        answer = await self._live.ask(True, lambda: self._desk.issue(service.service, priority))  # noqa: FBT003
        self._is_giving = False
        if answer is None:
            return
        if isinstance(answer.value, Declined):
            self._decline(answer.value)
        else:
            await self._hand_over(answer.value)

    async def _hand_over(self, slip: Slip) -> None:
        self._service = None
        self._slip_view.show(slip)
        self._show_step(self._slip)
        self._go_back_after(self._site.settings.queue_slip_s)
        self._slip_view.say_printed(await self._desk.print_slip(slip, self._words.lang))

    def _decline(self, declined: Declined) -> None:
        self._start_again()
        if declined.why is Refusal.FULL:
            self._live.say("page.queue.refused_full")

    def _start_again(self) -> None:
        self._service = None
        self._stop_going_back()
        self._refresh()
        self._show_step(self._closed if self._desk.hall().closed else self._choose)

    def _news(self, _: CallView | None) -> None:
        self._refresh()

    def _refresh(self) -> None:
        hall = self._desk.hall()
        for service in hall.services:
            self._cards[service.info.service].show(service)
        if hall.closed:
            self._say_closed(hall.closed)
        if self._step in {self._choose, self._closed}:
            self._show_step(self._closed if hall.closed else self._choose)

    def _say_closed(self, shut: Closed) -> None:
        self._closed_why.say(say.closed_why(self._words, shut))
        self._closed_until.say(say.closed_until(self._words, shut, self._site.desks.clock.now()))

    def _show_step(self, step: Element) -> None:
        is_new = getattr(self, "_step", None) is not step
        self._step = step
        for one in (self._choose, self._closed, self._priority, self._slip):
            show(one, is_shown=one is step)
        if is_new:
            focus(step)

    def _go_back_after(self, seconds: float) -> None:
        self._stop_going_back()
        self._away = ui.timer(seconds, self._start_again, once=True)

    def _stop_going_back(self) -> None:
        if self._away is not None:
            self._away.cancel()
            self._away = None


class ServiceCard:
    """One thing to come for: its letter, its name, how many wait."""

    def __init__(self, words: Words, info: ServiceInfo, choose: Callable[[ServiceInfo], None]) -> None:
        self._words = words
        with block("button", "ticket-card", type="button") as made:
            Text("span", info.letter, "ticket-letter").props["aria-hidden"] = "true"
            with block("span", "ticket-card-text"):
                Text("span", info.name(words.lang), "ticket-card-name")
                self._waits = Text("span", "", "ticket-card-waits")
        made.on("click", lambda _: choose(info))

    def show(self, view: ServiceView) -> None:
        self._waits.say(say.service_waits(self._words, view))


class SlipView:
    """The number as big as it gets, its QR, and where one will be called."""

    def __init__(self, words: Words, tag: str = "p") -> None:
        """`tag`: what the page that shows it needs its first line to be."""
        self._words = words
        with block("div", "slip-card"):
            with block("div", "slip-words", role="status", aria_live="assertive"):
                Text(tag, words("page.number.yours"), "slip-yours")
                self._number = Text("p", "", "slip-number")
                self._service = Text("p", "", "slip-service")
                self._where = Text("p", "", "slip-where")
                self._ahead = Text("p", "", "slip-ahead")
                self._wait = Text("p", "", "slip-ahead")
            with block("div", "slip-side"):
                self._qr = drawing("", "slip-qr")
                self._printed = Text("p", "", "slip-printed")

    def show(self, slip: Slip) -> None:
        words = self._words
        self._number.say(slip.label)
        marked = f" · {words('page.queue.has_priority')}" if slip.has_priority else ""
        self._service.say(slip.service.name(words.lang) + marked)
        self._where.say(words("page.number.where", counters=", ".join(one.name for one in slip.counters)))
        self._ahead.say(words("page.number.ahead", n=slip.ahead))
        self._wait.say(words("page.number.wait", wait=say.wait(words, slip.wait_s, slip.at)))
        self._qr.content = qr_svg(slip.code, e(words("page.number.qr", number=slip.label)))
        self._printed.say(words("page.number.printing"))

    def say_printed(self, printing: Printing) -> None:
        self._printed.say(self._words(f"page.number.printing_{printing}"))


def _step(name: str) -> Element:
    return block("section", f"ticket-step step-{name}", tabindex="-1")


def _back_to_the_usual_language(site: Site, path: str) -> None:
    """The next citizen finds the usual language: after a quiet minute the browser itself goes back."""
    milliseconds = int(site.settings.language_reset_s * 1000)
    target = json.dumps(f"/ngon-ngu/{site.settings.language}?ve={path}")
    ui.add_body_html(
        f"<script>(()=>{{let t;const back=()=>location.replace({target});"
        f"const again=()=>{{clearTimeout(t);t=setTimeout(back,{milliseconds})}};"
        "['pointerdown','keydown'].forEach(n=>addEventListener(n,again));again()})()</script>"
    )
