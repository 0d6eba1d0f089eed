"""The city's workers over a real RabbitMQ and a real PostgreSQL: shares, takeovers, losses, strangers."""

import asyncio
import contextlib
import random
import shutil
from collections.abc import Sequence

import pytest

from edge.cluster.layout import Layout, free_span, scratch
from edge.cluster.postgres import Postgres
from sync.city.known import Known
from sync.city.leases import Leases
from sync.city.store import CityStore
from sync.city.terms import DeviceState
from sync.city.topology import Topology
from sync.city.transactions import Transaction
from sync.city.worker import Worker
from sync.events import VisitStarted
from tests.sync.broker_fixtures import until
from tests.sync.engine_fixtures import LEASE_S, City

pytestmark = [pytest.mark.rabbitmq, pytest.mark.enable_socket, pytest.mark.timeout(150)]
VISIT = VisitStarted(visit="v", counter="c")
COUNT = "SELECT count(*), count(DISTINCT (device, seq)) FROM city_events"


class Only:
    """A registry that knows one device."""

    def __init__(self, source: str) -> None:
        self._source = source

    def known(self, _: Transaction, sources: Sequence[str]) -> dict[str, Known]:
        return {source: Known(DeviceState.ACTIVE) for source in sources if source == self._source}


async def test_events_reach_the_database_and_receipts_the_device(city: City) -> None:
    async with city.worker("w1"), city.device("quay-01") as journal:
        await journal.record(*[VISIT] * 500)
        await until(lambda: journal.backlog == 0, within_s=60)
        head = journal.head
    assert city.rows(COUNT) == [(head.seq, head.seq)]
    assert city.rows("SELECT seq, head FROM city_chains") == [(head.seq, head.hash)]
    assert city.rows("SELECT seq, head FROM city_receipts") == [(head.seq, head.hash)]


async def test_a_device_that_was_not_bound_is_bound_once_it_is_heard(city: City) -> None:
    async with city.worker("w1"), city.device("quay-01") as journal:
        await journal.record(VISIT)
        await until(lambda: journal.backlog == 0, within_s=60)
    bindings = city.http("GET", f"exchanges/{city.vhost}/amq.topic/bindings/source").json()
    keys = {binding["routing_key"]: binding["destination"] for binding in bindings}
    assert keys["motcua.v1.phuong-thu-duc.quay-01.ev.#"].startswith("motcua.shard.")


async def test_workers_share_evenly_and_give_back_what_they_leave(city: City) -> None:
    everything = sorted(Topology().queues)
    async with city.worker("w1") as first:
        await until(lambda: sorted(first.work.queues) == everything, within_s=60)
        async with city.worker("w2") as second, city.worker("w3") as third:
            workers = (first, second, third)
            await until(lambda: sorted(q for w in workers for q in w.work.queues) == everything, within_s=60)
            await until(lambda: sorted(len(worker.work.queues) for worker in workers) == [3, 4, 4])
            assert sorted(q for w in workers for q in w.work.queues) == everything
        await until(lambda: sorted(first.work.queues) == everything, within_s=60)


async def test_a_worker_ends_when_it_is_told_to_whatever_it_is_doing(city: City) -> None:
    """From before its first connection until after its first share."""
    rng = random.Random(20261129)
    for number in range(20):
        with contextlib.closing(city.database()) as store, contextlib.closing(city.database()) as leases:
            worker = Worker(city.options, CityStore(store), Leases(leases, f"w{number}", LEASE_S), city.key)
            running = asyncio.create_task(worker.run())
            await asyncio.sleep(rng.uniform(0.0, 0.6))
            running.cancel()
            async with asyncio.timeout(30):
                await asyncio.wait([running])
            assert running.cancelled()


async def test_a_busy_worker_that_is_killed_is_taken_over_from(city: City) -> None:
    async with city.worker("first"):
        pass  # the queues are there
    async with city.device("quay-01") as one, city.device("quay-02") as two:
        doomed = await city.child("doomed")
        for journal in (one, two):
            await journal.record(*[VISIT] * 3_000)
        try:
            await until(lambda: _taken(city) > 200, within_s=60)
        finally:
            doomed.kill()
            await doomed.wait()
        assert _taken(city) < one.head.seq + two.head.seq  # it was in the middle of its work
        async with city.worker("heir"):
            await until(lambda: one.backlog + two.backlog == 0, within_s=90)
        total = one.head.seq + two.head.seq
    assert city.rows(COUNT) == [(total, total)]


async def test_what_no_binding_wants_is_quarantined_and_never_lost(city: City) -> None:
    known = Only("/sites/phuong-thu-duc/devices/quay-01")
    async with city.worker("w1", known), city.device("quay-01") as journal, city.device("stranger") as stranger:
        await stranger.record(VISIT, VISIT)
        await journal.record(VISIT)
        await until(lambda: journal.backlog == 0, within_s=60)
        await until(lambda: _quarantined(city) >= stranger.head.seq, within_s=60)
        assert stranger.marks.city == 0
    bindings = city.http("GET", f"exchanges/{city.vhost}/amq.topic/bindings/source").json()
    assert not [one for one in bindings if "stranger" in one["routing_key"]]


async def test_a_lost_connection_is_made_anew(city: City) -> None:
    async with city.worker("w1") as worker, city.device("quay-01") as journal:
        await until(lambda: len(_lines(city)) == 2, within_s=60)
        for name in _lines(city):
            city.http("DELETE", f"connections/{name}")
        await until(lambda: worker.work.sessions == 2, within_s=60)
        await journal.record(VISIT)
        await until(lambda: journal.backlog == 0, within_s=60)


async def test_a_killed_database_costs_time_and_nothing_else(city: City) -> None:
    own = Postgres(Layout(scratch(), free_span(), nodes=1))
    await asyncio.to_thread(own.start)
    city.dsn = own.layout.dsn
    try:
        async with city.worker("w1") as worker, city.device("quay-01") as journal:
            await journal.record(VISIT)
            await until(lambda: journal.backlog == 0, within_s=60)
            await asyncio.to_thread(own.kill)
            await journal.record(*[VISIT] * 1_000)
            await until(lambda: journal.marks.broker == journal.head.seq, within_s=60)
            assert journal.backlog >= 1_000
            await asyncio.to_thread(own.start)
            await until(lambda: journal.backlog == 0, within_s=60)
            total = journal.head.seq
            assert worker.work.sessions >= 2
        assert city.rows(COUNT) == [(total, total)]
    finally:
        await asyncio.to_thread(own.kill)
        shutil.rmtree(own.layout.data, ignore_errors=True)


def _lines(city: City) -> list[str]:
    """The worker's connections, as RabbitMQ names them."""
    found = city.http("GET", f"vhosts/{city.vhost}/connections").json()
    return [str(one["name"]) for one in found if str(one.get("protocol", "")).startswith("AMQP")]


def _taken(city: City) -> int:
    return int(str(city.rows("SELECT coalesce(sum(seq), 0) FROM city_chains")[0][0]))


def _quarantined(city: City) -> int:
    found = city.rows("SELECT coalesce(sum(times), 0) FROM city_quarantine WHERE why = 'unregistered'")
    return int(str(found[0][0]))
