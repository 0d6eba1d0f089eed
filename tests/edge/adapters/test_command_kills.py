"""kill -9 of a device while the city gives orders and repeats them: each is done once and answered once, over a real Mosquitto."""

import asyncio
import contextlib
import os
import random
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from edge.store.migrations import scripts
from sync.commands import Answer, Command, SignedCommand
from sync.events import CommandAnswered, VisitDropped
from sync.journal import Journal
from sync.keys import DeviceKey
from sync.topics import Topics
from sync.verify import verify
from tests.sync.broker_fixtures import Mosquitto, make_mosquitto, mosquitto, until

__all__ = ["make_mosquitto", "mosquitto"]
pytestmark = [pytest.mark.broker, pytest.mark.enable_socket, pytest.mark.timeout(120)]

KILLS, ORDERS = 6, 40
CHILD = Path(__file__).with_name("command_child.py")
OURS = Topics("phuong-thu-duc", "quay-01")
CITY = DeviceKey.generate()


class City:
    """Repeats every order that it has no answer to."""

    def __init__(self, port: int) -> None:
        self.answers: dict[str, set[str]] = {}
        self._orders = {f"order-{number:04}": signed(f"order-{number:04}") for number in range(ORDERS)}
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_connect = lambda client, *_: client.subscribe(OURS.answers, 1)
        self._client.on_message = self._answered
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _answered(self, _client: object, _userdata: object, message: paho.MQTTMessage) -> None:
        answer = msgspec.json.decode(message.payload, type=Answer)
        self.answers.setdefault(answer.command, set()).add(answer.outcome)

    def say(self) -> None:
        """A few at a time, the oldest twice, as impatient cities do."""
        waiting = [order for id_, order in self._orders.items() if id_ not in self.answers][:10]
        for order in (*waiting[:1], *waiting):
            self._client.publish(OURS.commands + "device.identify", order, 1)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def signed(id_: str) -> bytes:
    now = datetime.now(UTC)
    source = "/sites/phuong-thu-duc/devices/quay-01"
    command = Command(
        id=id_, name="device.identify", source=source, issued=now, not_after=now + timedelta(hours=1), by="an"
    )
    return msgspec.json.encode(SignedCommand.of(command, CITY))


@pytest.fixture
def city(mosquitto: Mosquitto) -> Iterator[City]:
    made = City(mosquitto.port)
    yield made
    made.close()


@contextlib.asynccontextmanager
async def device(data_dir: Path, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    environment = {**os.environ, "PYTHONPATH": str(CHILD.parents[3])}
    child = await asyncio.create_subprocess_exec(
        sys.executable, str(CHILD), str(data_dir), str(port), CITY.public, env=environment
    )
    try:
        yield child
    finally:
        child.kill()
        await child.wait()


async def answered(city: City, at_least: int) -> None:
    async with asyncio.timeout(60):
        while len(city.answers) < at_least:
            city.say()
            await asyncio.sleep(0.05)  # the pace of an impatient city


async def test_each_order_is_done_once_however_often_the_device_dies(
    mosquitto: Mosquitto, city: City, tmp_path: Path
) -> None:
    chance = random.Random(11)
    for _ in range(KILLS):
        async with device(tmp_path / "agent", mosquitto.port):
            await answered(city, min(ORDERS, len(city.answers) + 1))
            await asyncio.sleep(chance.uniform(0.0, 0.1))
    async with device(tmp_path / "agent", mosquitto.port):
        await answered(city, ORDERS)
    await until(lambda: all(outcomes == {"done"} for outcomes in city.answers.values()))
    done, told = await history(tmp_path / "agent")
    assert sorted(done) == sorted(f"order-{number:04}" for number in range(ORDERS))
    assert told == done  # each answer in the transaction of what it answers
    assert verify(tmp_path / "agent").ok


async def history(data_dir: Path) -> tuple[list[str], list[str]]:
    journal = await Journal.open(data_dir, site="phuong-thu-duc", device="quay-01", migrations=scripts())
    async with journal:
        last, done, told = journal.head.seq, list[str](), list[str]()
        async for one in journal.follow(after=0):
            if isinstance(one.payload, VisitDropped):
                done.append(one.payload.visit)
            elif isinstance(one.payload, CommandAnswered):
                told.append(one.payload.command)
            if one.seq >= last:
                return done, told
    return done, told
