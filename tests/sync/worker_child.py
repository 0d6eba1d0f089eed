"""The worker that tests kill. Run as `worker_child.py URL DSN NAME`."""

import asyncio
import sys

from sync.city.database import open_database
from sync.city.leases import Leases
from sync.city.store import CityStore
from sync.city.worker import Worker, WorkerOptions


async def main(url: str, dsn: str, name: str) -> None:
    options = WorkerOptions((url,), beat_s=0.2, batch=50, prefetch=50)
    await Worker(options, CityStore(open_database(dsn)), Leases(open_database(dsn), name, 1.5)).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
