"""The agent that the kill test kills while it drains: appends for ever, with a link. Run as `link_child.py DATA_DIR PORT`."""

import asyncio
import sys
from pathlib import Path

from sync.events import VisitStarted
from sync.journal import Journal
from sync.link import Link
from sync.mqtt import Broker


async def main(data_dir: Path, port: int) -> None:
    journal = await Journal.open(data_dir, site="phuong-thu-duc", device="quay-01")
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(Link(journal, Broker("127.0.0.1", port)).run())
        while True:
            await journal.record(*[VisitStarted(visit="v", counter="c")] * 50, grouped=True)


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
