"""The small pieces pages are built of: native HTML elements, so that keyboard and screen reader work by themselves."""

import json
from collections.abc import Callable
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from edge.web import theme
from edge.web.words import Words

LOST = "page.common.connection_lost"  # of a screen that any machine of the centre may serve


class Text(TextElement):
    """Text in any tag; `say` changes it only when it differs, so a screen reader does not repeat itself."""

    def __init__(self, tag: str, text: str = "", classes: str = "") -> None:
        super().__init__(tag=tag, text=text)
        self.classes(classes)

    def say(self, text: str) -> None:
        if text != self.text:
            self.text = text


def block(tag: str = "div", classes: str = "", **attributes: str) -> Element:
    """An element to be filled with `with`. `aria_live="polite"` becomes `aria-live`."""
    element = ui.element(tag).classes(classes)
    element.props.update({name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()})
    return element


def button(text: str, on_click: Callable[..., Any], classes: str = "") -> Text:
    """A native button that runs `on_click` in the page's context."""
    made = Text("button", text, f"button {classes}")
    made.props["type"] = "button"
    made.on("click", lambda _: on_click())
    return made


def drawing(svg: str, classes: str = "") -> ui.html:
    """Our own markup; anything a person typed must be escaped before it gets here."""
    return ui.html(svg, sanitize=False).classes(classes)


def show(element: Element, is_shown: bool) -> None:  # noqa: FBT001 - the fact is the argument
    """Out of sight and out of the accessibility tree."""
    if element.props.get("hidden", False) == is_shown:
        element.props.set_bool("hidden", not is_shown)


def enable(element: Element, is_enabled: bool) -> None:  # noqa: FBT001 - the fact is the argument
    """A button that cannot be pressed yet stays where it is."""
    if element.props.get("disabled", False) == is_enabled:
        element.props.set_bool("disabled", not is_enabled)


def focus(element: Element) -> None:
    """Send the keyboard there; harmless when the element is gone meanwhile."""
    found = json.dumps(element.props.get("id") or element.html_id)
    ui.run_javascript(f"document.getElementById({found})?.focus()")


def focus_if_lost(element: Element) -> None:
    """Catch the keyboard when what it stood on has been hidden; leave a person who went elsewhere alone."""
    found = json.dumps(element.props.get("id") or element.html_id)
    lost = "document.activeElement === document.body || document.activeElement.closest('[hidden]')"
    ui.run_javascript(f"if ({lost}) document.getElementById({found})?.focus()")


def heading(words: Words, key: str, tag: str = "h2") -> Text:
    return Text(tag, words(key))


def head(words: Words, title: str, lost: str = LOST) -> None:
    """Title and style sheet of the page being built; `lost` is the sentence it shows when it lost its server."""
    ui.page_title(title)
    ui.add_head_html(
        f'<link rel="stylesheet" href="{theme.stylesheet_url()}"><style>:root{{--lost:{_lost(words, lost)}}}</style>{_LOST_IS_TOLD}'
    )


def head_again(words: Words, title: str, lost: str = LOST) -> None:
    """The same of a page whose language changed in place, for whoever hears it and for when the server is lost."""
    ui.page_title(title)
    html = "document.documentElement"
    ui.run_javascript(
        f"{html}.lang = '{words.lang}'; {html}.style.setProperty('--lost', {json.dumps(_lost(words, lost))})"
    )


# NiceGUI's own box for a lost server is only seen; a reader has to say it as well.
_LOST_IS_TOLD = "<script>addEventListener('DOMContentLoaded', () => document.getElementById('popup')?.setAttribute('role', 'alert'))</script>"


def _lost(words: Words, key: str) -> str:
    """What the page says when it lost the server, as a string of CSS that may stand in HTML."""
    return json.dumps(words(key), ensure_ascii=False).replace("<", "")
