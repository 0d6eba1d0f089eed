"""Serves the city's pages. `edge.city_app` builds one and runs it beside the other parts. Light to import, as `edge.web.server`."""

import time
from typing import TYPE_CHECKING

from edge.fleet_ports import FleetDesk
from edge.web.fleet_house import FleetHouse
from edge.web.server import HouseServer, logins
from edge.web.site import WebSettings
from edge.web.users import UserBook
from edge.web.words import Strings

if TYPE_CHECKING:
    from edge.web.house_pages import HousePages


class FleetServer(HouseServer):
    """All pages of one city."""

    def __init__(self, desk: FleetDesk, users: UserBook, strings: Strings, settings: WebSettings) -> None:
        super().__init__(settings)
        sessions, login, seal = logins(users, settings, time.monotonic)
        self.house = FleetHouse(
            desk=desk, strings=strings, settings=settings, sessions=sessions, login=login, seal=seal
        )  # fmt: skip

    def _pages(self) -> "HousePages":
        from edge.web.fleet_pages import FleetPages  # noqa: PLC0415 - slow, hence late

        return FleetPages(self.house)
