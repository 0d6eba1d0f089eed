"""A city of two wards over a real database, its desk and its pages inside the test's own loop."""

import weakref
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from config.city import Site
from edge.adapters.fleet import FleetBoard, Pace
from edge.fleet_ports import Order, OrderView
from edge.web.fleet_pages import FleetPages
from edge.web.fleet_server import FleetServer
from edge.web.site import WebSettings
from edge.web.users import Role, UserBook, create_user
from sync import events as e
from sync.city.board import Board
from sync.city.database import open_database
from sync.city.facts import VIETNAM
from sync.city.store import CityStore
from sync.keys import DeviceKey
from sync.topics import Presence, Topics
from tests.edge.web.fakes import strings
from tests.edge.web.house import PIN, House
from tests.sync.city_samples import Sender, early

NEAR, FAR = "Phường Gần", "Phường Xa"
SITES = {
    "diem-gan": Site(name="Điểm gần", ward=NEAR, lat=10.8, lon=106.7),
    "diem-xa": Site(name="Điểm xa", ward=FAR, lat=10.9, lon=106.6),
}


class NotedOrders:
    """`edge.adapters.fleet.Orders`, kept in a list."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Order, str]] = []

    def latest(self, source: str) -> tuple[OrderView, ...]:
        now = datetime.now(VIETNAM)
        return tuple(
            OrderView("id", what.value, by, now, "waiting", None) for to, what, by in self.sent if to == source
        )

    def send(self, source: str, what: Order, by: str) -> None:
        self.sent.append((source, what, by))


class FleetTown(House):
    """Two devices in two wards (`hop-gan`, `hop-xa`), one without a ward; users of every kind."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.store = CityStore(open_database(folder / "city.sqlite"))
        self.orders = NotedOrders()
        self._boards = [open_database(folder / "city.sqlite") for _ in range(2)]
        for database in (self.store.database, *self._boards):
            weakref.finalize(self, database.close)  # Python 3.13 minds a connection that nobody closed
        self.desk = FleetBoard(
            Board(self._boards[0]), Board(self._boards[1]), SITES, reports=folder / "reports", orders=self.orders,
            pace=Pace(every_s=0.02, idle_s=0.02),
        )  # fmt: skip
        self.users_file = folder / "users.toml"
        self.users = {
            name: create_user(self.users_file, name, role, PIN, wards=wards)
            for name, role, wards in (
                ("lanh-dao", Role.LEADER, ()), ("can-bo-gan", Role.OFFICER, (NEAR,)), ("ky-thuat-xa", Role.TECHNICIAN, (FAR,)),
                ("khong-phuong", Role.OFFICER, ()),
            )
        }  # fmt: skip
        chosen = replace(WebSettings(state_dir=folder, statistics_pause_s=0.01, centre="Thành phố Mẫu"), **settings)
        self.fleet_server = FleetServer(self.desk, UserBook(self.users_file), strings(), chosen)
        self.site = self.fleet_server.house  # type: ignore[assignment]  # what a House asks of it is the same
        self.app = FleetPages(self.fleet_server.house).app()
        self.near = self.device("diem-gan", "hop-gan", 1)
        self.far = self.device("diem-xa", "hop-xa", 2)
        self.lost = self.device("diem-la", "hop-la", 3)

    def device(self, site: str, device: str, seed: int) -> Sender:
        """What it says holds its own name, so that a test sees where it turns up."""
        sender = Sender(Topics(site, device), DeviceKey.from_seed(bytes([seed]) * 32))
        sender.now = datetime.now(VIETNAM) - timedelta(seconds=5)
        health = e.DeviceHealth(uptime_s=60.0, memory_mb=100.0, disk_free_mb=5000.0, backlog=0, cameras_live=1)
        visit = e.VisitEnded(
            visit="v-1", counter=f"quay-{device}", unit="ho-tich", started=sender.now, seconds_present=60.0, seconds_usable=50.0,
            evidence="enough", shares={}, level="neutral", level_at_end=None, peak=None, reasons=(), rating=None, camera="neutral",
        )  # fmt: skip
        late = e.LockerOverdue(stay="s-1", compartment="01", dossier=f"H29-{device}", days=3, step="overdue")
        loaded = e.LockerLoaded(stay="s-1", compartment="01", dossier=f"H29-{device}", by="quay-01")
        self.store.take(sender.says(health, visit, loaded, late, self.alert(sender, f"C-{device}")))
        self.store.present([(sender.topics, Presence(state="online", boot="boot-1"))])
        return sender

    def close(self) -> None:
        for database in (self.store.database, *self._boards):
            database.close()

    def alert(self, sender: Sender, name: str) -> e.AlertRaised:
        return e.AlertRaised(
            alert=name, visit="v-1", counter=f"quay-{sender.topics.device}", unit="ho-tich", why="anger", level="angry",
            since=sender.now, reasons=("brow_down",),
        )  # fmt: skip

    def raise_early(self, sender: Sender, name: str) -> None:
        """An urgent copy; the event before it is still on the device."""
        sender.visits(1)
        self.store.take([early(one) for one in sender.says(self.alert(sender, name))])
