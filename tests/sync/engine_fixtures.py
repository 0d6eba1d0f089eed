"""A real RabbitMQ node and PostgreSQL, shared by everybody who runs tests; a virtual host and a database for each test."""

import asyncio
import contextlib
import fcntl
import json
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from edge.cluster.cluster import Cluster
from edge.cluster.layout import HOST, Layout, deployed, free_span, scratch
from sync.city.database import open_database
from sync.city.known import KnownDevices
from sync.city.leases import Leases
from sync.city.store import CityStore
from sync.city.transactions import Database
from sync.city.worker import Worker, WorkerOptions
from sync.journal import Journal
from sync.keys import DeviceKey
from sync.link import Link, LinkOptions
from sync.mqtt import Broker, Version
from sync.reconnect import Pace
from sync.uplink import Tuning
from tests.sync.broker_fixtures import QUICK, running, until

CHILD = Path(__file__).with_name("worker_child.py")
LEASE_S = 1.5
V311 = LinkOptions(versions=(Version.V311,), pace=QUICK, tuning=Tuning(ack_timeout_s=3.0))


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """Started by the first process that needs it, stopped by the last: pytest-xdist has several."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "engine.json"
    with _counted(shared, +1) as (layout, _):
        Cluster(layout).up()
    yield layout
    with _counted(shared, -1) as (layout, users):
        if users == 0:
            Cluster(layout).discard()
            shared.unlink()


@contextlib.contextmanager
def _counted(shared: Path, change: int) -> Iterator[tuple[Layout, int]]:
    with shared.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if shared.exists():
            facts = json.loads(shared.read_text())
        else:
            facts = {"data": str(scratch()), "port": free_span(), "users": 0}
        facts["users"] += change
        shared.write_text(json.dumps(facts))
        yield Layout(Path(facts["data"]), facts["port"], nodes=1), facts["users"]


@dataclass
class City:
    """One test's own city: a virtual host, a database, and the workers it started."""

    layout: Layout
    vhost: str
    dsn: str
    directory: Path
    key: DeviceKey = field(default_factory=DeviceKey.generate)

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@{HOST}:{self.layout.amqp_port('r1')}/{self.vhost}"

    @property
    def broker(self) -> Broker:
        password = self.directory / "password"
        password.write_text("guest")
        return Broker(
            HOST,
            self.layout.mqtt_port("r1"),
            username=f"{self.vhost}:guest",
            password_file=password,
            connect_timeout_s=5.0,
        )

    @property
    def options(self) -> WorkerOptions:
        return WorkerOptions((self.url,), beat_s=0.2, receipts_every_s=0.05, pace=Pace(base_s=0.1, cap_s=0.5))

    def http(self, method: str, path: str, body: object = None) -> httpx.Response:
        base = f"http://{HOST}:{self.layout.management_port('r1')}/api/"
        answer = httpx.request(method, base + path, auth=("guest", "guest"), trust_env=False, timeout=15, json=body)
        answer.raise_for_status()
        return answer

    def database(self) -> Database:
        return open_database(self.dsn)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with contextlib.closing(self.database()) as database, database.reading() as reading:
            return reading.rows(query)

    @contextlib.asynccontextmanager
    async def worker(self, name: str, known: KnownDevices | None = None) -> AsyncIterator[Worker]:
        """One worker in this process; a failure of its own fails the test."""
        store, leases = self.database(), self.database()
        worker = Worker(self.options, CityStore(store, known), Leases(leases, name, LEASE_S), self.key)
        try:
            async with asyncio.TaskGroup() as tasks:
                running_worker = tasks.create_task(worker.run(), name=name)
                await until(
                    lambda: worker.work.sessions > 0, within_s=60
                )  # what comes before the queues are there is nobody's
                yield worker
                running_worker.cancel()
        finally:
            store.close()
            leases.close()

    async def child(self, name: str) -> asyncio.subprocess.Process:
        """One worker in a process of its own, to be killed."""
        environment = {**os.environ, "PYTHONPATH": str(CHILD.parents[2])}
        arguments = [str(CHILD), self.url, self.dsn, name]
        return await asyncio.create_subprocess_exec(sys.executable, *arguments, env=environment)

    @contextlib.asynccontextmanager
    async def device(self, name: str) -> AsyncIterator[Journal]:
        """A journal whose link is up."""
        opened = await Journal.open(self.directory / name, site="phuong-thu-duc", device=name)
        async with opened as journal, running(Link(journal, self.broker, V311)):
            yield journal


@pytest.fixture
def city(engine: Layout, tmp_path: Path) -> Iterator[City]:
    name = f"t{uuid4().hex[:10]}"
    with psycopg.connect(engine.dsn, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    made = City(engine, name, engine.dsn.replace("dbname=motcua", f"dbname={name}"), tmp_path)
    made.http("PUT", f"vhosts/{name}")
    made.http("PUT", f"permissions/{name}/guest", {"configure": ".*", "write": ".*", "read": ".*"})
    policy = json.loads(deployed("rabbitmq", "definitions.json").read_text())["policies"][0]
    body = {"pattern": policy["pattern"], "apply-to": policy["apply-to"], "definition": policy["definition"]}
    made.http("PUT", f"policies/{name}/{policy['name']}", body)
    yield made
    made.http("DELETE", f"vhosts/{name}")
