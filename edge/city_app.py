"""The city's composition root: from its configuration to its running server. Only the command line, the demo and tests call it.

`async with open_city(config) as city: await city.run()`; `run_city` adds the signals of a service.
"""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from config.city import CityConfig
from config.strings import load_strings
from edge.adapters.city_enrolment import opened_gate
from edge.adapters.fleet import FleetBoard, Pace
from edge.adapters.fleet_orders import PageOrders
from edge.adapters.fleet_reports import ReportKeeper
from edge.adapters.supervisor import PartState, supervise
from edge.adapters.uplink import broker_of
from edge.web.fleet_server import FleetServer
from edge.web.site import DemoUser, WebSettings
from edge.web.users import UserBook
from edge.web.words import Words
from sync.city.board import Board
from sync.city.commands import CommandStore
from sync.city.database import Database, open_database
from sync.city.faults import forget_old
from sync.city.known import Anybody, Registered
from sync.city.receiver import CityReceiver
from sync.city.rolling import catch_up
from sync.city.roots import LOOK_EVERY_S, RootKeeper
from sync.city.sender import CommandSender
from sync.keys import DeviceKey
from sync.mqtt import Version

log = logging.getLogger(__name__)
Part = tuple[str, Callable[[], Awaitable[None]]]
DAY_S = 24 * 3600.0
_VERSIONS = {"auto": (Version.V5, Version.V311), "5": (Version.V5,), "3.1.1": (Version.V311,)}


@dataclass(frozen=True, slots=True)
class CityServer:
    """Everything the city's server runs, put together and not yet running. `receiver` None: workers take the events."""

    config: CityConfig
    desk: FleetBoard
    web: FleetServer
    reports: ReportKeeper
    receiver: CityReceiver | None
    parts: tuple[Part, ...]

    async def run(self) -> None:
        """Run every part under its supervisor until cancelled; a part that fails takes no other with it."""
        async with asyncio.TaskGroup() as group:
            for name, part in self.parts:
                group.create_task(supervise(name, part, _told), name=name)


async def run_city(config: CityConfig) -> None:
    """Run until SIGTERM or SIGINT."""
    async with open_city(config) as city:
        running = asyncio.create_task(city.run(), name="city")
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await running
    log.info("city stopped")


@contextlib.asynccontextmanager
async def open_city(config: CityConfig, *, demo_users: tuple[DemoUser, ...] = ()) -> AsyncIterator[CityServer]:
    """Raise before anything started when the database, a key, the users file or the authority cannot be used."""
    config.city.data_dir.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:

        def database() -> Database:
            """One connection more: whoever reads long, or must not wait, has their own."""
            opened = open_database(config.city.where())
            stack.callback(opened.close)
            return opened

        key = DeviceKey.load_or_create(config.city.data_dir)
        orders = PageOrders(database(), key) if config.broker else None
        reports_dir = config.city.data_dir / "reports"
        desk = FleetBoard(
            Board(database()), Board(database()), config.sites, reports=reports_dir, orders=orders,
            pace=Pace(config.web.refresh_s),
        )  # fmt: skip
        strings = load_strings()
        web = FleetServer(desk, UserBook(_users_file(config)), strings, _settings(config, demo_users))
        reports = ReportKeeper(desk, Words(strings, config.web.language), config.city.name, reports_dir)
        receiver = _receiver(config, key)
        parts: list[Part] = [("web", web.run), ("fleet", desk.run), ("reports", reports.run)]
        parts += [("faults/forgetting", _forgetting(database())), ("figures/catching up", _catching_up(database()))]
        keeper = RootKeeper(database(), key, config.city.roots_dir) if receiver is None else None
        if receiver is not None:
            stack.callback(receiver.store.database.close)  # one that never ran, too
            parts.append(("ingest", receiver.run))
        if keeper is not None:
            parts.append(("roots", _roots(keeper)))
        if config.broker:
            parts.append(("commands", _sender(config, database(), keeper).run))
        if config.enrolment:
            parts.append(("enrolment", stack.enter_context(opened_gate(config, database())).server().run))
        yield CityServer(config, desk, web, reports, receiver, tuple(parts))


def open_desk(config: CityConfig, stack: contextlib.ExitStack) -> FleetBoard:
    """The desk alone, for a report by the command line."""
    database = open_database(config.city.where())
    stack.callback(database.close)
    return FleetBoard(Board(database), Board(database), config.sites)


def _receiver(config: CityConfig, key: DeviceKey) -> CityReceiver | None:
    """The embedded one where there is a broker and no workers of a cluster."""
    if config.broker is None or config.engine is not None:
        return None
    return CityReceiver(
        config.city.where(), broker_of(config.broker), key=key,
        known=Registered() if config.city.admits == "registered" else Anybody(), roots=config.city.roots_dir,
        versions=_VERSIONS[config.broker.version],
    )  # fmt: skip


def _sender(config: CityConfig, database: Database, keeper: RootKeeper | None) -> CommandSender:
    if config.broker is None:
        raise ValueError("the file has no section [broker]")
    return CommandSender(
        CommandStore(database), broker_of(config.broker), versions=_VERSIONS[config.broker.version],
        newest_root=lambda: keeper.newest if keeper else None,
    )  # fmt: skip


def _roots(keeper: RootKeeper) -> Callable[[], Awaitable[None]]:
    """The daily root where workers of a cluster take the events: made here, and written to its file; the sender publishes it."""

    async def run() -> None:
        while True:
            await asyncio.to_thread(keeper.turn, datetime.now(UTC), time.monotonic())
            await asyncio.sleep(LOOK_EVERY_S)

    return run


def _settings(config: CityConfig, demo_users: tuple[DemoUser, ...]) -> WebSettings:
    web = config.web
    return WebSettings(
        state_dir=config.city.data_dir, host=web.host, port=web.port, hosts=web.hosts, language=web.language,
        centre=config.city.name, is_https=web.https, statistics_pause_s=web.refresh_s, demo_users=demo_users,
    )  # fmt: skip


def _users_file(config: CityConfig) -> Path:
    return config.web.users_file or config.city.data_dir / "users.toml"


async def _told(part: str, state: PartState) -> None:
    """The supervisor has logged why; a return is told here."""
    if state is PartState.RUNNING:
        log.info("%s runs again", part)


def _forgetting(database: Database) -> Callable[[], Awaitable[None]]:
    """Faults that were closed long ago go, once a day and at the start."""

    def forget() -> None:
        with database.transaction() as writing:
            forget_old(writing, datetime.now(UTC))

    async def run() -> None:
        while True:
            await asyncio.to_thread(forget)
            await asyncio.sleep(DAY_S)

    return run


def _catching_up(database: Database) -> Callable[[], Awaitable[None]]:
    """Sums that are behind (after an update, or by a worker of before it) are made anew, a few devices at a time."""

    async def run() -> None:
        while True:
            if not await asyncio.to_thread(catch_up, database):
                await asyncio.sleep(LOOK_EVERY_S)

    return run
