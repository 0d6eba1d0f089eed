"""One worker of the city put together from the city's configuration. For the command line, campaigns and benchmarks."""

import asyncio
import os
import secrets
import signal
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from config.city import CityConfig
from sync.city.database import open_database
from sync.city.known import Anybody, Registered
from sync.city.leases import Leases
from sync.city.store import CityStore
from sync.city.topology import Topology
from sync.city.worker import Worker, WorkerOptions
from sync.keys import DeviceKey


@contextmanager
def opened_worker(config: CityConfig) -> Iterator[Worker]:
    """Two connections to the database, so that a long batch does not make the worker look dead.

    Raise OSError for a file that cannot be read, KeyUnusable, DatabaseLost and DatabaseUnusable.
    """
    engine = config.engine
    if engine is None:
        raise ValueError("the file has no section [engine]")
    options = WorkerOptions(engine.urls(), Topology(engine.shards), prefetch=engine.prefetch, batch=engine.batch)
    known = Registered() if config.city.admits == "registered" else Anybody()
    key = DeviceKey.load_or_create(config.city.data_dir)
    where = config.city.where()
    with closing(open_database(where)) as store, closing(open_database(where)) as leases:
        yield Worker(options, CityStore(store, known), Leases(leases, worker_name(), engine.lease_s), key)


def worker_name() -> str:
    """Like no other's and no earlier run's."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


async def run_worker(worker: Worker) -> None:
    """Until SIGTERM or Ctrl-C; its queues go to the others at once."""
    task = asyncio.create_task(worker.run(), name="city-worker")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task
