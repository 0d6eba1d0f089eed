"""The bar at the top of the staff pages: where one is, the language, the way out."""

from collections.abc import Sequence
from urllib.parse import quote

from edge.web.parts import Text, block, drawing
from edge.web.site import House, Viewer
from edge.web.words import Words

_MENU = "menu"


def top_bar(site: House, viewer: Viewer, title: str, under: str, links: Sequence[tuple[str, str]] = ()) -> None:
    """`title` is the page's h1; `links` are further pages, (address, name). A narrow screen has a button for what stands beside it.

    The browser's own popover: the button says whether it is open, Escape and a touch elsewhere close it and give the keyboard back.
    """
    words = viewer.words
    with block("header", "bar"):
        with block("div", "bar-title"):
            Text("h1", title)
            Text("p", under)
        _menu_button("☰", words("page.common.menu"), "menu-open")
        with block("nav", "bar-side", id=_MENU, popover="auto", aria_label=words("page.common.navigation")):
            _menu_button("✕", words("page.common.menu_close"), "menu-close")
            for address, name in (("/", words("page.common.home")), *links):
                with block("a", "link", href=address) as link:
                    Text("span", name)
                if address == viewer.path:
                    link.props["aria-current"] = "page"
            language_link(words, viewer.here)
            if viewer.session:
                Text("span", viewer.session.user.name, "who")
                _logout(site, viewer)


def _menu_button(sign: str, text: str, classes: str) -> None:
    with block("button", f"button plain {classes}", type="button", popovertarget=_MENU):
        Text("span", sign).props["aria-hidden"] = "true"
        Text("span", text, "menu-word")


def language_link(words: Words, back: str) -> None:
    """The other language in its own name, as people look for it. `back`: the address that it comes back to."""
    other = "en" if words.lang == "vi" else "vi"
    link = block("a", "link language", href=f"/ngon-ngu/{other}?ve={quote(back)}", lang=other, hreflang=other)
    with link:
        Text("span", words.strings.text("page.common.language_name", other))


def _logout(site: House, viewer: Viewer) -> None:
    """A plain form, sealed to this session, so that no other site can log somebody out."""
    if viewer.session is None:
        return
    with block("form", "", method="post", action="/dang-xuat"):
        drawing(f'<input type="hidden" name="seal" value="{site.seal.of(viewer.session.key)}">')
        Text("button", viewer.words("page.common.logout"), "button quiet").props["type"] = "submit"
