"""The guide's keypad for a dossier code, and the code read back. What is typed lives in the page while its screen does."""

from functools import partial

from nicegui import background_tasks

from edge.web.guide_icons import icon
from edge.web.guide_parts import Stand, screen, yes_no
from edge.web.locker_icons import icon as cabinet_icon
from edge.web.locker_keys import Keypad
from edge.web.parts import Text, block, button, drawing, enable

AT_MOST = 40
SHORTEST = 12


def draw_code(stand: Stand) -> None:
    with screen("code"):
        CodeEntry(stand)


class CodeEntry:
    """Typed, or scanned where there is a scanner; said, where there are ears."""

    def __init__(self, stand: Stand) -> None:
        words = stand.words
        self._stand = stand
        with block("div", "guide-ways"):
            if stand.desk.has_scanner:
                _way(cabinet_icon("scan"), words("page.guide.scan_code"))
            if stand.view.ears is not None:
                _way(icon("ear"), words("page.guide.say_code"))
            Text("p", words("page.guide.code_example"), "guide-note")
        self._keypad = Keypad(words, self._keep, at_most=AT_MOST, has_letters=True)
        with block("div", "guide-actions"):
            self._done = button(words("page.guide.look_up"), self._look_up, "primary guide-go")
        enable(self._done, is_enabled=False)

    def _keep(self, text: str) -> None:
        enable(self._done, is_enabled=len(text) >= SHORTEST)
        background_tasks.create(self._stand.desk.touch(), name="guide touch")

    async def _look_up(self) -> None:
        if self._keypad.text:
            await self._stand.do(partial(self._stand.desk.type_code, self._keypad.text))


def draw_confirm(stand: Stand) -> None:
    with screen("confirm middle"):
        Text("p", str(stand.state.code or ""), "guide-code")
        yes_no(stand, stand.words("page.guide.right"), stand.words("page.guide.wrong"))


def _way(picture: str, text: str) -> None:
    with block("div", "guide-way"):
        drawing(picture, "guide-way-icon")
        Text("p", text)
