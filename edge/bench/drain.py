"""The drain of a journal to a real Mosquitto beside bare paho with the same events, window and broker, in one run.

Called by `edge.bench.journal`.
"""

import asyncio
import contextlib
import shutil
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from sync.journal import Journal
from sync.link import Link, LinkOptions
from sync.mqtt import Broker, Version
from sync.topics import Topics
from sync.uplink import Tuning

WINDOW = 100
_START_S = 10.0
_DRAIN_S = 300.0


@contextlib.contextmanager
def mosquitto(directory: Path) -> Iterator[int | None]:
    """A broker on a free loopback port for a while; None where Debian's mosquitto is not installed."""
    binary = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if binary is None:
        yield None
        return
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    conf = directory / "mosquitto.conf"
    conf.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\nmax_inflight_messages {2 * WINDOW}\nmax_queued_messages 0\n"
        "log_type none\n"
    )
    with subprocess.Popen([binary, "-c", str(conf)], stderr=subprocess.DEVNULL) as process:
        try:
            _await_port(port)
            yield port
        finally:
            process.terminate()


async def link_rate(
    journal: Journal, port: int, events: int, broker: Broker | None = None, version: Version = Version.V5
) -> float:
    """Events per second from the connection to the last acknowledgement, reading from the disk."""
    began_at = time.perf_counter()
    options = LinkOptions(versions=(version,), tuning=Tuning(window=WINDOW, progress_every_s=0.02))
    link = Link(journal, broker or Broker("127.0.0.1", port), options)
    task = asyncio.create_task(link.run(), name="drain")
    try:
        async with asyncio.timeout(_DRAIN_S):
            while journal.marks.broker < events:  # noqa: ASYNC110 - the watermark moves without an event of its own
                await asyncio.sleep(0.005)
        return events / (time.perf_counter() - began_at)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def paho_rate(bodies: list[tuple[str, bytes]], port: int, version: Version = Version.V5) -> float:
    """Events per second of paho as its documentation shows it: its own thread, our window, nothing stored."""
    room, acknowledged, done = threading.Semaphore(WINDOW), [0], threading.Event()

    def on_publish(*_: object) -> None:
        acknowledged[0] += 1
        room.release()
        if acknowledged[0] == len(bodies):
            done.set()

    client = _client(port, version)
    client.on_publish = on_publish
    began_at = time.perf_counter()
    for topic, body in bodies:
        _in_time(room.acquire(timeout=_DRAIN_S), "an acknowledgement")
        client.publish(topic, body, 1)
    _in_time(done.wait(_DRAIN_S), "the last acknowledgement")
    rate = len(bodies) / (time.perf_counter() - began_at)
    client.disconnect()
    client.loop_stop()
    return rate


def stored(journal: Path, topics: Topics) -> list[tuple[str, bytes]]:
    """Topic and bytes of every event, for the bare client."""
    with contextlib.closing(sqlite3.connect(journal)) as connection:
        return [
            (topics.events + kind, body)
            for kind, body in connection.execute("SELECT type, body FROM events ORDER BY seq")
        ]


def _client(port: int, version: Version) -> paho.Client:
    connected = threading.Event()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=version.value)
    client.max_inflight_messages_set(0)
    client.on_connect = lambda *_: connected.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    _in_time(connected.wait(_START_S), "a connection")
    return client


def _in_time(came: bool, what: str) -> None:  # noqa: FBT001 - the fact is the argument
    """A figure of a drain that did not end would be no figure."""
    if not came:
        raise TimeoutError(f"bare paho waited too long for {what}")


def _await_port(port: int) -> None:
    deadline = time.monotonic() + _START_S
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.01)
    raise TimeoutError("mosquitto did not start")
