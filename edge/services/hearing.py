"""What a technician may see of the ears: levels and traces while a page looks, told to the visitor, kept nowhere.

`edge.voice_ports.HearingDesk`; `run` belongs to the supervisor.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable

from edge.voice_ports import TracedEars, TraceItem

log = logging.getLogger(__name__)
Looker = Callable[[TraceItem], None]


class HearingService:
    """The worker is asked for traces from the first looker to the last; `overheard` is called when that changes."""

    def __init__(self, ears: TracedEars, place: str, threshold: float, overheard: Callable[[bool], None]) -> None:
        self.place, self.engine, self.threshold = place, ears.engine, threshold
        self._ears, self._overheard = ears, overheard
        self._lookers: list[Looker] = []
        self._changed = asyncio.Event()

    def subscribe(self, callback: Looker) -> Callable[[], None]:
        self._lookers.append(callback)
        self._changed.set()

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._lookers.remove(callback)
            self._changed.set()

        return unsubscribe

    async def run(self) -> None:
        """Listens while somebody looks, and waits for the next one."""
        while True:
            await self._until(is_looked_at=True)
            log.info("%s: a technician looks at what is heard", self.place)
            self._overheard(True)  # noqa: FBT003 - the fact is the argument
            try:
                async with asyncio.TaskGroup() as group:
                    listening = group.create_task(self._listen(), name=f"{self.place} traces")
                    await self._until(is_looked_at=False)
                    listening.cancel()
            finally:
                self._overheard(False)  # noqa: FBT003 - the same
                log.info("%s: nobody looks any more", self.place)

    async def _until(self, *, is_looked_at: bool) -> None:
        while bool(self._lookers) is not is_looked_at:
            self._changed.clear()
            await self._changed.wait()

    async def _listen(self) -> None:
        async with contextlib.aclosing(self._ears.trace()) as items:
            async for item in items:
                for looker in tuple(self._lookers):
                    looker(item)
