"""The addresses of the city's pages. A device of another ward is as unknown as one that does not exist."""

import re

from edge.web.auth import Session
from edge.web.doors import Door
from edge.web.fleet_house import FleetHouse, may_see_city

HOME, FIGURES, DEVICES, REPORTS = "/", "/dia-ban", "/thiet-bi", "/bao-cao"
DEVICE = re.compile(r"/thiet-bi/([A-Za-z0-9._-]{1,64})/([A-Za-z0-9._-]{1,64})")
REPORT = re.compile(r"/bao-cao/(\d{4}-\d{2}-\d{2})")
SHEET = re.compile(r"/tai-xuong/([a-z-]+)\.csv")
SHEETS = frozenset(
    {"thiet-bi", "canh-bao", "hai-long-phuong", "hai-long-quay", "hai-long-gio", "tu", "qua-han", "hang-doi"}
)


class FleetDoors:
    """Everything needs a session; the reports of the whole city are the leaders'."""

    def __init__(self, house: FleetHouse) -> None:
        self._desk = house.desk

    def ask(self, path: str, session: Session | None, *, is_tablet: bool) -> Door:  # noqa: ARG002 - nobody is let in by address
        if session is None:
            return Door.LOGIN
        if path in {HOME, FIGURES, DEVICES}:
            return Door.PAGE
        if path == REPORTS or REPORT.fullmatch(path):
            return Door.PLAIN if may_see_city(session) else Door.FORBIDDEN
        if sheet := SHEET.fullmatch(path):
            return Door.PLAIN if sheet[1] in SHEETS else Door.UNKNOWN
        device = DEVICE.fullmatch(path)
        return Door.PAGE if device and self._may_see(session, device[1], device[2]) else Door.UNKNOWN

    def _may_see(self, session: Session, site: str, device: str) -> bool:
        return self._desk.is_there(site, device) and session.may_see_ward(self._desk.ward_of(site))
