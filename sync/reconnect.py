"""Keeps one connection's worker running: MQTT 5 or 3.1.1, backoff, and telling the status once at each change.

The link and the city's receiver use it; a worker lives in a thread of its own for as long as its connection.
"""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sync.errors import BrokerRefused, LinkError, VersionRefused
from sync.mqtt import Version

_log = logging.getLogger(__name__)
_STOP_S = 3.0  # how long a cancelled worker may take for its goodbye
_STEADY_S = 60.0  # a connection that lived so long starts the backoff anew


class Worker(Protocol):
    """One connection's work. `run` is called in a thread of its own; `stop` from any other."""

    @property
    def has_progressed(self) -> bool: ...
    def run(self) -> None: ...
    def stop(self) -> None: ...


class LinkState(StrEnum):
    CONNECTED = "connected"
    LOST = "lost"  # reconnecting
    REFUSED = "refused"  # the broker is there and says no: a person must look; reconnecting all the same


@dataclass(frozen=True, slots=True)
class LinkStatus:
    """Told once at each change. `why` is for the log."""

    state: LinkState
    version: Version | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait between two attempts: doubling up to `cap_s`, half of it by chance."""

    base_s: float = 1.0
    cap_s: float = 60.0
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    monotonic: Callable[[], float] = time.monotonic

    def delay_s(self, failures: int) -> float:
        """After so many failures in a row (1, 2, ...)."""
        full = min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, 30))
        return full * (0.5 + self.chance() / 2)


class Reconnector:
    """Runs worker after worker, for ever. `on_status` is called on the loop."""

    def __init__(self, versions: tuple[Version, ...], pace: Pace, on_status: Callable[[LinkStatus], None]) -> None:
        self.status: LinkStatus | None = None
        self._versions = versions
        self._version = versions[0]
        self._is_sure = False  # the broker itself said that it does not speak the first version
        self._pace = pace
        self._on_status = on_status
        self._failures = 0

    async def keep(self, make: Callable[[Version], Worker]) -> None:
        """Until cancelled; whatever is no LinkError ends it."""
        while True:
            try:
                await self._once(make(self._version))
            except VersionRefused as error:
                if self._falls_back(error):
                    continue
                self._ended(error)
            except LinkError as error:
                self._ended(error)
            await self._pace.sleep(self._pace.delay_s(self._failures))

    def connected(self, version: Version) -> None:
        """The worker says that it has its connection. On the loop."""
        self._tell(LinkStatus(LinkState.CONNECTED, version))

    async def _once(self, worker: Worker) -> None:
        started = self._pace.monotonic()
        try:
            await _in_thread(worker)
        finally:
            was_good = worker.has_progressed or self._pace.monotonic() - started > _STEADY_S
            self._failures = 1 if was_good else self._failures + 1

    def _falls_back(self, error: VersionRefused) -> bool:
        """Change to the other version. True when that is worth an attempt without waiting."""
        tried = self._versions.index(self._version)
        self._is_sure = error.is_certain
        self._version = self._versions[(tried + 1) % len(self._versions)]
        _log.info("sync.version_refused", extra={"why": str(error), "next": self._version.name})
        return tried + 1 < len(self._versions)

    def _ended(self, error: LinkError) -> None:
        if not self._is_sure:  # a broker that was only starting, or a line that was only cut, looks like an old one
            self._version = self._versions[0]
        state = LinkState.REFUSED if isinstance(error, BrokerRefused) else LinkState.LOST
        self._tell(LinkStatus(state, None, str(error)))

    def _tell(self, status: LinkStatus) -> None:
        """Once at each change, so that a night without a broker is two lines in the log."""
        if self.status and self.status.state is status.state:
            return
        self.status = status
        level = logging.INFO if status.state is LinkState.CONNECTED else logging.WARNING
        _log.log(level, "sync.%s", status.state.value, extra={"why": status.why})
        self._on_status(status)


async def _in_thread(worker: Worker) -> None:
    """Run the worker in a thread of its own; cancelling stops it, and waits a little for its goodbye."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()

    def settle(error: BaseException | None) -> None:
        if ended.done():
            return
        if error:
            ended.set_exception(error)
        else:
            ended.set_result(None)

    def settle_soon(error: BaseException | None) -> None:
        loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=_run, args=(worker, settle_soon), name="mqtt-connection", daemon=True).start()
    try:
        await asyncio.shield(ended)
    except asyncio.CancelledError:
        worker.stop()
        await asyncio.wait([ended], timeout=_STOP_S)
        if ended.done():
            ended.exception()  # looked at, so that asyncio does not complain: a goodbye that failed is no news
        raise


def _run(worker: Worker, settle: Callable[[BaseException | None], None]) -> None:
    error: BaseException | None = None
    try:
        worker.run()
    except BaseException as caught:  # noqa: BLE001 - carried to the coroutine that supervises this thread
        error = caught
    try:
        settle(error)
    except RuntimeError:  # the loop ended before the broker let go
        _log.info("sync.stopped_late")
