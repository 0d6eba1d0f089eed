"""The gate in front of every request: host, origin, known address, role, tablet allow-list, number of pages.

It stands before NiceGUI, so a refused request costs no page in memory. Pages and actions ask again themselves. Which addresses there
are and who may open them is the house's own (`edge.web.doors`).
"""

import ipaddress
import re
from urllib.parse import quote, urlsplit

from nicegui import Client
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from edge.web.auth import COOKIE, Session
from edge.web.doors import Door, Doors
from edge.web.plain import refusal
from edge.web.site import House

LANGUAGE_COOKIE = "motcua_lang"
_PATH = r"(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*/?"
_CHOSEN = (
    r"[A-Za-z0-9%&=+._~*:,;@!$()-]{0,1000}"  # as it stands in an address: everything else is written with percent signs
)
SAFE_PATH = re.compile(rf"(?=/){_PATH}(?:\?(?:{_CHOSEN}|ve={_PATH}))?")
PLAIN_PATHS = re.compile(r"/healthz|/metrics|/dang-nhap|/dang-xuat|/ngon-ngu/[a-z]{2}|/tai-nguyen/.+|/favicon\.ico")
MACHINERY = re.compile(r"/_nicegui(_ws)?/.*")
# NiceGUI's own start-up script stands in the page and builds templates at run time, hence the two 'unsafe-' words.
CONTENT_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'self'"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",  # "no-referrer" would make our own forms say `Origin: null`
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Gate:
    """ASGI middleware; puts the session, if any, at `scope["motcua_session"]`."""

    def __init__(self, app: ASGIApp, site: House, doors: Doors) -> None:
        self._app = app
        self._site = site
        self._doors = doors
        self._networks = site.settings.tablet_networks()
        own = {"127.0.0.1", "localhost", "::1", site.settings.host, *site.settings.hosts}
        self._hosts = {name.strip("[]").lower() for name in own}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refused = self._refuse(HTTPConnection(scope))
        if refused is None:
            await self._app(scope, receive, _with_headers(send))
        elif scope["type"] == "websocket":
            await WebSocketClose(1008)(scope, receive, send)
        else:
            await refused(scope, receive, _with_headers(send))

    def _refuse(self, asked: HTTPConnection) -> Response | None:
        """None lets the request through."""
        if not self._is_our_host(asked.headers.get("host")) or not self._is_our_origin(asked):
            return PlainTextResponse("403", status_code=403)
        session = self._site.sessions.find(asked.cookies.get(COOKIE))
        asked.scope["motcua_session"] = session
        path = asked.scope["path"]
        if PLAIN_PATHS.fullmatch(path) or MACHINERY.fullmatch(path):
            return None
        return self._refuse_page(asked, path, session)

    def _refuse_page(self, asked: HTTPConnection, path: str, session: Session | None) -> Response | None:
        words = self._site.words(asked.cookies.get(LANGUAGE_COOKIE))
        door = self._doors.ask(path, session, is_tablet=self._is_tablet(asked.client.host if asked.client else ""))
        if door is Door.LOGIN:
            here = path if not asked.url.query else f"{path}?{asked.url.query}"
            return RedirectResponse(f"/dang-nhap?ve={quote(here)}", status_code=303)
        if door is Door.UNKNOWN:
            return refusal(words, "not_found", 404)
        if door is Door.FORBIDDEN:
            return refusal(words, "not_allowed", 403)
        if door is Door.PAGE and len(Client.instances) >= self._site.settings.pages_at_most:
            return refusal(words, "too_many", 503)
        return None

    def _is_tablet(self, address: str) -> bool:
        if not _is_address(address):
            return False
        seen = ipaddress.ip_address(address)
        found = getattr(seen, "ipv4_mapped", None) or seen  # a server on `::` sees a caller over IPv4 as ::ffff:a.b.c.d
        return found.is_loopback or any(found in network for network in self._networks)

    def _is_our_host(self, host: str | None) -> bool:
        """A foreign name that points here (DNS rebinding) is refused; an address cannot be made to point elsewhere."""
        name = _hostname(host) if host else None
        return name is not None and (name in self._hosts or _is_address(name))

    def _is_our_origin(self, asked: HTTPConnection) -> bool:
        """A browser on another site may neither post a form nor open our socket."""
        origin = asked.headers.get("origin")
        return origin is None or _authority(origin) == asked.headers.get("host")


def session_of(request: Request) -> Session | None:
    """What the gate found."""
    session = request.scope.get("motcua_session")
    return session if isinstance(session, Session) else None


def language_of(request: Request) -> str | None:
    return request.cookies.get(LANGUAGE_COOKIE)


def safe_path(asked: str | None) -> str:
    """A path of this site to go back to; anything else becomes the home page."""
    return asked if asked and SAFE_PATH.fullmatch(asked) and not asked.startswith("//") else "/"


def _authority(origin: str) -> str | None:
    """Host and port of an origin; None for what is no address at all."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def _hostname(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(HEADERS)
        await send(message)

    return sending
