"""What the guide's screens are built of: cards, answers, lists, and the way from a touch to the desk. For `edge.web.guide*`."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from nicegui.element import Element

from edge.domain.dialogue_state import State
from edge.domain.dialogue_terms import Intent, Meaning
from edge.guide_ports import GuideDesk, GuideView, Hall
from edge.queue_ports import HallView
from edge.web.guide_icons import icon
from edge.web.locker_icons import qr_svg
from edge.web.parts import Text, block, drawing
from edge.web.plain import e
from edge.web.words import Words


@dataclass(frozen=True, slots=True)
class Stand:
    """What a screen is drawn from. `do` runs a desk's action in the page's context and says so when it fails."""

    desk: GuideDesk
    words: Words
    view: GuideView
    do: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
    queue: HallView | None

    @property
    def state(self) -> State:
        return self.view.scene.state

    @property
    def hall(self) -> Hall:
        return self.desk.hall()

    async def press(self, meaning: Meaning) -> None:
        await self.do(partial(self.desk.press, meaning))


def screen(classes: str = "") -> AbstractContextManager[Element]:
    """One stage's part of the page."""
    return block("section", f"guide-screen {classes}")


def grid(classes: str = "") -> AbstractContextManager[Element]:
    return block("div", f"guide-grid {classes}")


def card(stand: Stand, meaning: Meaning, text: str, under: str = "", *, picture: str = "", classes: str = "") -> None:
    """One touch, one meaning."""
    with block("button", f"guide-card {classes}", type="button") as made:
        if picture:
            drawing(icon(picture), "guide-card-icon")
        with block("span", "guide-card-words"):
            Text("b", text)
            if under:
                Text("span", under)
    made.on("click", lambda _: stand.press(meaning))


def pick(stand: Stand, value: str, text: str, under: str = "", **looks: str) -> None:
    card(stand, Meaning(Intent.PICK, pick=value), text, under, **looks)


def yes_no(stand: Stand, yes: str, no: str) -> None:
    """The two answers, the same place and size on every screen."""
    with block("div", "guide-answers"):
        card(stand, Meaning(Intent.YES), yes, picture="yes", classes="yes")
        card(stand, Meaning(Intent.NO), no, picture="no", classes="no")


def actions(stand: Stand, *wanted: tuple[Meaning, str, str]) -> None:
    """What one may want next: (meaning, words, picture)."""
    with block("div", "guide-actions"):
        for meaning, text, picture in wanted:
            card(stand, meaning, text, picture=picture, classes="slim")


def facts(rows: Sequence[tuple[str, str]]) -> None:
    """Names and values, one a line; a row without a value is left out."""
    with block("dl", "guide-facts"):
        for name, value in rows:
            if value:
                with block("div", "guide-fact"):
                    Text("dt", name)
                    Text("dd", value)


def qr(text: str, label: str) -> None:
    drawing(qr_svg(text, e(label)), "guide-qr")
