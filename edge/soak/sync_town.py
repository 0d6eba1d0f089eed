"""Everything the campaign `sync` kills: the cluster, PostgreSQL, workers and devices as processes, and the line between them."""

import asyncio
import contextlib
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg

from edge.cluster.cluster import Cluster, Tell
from edge.cluster.layout import Layout, free_span, scratch
from edge.soak.sync_device import ENOUGH
from edge.soak.sync_line import Lines
from sync.schema import JOURNAL_FILE

SITE = "phuong-thu-duc"
DEVICES, WORKERS = 8, 3
_LEASE_S = 5.0
_BUSY_S = 60.0
_CONFIG = """\
[city]
name = "Campaign"
data_dir = "{data}"
database = "postgres"
dsn_file = "{dsn}"
admits = "anybody"

[engine]
urls_file = "{urls}"
lease_s = {lease}
prefetch = {prefetch}
batch = {batch}
"""


@dataclass
class Town:
    """One campaign's folder and what runs in it. `ends`: where devices connect to."""

    cluster: Cluster
    events: int
    ends: Sequence[tuple[str, int]] = ()
    processes: dict[str, asyncio.subprocess.Process] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        return self.cluster.layout.data

    @property
    def config(self) -> Path:
        return self.folder / "city.toml"

    @property
    def devices(self) -> list[str]:
        return [f"quay-{index:02}" for index in range(1, DEVICES + 1)]

    @property
    def workers(self) -> list[str]:
        return [f"worker-{index}" for index in range(1, WORKERS + 1)]

    def journal(self, device: str) -> Path:
        return self.folder / "devices" / device

    async def start_worker(self, name: str) -> None:
        await self._start(name, "-m", "edge", "city", "worker", "--config", str(self.config))

    async def start_device(self, name: str) -> None:
        self.journal(name).mkdir(parents=True, exist_ok=True)
        nodes = ",".join(f"{host}:{port}" for host, port in self.ends)
        arguments = (str(self.journal(name)), SITE, name, nodes, str(self.events))
        await self._start(name, "-m", "edge.soak.sync_device", *arguments)

    async def kill(self, name: str) -> None:
        """Kill with -9."""
        process = self.processes.pop(name)
        process.kill()
        await process.wait()

    async def kill_busy(self, worker: str) -> bool:
        """Kill a worker inside one of its transactions; False when it was not seen in one in time."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _BUSY_S
        with psycopg.connect(self.cluster.layout.dsn, autocommit=True) as connection:
            while loop.time() < deadline:
                if self._is_in_transaction(connection, self.processes[worker].pid):
                    await self.kill(worker)
                    return True
                await asyncio.sleep(0.002)
        await self.kill(worker)
        return False

    def enough(self) -> None:
        """Devices stop making events once each has its share."""
        (self.folder / "devices" / ENOUGH).touch()

    async def stop(self) -> None:
        """Workers and devices end as they do when told to."""
        for process in self.processes.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                async with asyncio.timeout(20):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        self.processes.clear()

    @staticmethod
    def _is_in_transaction(connection: psycopg.Connection[tuple[object, ...]], pid: int) -> bool:
        ports = [line.laddr.port for line in psutil.Process(pid).net_connections("tcp")]
        query = (
            "SELECT count(*) FROM pg_stat_activity WHERE client_port = ANY(%s) "
            "AND (state = 'idle in transaction' OR state = 'active') AND query NOT LIKE '%%city_workers%%'"
        )
        row = connection.execute(query, (ports,)).fetchone()
        return row is not None and row[0] != 0

    async def _start(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )


@contextlib.asynccontextmanager
async def opened_town(
    events: int, tell: Tell, *, prefetch: int = 200, batch: int = 200
) -> AsyncIterator[tuple[Town, Lines]]:
    """The cluster is up, its configuration written, the line laid. At the end everything is gone, folder and all."""
    cluster = Cluster(Layout(scratch(), free_span()))
    try:
        await asyncio.to_thread(cluster.up, tell)
        async with Lines(cluster.layout.mqtt_hosts) as lines:
            town = Town(cluster, events, lines.ends)
            _write_config(town, prefetch, batch)
            try:
                yield town, lines
            finally:
                await town.stop()
    finally:
        await asyncio.to_thread(cluster.discard)


def _write_config(town: Town, prefetch: int, batch: int) -> None:
    for name in ("city", "devices"):
        (town.folder / name).mkdir(exist_ok=True)
    secrets = {"dsn": town.cluster.layout.dsn, "urls": "\n".join(town.cluster.layout.amqp_urls)}
    for name, text in secrets.items():
        (town.folder / name).touch(mode=0o600)
        (town.folder / name).write_text(text)
    town.config.write_text(
        _CONFIG.format(
            data=town.folder / "city", dsn=town.folder / "dsn", urls=town.folder / "urls", lease=_LEASE_S,
            prefetch=prefetch, batch=batch,
        )
    )  # fmt: skip


@contextlib.contextmanager
def reading(folder: Path) -> Iterator[sqlite3.Connection]:
    """A device's journal, beside the agent that writes it."""
    connection = sqlite3.connect(f"file:{folder / JOURNAL_FILE}?mode=ro", uri=True, timeout=10)
    try:
        yield connection
    finally:
        connection.close()


def marks(folder: Path) -> tuple[int, int]:
    """The last seq of a journal, and up to where the city has confirmed it; zeros while it is being made."""
    with contextlib.suppress(sqlite3.OperationalError), reading(folder) as journal:
        (last,) = journal.execute("SELECT coalesce(max(seq), 0) FROM ledger_head").fetchone()
        (city,) = journal.execute("SELECT coalesce(max(seq), 0) FROM ledger_marks WHERE name = 'city'").fetchone()
        return int(last), int(city)
    return 0, 0
