"""The eyes of one counter: keeps a vision worker running and turns its messages into readings (edge.ports.Eyes).

Used by edge.app, edge.demo and the benchmarks; `run` belongs in the agent's TaskGroup.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from dataclasses import dataclass, replace

import msgspec

from edge.adapters.mailbox import Mailbox
from edge.adapters.supervisor import Backoff
from edge.adapters.vision_spec import VisionSpec, spec_line
from edge.adapters.worker_process import VISION_WIRE, WorkerGone, WorkerPatience, WorkerProcess, started
from edge.domain.level import Level
from edge.ports import CameraChange, CameraState, Face, Reading
from models.wire import Beat, CameraMessage, FaceMessage, FrameMessage, Hello, Message

log = logging.getLogger(__name__)

WAITING = 64  # readings a listener may be behind; six seconds at ten frames a second
_CALM_BEATS = 3  # a worker that has beaten so often is back
_CHILD = ("-m", "edge.adapters.vision_child")
_LOG_MARK = "motcua:"


@dataclass(frozen=True, slots=True)
class EyesStatus:
    """How the worker is, for health pages and benchmarks; counts are of the present worker but for the last three."""

    camera: CameraState = CameraState.OPENING
    pid: int | None = None
    params_version: int | None = None
    frames: int = 0
    skipped: int = 0
    cpu_ms: float = 0.0
    rss_mb: float = 0.0
    starts: int = 0
    failures: int = 0  # in a row
    dropped: int = 0  # readings no listener took in time


class VisionEyes:
    """Eyes over a supervised child process. `run` once, `watch` as often as there are listeners."""

    def __init__(
        self,
        spec: VisionSpec,
        *,
        child: Sequence[str] = _CHILD,
        patience: WorkerPatience | None = None,
        backoff: Backoff | None = None,
        waiting: int = WAITING,
    ) -> None:
        self._spec, self._child = spec, child
        self._patience, self._backoff = patience or WorkerPatience(), backoff or Backoff()
        self._waiting = waiting
        self._listeners: set[Mailbox[Reading | CameraChange]] = set()
        self._status = EyesStatus()
        self._worker: WorkerProcess | None = None
        self._is_down = False
        self._beats = 0
        self._track_base = self._track_last = 0
        self._dropped = 0

    @property
    def status(self) -> EyesStatus:
        """The latest known state; cheap."""
        return replace(self._status, dropped=self._dropped + sum(box.dropped for box in self._listeners))

    @property
    def story_began_s(self) -> float | None:
        """When a replayed camera began its playlist, on the monotonic clock; None until the worker has said hello."""
        return None if self._spec.since_ns is None else self._spec.since_ns / 1e9

    async def watch(self) -> AsyncGenerator[Reading | CameraChange, None]:
        """Readings and camera changes as they come, the present camera state first. Ends only with its listener."""
        mailbox: Mailbox[Reading | CameraChange] = Mailbox(self._waiting)
        mailbox.put(CameraChange(self._spec.counter, self._status.camera))
        self._listeners.add(mailbox)
        try:
            while True:
                yield await mailbox.get()
        finally:
            self._listeners.discard(mailbox)
            self._dropped += mailbox.dropped

    async def run(self) -> None:
        """Start the worker, and start it again whenever it ends, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            began_s = loop.time()
            try:
                await self._serve()
            except (WorkerGone, OSError) as error:
                self._fell(str(error), is_calm=loop.time() - began_s > self._backoff.calm_s)
            await asyncio.sleep(self._backoff.wait_s(self._status.failures))

    async def _serve(self) -> None:
        """One run of the worker; ends by WorkerGone. None starts beside one that holds the camera still."""
        if self._worker is not None and not self._worker.has_ended:
            raise WorkerGone("the last one does not end, not even killed")
        self._track_base = self._track_last
        self._beats = 0
        async with started(self._child, spec_line(self._spec), self._spec.counter, _LOG_MARK) as worker:
            self._worker = worker
            self._status = replace(self._status, pid=worker.pid, starts=self._status.starts + 1)
            async with contextlib.aclosing(worker.messages(self._patience, VISION_WIRE)) as messages:
                await self._listen(worker, messages)

    async def _listen(self, worker: WorkerProcess, messages: AsyncIterator[Message]) -> None:
        try:
            async for message in messages:
                self._hear(message)
        except WorkerGone:
            worker.kill()  # it may hang or talk nonsense: no time to ask
            raise

    def _hear(self, message: Message) -> None:
        match message:
            case FrameMessage():
                self._tell(self._reading(message))
            case CameraMessage():
                self._see(CameraState(message.state))
            case Beat():
                self._beat(message)
            case Hello():
                self._status = replace(self._status, params_version=message.params_version)
                if self._spec.since_ns is None:
                    self._spec = msgspec.structs.replace(self._spec, since_ns=time.monotonic_ns())

    def _beat(self, beat: Beat) -> None:
        self._status = replace(
            self._status, frames=beat.frames, skipped=beat.skipped, cpu_ms=beat.cpu_ms, rss_mb=beat.rss_mb
        )
        self._beats += 1
        if self._is_down and self._beats == _CALM_BEATS:
            self._is_down = False
            log.info("%s: vision worker is back", self._spec.counter)

    def _fell(self, why: str, *, is_calm: bool) -> None:
        failures = 1 if is_calm else self._status.failures + 1
        self._status = replace(self._status, pid=None, failures=failures, frames=0, skipped=0, cpu_ms=0.0, rss_mb=0.0)
        if not self._is_down:
            log.warning("%s: vision worker is down: %s", self._spec.counter, why)
        self._is_down = True
        self._see(CameraState.WORKER_DOWN)

    def _see(self, state: CameraState) -> None:
        if state is not self._status.camera:
            self._status = replace(self._status, camera=state)
            self._tell(CameraChange(self._spec.counter, state))

    def _reading(self, message: FrameMessage) -> Reading:
        return Reading(self._spec.counter, message.captured_ns / 1e9, tuple(self._face(face) for face in message.faces))

    def _face(self, face: FaceMessage) -> Face:
        """Track numbers go on where the last worker stopped: a restart never makes one citizen out of two."""
        track = self._track_base + face.track
        self._track_last = max(self._track_last, track)
        return Face(
            track=track,
            box=face.box,
            usable=face.usable,
            why_not=face.why_not,
            scores=dict(zip(Level, face.scores, strict=True)) if face.usable else {},
            valence=face.valence,
            reasons=face.reasons,
        )

    def _tell(self, item: Reading | CameraChange) -> None:
        for mailbox in self._listeners:
            mailbox.put(item)
