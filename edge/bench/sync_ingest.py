"""How fast workers take events out of the cluster into PostgreSQL: queues filled first, then so many workers started.

For `edge.bench.sync`. The devices are simulated: real chains, published over AMQP, because filling is not what is measured.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import aio_pika
import psycopg
from aio_pika.abc import AbstractChannel, DeliveryMode
from psycopg import sql

from edge.bench.journal import EVENT
from edge.bench.sync_meter import Meter
from edge.cluster.cluster import Cluster
from edge.cluster.layout import DATABASE, Layout
from sync.chain import Chain, Head, site_time, source_of
from sync.city.topology import EXCHANGE, Topology
from sync.topics import ROOT, Topics

DONE_S = 600.0
_TOGETHER = 200  # publishes or bindings under way at once
_WORKER = Path(__file__).with_name("sync_worker.py")
_runs = count(1)


@dataclass(frozen=True, slots=True)
class Measured:
    """`rate`: rows a second between the first and the last commit."""

    workers: int
    devices: int
    rate: float
    worker_us: float
    nodes_us: float
    postgres_us: float
    row_bytes: float
    bind_ms: float


async def ingest(cluster: Cluster, *, devices: int, events: int, workers: int) -> Measured:
    """A fresh database and fresh device names each time."""
    layout, run = cluster.layout, next(_runs)
    dsn = fresh_database(layout, f"bench{run}")
    who = [Topics(f"bench-{run}", f"quay-{index:04}") for index in range(devices)]
    a_device = events // devices
    connection = await aio_pika.connect(layout.amqp_urls[0], heartbeat=60)
    async with connection:
        channel = await connection.channel(publisher_confirms=False)
        bind_ms = await bind_all(channel, who)
        confirmed = await connection.channel()
        await publish(confirmed, who, a_device)
    total = a_device * devices
    pids = [node.daemon.pid or 0 for node in cluster.nodes]
    with Meter(pids) as nodes, Meter([cluster.postgres.daemon.pid or 0]) as postgres:
        rate, worker_us = await _take(layout, dsn, workers, total)
    return Measured(
        workers,
        devices,
        rate,
        worker_us / total,
        nodes.cpu_us / total,
        postgres.cpu_us / total,
        _row_bytes(dsn),
        bind_ms,
    )


async def bound(layout: Layout, who: list[Topics]) -> None:
    """Devices whose events go to their shards from now on."""
    connection = await aio_pika.connect(layout.amqp_urls[0])
    async with connection:
        await bind_all(await connection.channel(publisher_confirms=False), who)


async def bind_all(channel: AbstractChannel, who: list[Topics]) -> float:
    topology = Topology()
    await topology.declare(channel)
    began = time.perf_counter()
    for start in range(0, len(who), _TOGETHER):
        await asyncio.gather(*(topology.bind_device(channel, topics) for topics in who[start : start + _TOGETHER]))
    return (time.perf_counter() - began) * 1_000 / len(who)


async def publish(channel: AbstractChannel, who: list[Topics], a_device: int) -> None:
    """The devices take turns, as they would."""
    exchange = await channel.get_exchange(EXCHANGE, ensure=False)
    chains = [Chain(source_of(topics.site, topics.device), Head(), site_time) for topics in who]
    for start in range(0, a_device, 20):
        size = min(20, a_device - start)
        for some in range(0, len(who), max(1, _TOGETHER // 20)):
            together = slice(some, some + max(1, _TOGETHER // 20))
            await asyncio.gather(
                *(
                    exchange.publish(aio_pika.Message(body, delivery_mode=DeliveryMode.PERSISTENT), _key(topics, kind))
                    for topics, chain in zip(who[together], chains[together], strict=True)
                    for kind, body in _bodies(chain, size)
                )
            )


def _bodies(chain: Chain, size: int) -> Iterator[tuple[str, bytes]]:
    rows, _ = chain.extend([EVENT] * size)
    for _seq, kind, _keep, _at, body in rows:
        yield kind, body


def _key(topics: Topics, kind: str) -> str:
    return f"{ROOT.replace('/', '.')}.{topics.site}.{topics.device}.ev.{kind}"


async def _take(layout: Layout, dsn: str, workers: int, total: int) -> tuple[float, float]:
    """Rows a second from the first commit on, and the workers' processor time in microseconds."""
    processes = [await start_worker(layout, dsn, f"w{index}") for index in range(workers)]
    try:
        with psycopg.connect(dsn, autocommit=True) as connection:
            first, began = await until(partial(rows_held, connection), 1)
            async with asyncio.timeout(DONE_S):
                rows, ended = await until(partial(rows_held, connection), total)
    finally:
        for process in processes:
            process.terminate()
    said = [await process.communicate() for process in processes]
    worker_us = sum(float(json.loads(out.splitlines()[-1])["cpu_us"]) for out, _ in said)
    return (rows - first) / (ended - began), worker_us


async def start_worker(layout: Layout, dsn: str, name: str) -> asyncio.subprocess.Process:
    arguments = ("-m", "edge.bench.sync_worker", dsn, name, *layout.amqp_urls)
    return await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)


async def until(rows: "partial[int]", least: int) -> tuple[int, float]:
    while (found := await asyncio.to_thread(rows)) < least:  # noqa: ASYNC110 - another process moves it
        await asyncio.sleep(0.05)
    return found, time.perf_counter()


def rows_held(connection: psycopg.Connection[tuple[int]]) -> int:
    """By the chains' heads: counting rows would cost more than writing them. None before the schema is there."""
    with contextlib.suppress(psycopg.errors.UndefinedTable):
        row = connection.execute("SELECT coalesce(sum(seq), 0)::bigint FROM city_chains").fetchone()
        return row[0] if row else 0
    return 0


def fresh_database(layout: Layout, name: str) -> str:
    with psycopg.connect(layout.dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return layout.dsn.replace(f"dbname={DATABASE}", f"dbname={name}")


def _row_bytes(dsn: str) -> float:
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute("SELECT pg_total_relation_size('city_events'), count(*) FROM city_events").fetchone()
    return float(row[0]) / float(row[1]) if row else 0.0
