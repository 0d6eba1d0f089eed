"""The real city around `motcua bench fleet`: Mosquitto, `motcua city serve` as its own process, and simulated devices on one line.

The server's processor time and memory are its own alone: broker and devices are other processes.
"""

import asyncio
import contextlib
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from subprocess import DEVNULL, Popen

import psutil

from edge.adapters.fleet_line import FleetLine
from edge.adapters.fleet_sim import SimDevice, SimSite, devices, sites
from edge.bench.drain import mosquitto
from edge.web.users import Role, User, create_user, random_pin
from sync.mqtt import Broker

WARDS_AT_MOST = 168  # sites of one city; more devices are more a site
A_SITE = 2
READY_S, SETTLED_S = 60.0, 60.0
TOGETHER = 200
NAME = "lanh-dao"


class TownFailed(Exception):
    """The city did not come up, or did not take what its devices said; the message says where to look."""


@dataclass(frozen=True, slots=True)
class Town:
    """`process` is the server alone."""

    url: str
    user: User
    pin: str
    line: FleetLine
    process: psutil.Process

    def cpu_s(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def memory_mb(self) -> float:
        return float(self.process.memory_info().rss) / 1e6

    def introduce(self) -> None:
        """Every device says what it is, some at a time. Raise TownFailed."""
        for start in range(0, len(self.line.devices), TOGETHER):
            for device in self.line.devices[start : start + TOGETHER]:
                self.line.say(device, device.start)
            self._settle()

    def _settle(self) -> None:
        """Until the city has confirmed all that was said so far."""
        until = time.monotonic() + SETTLED_S
        while any(self.line.waiting.values()) or self.line.fresh:
            if time.monotonic() > until:
                raise TownFailed(f"the city has not confirmed everything within {SETTLED_S:.0f} s")
            time.sleep(0.1)


@contextlib.contextmanager
def town(folder: Path, count: int, per_s: float) -> Iterator[Town | None]:
    """`count` devices, all online, each of which has said what it is; None where Debian's mosquitto is missing. Raise TownFailed."""
    folder.mkdir(parents=True, exist_ok=True)
    with mosquitto(folder) as broker_port:
        if broker_port is None:
            yield None
            return
        places = sites(max(1, min(WARDS_AT_MOST, count // A_SITE)))
        pin, port = random_pin(6), _free_port()
        user = create_user(folder / "users.toml", NAME, Role.LEADER, pin)
        config = folder / "city.toml"
        config.write_text(_config(folder, places, port, broker_port), encoding="utf-8")
        url = f"http://127.0.0.1:{port}"
        with (
            _serving(config, url, folder / "server.log") as server,
            _speaking(devices(places, count), broker_port) as line,
        ):
            found = Town(url, user, pin, line, psutil.Process(server.pid))
            found.introduce()
            line.per_s = per_s
            yield found


def _config(folder: Path, places: Sequence[SimSite], port: int, broker_port: int) -> str:
    named = "".join(
        f'[sites.{one.site}]\nname = "{one.name}"\nward = "{one.ward}"\nlat = {one.lat}\nlon = {one.lon}\n'
        for one in places
    )
    return (
        f'[city]\nname = "Bench"\ndata_dir = "{folder}"\nadmits = "anybody"\n[web]\nport = {port}\n'
        f'[broker]\nhost = "127.0.0.1"\nport = {broker_port}\ntls = false\nversion = "3.1.1"\n{named}'
    )


@contextlib.contextmanager
def _serving(config: Path, url: str, log: Path) -> Iterator["Popen[bytes]"]:
    command = [sys.executable, "-m", "edge", "city", "serve", "--config", str(config)]
    with log.open("wb") as said, Popen(command, stdin=DEVNULL, stdout=said, stderr=said) as process:
        try:
            _await(url, process, log)  # the ingest listens by then: what is said before that, nobody hears
            yield process
        finally:
            process.terminate()
            process.wait(30)


@contextlib.contextmanager
def _speaking(fleet: Sequence[SimDevice], broker_port: int) -> Iterator[FleetLine]:
    """The devices' line in a thread of its own, quiet at first."""
    line = FleetLine(fleet, (), Broker("127.0.0.1", broker_port), per_s=0.0)
    loop = asyncio.new_event_loop()
    task = loop.create_task(line.run())
    thread = threading.Thread(target=lambda: _run_until_cancelled(loop, task), name="fleet", daemon=True)
    thread.start()
    try:
        yield line
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(30)


def _run_until_cancelled(loop: asyncio.AbstractEventLoop, task: "asyncio.Task[None]") -> None:
    with contextlib.suppress(asyncio.CancelledError):
        loop.run_until_complete(task)
    loop.close()


def _await(url: str, server: "Popen[bytes]", log: Path) -> None:
    """Until the pages are there and have a first picture."""
    until = time.monotonic() + READY_S
    while time.monotonic() < until and server.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=5) as answer:  # noqa: S310 - our own loopback address
                if b"true" in answer.read():
                    return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            pass
        time.sleep(0.1)
    raise TownFailed(f"the city's server is not ready after {READY_S:.0f} s; see {log}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def now_ms() -> float:
    return datetime.now(UTC).timestamp() * 1_000
