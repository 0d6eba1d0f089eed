"""Every page of one device, on a FastAPI application. It loads NiceGUI, a second and a half of processor time.

So only `edge.web.server` imports it, once nothing waits that is more urgent than a page.
"""

import asyncio
from copy import copy

from fastapi import FastAPI, Request
from nicegui import Client, core, ui
from nicegui.language import Language
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from starlette.responses import JSONResponse, Response

from edge.face_ports import FaceDesk
from edge.guide_ports import GuideDesk
from edge.locker_ports import LockerDesks
from edge.queue_ports import QueueDesk
from edge.voice_ports import HearingDesk
from edge.web import theme
from edge.web.device import DevicePage
from edge.web.entrance import routes
from edge.web.faces import FacesPage
from edge.web.gate import Gate, language_of, session_of
from edge.web.guide import GuidePage
from edge.web.hearing import HearingPage
from edge.web.identify import IdentifyBanner
from edge.web.leader import LeaderPage
from edge.web.locker import LockerPage
from edge.web.locker_desk import LockerDeskPage
from edge.web.locker_service import LockerServicePage
from edge.web.officer import OfficerPage
from edge.web.queue_board import BoardPage
from edge.web.queue_kiosk import NumberPage
from edge.web.queue_panel import QueuePanelPage
from edge.web.queue_report import QueueReportPage, day_of
from edge.web.site import Desks, Site, Viewer
from edge.web.tablet import TabletPage

KEEP_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}
_LANGUAGES: dict[str, Language] = {"vi": "vi", "en": "en-US"}


class Pages:
    """All pages of one device. One a process: NiceGUI keeps its state in module globals."""

    def __init__(self, site: Site, registry: CollectorRegistry | None = None) -> None:
        self.site = site
        self._registry = registry or REGISTRY

    def app(self) -> FastAPI:
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
        if desks.faces:
            self._add_faces_page(desks.faces)
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

    def _add_faces_page(self, desk: FaceDesk) -> None:
        @ui.page("/khuon-mat")
        def faces(request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session and viewer.session.may_take_consent:
                FacesPage(self.site, viewer, desk, viewer.session)

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
        if self.site.desks.identify:
            IdentifyBanner(self.site.desks.identify, words)
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

    async def forget_unclaimed(self) -> None:
        """A page that was fetched but never connected (curl, a crawler, a closed tab) must not stay in memory."""
        while True:
            await asyncio.sleep(self.site.settings.unclaimed_page_s / 3)
            Client.prune_instances(client_age_threshold=self.site.settings.unclaimed_page_s)


def _make_nicegui_fresh() -> None:
    """Let a second WebServer of this process start as if it were the first (tests, benchmarks, a restarted agent)."""
    core.app.middleware_stack = None
    core.app.user_middleware.clear()
    Client.instances.clear()
    core.app._shutdown_handlers.clear()  # noqa: SLF001 - NiceGUI adds its own again at every start
