"""An agent that is its journal and its link alone: what the campaign `sync` kills. Run as `python -m edge.soak.sync_device`.

Arguments: DATA_DIR SITE DEVICE HOST:PORT,HOST:PORT,... EVENTS. Events come in bursts, as visits do, until there are EVENTS
and a file `enough` lies in the folder above; then it only sends. Only a signal ends it.
"""

import asyncio
import random
import sys
from pathlib import Path

from sync.events import MoodChanged, VisitStarted
from sync.journal import Journal
from sync.link import Link, LinkOptions
from sync.mqtt import Broker, Version
from sync.reconnect import Pace

BURST = 20
PAUSE_S = 2.0  # ten events a second, hundreds of times what a counter has
ENOUGH = "enough"
_PACE = Pace(base_s=0.2, cap_s=3.0)
_MOOD = MoodChanged(
    visit="v", counter="quay-01", previous="neutral", level="satisfied", valence=0.3, reasons=("smile",)
)


async def live(data_dir: Path, site: str, device: str, broker: Broker, events: int) -> None:
    """Until killed."""
    options = LinkOptions(versions=(Version.V311,), pace=_PACE)  # RabbitMQ 3.10 hangs up on MQTT 5
    async with await Journal.open(data_dir, site=site, device=device) as journal, asyncio.TaskGroup() as tasks:
        tasks.create_task(Link(journal, broker, options).run(), name="link")
        tasks.create_task(_work(journal, events), name="work")


async def _work(journal: Journal, events: int) -> None:
    enough = journal.data_dir.parent / ENOUGH
    while journal.head.seq < events or not enough.exists():
        await journal.record(VisitStarted(visit="v", counter="quay-01"), *[_MOOD] * (BURST - 1), grouped=True)
        await asyncio.sleep(PAUSE_S * random.uniform(0.5, 1.5))


def main(data_dir: str, site: str, device: str, nodes: str, events: str) -> None:
    first, *others = [(host, int(port)) for host, _, port in (node.partition(":") for node in nodes.split(","))]
    broker = Broker(*first, others=tuple(others), keepalive_s=10, connect_timeout_s=5.0)
    asyncio.run(live(Path(data_dir), site, device, broker, int(events)))


if __name__ == "__main__":
    main(*sys.argv[1:])
