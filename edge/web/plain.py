"""Plain HTML pages that need no script and no live connection: the frame around login, home and refusals."""

from collections.abc import Iterable, Mapping
from html import escape

from starlette.responses import HTMLResponse

from edge.web import theme
from edge.web.words import Words


def respond(words: Words, title: str, body: str, *, path: str, status: int = 200, wait_s: int = 0) -> HTMLResponse:
    """`body` is finished markup. `path` is where the language link comes back to."""
    headers: Mapping[str, str] = {"Retry-After": str(wait_s)} if wait_s else {}
    page = _shell(words, title, body, path)
    return HTMLResponse(page, status_code=status, headers={"Cache-Control": "no-store", **headers})


def refusal(words: Words, key: str, status: int) -> HTMLResponse:
    """A short page that says what happened and leads home."""
    title, text = words(f"page.refusal.{key}"), words(f"page.refusal.{key}_what_to_do")
    home = e(words("page.common.home"))
    body = f'<h1>{e(title)}</h1><p>{e(text)}</p><p><a class="button primary" href="/">{home}</a></p>'
    return respond(words, title, body, path="/", status=status)


def e(text: object) -> str:
    """Escaped for text and for attributes in double quotes."""
    return escape(str(text), quote=True)


def cells(names: Iterable[str], texts: Iterable[object]) -> str:
    """The cells of a table's row, each with its column's name: on a telephone the row is a card, and the names stand beside the cells."""
    return "".join(f'<td data-name="{e(name)}">{e(text)}</td>' for name, text in zip(names, texts, strict=True))


def _shell(words: Words, title: str, body: str, path: str) -> str:
    other = "en" if words.lang == "vi" else "vi"
    name = words.strings.text("page.common.language_name", other)
    return (
        f'<!doctype html><html lang="{e(words.lang)}"><head><meta charset="utf-8"><title>{e(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{theme.stylesheet_url()}"></head><body class="plain-page">'
        f'<nav class="plain-nav" aria-label="{e(words("page.common.navigation"))}">'
        f'<a class="link language" lang="{other}" hreflang="{other}" href="/ngon-ngu/{other}?ve={e(path)}">{e(name)}</a>'
        f'</nav><main class="plain-main">{body}</main></body></html>'
    )
