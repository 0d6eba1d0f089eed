"""A full queue refuses, the device keeps: the bound of a queue costs time and no event."""

import pytest
from aio_pika.abc import AbstractConnection

from sync.city.engine import Delivery, Intake, connected
from sync.city.topology import Topology
from sync.events import VisitStarted
from sync.topics import Topics
from tests.sync.broker_fixtures import until
from tests.sync.engine_fixtures import City

pytestmark = [pytest.mark.rabbitmq, pytest.mark.enable_socket, pytest.mark.timeout(150)]
VISIT = VisitStarted(visit="v", counter="c")
TIMES = 25  # RabbitMQ 4 drops what was delivered more than 20 times, where it is not told otherwise


async def test_a_full_queue_holds_the_device_back_and_loses_nothing(city: City) -> None:
    async with city.worker("w1"), city.device("quay-01") as journal:
        await journal.record(VISIT)
        await until(lambda: journal.backlog == 0, within_s=60)  # declared and bound
    queue = Topology().queue_of(Topics("phuong-thu-duc", "quay-01"))
    body = {
        "pattern": f"^{queue.replace('.', '[.]')}$",
        "apply-to": "queues",
        "definition": {"max-length": 20},
        "priority": 9,
    }
    city.http("PUT", f"policies/{city.vhost}/small", body)
    async with city.device("quay-01") as journal:
        await journal.record(*[VISIT] * 600)
        await until(lambda: _waiting(city, queue) >= 20, within_s=60)
        assert journal.marks.broker < journal.head.seq  # what the queue refused was not acknowledged
        city.http("DELETE", f"policies/{city.vhost}/small")
        async with city.worker("w2"):
            await until(lambda: journal.backlog == 0, within_s=100)
            head = journal.head.seq
    assert city.rows("SELECT count(*) FROM city_events") == [(head,)]


async def test_what_is_given_back_again_and_again_is_never_dropped(city: City) -> None:
    """Each time a worker dies, or shares change, everything that was under way with it is given back."""
    async with city.worker("w1"), city.device("quay-01") as journal:
        await journal.record(VISIT)
        await until(lambda: journal.backlog == 0, within_s=60)  # declared and bound
    queue = Topology().queue_of(Topics("phuong-thu-duc", "quay-01"))
    async with city.device("quay-01") as journal:
        await journal.record(*[VISIT] * 30)
        await until(lambda: journal.marks.broker == journal.head.seq, within_s=60)
    async with connected(city.url) as connection:
        for _ in range(TIMES):
            await _take_and_give_back(connection, queue, 30)
    async with city.worker("w2"), city.device("quay-01") as journal:
        await until(lambda: journal.backlog == 0, within_s=60)
        head = journal.head.seq
    assert city.rows("SELECT count(*) FROM city_events") == [(head,)]


async def _take_and_give_back(connection: AbstractConnection, queue: str, at_least: int) -> None:
    """As a worker that goes without having committed."""
    given: list[Delivery] = []
    intake = Intake(queue, given.append)
    await intake.open(connection, prefetch=1_000)
    await until(lambda: len(given) >= at_least, within_s=20)
    await intake.close()


def _waiting(city: City, queue: str) -> int:
    return int(city.http("GET", f"queues/{city.vhost}/{queue}").json().get("messages", 0))
