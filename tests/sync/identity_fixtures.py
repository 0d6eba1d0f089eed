"""A small town: authority, registry, enrolment over HTTPS on a free port, a real Mosquitto with its rendered files, devices."""

import asyncio
import contextlib
import os
import socket
import time
import weakref
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import pytest

from sync import enrol
from sync.broker import Broker
from sync.city import mosquitto_users
from sync.city.admission import Admission
from sync.city.authority import Authority, server_files
from sync.city.broker_users import Brokers, BrokerUsers
from sync.city.database import Database, open_database
from sync.city.enrol_server import BrokerAddress, EnrolServer, ServerSettings
from sync.city.mosquitto_users import MosquittoSettings, MosquittoUsers
from sync.city.registry import Registry
from sync.enrolment import Token
from sync.identity import FixedTls, Identity
from sync.keys import DeviceKey
from sync.keystore import StoreKind
from sync.tls_keys import TlsKey
from tests.sync.broker_fixtures import Mosquitto, free_port

SITE, SERIAL = "phuong-thu-duc", "100000004f3a2b1c"
BY = "ky-thuat-01"
CITY_KEY = DeviceKey.from_seed(bytes(32))


class Clock:
    """The city's and the device's clock; stands on the real one and can be moved."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass
class Town:
    """`directory` holds everything. `enrolled` makes a device out of nothing."""

    directory: Path
    clock: Clock = field(default_factory=Clock)
    broker_port: int = field(default_factory=free_port)
    brokers: tuple[BrokerUsers, ...] = ()
    server: EnrolServer | None = None
    database: Database | None = None

    def __post_init__(self) -> None:
        self.authority = Authority.create(self.directory / "authority", "Thành phố thử", self.clock())
        database = self.database or open_database(self.directory / "city.sqlite")
        weakref.finalize(self, database.close)  # Python 3.13 minds a connection that nobody closed
        self.registry = Registry(database, self.clock)
        self.admission = Admission(self.registry, self.authority)

    @property
    def url(self) -> str:
        assert self.server is not None
        return f"https://127.0.0.1:{self.server.port}"

    @property
    def fleet(self) -> Brokers:
        return Brokers(self.registry, self.authority, self.brokers)

    def token(self, device: str = "quay-01", serial: str | None = None) -> Token:
        return self.registry.issue_token(self.authority.fingerprint, SITE, device, BY, serial=serial)

    def wish(
        self, token: Token, *, device: str = "quay-01", serial: str = SERIAL, name: str | None = None
    ) -> enrol.Wish:
        data = self.directory / device
        return enrol.Wish(self.url, token, data, serial, name, StoreKind.FILE)

    def client(self, name: str) -> Identity:
        """One of the city's own programs."""
        key = TlsKey.generate()
        issued = self.authority.for_client(key.public, name, self.clock())
        return Identity(
            city="", site="", device=name, serial="", broker_host="127.0.0.1", broker_port=self.broker_port,
            city_key="", authority=self.authority.pem, certificate=issued.pem, key=key.pem.decode(),
        )  # fmt: skip

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[Self]:
        settings = ServerSettings(
            directory=self.directory,
            names=("127.0.0.1", "localhost"),
            broker=BrokerAddress("127.0.0.1", self.broker_port),
            city_key=CITY_KEY.public,
            host="127.0.0.1",
            port=0,
        )
        self.server = EnrolServer(settings, self.admission, self.fleet)
        task = asyncio.create_task(self.server.run())
        try:
            async with asyncio.timeout(20):
                await asyncio.wait(
                    [task, asyncio.create_task(self.server.listening.wait())], return_when=asyncio.FIRST_COMPLETED
                )
            yield self
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            if self.database is None:
                self.registry.database.close()

    async def enrolled(self, device: str = "quay-01", serial: str | None = None) -> Identity:
        """A device through the whole door."""
        box = serial or f"{SERIAL}-{device}"
        self.registry.allow(box, "", BY)
        wish = self.wish(self.token(device), device=device, serial=box)
        return await asyncio.to_thread(enrol.enrol, wish)


class GuardedMosquitto(Mosquitto):
    """A real Mosquitto that runs on the files the town renders."""

    def __init__(self, town: Town) -> None:
        directory = town.directory / "mosquitto"
        directory.mkdir()
        super().__init__(directory)
        self.port, self.city_port = town.broker_port, free_port()
        self.town = town
        self.pid_file = directory / "mosquitto.pid"
        (directory / "authority.crt").write_text(town.authority.pem)
        server_files(town.authority, directory / "server.pem", ("127.0.0.1",), town.clock())
        settings = MosquittoSettings(
            directory, directory / "authority.crt", directory / "server.pem", self.pid_file,
            "127.0.0.1", self.port, city_port=self.city_port,
        )  # fmt: skip
        user = "user root\n" if os.geteuid() == 0 else ""
        self._conf.write_text(user + mosquitto_users.config(settings))
        self.city = town.client("city")

    def start(self) -> Self:
        super().start()
        wait_for_port(self.city_port)
        return self

    @property
    def users(self) -> MosquittoUsers:
        return MosquittoUsers(self.directory, self.pid_file, self.city_broker)

    @property
    def city_broker(self) -> Broker:
        return Broker("127.0.0.1", self.city_port, tls=FixedTls(identity=self.city), connect_timeout_s=5.0)


@pytest.fixture
async def town(tmp_path: Path, database: Database) -> AsyncIterator[Town]:
    """Without a broker; on SQLite, then on PostgreSQL."""
    async with Town(tmp_path, database=database).serving() as made:
        yield made


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[GuardedMosquitto]:
    """A town whose enrolment does not run yet, and its broker."""
    town = Town(tmp_path)
    broker = GuardedMosquitto(town)
    town.brokers = (broker.users,)
    town.fleet.settle()
    broker.start()
    yield broker
    broker.kill()


def wait_for_port(port: int, within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return
