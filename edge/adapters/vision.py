"""The eyes of one counter: keeps a vision worker running and turns its messages into readings (edge.ports.Eyes).

Used by edge.compose, edge.demo and the benchmarks; `run` belongs in the agent's TaskGroup.
"""

import time
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace

import msgspec

from edge.adapters.mailbox import Mailboxes
from edge.adapters.supervised_worker import SupervisedWorker, WorkerKind
from edge.adapters.supervisor import Backoff
from edge.adapters.vision_spec import VisionSpec, spec_line
from edge.adapters.worker_process import VISION_WIRE, WorkerPatience
from edge.domain.level import Level
from edge.ports import CameraChange, CameraState, Face, Reading
from models.wire import Beat, CameraMessage, FaceMessage, FrameMessage, Hello, Message

WAITING = 64  # readings a listener may be behind; six seconds at ten frames a second
_CHILD = ("-m", "edge.adapters.vision_child")


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
        self._spec = spec
        self._worker = SupervisedWorker(
            WorkerKind("vision worker", spec.counter, child, VISION_WIRE, on_large_pages=True),
            spec=self._next_spec, hear=self._hear, fell=self._fell, patience=patience, backoff=backoff,
        )  # fmt: skip
        self._listeners: Mailboxes[Reading | CameraChange] = Mailboxes(waiting)
        self._status = EyesStatus()
        self._track_base = self._track_last = 0

    @property
    def status(self) -> EyesStatus:
        """The latest known state; cheap."""
        worker = self._worker.status
        return replace(
            self._status,
            pid=worker.pid,
            starts=worker.starts,
            failures=worker.failures,
            dropped=self._listeners.dropped,
        )

    @property
    def story_began_s(self) -> float | None:
        """When a replayed camera began its playlist, on the monotonic clock; None until the worker has said hello."""
        return None if self._spec.since_ns is None else self._spec.since_ns / 1e9

    async def watch(self) -> AsyncGenerator[Reading | CameraChange, None]:
        """Readings and camera changes as they come, the present camera state first. Ends only with its listener."""
        with self._listeners.one(CameraChange(self._spec.counter, self._status.camera)) as mailbox:
            while True:
                yield await mailbox.get()

    async def run(self) -> None:
        """Start the worker, and start it again whenever it ends, until cancelled."""
        await self._worker.run()

    def _next_spec(self) -> bytes:
        self._track_base = self._track_last
        return spec_line(self._spec)

    def _hear(self, message: Message) -> None:
        match message:
            case FrameMessage():
                self._listeners.put(self._reading(message))
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

    def _fell(self) -> None:
        self._status = replace(self._status, frames=0, skipped=0, cpu_ms=0.0, rss_mb=0.0)
        self._see(CameraState.WORKER_DOWN)

    def _see(self, state: CameraState) -> None:
        if state is not self._status.camera:
            self._status = replace(self._status, camera=state)
            self._listeners.put(CameraChange(self._spec.counter, state))

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
