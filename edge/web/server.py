"""Serves the pages inside the agent's own loop. `edge.app` builds one `WebServer` and runs it in its TaskGroup."""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Iterator
from copy import copy

import uvicorn
from fastapi import FastAPI, Request
from nicegui import Client, core, ui
from nicegui.language import Language
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from starlette.responses import JSONResponse, Response

from edge.guide_ports import GuideDesk
from edge.locker_ports import LockerDesks
from edge.queue_ports import QueueDesk
from edge.voice_ports import HearingDesk
from edge.web import theme
from edge.web.auth import FormSeal, Sessions
from edge.web.device import DevicePage
from edge.web.entrance import routes
from edge.web.gate import Gate, language_of, session_of
from edge.web.guide import GuidePage
from edge.web.hearing import HearingPage
from edge.web.leader import LeaderPage
from edge.web.locker import LockerPage
from edge.web.locker_desk import LockerDeskPage
from edge.web.locker_service import LockerServicePage
from edge.web.login import LoginDesk, StepMemory
from edge.web.officer import OfficerPage
from edge.web.queue_board import BoardPage
from edge.web.queue_kiosk import NumberPage
from edge.web.queue_panel import QueuePanelPage
from edge.web.queue_report import QueueReportPage, day_of
from edge.web.site import Desks, Site, Viewer, WebSettings
from edge.web.tablet import TabletPage
from edge.web.users import UserBook
from edge.web.words import Strings

log = logging.getLogger(__name__)

GOODBYE_S = 2  # how long open connections get when the agent stops
KEEP_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_LANGUAGES: dict[str, Language] = {"vi": "vi", "en": "en-US"}


class PortTaken(Exception):
    """The address cannot be bound: another program has it, or it is not this machine's."""


class WebServerEnded(Exception):
    """It stopped without being asked to; start it again."""


class WebServer:
    """All pages of one device. One a process: NiceGUI keeps its state in module globals."""

    def __init__(
        self,
        desks: Desks,
        users: UserBook,
        strings: Strings,
        settings: WebSettings,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        """Raise ValueError for a tablet client that is no address. Nothing is bound yet."""
        self._registry = registry
        self._settings = settings
        steps = StepMemory(settings.state_dir / "totp-steps.json", time.time)
        self.site = Site(
            desks=desks,
            strings=strings,
            settings=settings,
            sessions=Sessions(users, settings.session_hours * 3600, desks.clock.monotonic),
            login=LoginDesk(users, steps, wall=time.time, monotonic=desks.clock.monotonic),
            seal=FormSeal(settings.state_dir / "form-secret"),
        )
        self.port = settings.port  # the real one once `ready` is set, when 0 was asked for
        self.ready = asyncio.Event()
        settings.tablet_networks()

    async def run(self) -> None:
        """Serve until cancelled. Raise PortTaken when the address is not free, WebServerEnded when it stops by itself."""
        listening = self._bind()
        server = _QuietServer(self._config(), lambda: self._announce(listening))
        serving = asyncio.create_task(server.serve(sockets=[listening]), name="web")
        forgetting = asyncio.create_task(self._forget_unclaimed_pages(), name="web forget pages")
        try:
            await asyncio.shield(serving)
        finally:
            forgetting.cancel()
            server.should_exit = True
            await asyncio.wait([serving], timeout=GOODBYE_S + 3)
            serving.cancel()
            listening.close()
        raise WebServerEnded

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((self._settings.host, self._settings.port))
        except OSError as error:
            listening.close()
            msg = f"{self._settings.host}:{self._settings.port}: {error.strerror}"
            raise PortTaken(msg) from error
        return listening

    def _config(self) -> uvicorn.Config:
        return uvicorn.Config(
            self._app(),
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            ws="websockets-sansio",
            timeout_graceful_shutdown=GOODBYE_S,
        )

    def _app(self) -> FastAPI:
        app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
        app.include_router(routes(self.site))
        app.add_api_route("/healthz", self._healthz, methods=["GET"], response_model=None)
        app.add_api_route("/metrics", self._metrics, methods=["GET"], response_model=None)
        app.add_api_route("/tai-nguyen/{version}/style.css", self._style, methods=["GET"], response_model=None)
        _make_nicegui_fresh()
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
        app.add_middleware(Gate, site=self.site)
        return app

    def _add_pages(self) -> None:
        site = self.site

        @ui.page("/quay/{counter}")
        def officer(counter: str, request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session and viewer.session.may_see_counter(counter):
                OfficerPage(site, viewer, counter)

        @ui.page("/lanh-dao")
        def leader(request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session and viewer.session.is_leader:
                LeaderPage(site, viewer)

        @ui.page("/thiet-bi")
        def device(request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session and viewer.session.may_see_device:
                DevicePage(site, viewer)

        @ui.page("/danh-gia/{counter}")
        def tablet(counter: str, request: Request) -> None:
            TabletPage(site, self._viewer(request), counter)

        self._add_station_pages(site.desks)

    def _add_station_pages(self, desks: Desks) -> None:
        """Those of the stations that this device has."""
        if desks.locker:
            self._add_locker_pages(desks.locker)
        if desks.queue:
            self._add_queue_pages(desks.queue)
        if desks.guide:
            self._add_guide_page(desks.guide)
        if desks.hearing:
            self._add_hearing_page(desks.hearing)

    def _add_locker_pages(self, desks: LockerDesks) -> None:
        site = self.site

        @ui.page("/tu")
        def locker(request: Request) -> None:
            LockerPage(site, self._viewer(request), desks)

        @ui.page("/tu/can-bo")
        def locker_desk(request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session and viewer.session.may_see_locker:
                LockerDeskPage(site, viewer, desks, viewer.session)

        @ui.page("/tu/ky-thuat")
        def locker_service(request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session and viewer.session.may_see_device:
                LockerServicePage(site, viewer, desks, viewer.session)

    def _add_queue_pages(self, desk: QueueDesk) -> None:
        site = self.site

        @ui.page("/quay/{counter}/so")
        def queue_panel(counter: str, request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session and viewer.session.may_see_counter(counter):
                QueuePanelPage(site, viewer, desk, counter)

        @ui.page("/lanh-dao/so")
        def queue_report(request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session and viewer.session.is_leader:
                QueueReportPage(site, viewer, desk, day_of(request.query_params.get("ngay")))

        @ui.page("/bang-so")
        def board(request: Request) -> None:
            BoardPage(site, self._viewer(request), desk)

        @ui.page("/lay-so")
        def number(request: Request) -> None:
            NumberPage(site, self._viewer(request), desk)

    def _add_guide_page(self, desk: GuideDesk) -> None:
        @ui.page("/huong-dan")
        def guide(request: Request) -> None:
            GuidePage(self.site, self._viewer(request), desk)

    def _add_hearing_page(self, desk: HearingDesk) -> None:
        @ui.page("/huong-dan/ky-thuat")
        def hearing(request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session and viewer.session.may_overhear:
                HearingPage(self.site, viewer, desk)

    def _viewer(self, request: Request) -> Viewer:
        words = self.site.words(language_of(request))
        client = ui.context.client
        client.page = copy(client.page)  # NiceGUI has one language a route; here it is one a browser
        client.page.language = _LANGUAGES.get(words.lang, "vi")
        return Viewer(words, session_of(request), request.url.path)

    async def _healthz(self) -> Response:
        """200 as long as the loop answers; a broken camera is told, but is no reason to restart the agent."""
        tiles = self.site.desks.health.tiles()
        bad = {tile.part: tile.why for tile in tiles if not tile.ok}
        return JSONResponse({"ok": not bad, "faults": bad, "backlog": self.site.desks.health.backlog()})

    async def _metrics(self) -> Response:
        return Response(generate_latest(self._registry), media_type=CONTENT_TYPE_LATEST)

    async def _style(self, version: str) -> Response:  # noqa: ARG002 - in the address so that caches see a change
        return Response(theme.stylesheet(), media_type="text/css; charset=utf-8", headers=KEEP_FOR_EVER)

    async def _forget_unclaimed_pages(self) -> None:
        """A page that was fetched but never connected (curl, a crawler, a closed tab) must not stay in memory."""
        while True:
            await asyncio.sleep(self._settings.unclaimed_page_s / 3)
            Client.prune_instances(client_age_threshold=self._settings.unclaimed_page_s)

    def _announce(self, listening: socket.socket) -> None:
        self.port = listening.getsockname()[1]
        self.ready.set()
        log.info("web listening host=%s port=%d", self._settings.host, self.port)


class _QuietServer(uvicorn.Server):
    """Signals belong to the agent, not to its web server; tells when it answers."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _make_nicegui_fresh() -> None:
    """Let a second WebServer of this process start as if it were the first (tests, benchmarks, a restarted agent)."""
    core.app.middleware_stack = None
    core.app.user_middleware.clear()
    Client.instances.clear()
    core.app._shutdown_handlers.clear()  # noqa: SLF001 - NiceGUI adds its own again at every start
