"""Every page of the city: the live ones, and the plain ones for files and reports. Loads NiceGUI: only `fleet_server` imports it."""

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from nicegui import ui
from starlette.responses import HTMLResponse, Response

from edge.fleet_ports import FiguresView, FleetLost
from edge.web import fleet_sheets
from edge.web.auth import Session
from edge.web.entrance import add_routes
from edge.web.fleet_device import FleetDevicePage
from edge.web.fleet_devices import DevicesPage, chosen
from edge.web.fleet_doors import REPORTS, SHEETS, FleetDoors
from edge.web.fleet_figures import FiguresPage
from edge.web.fleet_house import Choice, FleetHouse, may_see_city, picture, wards_of
from edge.web.fleet_overview import OverviewPage
from edge.web.fleet_sheets import Sheet
from edge.web.gate import language_of, session_of
from edge.web.house_pages import HousePages
from edge.web.plain import e, refusal, respond
from edge.web.users import User
from edge.web.words import Words

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

_FIGURES: dict[str, Callable[[Words, FiguresView], Sheet]] = {
    "hai-long-phuong": lambda words, found: fleet_sheets.satisfaction(words, "ward", found.by_ward),
    "hai-long-quay": lambda words, found: fleet_sheets.satisfaction(words, "counter", found.by_counter),
    "hai-long-gio": lambda words, found: fleet_sheets.satisfaction(words, "hour", found.by_hour),
    "tu": fleet_sheets.handovers,
    "qua-han": fleet_sheets.overdue,
    "hang-doi": lambda words, found: fleet_sheets.waits(words, "site", found.waits_by_site),
}


class FleetPages(HousePages):
    """Who is logged in is asked for again when a page is built, as the gate did."""

    def __init__(self, house: FleetHouse, registry: "CollectorRegistry | None" = None) -> None:
        super().__init__(house, FleetDoors(house), registry)
        self._fleet = house

    def _plain(self) -> APIRouter:
        router = APIRouter(include_in_schema=False)
        add_routes(router, self._fleet, _landing)
        router.add_api_route("/tai-xuong/{name}.csv", self._sheet, methods=["GET"], response_model=None)
        router.add_api_route(REPORTS, self._reports, methods=["GET"], response_model=None)
        router.add_api_route(REPORTS + "/{day}", self._report, methods=["GET"], response_model=None)
        return router

    def _add_pages(self) -> None:
        house = self._fleet

        @ui.page("/")
        def overview(request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session:
                OverviewPage(house, viewer, viewer.session, Choice.of(request.query_params))

        @ui.page("/dia-ban")
        def figures(request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session:
                FiguresPage(house, viewer, viewer.session, Choice.of(request.query_params))

        @ui.page("/thiet-bi")
        def devices(request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session:
                DevicesPage(house, viewer, viewer.session, Choice.of(request.query_params))

        @ui.page("/thiet-bi/{site}/{device}")
        def device(site: str, device: str, request: Request) -> None:
            viewer = self._viewer(request)
            if viewer.session and viewer.session.may_see_ward(house.desk.ward_of(site)):
                FleetDevicePage(house, viewer, viewer.session, (site, device))

    def _health(self) -> dict[str, object]:
        view = self._fleet.desk.fleet(None)
        return {"ok": view is not None and not view.is_stale}

    async def _sheet(self, request: Request, name: str) -> Response:
        """One table as a file, of what this session may see."""
        session, words = session_of(request), self._words(request)
        if session is None or name not in SHEETS:
            return refusal(words, "not_found", 404)
        try:
            sheet = await self._made(words, session, name, Choice.of(request.query_params))
        except FleetLost:
            return refusal(words, "city_busy", 503)
        headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Cache-Control": "no-store"}
        return Response(fleet_sheets.csv_of(sheet), media_type="text/csv; charset=utf-8", headers=headers)

    async def _made(self, words: Words, session: Session, name: str, choice: Choice) -> Sheet:
        desk = self._fleet.desk
        if name in _FIGURES:
            return _FIGURES[name](words, await desk.figures(choice.filter(desk.now().date()), wards_of(session)))
        view = picture(self._fleet, session, choice)
        if view is None:
            raise FleetLost
        if name == "canh-bao":
            return fleet_sheets.alerts(words, view.alerts)
        return fleet_sheets.devices(words, chosen(view.devices, choice))

    async def _reports(self, request: Request) -> Response:
        words = self._words(request)
        if not may_see_city(session_of(request)):
            return refusal(words, "not_allowed", 403)
        days = self._fleet.desk.reports()
        rows = "".join(f'<li><a href="{REPORTS}/{day}">{e(f"{day:%d/%m/%Y}")}</a></li>' for day in days)
        found = f'<ul class="fleet-reports">{rows}</ul>' if rows else f"<p>{e(words('page.fleet.no_reports'))}</p>"
        title = words("page.fleet.reports")
        home = f'<p><a class="link" href="/">{e(words("page.common.home"))}</a></p>'
        return respond(
            words, title, f"<h1>{e(title)}</h1><p>{e(words('page.fleet.reports_how'))}</p>{found}{home}", path=REPORTS
        )

    async def _report(self, request: Request, day: str) -> Response:
        words = self._words(request)
        if not may_see_city(session_of(request)):
            return refusal(words, "not_allowed", 403)
        try:
            found = self._fleet.desk.report(date.fromisoformat(day))
        except ValueError:
            found = None
        return HTMLResponse(found) if found else refusal(words, "not_found", 404)

    def _words(self, request: Request) -> Words:
        return self._fleet.words(language_of(request))


def _landing(_user: User, back: str) -> str:
    return back
