"""`motcua bench sync`: the drain to Mosquitto and to the cluster beside bare paho, and the ingest with one, two and three workers.

Called by the command line. Everything, brokers and database too, shares this machine's cores; the rows say how many.
"""

import asyncio
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

from edge.bench import drain
from edge.bench.journal import DRAIN_BUDGET, EVENT, Row
from edge.bench.sync_held import held_rate
from edge.bench.sync_ingest import Measured, bound, ingest
from edge.bench.sync_meter import Meter
from edge.cluster.cluster import Cluster
from edge.cluster.layout import Layout, free_span, scratch
from sync.journal import Journal
from sync.link import Link
from sync.mqtt import Broker, Version

INGEST_BUDGET = 5_000.0  # rows a second
HELD_BUDGET = 2.0  # three held workers over one
TURNS = 3
HELD = 0.05  # of a core, for each worker held: so little that brokers and database have room for more
GROWTH = (10, 100, 1_000)
Tell = Callable[[str], None]


def run(out_dir: Path, tell: Tell, *, events: int = 20_000) -> dict[str, Any]:
    """Write sync.json and return it."""
    folder = scratch()
    cluster = Cluster(Layout(folder, free_span()))
    try:
        tell("three RabbitMQ nodes and PostgreSQL")
        cluster.up()
        rows = asyncio.run(_measure(cluster, events, tell))
    finally:
        cluster.discard()
    held = all(row.held is not False for row in rows)
    table = {"name": "sync", "rows": [asdict(row) for row in rows], "all_held": held, "cores": os.cpu_count()}
    (out_dir / "sync.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    return table


async def _measure(cluster: Cluster, events: int, tell: Tell) -> list[Row]:
    rows = await _to_mosquitto(cluster.layout.data / "mosquitto", events, tell)
    by_workers = []
    for workers in (1, 2, 3):
        tell(f"ingest with {workers} workers")
        by_workers.append(await ingest(cluster, devices=100, events=2 * events, workers=workers))
    rows += _ingest_rows(by_workers)
    rows += await _held_rows(cluster, events, tell)
    for devices in GROWTH:
        tell(f"ingest from {devices} devices")
        rows += _growth_rows(devices, await ingest(cluster, devices=devices, events=2 * events, workers=1))
    rows += await _to_cluster(cluster, events, tell)  # last: what it leaves in the queues is nobody's
    return [*rows, Row("load average of the machine meanwhile", os.getloadavg()[0], "")]


# --- the way up ---


async def _journal(folder: Path, events: int) -> Journal:
    journal = await Journal.open(folder, site="bench", device=folder.name)
    for _ in range(events // 1_000):
        await journal.record(*[EVENT] * 1_000)
    return journal


async def _to_mosquitto(folder: Path, events: int, tell: Tell) -> list[Row]:
    ours: list[float] = []
    bare: list[float] = []
    cpu: list[float] = []
    size = 0.0
    for turn in range(TURNS):
        tell(f"drain to Mosquitto, turn {turn + 1}")
        async with await _journal(folder / f"turn-{turn}", events) as journal:
            bodies = await asyncio.to_thread(drain.stored, journal.path, Link(journal, Broker("", 0)).topics)
            size = sum(len(body) for _, body in bodies) / len(bodies)
            with drain.mosquitto(folder / f"turn-{turn}") as port:
                if port is None:
                    return [Row("Debian's mosquitto is not installed", 0.0, "", DRAIN_BUDGET, held=False)]
                bare.append(await asyncio.to_thread(drain.paho_rate, bodies, port))
                with Meter([os.getpid()]) as meter:
                    ours.append(await drain.link_rate(journal, port, len(bodies)))
                cpu.append(meter.cpu_us / len(bodies))
    share = median(ours) / median(bare)
    return [
        Row("drain to Mosquitto, window 100, from disk", median(ours), "events/s"),
        Row("  bare paho, same window, from memory", median(bare), "events/s"),
        Row("  drain: share of bare", share, "", DRAIN_BUDGET, share >= DRAIN_BUDGET),
        Row("  CPU of the device", median(cpu), "us/event"),
        Row("an event on the wire (JSON, before MQTT's header)", size, "bytes"),
    ]


async def _to_cluster(cluster: Cluster, events: int, tell: Tell) -> list[Row]:
    """Events of devices that are bound, so that three replicas are written before the PUBACK."""
    tell("drain to the cluster")
    layout = cluster.layout
    ((host, port), *_) = layout.mqtt_hosts
    async with await _journal(layout.data / "drain" / "quay-0", events) as journal:
        bodies = await asyncio.to_thread(drain.stored, journal.path, Link(journal, Broker("", 0)).topics)
        await bound(layout, [Link(journal, Broker("", 0)).topics])
        bare = await asyncio.to_thread(drain.paho_rate, bodies, port, Version.V311)
        nodes = [node.daemon.pid or 0 for node in cluster.nodes]
        with Meter(nodes) as meter:
            ours = await drain.link_rate(journal, port, len(bodies), Broker(host, port), Version.V311)
    return [
        Row("drain to the cluster, 3 replicas, MQTT 3.1.1, window 100", ours, "events/s"),
        Row("  bare paho, same window, from memory", bare, "events/s"),
        Row("  drain to the cluster: share of bare", ours / bare, ""),
        Row("  CPU of the three nodes, in", meter.cpu_us / len(bodies), "us/event"),
    ]


# --- the way in ---


def _ingest_rows(measured: list[Measured]) -> list[Row]:
    best = max(one.rate for one in measured)
    rows = [Row(f"ingest, {one.workers} workers, 100 devices", one.rate, "rows/s") for one in measured]
    first = measured[0]
    return [
        *rows,
        Row("  the best of these", best, "rows/s", INGEST_BUDGET, best >= INGEST_BUDGET),
        Row("  three workers over one", measured[-1].rate / first.rate, ""),
        Row("  CPU of the worker (one worker)", first.worker_us, "us/row"),
        Row("  CPU of the three nodes, out", first.nodes_us, "us/row"),
        Row("  CPU of PostgreSQL", first.postgres_us, "us/row"),
        Row("  a row in PostgreSQL with its index", first.row_bytes, "bytes"),
    ]


async def _held_rows(cluster: Cluster, events: int, tell: Tell) -> list[Row]:
    """Workers held to a small share of a core each, as if every one stood on a small machine of its own: what adding one adds.

    It says nothing of how fast this machine is; the rows above do.
    """
    rates: list[float] = []
    for workers in (1, 2, 3):
        tell(f"ingest with {workers} workers, each held to {HELD:.0%} of a core")
        rates.append(await held_rate(cluster, events=events, workers=workers, share=HELD))
    rows = [
        Row(f"ingest, {workers} workers held to {HELD:.0%} of a core each", rate, "rows/s")
        for workers, rate in enumerate(rates, 1)
    ]
    share = rates[-1] / rates[0]
    return [*rows, Row("  three such workers over one", share, "", HELD_BUDGET, share >= HELD_BUDGET)]


def _growth_rows(devices: int, one: Measured) -> list[Row]:
    return [
        Row(f"{devices} devices: ingest, 1 worker", one.rate, "rows/s"),
        Row(f"  {devices} devices: worker and PostgreSQL", one.worker_us + one.postgres_us, "us/row"),
        Row(f"  {devices} devices: binding a device", one.bind_ms, "ms"),
    ]
