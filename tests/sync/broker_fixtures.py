"""A real Mosquitto on a free loopback port, a line between it and the agent that misbehaves, and a city behind it."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import pytest

from sync.city.receiver import CityReceiver
from sync.city.sender import CommandSender
from sync.link import Link, LinkStatus
from sync.mqtt import Broker
from sync.reconnect import Pace

# a subscriber on a busy machine is slow and misses nothing
PATIENT = ("max_inflight_messages 200", "max_queued_messages 100000")
QUICK = Pace(base_s=0.02, cap_s=0.1)
_CHANCE = random.SystemRandom()  # processes that test beside this one have the same seed


def free_port() -> int:
    """Below those that the kernel gives to whoever connects, and a cluster's: nobody is handed it before it is used."""
    while True:
        port = _CHANCE.randrange(10_000, 20_000)
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port


class Mosquitto:
    """Debian's broker. `kill` is kill -9; `start` again serves the same port."""

    def __init__(self, directory: Path, lines: Sequence[str] = ("allow_anonymous true",)) -> None:
        found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        if found is None:
            pytest.fail("these tests talk to a real broker: sudo apt-get install mosquitto")
        self._binary = found
        self.port = free_port()
        self.directory = directory
        self._conf = directory / "mosquitto.conf"
        user = ["user root"] if os.geteuid() == 0 else []
        self._conf.write_text("\n".join([f"listener {self.port} 127.0.0.1", *user, *PATIENT, *lines, ""]))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def broker(self) -> Broker:
        return Broker("127.0.0.1", self.port, connect_timeout_s=5.0)

    def start(self) -> Self:
        with (self.directory / "mosquitto.log").open("ab") as log:
            self._process = subprocess.Popen([self._binary, "-c", str(self._conf), "-v"], stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self
            if self._process.poll() is not None:
                break
            time.sleep(0.01)
        pytest.fail(f"mosquitto did not start: {(self.directory / 'mosquitto.log').read_text()}")

    def kill(self) -> None:
        if self._process:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
            self._process = None


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    directory = tmp_path / "mosquitto"
    directory.mkdir()
    server = Mosquitto(directory).start()
    yield server
    server.kill()


@pytest.fixture
def make_mosquitto(tmp_path: Path) -> Iterator[Callable[..., Mosquitto]]:
    """`make_mosquitto(*lines, files={name: text})`: a broker with its own configuration lines; {dir} is its directory."""
    servers: list[Mosquitto] = []

    def make(*lines: str, files: dict[str, str] | None = None) -> Mosquitto:
        directory = tmp_path / f"mosquitto-{len(servers)}"
        directory.mkdir()
        for name, text in (files or {}).items():
            (directory / name).write_text(text)
            (directory / name).chmod(0o600)
        servers.append(Mosquitto(directory, [line.format(dir=directory) for line in lines]).start())
        return servers[-1]

    yield make
    for server in servers:
        server.kill()


@contextlib.asynccontextmanager
async def running(thing: Link | CityReceiver | CommandSender) -> AsyncIterator[asyncio.Task[None]]:
    """Run a link or a city for a while; a failure of its own fails the test."""
    task = asyncio.create_task(thing.run())
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool], within_s: float = 60.0) -> None:
    """Wait for something that another thread or process does; the test's own time limit may end it sooner."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.005)


@dataclass
class Statuses:
    """A status callback that remembers."""

    told: list[LinkStatus] = field(default_factory=list)

    def __call__(self, status: LinkStatus) -> None:
        self.told.append(status)

    @property
    def states(self) -> list[str]:
        return [status.state.value for status in self.told]


class Line:
    """A TCP line to the broker with faults: cut it, slow it, hand over byte by byte, refuse MQTT 5, lose everything silently."""

    def __init__(self, port: int) -> None:
        self._to = port
        self.port = 0
        self.delay_s = 0.0
        self.chunk = 65_536
        self.is_dead = False
        self.refuses_v5: bytes | None = None  # what to answer to a CONNECT of MQTT 5; b"" hangs up
        self.connects = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def stop(self) -> None:
        if self._server:
            self._server.close()
        self.cut()
        await asyncio.sleep(0)

    def cut(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    @property
    def broker(self) -> Broker:
        return Broker("127.0.0.1", self.port, connect_timeout_s=5.0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        self.connects += 1
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            connect = await reader.readexactly(9)  # fixed header, length, "MQTT", protocol level (a short CONNECT)
            if self.refuses_v5 is not None and connect[8] == 5:
                writer.write(self.refuses_v5)
                await writer.drain()
            else:
                await self._join(reader, writer, connect)
        writer.transport.abort()
        self._writers.discard(writer)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, first: bytes) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers.add(far_writer)
        far_writer.write(first)
        pumps = {
            asyncio.ensure_future(self._pump(reader, far_writer)),
            asyncio.ensure_future(self._pump(far_reader, writer)),
        }
        _, pending = await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for pump in pending:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        far_writer.transport.abort()
        self._writers.discard(far_writer)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(self.chunk):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            if not self.is_dead:
                writer.write(piece)
                await writer.drain()


@pytest.fixture
async def line(mosquitto: Mosquitto) -> AsyncIterator[Line]:
    made = await Line(mosquitto.port).start()
    yield made
    await made.stop()
