"""The agent that the kill test kills while it drains: appends for ever, with a link. Run as `link_child.py DATA_DIR PORT`."""

import asyncio
import itertools
import sys
from pathlib import Path

from sync.events import VisitStarted
from sync.journal import Journal
from sync.link import Link
from sync.mqtt import Broker

BURST, PACE_S = (
    40,
    0.02,
)  # a backlog to begin with; one that grows with the disk's speed would outgrow the test's patience


async def main(data_dir: Path, port: int) -> None:
    journal = await Journal.open(data_dir, site="phuong-thu-duc", device="quay-01")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(Link(journal, Broker("127.0.0.1", port)).run())
        for number in itertools.count():
            await journal.record(*[VisitStarted(visit="v", counter="c")] * 50, grouped=True)
            await asyncio.sleep(PACE_S if number > BURST else 0)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
