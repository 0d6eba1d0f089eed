"""What systemd hears of the agent (sd_notify(3)): that it is ready, alive, going. Silent where nobody listens.

`edge.cli` reads the environment once, at the start; `edge.app` tells.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

log = logging.getLogger(__name__)
PAGES_S = 60.0  # doors and alerts work without pages: a port that is taken must not have the agent killed as one that never started
SEND_S = 1.0  # the loop's own patience with a full socket


class Fact(StrEnum):
    READY = "READY=1"
    ALIVE = "WATCHDOG=1"
    # the same process goes on by exec; STOPPING would have it killed when its time to stop is over
    ANEW = "RELOADING=1"
    STOPPING = "STOPPING=1"


@dataclass(frozen=True, slots=True)
class ServiceManager:
    """`address`: a datagram socket, `@name` in the abstract namespace. `every_s`: a sign of life is due so often."""

    address: str | None = None
    every_s: float | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str], pid: int) -> Self:
        """NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID. What is meant for another process or cannot be understood is left alone."""
        address = environment.get("NOTIFY_SOCKET", "")
        if address[:1] not in {"/", "@"}:  # nobody, or a kind of socket that a device's systemd has not
            return cls()
        limit_us, for_pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", str(pid))
        is_watched = limit_us.isdecimal() and int(limit_us) > 0 and for_pid == str(pid)
        twice_in_it_s = int(limit_us) / 2e6 if is_watched else None  # as its manual asks
        return cls(address, twice_in_it_s)

    def tell(self, fact: Fact) -> None:
        """A manager that cannot be reached is logged: it will act by itself."""
        if self.address is None:
            return
        name = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
            line.settimeout(SEND_S)
            try:
                line.sendto(fact.value.encode("ascii"), name)
            except OSError as error:
                log.warning("systemd cannot be told %s: %s", fact.value, error)

    async def ready(self, pages: Callable[[], Awaitable[object]]) -> None:
        """Told once the pages answer, or have kept everybody waiting long enough."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PAGES_S):
                await pages()
        self.tell(Fact.READY)

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """As long as the block runs and the loop turns, it is alive."""
        beating = asyncio.create_task(self._beat(), name="watchdog")
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait([beating])

    async def _beat(self) -> None:
        while self.every_s is not None:
            self.tell(Fact.ALIVE)
            await asyncio.sleep(self.every_s)
