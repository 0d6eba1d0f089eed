"""What the pages of every house share on a FastAPI application: entrance, health, metrics, style, NiceGUI, the gate.

Loads NiceGUI, a second and a half of processor time: only what `edge.web.server` loads late imports it.
"""

import asyncio
from abc import ABC, abstractmethod
from copy import copy

from fastapi import APIRouter, FastAPI, Request
from nicegui import Client, core, ui
from nicegui.language import Language
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from starlette.responses import JSONResponse, Response

from edge.web import theme
from edge.web.doors import Doors
from edge.web.gate import Gate, language_of, session_of
from edge.web.site import House, Viewer

KEEP_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_LANGUAGES: dict[str, Language] = {"vi": "vi", "en": "en-US"}


class HousePages(ABC):
    """All pages of one house. One a process: NiceGUI keeps its state in module globals."""

    def __init__(self, house: House, doors: Doors, registry: CollectorRegistry | None = None) -> None:
        self._house = house
        self._doors = doors
        self._registry = registry or REGISTRY

    def app(self) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.include_router(self._plain())
        app.add_api_route("/healthz", self._healthz, methods=["GET"], response_model=None)
        app.add_api_route("/metrics", self._metrics, methods=["GET"], response_model=None)
        app.add_api_route("/tai-nguyen/{version}/style.css", self._style, methods=["GET"], response_model=None)
        _make_nicegui_fresh()
        _hide_progress()
        self._add_pages()
        ui.run_with(
            app,
            title="Một Cửa Edge",
            favicon=theme.favicon(),
            language="vi",
            tailwind=False,
            binding_refresh_interval=None,
            show_welcome_message=False,
            storage_secret=None,
        )
        app.add_middleware(Gate, site=self._house, doors=self._doors)
        return app

    @abstractmethod
    def _plain(self) -> APIRouter:
        """Pages without a live connection, the entrance among them."""

    @abstractmethod
    def _add_pages(self) -> None:
        """Register the live ones."""

    @abstractmethod
    def _health(self) -> dict[str, object]:
        """What `/healthz` says."""

    def _viewer(self, request: Request) -> Viewer:
        words = self._house.words(language_of(request))
        client = ui.context.client
        client.page = copy(client.page)  # NiceGUI has one language a route; here it is one a browser
        client.page.language = _LANGUAGES.get(words.lang, "vi")
        _make_room(client)
        return Viewer(words, session_of(request), request.url.path, request.url.query)

    async def _healthz(self) -> Response:
        """200 as long as the loop answers; a broken part is told, but is no reason to restart."""
        return JSONResponse(self._health())

    async def _metrics(self) -> Response:
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    async def _style(self, version: str) -> Response:  # noqa: ARG002 - in the address so that caches see a change
        return Response(theme.stylesheet(), media_type="text/css; charset=utf-8", headers=KEEP_FOR_EVER)

    async def forget_unclaimed(self) -> None:
        """A page that was fetched but never connected (curl, a crawler, a closed tab) must not stay in memory."""
        while True:
            await asyncio.sleep(self._house.settings.unclaimed_page_s / 3)
            Client.prune_instances(client_age_threshold=self._house.settings.unclaimed_page_s)

    async def keep_closed_sessions(self) -> None:
        """Beside the server, as `forget_unclaimed`."""
        await self._house.sessions.keep_closed()


def _make_room(client: Client) -> None:
    """NiceGUI's q-page is a `main` around every page; the page's own bar is no part of the main content, and there is one `main` only."""
    wrap = client.content.parent_slot
    if wrap is not None:
        wrap.parent.tag = "div"
        wrap.parent.classes("q-page")


def _hide_progress() -> None:
    """Quasar's bar for requests under way has no name for readers, and says nothing that the page does not."""
    core.app.config.quasar_config["loadingBar"] = {"skipHijack": True}


def _make_nicegui_fresh() -> None:
    """Let a second server of this process start as if it were the first (tests, benchmarks, a restarted agent)."""
    core.app.middleware_stack = None
    core.app.user_middleware.clear()
    Client.instances.clear()
    core.app._shutdown_handlers.clear()  # noqa: SLF001 - NiceGUI adds its own again at every start
