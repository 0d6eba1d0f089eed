"""Keeps one worker process running, whatever its messages mean: starts it, hears it, starts the next one when it ends.

Used by edge.adapters.vision and edge.adapters.voice, which say what is told to the worker and what its messages mean.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import msgspec

from edge.adapters.child_process import LOG_MARK
from edge.adapters.supervisor import Backoff
from edge.adapters.worker_process import Wire, WorkerGone, WorkerPatience, WorkerProcess, started

log = logging.getLogger(__name__)

M = TypeVar("M", bound=msgspec.Struct)
_CALM_BEATS = 3  # a worker that has beaten so often is back


@dataclass(frozen=True, slots=True)
class WorkerKind(Generic[M]):
    """`name` as the log calls it; `child` is what python is started with; `place` whose it is.

    `on_large_pages`: not for Whisper, whose worker would hold 490 MB instead of 260.
    """

    name: str
    place: str
    child: Sequence[str]
    wire: Wire[M]
    on_large_pages: bool = False


@dataclass(frozen=True, slots=True)
class WorkerStatus:
    pid: int | None = None
    starts: int = 0
    failures: int = 0  # in a row


class SupervisedWorker(Generic[M]):
    """`run` once, for as long as the worker is wanted. Logs its loss once and its return once.

    `spec`: the first line on the next worker's stdin; `further`: lines told right after it, as they are by then.
    `hear`: one message, hello and beats included; may raise WorkerGone when this worker should not go on after it.
    `fell`: the worker has ended, or none could be started; called at each failure in a row.
    """

    def __init__(
        self,
        kind: WorkerKind[M],
        *,
        spec: Callable[[], bytes],
        hear: Callable[[M], None],
        fell: Callable[[], None],
        further: Callable[[], bytes] = bytes,
        patience: WorkerPatience | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._kind = kind
        self._spec, self._further, self._hear, self._tell_fell = spec, further, hear, fell
        self._patience, self._backoff = patience or WorkerPatience(), backoff or Backoff()
        self._worker: WorkerProcess | None = None  # the last one that was started
        self._is_heard = self._is_down = False
        self._beats = 0
        self.status = WorkerStatus()

    async def run(self) -> None:
        """Start the worker, and start it again whenever it ends, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            try:
                await self._serve()
            except (WorkerGone, OSError) as error:
                self._fell(str(error), is_calm=loop.time() - began_s > self._backoff.calm_s)
            await asyncio.sleep(self._backoff.wait_s(self.status.failures))

    async def tell(self, line: bytes) -> None:
        """Write to the present worker; nothing where there is none (the next one is told `further`)."""
        if self._worker is not None and self._is_heard:
            await self._worker.tell(line)

    async def _serve(self) -> None:
        """One run of the worker; ends by WorkerGone. None starts beside one that holds its device still."""
        if self._worker is not None and not self._worker.has_ended:
            raise WorkerGone("the last one does not end, not even killed")
        self._beats = 0
        kind = self._kind
        async with started(
            kind.child, self._spec(), kind.place, LOG_MARK, on_large_pages=kind.on_large_pages
        ) as worker:
            self._worker, self._is_heard = worker, True
            self.status = replace(self.status, pid=worker.pid, starts=self.status.starts + 1)
            try:
                await worker.tell(self._further())
                async with contextlib.aclosing(worker.messages(self._patience, self._kind.wire)) as messages:
                    await self._listen(worker, messages)
            finally:
                self._is_heard = False

    async def _listen(self, worker: WorkerProcess, messages: AsyncIterator[M]) -> None:
        try:
            async for message in messages:
                self._hear(message)
                if isinstance(message, self._kind.wire.beat):
                    self._beat()
        except WorkerGone:
            worker.kill()  # it may hang or talk nonsense: no time to ask
            raise

    def _beat(self) -> None:
        self._beats += 1
        if self._is_down and self._beats == _CALM_BEATS:
            self._is_down = False
            log.info("%s: %s is back", self._kind.place, self._kind.name)

    def _fell(self, why: str, *, is_calm: bool) -> None:
        self.status = replace(self.status, pid=None, failures=1 if is_calm else self.status.failures + 1)
        if not self._is_down:
            log.warning("%s: %s is down: %s", self._kind.place, self._kind.name, why)
        self._is_down = True
        self._tell_fell()
