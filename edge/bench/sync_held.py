"""How much adding a worker adds, shown on a machine that is too small for it: each worker is held to a small share of a core.

For `edge.bench.sync`. The workers divide empty queues first, then are held, then the events come: what is measured is taking alone.
"""

import asyncio
import time
from functools import partial

import aio_pika
import psycopg

from edge.bench.cpu_share import held_to
from edge.bench.sync_ingest import DONE_S, bind_all, fresh_database, publish, rows_held, start_worker, until
from edge.cluster.cluster import Cluster
from sync.topics import Topics

DEVICES = 100
DIVIDED_S = 6.0  # until workers that have just started have divided the queues
WORKING = 0.6  # of what is there: queues are not equally long, and the longest ones end with fewer workers


async def held_rate(cluster: Cluster, *, events: int, workers: int, share: float) -> float:
    """Rows a second while every worker has something to do and uses at most `share` of a core."""
    layout, name = cluster.layout, f"held{workers}"
    dsn = fresh_database(layout, name)
    who = [Topics(name, f"quay-{index:04}") for index in range(DEVICES)]
    async with await aio_pika.connect(layout.amqp_urls[0], heartbeat=60) as connection:
        await bind_all(await connection.channel(publisher_confirms=False), who)
        processes = [await start_worker(layout, dsn, f"w{index}") for index in range(workers)]
        try:
            with psycopg.connect(dsn, autocommit=True) as database:
                await until(partial(_present, database), workers)
                await asyncio.sleep(DIVIDED_S)
                with held_to(share, [process.pid for process in processes]):
                    await publish(await connection.channel(), who, events // DEVICES)
                    return await _rate(database, events // DEVICES * DEVICES)
        finally:
            for process in processes:
                process.terminate()
            await asyncio.gather(*(process.communicate() for process in processes))


async def _rate(database: psycopg.Connection[tuple[int]], total: int) -> float:
    """From now on."""
    first, began = rows_held(database), time.perf_counter()
    async with asyncio.timeout(DONE_S):
        rows, ended = await until(partial(rows_held, database), first + int(WORKING * (total - first)))
    return (rows - first) / (ended - began)


def _present(database: psycopg.Connection[tuple[int]]) -> int:
    """Workers that beat; none before the schema is there."""
    try:
        row = database.execute("SELECT count(*) FROM city_workers").fetchone()
    except psycopg.errors.UndefinedTable:
        return 0
    return row[0] if row else 0
