"""Orders through a real RabbitMQ, which writes `/` as `.`: a name with a dot in it has to arrive all the same."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from sync.city.commands import CommandStore, make_command
from sync.city.sender import CommandSender
from sync.commands import CommandName
from sync.events import DeviceStarted
from sync.journal import Journal
from sync.link import Downward, Link
from sync.mqtt import Version
from tests.sync.broker_fixtures import QUICK, running
from tests.sync.engine_fixtures import V311, City

pytestmark = [pytest.mark.rabbitmq, pytest.mark.enable_socket, pytest.mark.timeout(180)]


async def test_an_order_arrives(city: City) -> None:
    came: asyncio.Queue[bytes] = asyncio.Queue()

    async def take(command: bytes) -> None:
        await came.put(command)

    opened = await Journal.open(city.directory / "quay-01", site="phuong-thu-duc", device="quay-01")
    database = city.database()
    orders = CommandStore(database)
    async with opened as journal, city.worker("w1"):
        link = Link(journal, city.broker, V311, downward=Downward(on_command=take))
        sender = CommandSender(orders, city.broker, look_s=0.1, versions=(Version.V311,), pace=QUICK)
        await journal.record(DeviceStarted(boot=journal.identity.boot, version="1", stations=()))
        command = make_command(
            journal.identity.source, CommandName.IDENTIFY, {}, by="x", valid=timedelta(hours=1), now=datetime.now(UTC)
        )  # fmt: skip
        await asyncio.to_thread(orders.order, command, city.key)
        async with running(link), running(sender), asyncio.timeout(60):
            assert command.id.encode() in await came.get()
    database.close()
