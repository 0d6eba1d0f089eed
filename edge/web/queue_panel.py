"""The officer's queue of one counter: who is here, who is next, who waits how long; one touch calls."""

from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from nicegui import ui
from nicegui.element import Element

from edge.queue_ports import Action, CallView, PanelView, QueueDesk, Refusal, TicketState, TicketView
from edge.web import queue_words as say
from edge.web.frame import top_bar
from edge.web.live import Live
from edge.web.parts import Text, block, button, focus_if_lost, head, heading, show
from edge.web.site import Site, Viewer
from edge.web.words import Words

REFRESH_S = 15.0  # waiting times move without any news
PressTo = Callable[..., Awaitable[None]]  # label, action and, of a transfer, the service


class QueuePanelPage:
    """Knows numbers, never names. What cannot be pressed now is not there."""

    def __init__(self, site: Site, viewer: Viewer, desk: QueueDesk, counter: str) -> None:
        self._viewer, self._words, self._desk, self._counter = viewer, viewer.words, desk, counter
        self._client = ui.context.client
        view = desk.panel(counter)
        head(self._words, self._words("page.queue.title", counter=view.counter.name))
        self._live = Live(site, viewer)
        with block("div", "fixed-screen"):
            services = " · ".join(info.name(self._words.lang) for info in view.services)
            mood = ((f"/quay/{counter}", self._words("page.queue.to_counter")),)
            has_camera = counter in site.desks.counters.counters()
            top_bar(site, viewer, view.counter.name, services, mood if has_camera else ())
            with block("main", "queue-panel"):
                with block("div", "queue-left"):
                    self._now = NowPanel(self._words, desk, self._next, self._press)
                    self._parked = TicketList(self._words, "parked", self._press)
                with block("div", "queue-right"):
                    self._waiting = TicketList(self._words, "waiting", self._press)
                    self._day = Text("p", "", "queue-day")
        self._refresh()
        self._live.follow(desk.subscribe, self._news)
        self._live.at_connect(self._refresh)
        self._live.every(REFRESH_S, self._refresh)

    def _refresh(self) -> None:
        view, words = self._desk.panel(self._counter), self._words
        self._now.show(view)
        self._waiting.show(view.waiting, can_call=view.current is None, following=view.next)
        self._parked.show(view.parked, can_call=view.current is None, following=None)
        self._day.say(words("page.queue.day", served=view.served, no_shows=view.no_shows))

    def _news(self, _: CallView | None) -> None:
        self._refresh()

    async def _next(self) -> None:
        await self._ask(lambda: self._desk.call_next(self._counter))

    async def _press(self, label: str, action: Action, to: str | None = None) -> None:
        await self._ask(lambda: self._desk.press(self._counter, label, action, to))

    async def _ask(self, action: Callable[[], Awaitable[Refusal | None]]) -> None:
        session = self._viewer.session
        answer = await self._live.ask(session is not None and session.may_see_counter(self._counter), action)
        with self._client:  # the pressed button may be gone with its row
            if answer is not None and answer.value is not None:
                self._live.say(f"page.queue.refused_{answer.value}")
            self._refresh()
            focus_if_lost(self._now.first())


class NowPanel:
    """Whoever is at the counter, and what may happen to them now. All buttons are built once, so the keyboard stays put."""

    def __init__(self, words: Words, desk: QueueDesk, call_next: Callable[[], Awaitable[None]], press: PressTo) -> None:
        self._words, self._press = words, press
        self._label: str | None = None
        with block("section", "queue-now") as self._root:
            with block("div", "queue-live", role="status", aria_live="polite"):
                self._state = Text("h2", "", "eyebrow")
                self._number = Text("p", "", "queue-number")
                self._note = Text("p", "", "queue-note")
            self._mark = Text("p", "", "queue-mark")
            with block("div", "queue-actions"):
                self.primary = button("", call_next, "primary queue-next")
                self._come = self._button("page.queue.come", Action.COME, "primary")
                self._others = {
                    "recall": self._button("page.queue.recall", Action.RECALL),
                    "skip": self._button("page.queue.skip", Action.SKIP),
                    "no_show": self._button("page.queue.no_show", Action.NO_SHOW),
                    "finish": self._button("page.queue.finish", Action.FINISH),
                    "park": self._button("page.queue.park", Action.PARK),
                }
                self._transfer = button(words("page.queue.transfer"), self._unfold, "plain")
            self._build_targets(desk)

    def show(self, view: PanelView) -> None:
        words, current = self._words, view.current
        self._label = current.label if current else None
        state = current.state if current else None
        self._root.classes(replace=f"queue-now {state or 'free'}")
        self._state.say(words(f"page.queue.now_{state or 'free'}"))
        self._number.say(current.label if current else "—")
        self._note.say(self._describe(current) if current else words("page.queue.waiting", n=len(view.waiting)))
        self._mark.say(say.priority(words, current.priority) if current else "")
        show(self._mark, is_shown=bool(self._mark.text))
        self._show_buttons(state, view)

    def first(self) -> Element:
        """Where the keyboard goes when what it stood on went away."""
        return self._come if "hidden" not in self._come.props else self.primary

    def _describe(self, current: TicketView) -> str:
        again = f" · {self._words('page.queue.call_count', n=current.calls)}" if current.calls > 1 else ""
        return f"{current.service.name(self._words.lang)} · {say.ticket_note(self._words, current)}{again}"

    def _show_buttons(self, state: TicketState | None, view: PanelView) -> None:
        is_called, is_serving = state is TicketState.CALLED, state is TicketState.SERVING
        key = "page.queue.next_after" if is_serving else "page.queue.next"
        self.primary.say(self._words(key, number=view.next) if view.next else self._words("page.queue.nobody"))
        show(self.primary, is_shown=not is_called and (view.next is not None or state is None))
        self.primary.props.set_bool("disabled", view.next is None)
        show(self._come, is_shown=is_called)
        for name in ("recall", "skip", "no_show"):
            show(self._others[name], is_shown=is_called)
        show(self._others["finish"], is_shown=is_serving)
        show(self._others["park"], is_shown=is_called or is_serving)
        has_targets = bool(self._show_targets(view))
        show(self._transfer, is_shown=state is not None and has_targets)
        if state is None:
            self._fold()

    def _build_targets(self, desk: QueueDesk) -> None:
        words = self._words
        with block("div", "queue-targets", role="group", aria_label=words("page.queue.transfer_to")) as self._targets:
            Text("p", words("page.queue.transfer_to"))
            self._services = {
                info.service: button(info.name(words.lang), partial(self._go, info.service), "plain")
                for info in desk.services()
            }
        self._fold()

    def _show_targets(self, view: PanelView) -> set[str]:
        allowed = {info.service for info in view.transfer_to}
        for service, made in self._services.items():
            show(made, is_shown=service in allowed)
        return allowed

    def _unfold(self) -> None:
        is_folded = "hidden" in self._targets.props
        show(self._targets, is_shown=is_folded)
        self._transfer.props["aria-expanded"] = "true" if is_folded else "false"

    def _fold(self) -> None:
        show(self._targets, is_shown=False)
        self._transfer.props["aria-expanded"] = "false"

    async def _go(self, service: str) -> None:
        if self._label is not None:
            self._fold()
            await self._press(self._label, Action.TRANSFER, service)

    def _button(self, key: str, action: Action, classes: str = "plain") -> Text:
        async def pressed() -> None:
            if self._label is not None:
                await self._press(self._label, action)

        return button(self._words(key), pressed, classes)


class TicketList:
    """Tickets that wait or are parked. Rebuilt only when other tickets stand in it; else the waits alone change."""

    def __init__(self, words: Words, kind: str, press: PressTo) -> None:
        self._words, self._kind, self._press = words, kind, press
        self._shape: tuple[object, ...] | None = None
        self._notes: list[Text] = []
        with block("section", f"panel queue-list {kind}") as self._root:
            heading(words, f"page.queue.list_{kind}")
            self._empty = Text("p", words(f"page.queue.empty_{kind}"), "queue-empty")
            self._list = block("ul", "queue-rows")

    def show(self, tickets: Sequence[TicketView], *, can_call: bool, following: str | None) -> None:
        show(self._empty, is_shown=not tickets)
        shape = (can_call, following, tuple((one.label, one.priority, one.service) for one in tickets))
        if shape != self._shape:
            self._shape = shape
            self._build(tickets, can_call=can_call, following=following)
        for note, ticket in zip(self._notes, tickets, strict=True):
            note.say(say.ticket_note(self._words, ticket))

    def _build(self, tickets: Sequence[TicketView], *, can_call: bool, following: str | None) -> None:
        self._list.clear()
        with self._list:
            self._notes = [self._row(one, can_call=can_call, is_next=one.label == following) for one in tickets]

    def _row(self, ticket: TicketView, *, can_call: bool, is_next: bool) -> Text:
        words = self._words
        with block("li", "queue-row next" if is_next else "queue-row"):
            Text("b", ticket.label, "queue-row-number")
            with block("div", "queue-row-text"):
                Text("span", ticket.service.name(words.lang))
                note = Text("span", "", "queue-row-note")
            if mark := say.priority(words, ticket.priority):
                Text("span", mark, "queue-mark")
            if can_call:
                self._named("call", ticket, Action.CALL)
            if self._kind == "parked":
                self._named("gone", ticket, Action.NO_SHOW)
        return note

    def _named(self, key: str, ticket: TicketView, action: Action) -> Element:
        made = button(self._words(f"page.queue.{key}"), partial(self._press, ticket.label, action), "plain small")
        made.props["aria-label"] = self._words(f"page.queue.{key}_label", number=ticket.label)
        return made
