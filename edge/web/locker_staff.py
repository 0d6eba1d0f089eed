"""What the officer's and the technician's page of a cabinet share: actions with their answers, moving doors, dialogs, tabs, forms."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from edge.locker_ports import LockerDesks, OpeningView, Refused, Staff, StaffDesk, Step
from edge.web.auth import Session
from edge.web.live import Live, Unsubscribe
from edge.web.parts import Text, block, button, show
from edge.web.words import Words

T = TypeVar("T")
CARD_STAYS_S = 12.0  # after the door is closed again
FIELD_AT_MOST = 400  # characters
# The browser itself moves along the tabs: a way to the server and back for each arrow would be felt.
_STEP = """(e) => {
  const tabs = [...e.currentTarget.querySelectorAll('[role=tab]')], here = tabs.indexOf(document.activeElement), last = tabs.length - 1;
  const next = {ArrowLeft: here ? here - 1 : last, ArrowRight: here < last ? here + 1 : 0, Home: 0, End: last}[e.key];
  if (here < 0 || next === undefined || e.ctrlKey || e.altKey || e.metaKey) return;
  e.preventDefault(); tabs[here].tabIndex = -1; tabs[next].tabIndex = 0; tabs[next].focus(); tabs[next].click();
}"""
_SEND = "(e) => { e.preventDefault(); emit(Object.fromEntries(new FormData(e.target))) }"


class Hand:
    """Runs desk actions in the name of the person who is logged in, and shows what came of each."""

    def __init__(self, live: Live, session: Session, desks: LockerDesks, may: Callable[[], bool]) -> None:
        self.live, self.desk, self.words = live, desks.staff, live.viewer.words
        self._desks, self._session, self._may = desks, session, may
        self.cards = OpeningCards(live, desks.staff)
        self.dialog = Dialog(self.words)

    @property
    def by(self) -> Staff:
        return Staff(self._session.user.name, self._session.role.value)

    async def do(self, action: Callable[[Staff], Awaitable[T | Refused]], said: str | None = None) -> T | None:
        """The answer, unless it was a refusal, which is shown. `said`: what is said when it went well, of a door when it is closed."""
        answer = await self.live.ask(self._may(), lambda: action(self.by))
        if answer is None:
            return None
        if isinstance(answer.value, Refused):
            self.refused(answer.value)
            return None
        if isinstance(answer.value, OpeningView):
            self.cards.add(answer.value, said)
        elif said:
            self.live.say(said)
        return answer.value

    def procedure(self, key: str) -> str:
        """Its name in this viewer's language; a procedure that is gone meanwhile is named as it was."""
        found = (one.name for one in self._desks.citizen.procedures(self.words.lang) if one.key == key)
        return next(found, key)

    def refused(self, refused: Refused) -> None:
        self.live.say(f"page.locker.staff.{refused.why}")


class OpeningCards:
    """The doors that are being opened for this person, newest first, until each is closed and a while longer."""

    def __init__(self, live: Live, desk: StaffDesk) -> None:
        self._live, self._desk = live, desk
        self._list = block("ul", "openings", role="status", aria_live="assertive")

    def add(self, view: OpeningView, said: str | None = None) -> None:
        with self._list:
            card = _Card(self._live.viewer.words, said)
        card.root.move(target_index=0)
        stops: list[Unsubscribe] = []

        def react(news: OpeningView) -> None:
            card.show(news)
            if news.step in {Step.DONE, Step.FAILED}:
                while stops:
                    stops.pop()()
                if news.step is Step.DONE:
                    with card.root:
                        ui.timer(CARD_STAYS_S, card.root.delete, once=True)

        card.show(view)
        stops.append(self._live.attend(lambda callback: self._desk.subscribe_opening(view.opening, callback), react))


class _Card:
    def __init__(self, words: Words, said: str | None) -> None:
        self._words, self._said = words, said
        with block("li", "opening-card") as self.root:
            self._number = Text("b", "", "opening-card-number")
            with block("div", "opening-card-words"):
                self._step = Text("p")
                self._why = Text("p", "", "how")
            self._away = button("×", self.root.delete, "quiet")
            self._away.props["aria-label"] = words("page.locker.desk_close")
        show(self._away, is_shown=False)

    def show(self, view: OpeningView) -> None:
        words = self._words
        self.root.classes(replace=f"opening-card step-{view.step}")
        self._number.say(view.number)
        done = self._said if view.step is Step.DONE else None
        self._step.say(words(done or f"page.locker.desk_step.{view.step}"))
        self._why.say(why(words, view.why))
        show(self._away, is_shown=view.step is Step.FAILED)


def why(words: Words, key: str | None) -> str:
    """Why an opening failed: a fault, or a refusal (of one door among all that are recalled)."""
    return words.first(f"page.locker.why.{key}", f"page.locker.staff.{key}", "page.locker.why.unknown") if key else ""


class Dialog:
    """A native dialog, empty unless it is open: what it showed is nowhere in the page afterwards."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._root = block("dialog", "dialog", aria_labelledby="dialog-title")
        self._root.on("cancel", lambda _: self._root.clear())

    def open(self, title: str, build: Callable[[], None]) -> None:
        self._root.clear()
        with self._root:
            Text("h2", title).props["id"] = "dialog-title"
            build()
            ui.run_javascript(f"setTimeout(() => document.getElementById('{self._root.html_id}')?.showModal())")

    def close(self) -> None:
        self._root.clear()
        with self._root:
            ui.run_javascript(f"document.getElementById('{self._root.html_id}')?.close()")

    def confirm(self, title: str, text: str, yes: str, action: Callable[[], Awaitable[object]]) -> None:
        """Ask once more; `yes` names what will happen."""

        async def go() -> None:
            self.close()
            await action()

        def build() -> None:
            Text("p", text)
            with block("div", "actions"):
                button(yes, go, "primary")
                self.cancel_button()

        self.open(title, build)

    def cancel_button(self) -> None:
        button(self._words("page.locker.desk_cancel"), self.close, "plain")


class Tabs:
    """Panels one of which is shown; a tab may carry a number. The Tab key stops at the chosen one, arrows, Home and End choose."""

    def __init__(self, label: str) -> None:
        self._tabs: dict[str, tuple[Element, Text, Element]] = {}
        self._bar = block("div", "tabs", role="tablist", aria_label=label)
        self._bar.on("keydown", js_handler=_STEP)
        self._body = block("div", "tab-body")

    def add(self, name: str, text: str) -> Element:
        """The panel, to be filled with `with`."""
        with (
            self._bar,
            block("button", "tab", type="button", role="tab", id=f"tab-{name}", aria_controls=f"panel-{name}") as tab,
        ):
            Text("span", text)
            count = Text("span", "", "tab-count")
        tab.on("click", lambda _: self.choose(name))
        with self._body:
            panel = block(
                "section", "tab-panel", role="tabpanel", id=f"panel-{name}", aria_labelledby=f"tab-{name}", tabindex="0"
            )
        self._tabs[name] = (tab, count, panel)
        self.choose(next(iter(self._tabs)))
        return panel

    def choose(self, chosen: str) -> None:
        for name, (tab, _, panel) in self._tabs.items():
            tab.props.update(
                {"aria-selected": str(name == chosen).lower(), "tabindex": "0" if name == chosen else "-1"}
            )
            show(panel, is_shown=name == chosen)

    def count(self, name: str, number: int) -> None:
        self._tabs[name][1].say(str(number) if number else "")


def form(on_send: Callable[[Mapping[str, str]], Awaitable[None]], classes: str = "") -> Element:
    """A form whose fields reach the server once, when it is sent; until then they are the browser's."""
    made = block("form", f"desk-form {classes}", autocomplete="off")

    async def send(event: GenericEventArguments) -> None:
        fields: Any = event.args
        await on_send({str(key): str(value).strip()[:FIELD_AT_MOST] for key, value in dict(fields).items()})

    made.on("submit", send, js_handler=_SEND)
    return made


def field(label: str, name: str, **attributes: str) -> Element:
    """A labelled native input; its id is `name`."""
    with block("label", "desk-field", for_=name):
        Text("span", label)
        return block("input", "field", id=name, name=name, autocomplete="off", maxlength="64", **attributes)


def choice(label: str, name: str, options: Mapping[str, str]) -> None:
    """A labelled native list of `options`: value and text."""
    with block("label", "desk-field", for_=name):
        Text("span", label)
        with block("select", "field", id=name, name=name):
            for value, text in options.items():
                Text("option", text).props["value"] = value


def submit(text: str, classes: str = "primary") -> Text:
    made = Text("button", text, f"button {classes}")
    made.props["type"] = "submit"
    return made


def reset(made: Element) -> None:
    """Empty a form in the browser."""
    with made:
        ui.run_javascript(f"document.getElementById('{made.html_id}')?.reset()")
