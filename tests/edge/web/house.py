"""The whole web application inside the test's own loop, without a socket: plain requests and simulated browsers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pyotp
from fastapi import FastAPI
from nicegui import Client
from nicegui.element import Element
from nicegui.nicegui import _on_handshake

from edge.web.pages import Pages
from edge.web.server import WebServer
from edge.web.site import Desks, Site, WebSettings
from edge.web.users import Role, User, UserBook, create_user
from tests.edge.web.fakes import Centre, strings

PIN = "482915"
HOST = "http://127.0.0.1:8080"


async def until(fact: Callable[[], bool]) -> None:
    """Let the loop work until it is so; the test's own time limit ends the wait."""
    while not fact():
        await asyncio.sleep(0.005)


class House:
    """One web server over one made-up centre; the wall clock is a number that tests move."""

    def __init__(
        self, folder: Path, *, change: Callable[[Desks], Desks] = lambda desks: desks, **settings: Any
    ) -> None:
        self.centre = Centre()
        self.centre.fill()
        self.users_file = folder / "users.toml"
        self.users = {
            "quay-01": create_user(self.users_file, "quay-01", Role.OFFICER, PIN, ("quay-01",)),
            "lanh-dao-1": create_user(self.users_file, "lanh-dao-1", Role.LEADER, PIN),
            "ky-thuat": create_user(self.users_file, "ky-thuat", Role.TECHNICIAN, PIN),
        }
        chosen = replace(WebSettings(state_dir=folder, thanks_s=0.05, statistics_pause_s=0.01), **settings)
        desks = change(self.centre.desks)
        self.server = WebServer(desks, UserBook(self.users_file), strings(), chosen)
        self.site = self.server.site
        self.app: FastAPI = Pages(self.site).app()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["House"]:
        async with self.app.router.lifespan_context(self.app):
            yield self
        for client in tuple(Client.instances.values()):
            client.delete()

    def restarted(self) -> Site:
        """What an agent that starts again on the same files hands to its pages."""
        return WebServer(self.centre.desks, UserBook(self.users_file), strings(), self.site.settings).site

    def browser(self, address: str = "127.0.0.1") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 50_000))
        return httpx.AsyncClient(transport=transport, base_url=HOST)

    def session_of(self, name: str) -> str:
        """A session's token, without the form."""
        return self.site.sessions.open(self._user(name))

    async def open(self, path: str, name: str | None = None, lang: str | None = None) -> "Sheet":
        """The page as a connected browser has it."""
        cookies = {"motcua_session": self.session_of(name)} if name else {}
        cookies |= {"motcua_lang": lang} if lang else {}
        async with self.browser() as browser:
            browser.cookies.update(cookies)
            answer = await browser.get(path)
        assert answer.status_code == 200, answer.text
        client = list(Client.instances.values())[-1]
        sheet = Sheet(client)
        await sheet.connect()
        return sheet

    def code(self, name: str) -> str:
        return pyotp.TOTP(self._user(name).totp_secret).now()

    def _user(self, name: str) -> User:
        return self.users[name]


class Sheet:
    """One open page, read and pressed through NiceGUI's own elements."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._socket = f"test-{uuid4()}"

    async def connect(self) -> None:
        document = {"client_id": self.client.id, "tab_id": str(uuid4()), "document_id": str(uuid4())}
        assert await _on_handshake(self._socket, document)

    def close(self) -> None:
        self.client.delete()

    @property
    def text(self) -> str:
        """Everything a person can see, one line an element."""
        return "\n".join(self._words(element) for element in self.client.elements.values() if _is_shown(element))

    def find(self, tag: str, text: str = "", classes: str = "") -> list[Element]:
        """Shown elements of a tag whose own words contain `text`."""
        wanted = set(classes.split())
        return [
            element
            for element in self.client.elements.values()
            if element.tag == tag
            and _is_shown(element)
            and wanted <= set(element.classes)
            and text in self._inside(element)
        ]

    def press(self, element: Element) -> None:
        self.send(element, "click")

    def send(self, element: Element, kind: str, args: str = "{}") -> None:
        for listener in tuple(element._event_listeners.values()):
            if listener.type == kind:
                self.client.handle_event({"id": element.id, "listener_id": listener.id, "args": [args]})

    def _inside(self, element: Element) -> str:
        return " ".join(self._words(each) for each in (element, *element.descendants()))

    @staticmethod
    def _words(element: Element) -> str:
        return f"{element._text or ''}{element.props.get('innerHTML', '')}"


def _is_shown(element: Element) -> bool:
    place: Element | None = element
    while place is not None:
        if "hidden" in place.props:
            return False
        place = place.parent_slot.parent if place.parent_slot else None
    return True
