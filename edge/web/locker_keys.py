"""A keypad for fingers, with the field it fills. What is typed lives in this object and in the page only."""

from collections.abc import Callable

from nicegui import ui
from nicegui.events import KeyEventArguments

from edge.web.parts import Text, block, button
from edge.web.words import Words

DIGITS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "clear", "0", "back")
LETTERS = (*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", ".", "-")


class Keypad:
    """`shape` turns what was typed into what stands in the field. A keyboard, where there is one, types too."""

    def __init__(
        self,
        words: Words,
        on_change: Callable[[str], None],
        *,
        text: str = "",
        at_most: int,
        has_letters: bool = False,
        shape: Callable[[str], str] = str,
    ) -> None:
        self._words, self._on_change, self._shape = words, on_change, shape
        self._at_most = at_most
        self._allowed = {key for key in (*DIGITS, *(LETTERS if has_letters else ())) if len(key) == 1}
        self.text = text
        with block("div", "keypad with-letters" if has_letters else "keypad"):
            self._field = Text("output", "", "keypad-field")
            self._field.props["aria-live"] = "polite"
            with block("div", "keys digits"):
                for key in DIGITS:
                    self._digit(key)
            if has_letters:
                with block("div", "keys letters"):
                    for key in LETTERS:
                        self._key(key)
        ui.keyboard(on_key=self._typed, repeating=False, ignore=["input", "textarea", "select"])
        self._say()

    def _digit(self, key: str) -> None:
        if key == "clear":
            made = button(self._words("page.locker.key_clear"), self._clear, "key small")
        elif key == "back":
            made = button("⌫", self._back, "key")
            made.props["aria-label"] = self._words("page.locker.key_back")
        else:
            self._key(key)

    def _key(self, key: str) -> None:
        button(key, lambda: self._add(key), "key")

    def _add(self, key: str) -> None:
        if len(self.text) < self._at_most:
            self._put(self.text + key)

    def _back(self) -> None:
        self._put(self.text[:-1])

    def _clear(self) -> None:
        self._put("")

    def _put(self, text: str) -> None:
        self.text = text
        self._say()
        self._on_change(text)

    def _say(self) -> None:
        self._field.say(self._shape(self.text) or "\u00a0")

    def _typed(self, event: KeyEventArguments) -> None:
        if not event.action.keydown or event.modifiers.ctrl or event.modifiers.alt or event.modifiers.meta:
            return
        name = str(event.key.name)
        if name == "Backspace":
            self._back()
        elif name.upper() in self._allowed:
            self._add(name.upper())


def spaced_phone(text: str) -> str:
    """`0912 345 678`, growing as it is typed."""
    return " ".join(part for part in (text[:4], text[4:7], text[7:]) if part)


def dots(digits: int) -> Callable[[str], str]:
    """A code as it is typed: how many digits there are, and nothing more."""
    return lambda text: "●" * len(text) + "○" * (digits - len(text))


def slots(digits: int) -> Callable[[str], str]:
    """A short number as it is typed, with the places that are still empty."""
    return lambda text: " ".join(text + "_" * (digits - len(text)))
