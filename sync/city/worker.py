"""One of the city's workers: its share of the queues into the database, receipts back once committed.

`Worker(...).run()` is one supervised coroutine. Start as many as there is work for, on as many machines: they share the
queues through `sync.city.leases`, and RabbitMQ's single active consumer keeps two of them from working on one queue.
Any loss (a node, the database) ends the session: nothing of the batch is acknowledged, everything comes again elsewhere.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from aio_pika.abc import AbstractConnection

from sync.city.batches import Batch, Batches
from sync.city.engine import Intake, connected, engine_errors, until_closed
from sync.city.errors import CityError, DatabaseLost, EngineLost
from sync.city.leases import Leases
from sync.city.shards import assign
from sync.city.store import Due, Outcome
from sync.city.telling import Receipts
from sync.city.terms import Arrival
from sync.city.topology import UNROUTED, Topology
from sync.keys import DeviceKey
from sync.reconnect import Pace
from sync.topics import Presence, Topics

_log = logging.getLogger(__name__)


class Store(Protocol):
    """What the worker needs of `sync.city.store.CityStore`. Blocking; called in threads, one at a time."""

    def take(self, arrivals: Sequence[Arrival]) -> Outcome: ...
    def present(self, seen: Sequence[tuple[Topics, Presence]]) -> tuple[Due, ...]: ...
    def told(self, due: Iterable[Due]) -> None: ...


@dataclass(frozen=True, slots=True)
class WorkerOptions:
    """`urls`: one a node, tried in turn. `prefetch` bounds what a queue may have under way with one worker."""

    urls: tuple[str, ...]
    topology: Topology = field(default_factory=Topology)
    prefetch: int = 1_000
    batch: int = 1_000
    linger_s: float = 0.05
    beat_s: float = 2.0
    receipts_every_s: float = 0.5
    pace: Pace = field(default_factory=lambda: Pace(base_s=0.5, cap_s=15.0))


@dataclass(slots=True)
class Work:
    """What one worker has done since it started; for logs, benchmarks and campaigns."""

    taken: int = 0
    batches: int = 0
    sessions: int = 0
    queues: tuple[str, ...] = ()


class Worker:
    """See the module's first lines. `key` signs the receipts."""

    def __init__(self, options: WorkerOptions, store: Store, leases: Leases, key: DeviceKey | None = None) -> None:
        self.work = Work()
        self._options = options
        self._store = store
        self._leases = leases
        self._key = key
        self._failures = 0
        self._is_lost = False
        self._next_url = 0

    async def run(self) -> None:
        """Until cancelled; then the queues are given up at once. What no waiting mends ends it (DatabaseUnusable)."""
        try:
            while True:
                try:
                    await _apart(self._session())
                except* (EngineLost, DatabaseLost) as lost:
                    self._lost(lost)
                await self._options.pace.sleep(self._options.pace.delay_s(self._failures))
        finally:
            await self._leave()

    async def _session(self) -> None:
        """Never returns: raises a group of what was lost. Receipts go over a line of their own.

        A broker short of memory or disk stops reading from whoever publishes; the acknowledgements, which would make it
        room, must not stand behind a receipt.
        """
        url = self._options.urls[self._next_url % len(self._options.urls)]
        self._next_url += 1
        async with connected(url) as inward, connected(url) as outward:
            session = _Session(self, inward, outward)
            await session.prepare()
            async with asyncio.TaskGroup() as tasks:
                for name, work in session.parts().items():
                    tasks.create_task(work, name=f"city-{name}")

    def came_back(self) -> None:
        """A session got its first share."""
        self._failures = 0
        self.work.sessions += 1
        if self._is_lost:
            self._is_lost = False
            _log.info("city.worker_back", extra={"worker": self._leases.worker})

    def _lost(self, lost: BaseExceptionGroup[CityError]) -> None:
        """Told once, however long it lasts."""
        self._failures += 1
        if not self._is_lost:
            self._is_lost = True
            why = "; ".join(dict.fromkeys(str(one) for one in _leaves(lost)))
            _log.warning("city.worker_lost", extra={"worker": self._leases.worker, "why": why})

    async def _leave(self) -> None:
        try:
            await asyncio.to_thread(self._leases.leave)
        except DatabaseLost:
            _log.info("city.worker_left_unnoticed", extra={"worker": self._leases.worker})  # its lease will end


class _Session:
    """One pair of connections' life."""

    def __init__(self, worker: Worker, inward: AbstractConnection, outward: AbstractConnection) -> None:
        self._worker = worker
        self._options = worker._options  # noqa: SLF001 - its own inner part
        self._store = worker._store  # noqa: SLF001 - the same
        self._leases = worker._leases  # noqa: SLF001 - the same
        self._inward = inward
        self._outward = outward
        self._intakes: dict[str, Intake] = {}
        self._batches = Batches(self._options.batch, self._options.linger_s)
        self._receipts = Receipts(worker._key, self._options.receipts_every_s)  # noqa: SLF001 - the same

    async def prepare(self) -> None:
        async with engine_errors(), self._inward.channel() as channel:
            await self._options.topology.declare(channel)

    def parts(self) -> dict[str, Coroutine[None, None, None]]:
        return {
            "inward": until_closed(self._inward),
            "outward": until_closed(self._outward),
            "leases": self._keep_share(),
            "batches": self._take_batches(),
            "receipts": self._receipts.keep_telling(self._outward, self._store.told),
        }

    # --- the share ---

    async def _keep_share(self) -> None:
        is_first = True
        while True:
            living = await asyncio.to_thread(self._leases.renew)
            await self._adjust(living)
            if is_first:
                self._worker.came_back()
                is_first = False
            await asyncio.sleep(self._options.beat_s)

    async def _adjust(self, living: Sequence[str]) -> None:
        """Let go first, so that the others need not wait for us."""
        owners = assign(self._options.topology.queues, living)
        mine = {queue for queue, owner in owners.items() if owner == self._leases.worker}
        for queue in sorted(set(self._intakes) - mine):
            await self._intakes.pop(queue).close()
        for queue in sorted(mine - set(self._intakes)):
            intake = Intake(queue, self._batches.add)
            await intake.open(self._inward, self._options.prefetch)
            self._intakes[queue] = intake
        self._check()
        if self._worker.work.queues != tuple(sorted(mine)):
            self._worker.work.queues = tuple(sorted(mine))
            _log.info("city.share", extra={"worker": self._leases.worker, "queues": len(mine), "workers": len(living)})

    def _check(self) -> None:
        for queue, intake in self._intakes.items():
            if intake.is_cancelled or not intake.is_open:
                raise EngineLost(f"{queue} is not served any more")

    # --- the batches ---

    async def _take_batches(self) -> None:
        while True:
            batch = await self._batches.next()
            due = await asyncio.to_thread(self._commit, batch)
            for intake, tag in batch.last_tags.items():
                await intake.acknowledge(tag)
            self._receipts.add(due)
            self._worker.work.taken += len(batch.arrivals)
            self._worker.work.batches += 1
            await self._bind(batch.unrouted & {one.topics for one in due})

    def _commit(self, batch: Batch) -> tuple[Due, ...]:
        """In a thread. Whatever raises leaves the whole batch unacknowledged."""
        due = self._store.take(batch.arrivals).due if batch.arrivals else ()
        return (*due, *(self._store.present(batch.presences) if batch.presences else ()))

    async def _bind(self, devices: Iterable[Topics]) -> None:
        """Devices that are registered but came by way of the unrouted: bound from now on."""
        found = list(devices)
        if not found:
            return
        async with engine_errors(), self._inward.channel() as channel:
            for topics in found:
                await self._options.topology.bind_device(channel, topics)
        _log.info("city.devices_bound", extra={"devices": len(found), "from": UNROUTED})


async def _apart(session: Coroutine[None, None, None]) -> None:
    """In a task of its own, so that a cancellation is seen there (`engine_errors`) and nothing of it is left for the next."""
    working = asyncio.create_task(session)
    try:
        await asyncio.wait([working])
    except asyncio.CancelledError:
        working.cancel()
        await asyncio.wait([working])
        if not working.cancelled():
            working.exception()  # what it failed with beside being told to end is no news
        raise
    working.result()


def _leaves(group: BaseExceptionGroup[CityError]) -> list[CityError]:
    found: list[CityError] = []
    for one in group.exceptions:
        found += _leaves(one) if isinstance(one, BaseExceptionGroup) else [one]
    return found
