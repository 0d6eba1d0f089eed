"""The device that the kill test kills while it takes orders. Run as `command_child.py DATA_DIR PORT CITY_KEY`.

Each order is done by one event, written together with its answer.
"""

import asyncio
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from edge.adapters.clock import SystemClock
from edge.command_ports import Task
from edge.domain.command import CommandRefusal
from edge.services.commands import CommandService
from edge.store.migrations import scripts
from sync.chain import site_time
from sync.events import Payload, VisitDropped
from sync.journal import Journal
from sync.link import Downward, Link, LinkOptions
from sync.mqtt import Broker
from sync.reconnect import Pace


async def main(data_dir: Path, port: int, city_key: str) -> None:
    journal = await Journal.open(data_dir, site="phuong-thu-duc", device="quay-01", migrations=scripts())

    async def do(task: Task) -> CommandRefusal | None:
        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            return (VisitDropped(visit=task.id, counter="q1", why="opted_out"), *task.answered(connection))

        await journal.transact(change)
        return None

    clock = SystemClock(site_time().tzinfo)  # type: ignore[arg-type]  # it has one
    service = CommandService(journal, clock, {"device.identify": do}, source=journal.identity.source, city_key=city_key)
    await service.resume()
    options = LinkOptions(pace=Pace(base_s=0.02, cap_s=0.1))
    await Link(journal, Broker("127.0.0.1", port), options, downward=Downward(service.handle)).run()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
