"""`motcua city serve --demo N`: a made-up city of N devices, live, through a real broker and the real receiver.

Its past is put through the store, as if it had come over the line; from then on the devices speak over MQTT.
"""

import asyncio
import contextlib
import logging
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from config.city import City, CityConfig, CityWeb, Site
from config.schema import Mqtt
from edge.adapters.demo_broker import DemoBroker
from edge.adapters.fleet_line import FleetLine
from edge.adapters.fleet_sim import SimDevice, devices, history, sites
from edge.adapters.supervisor import cancelled
from edge.city_app import CityServer, open_city
from edge.web.site import DemoUser
from edge.web.users import Role, create_user, random_pin
from sync.city.store import CityStore
from sync.city.terms import Arrival
from sync.mqtt import Broker

log = logging.getLogger(__name__)
AWAY_EVERY = 23  # one device in so many is offline
BATCH = 2_000


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`days` of the past, `visits` a day and device; `per_s`: events a second by all of them together."""

    devices: int
    days: int = 2
    visits: int = 12
    per_s: float = 20.0
    port: int = 8090
    data_dir: Path | None = None


@dataclass(frozen=True, slots=True)
class DemoCity:
    city: CityServer
    line: FleetLine
    users: tuple[DemoUser, ...]


@contextlib.asynccontextmanager
async def open_demo(options: DemoOptions, told: Callable[[str], None]) -> AsyncIterator[DemoCity]:
    """Everything runs when entered and is gone when left. `told` hears what is being done."""
    async with contextlib.AsyncExitStack() as stack:
        folder = options.data_dir or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="motcua-city-")))
        folder.mkdir(parents=True, exist_ok=True)
        broker = DemoBroker()
        port = await broker.start()
        stack.push_async_callback(broker.stop)
        config, users = _config(options, folder, port), _users(folder)
        city = await stack.enter_async_context(open_city(config, demo_users=users))
        fleet = devices(sites(_sites(options)), options.devices)
        if city.receiver is None:
            raise ValueError("the demo's city has a receiver of its own")
        told(f"{len(fleet)} devices, {options.days} days: {folder}")
        await asyncio.to_thread(_past, city.receiver.store, fleet, options)
        away = [one for place, one in enumerate(fleet, 1) if place % AWAY_EVERY == 0]
        here = [one for one in fleet if one not in away]
        line = FleetLine(here, away, Broker("127.0.0.1", port), options.per_s)
        for name, run in (("city", city.run), ("fleet line", line.run)):
            stack.push_async_callback(cancelled, asyncio.create_task(run(), name=name))
        await city.web.ready.wait()
        yield DemoCity(city, line, users)


def _sites(options: DemoOptions) -> int:
    """Two devices a site, and no more sites than a city has wards."""
    return max(1, min(168, (options.devices + 1) // 2))


def _config(options: DemoOptions, folder: Path, port: int) -> CityConfig:
    places = {one.site: Site(name=one.name, ward=one.ward, lat=one.lat, lon=one.lon) for one in sites(_sites(options))}
    return CityConfig(
        city=City(name="Thành phố Mẫu", data_dir=folder, admits="anybody"),
        web=CityWeb.model_construct(**(CityWeb().model_dump() | {"port": options.port})),  # 0: a free one, for tests
        broker=Mqtt(host="127.0.0.1", port=port, tls=False, version="3.1.1"),
        sites=places,
    )


def _users(folder: Path) -> tuple[DemoUser, ...]:
    """A leader, an officer of one ward and a technician of two."""
    file, found = folder / "users.toml", []
    first, second = (sites(2)[place].ward for place in (0, 1))
    for name, role, wards in (
        ("lanh-dao", Role.LEADER, ()), ("can-bo-phuong", Role.OFFICER, (first,)), ("ky-thuat", Role.TECHNICIAN, (first, second)),
    ):  # fmt: skip
        pin = random_pin(6)
        user = create_user(file, name, role, pin, wards=wards)
        found.append(DemoUser(name, pin, user.totp_secret))
    return tuple(found)


def _past(store: CityStore, fleet: tuple[SimDevice, ...], options: DemoOptions) -> None:
    """What came before today, and a few troubles that a real city knows."""
    now = datetime.now(UTC)
    waiting: list[Arrival] = []
    for batch in history(fleet, now, options.days, options.visits):
        waiting += batch
        while len(waiting) >= BATCH:
            store.take(waiting[:BATCH])
            waiting = waiting[BATCH:]
    store.take(waiting)
    store.take(_troubles(fleet))


def _troubles(fleet: tuple[SimDevice, ...]) -> list[Arrival]:
    """One device with two histories, and one that is away and whose alert came ahead of its backlog."""
    now = datetime.now(UTC)
    twin = fleet[len(fleet) // 3]
    last = twin.signed()
    found = [*last, replace(last[-1], body=last[-1].body.replace(b'"boot":"boot-', b'"boot":"copy-'))]
    if len(fleet) >= AWAY_EVERY:
        away = fleet[AWAY_EVERY - 1]
        away.moment(now)
        found += [replace(one, is_early=True) for one in away.alert(now, "C-SOM-1")]
    return found
