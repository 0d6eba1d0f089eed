"""One worker for `edge.bench.sync_ingest`; says its processor time when it is told to stop. Arguments: DSN NAME URL..."""

import asyncio
import json
import resource
import sys
from contextlib import closing

from edge.adapters.city_engine import run_worker
from sync.city.database import open_database
from sync.city.leases import Leases
from sync.city.store import CityStore
from sync.city.worker import Worker, WorkerOptions
from sync.keys import DeviceKey


def main(dsn: str, name: str, *urls: str) -> None:
    with closing(open_database(dsn)) as store, closing(open_database(dsn)) as leases:
        worker = Worker(WorkerOptions(urls), CityStore(store), Leases(leases, name, 8.0), DeviceKey.generate())
        asyncio.run(run_worker(worker))
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps({"cpu_us": (used.ru_utime + used.ru_stime) * 1e6, "taken": worker.work.taken}))


if __name__ == "__main__":
    main(*sys.argv[1:])
