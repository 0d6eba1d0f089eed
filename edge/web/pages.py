"""Every page of one device, on a FastAPI application. It loads NiceGUI, a second and a half of processor time.

So only `edge.web.server` imports it, once nothing waits that is more urgent than a page.
"""

from fastapi import APIRouter, Request
from nicegui import ui
from prometheus_client import CollectorRegistry

from edge.face_ports import FaceDesk
from edge.guide_ports import GuideDesk
from edge.locker_ports import LockerDesks
from edge.queue_ports import QueueDesk
from edge.voice_ports import HearingDesk
from edge.web.device import DevicePage
from edge.web.device_doors import DeviceDoors
from edge.web.faces import FacesPage
from edge.web.guide import GuidePage
from edge.web.hearing import HearingPage
from edge.web.home import routes
from edge.web.house_pages import HousePages
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


class Pages(HousePages):
    """All pages of one device."""

    def __init__(self, site: Site, registry: CollectorRegistry | None = None) -> None:
        super().__init__(site, DeviceDoors(site), registry)
        self.site = site

    def _plain(self) -> APIRouter:
        return routes(self.site)

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
        viewer = super()._viewer(request)
        if self.site.desks.identify:
            IdentifyBanner(self.site.desks.identify, viewer.words, sounds=viewer.session is None)
        return viewer

    def _health(self) -> dict[str, object]:
        """A broken camera is told."""
        desk = self.site.desks.health
        bad = {tile.part: tile.why for tile in desk.tiles() if not tile.ok}
        return {"ok": not bad, "faults": bad, "backlog": desk.backlog()}
