"""The guide's eyes: keep its camera worker running, tell it whom to know, turn its messages into `edge.eye_ports`.

Used by edge.compose and the demo; `run` belongs in the agent's TaskGroup.
"""

import logging
import time
from array import array
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace

import msgspec

from edge.adapters.guide_eyes_spec import GuideEyesSpec, spec_line
from edge.adapters.mailbox import Mailboxes
from edge.adapters.supervised_worker import SupervisedWorker, WorkerKind
from edge.adapters.supervisor import Backoff
from edge.adapters.worker_process import Wire, WorkerGone, WorkerPatience
from edge.domain.consent import Shot, Unfit
from edge.domain.recognition import Aliveness, Numbers, Outcome
from edge.eye_ports import (
    ChallengeOver,
    ChallengeStep,
    EyesChange,
    EyesItem,
    Near,
    Seen,
    SittingHint,
    SittingOver,
    SittingStep,
    SittingTask,
)
from edge.ports import CameraState
from models.guide_wire import (
    KNOWN_AT_MOST,
    SHOTS_AT_MOST,
    WIRE_VERSION,
    AnsweredMessage,
    AskMessage,
    GuideHello,
    GuideMessage,
    GuideTell,
    GuideUnpacker,
    HintMessage,
    NearMessage,
    OverMessage,
    ShotMessage,
    TaskMessage,
    WhoMessage,
)
from models.wire import Beat, CameraMessage

log = logging.getLogger(__name__)

GUIDE_WIRE: Wire[GuideMessage] = Wire(WIRE_VERSION, GuideUnpacker, GuideHello, Beat)
WAITING = 64
_CHILD = ("-m", "edge.adapters.guide_eyes_child")


@dataclass(frozen=True, slots=True)
class GuideEyesStatus:
    """How the worker is, for health pages and tests."""

    camera: CameraState = CameraState.OPENING
    pid: int | None = None
    frames: int = 0
    cpu_ms: float = 0.0
    rss_mb: float = 0.0
    starts: int = 0
    failures: int = 0  # in a row
    dropped: int = 0


class WorkerEyes:
    """`edge.eye_ports.GuideEyes` over a supervised child process. `run` once, `watch` as often as there are listeners."""

    def __init__(
        self,
        spec: GuideEyesSpec,
        *,
        child: Sequence[str] = _CHILD,
        patience: WorkerPatience | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        self._spec = spec
        self._worker = SupervisedWorker(
            WorkerKind("guide camera worker", spec.place, child, GUIDE_WIRE, on_large_pages=True),
            spec=lambda: spec_line(self._spec), further=self._tell_line, hear=self._hear, fell=self._fell,
            patience=patience, backoff=backoff,
        )  # fmt: skip
        self._listeners: Mailboxes[EyesItem] = Mailboxes(WAITING, SittingHint)
        self._status = GuideEyesStatus()
        self._told = GuideTell()
        self._people: tuple[str, ...] = ()  # in the order of the templates told
        self._sittings = 0
        self._challenges = 0
        self._is_challenging = False
        self._shots: list[Shot] = []
        self._is_near = False

    @property
    def status(self) -> GuideEyesStatus:
        """The latest known state; cheap."""
        worker = self._worker.status
        return replace(
            self._status, pid=worker.pid, starts=worker.starts, failures=worker.failures, dropped=self._listeners.dropped
        )  # fmt: skip

    async def watch(self) -> AsyncGenerator[EyesItem, None]:
        with self._listeners.one(EyesChange(self._status.camera)) as mailbox:
            if self._is_near:
                yield Near(is_near=True)
            while True:
                yield await mailbox.get()

    async def know(self, templates: Mapping[str, Numbers]) -> None:
        self._people = tuple(templates)[:KNOWN_AT_MOST]
        if len(templates) > KNOWN_AT_MOST:
            log.warning("%s: the last %d enrolled are not recognised", self._spec.place, len(templates) - KNOWN_AT_MOST)
        packed = tuple(array("f", templates[person]).tobytes() for person in self._people)
        await self._tell(templates=packed)

    async def challenge(self) -> int:
        self._challenges += 1
        self._is_challenging = True
        await self._tell(challenge=self._challenges)
        return self._challenges

    async def sit(self) -> int:
        self._sittings += 1
        self._shots.clear()
        await self._tell(sitting=self._sittings)
        return self._sittings

    async def rise(self) -> None:
        self._shots.clear()
        await self._tell(sitting=0)

    async def run(self) -> None:
        """Start the worker, and start it again whenever it ends, until cancelled."""
        await self._worker.run()

    # --- parts ---

    async def _tell(self, **changes: object) -> None:
        self._told = msgspec.structs.replace(self._told, number=self._told.number + 1, **changes)
        await self._worker.tell(self._tell_line())

    def _tell_line(self) -> bytes:
        return msgspec.json.encode(self._told) + b"\n"

    def _hear(self, message: GuideMessage) -> None:
        match message:
            case NearMessage():
                self._see_near(message.is_near)
            case WhoMessage():
                self._who(message)
            case TaskMessage() if self._is_on(message.challenge):
                task = SittingTask(message.task)
                self._listeners.put(ChallengeStep(message.challenge, task, message.done, message.tasks))
            case AnsweredMessage() if self._is_on(message.challenge):
                self._answered(is_passed=message.is_passed)
            case TaskMessage() | AnsweredMessage():
                pass  # of a challenge that is over
            case CameraMessage():
                self._see(CameraState(message.state))
            case Beat():
                self._status = replace(
                    self._status, frames=message.frames, cpu_ms=message.cpu_ms, rss_mb=message.rss_mb
                )
            case GuideHello():
                if self._spec.since_ns is None:
                    self._spec = msgspec.structs.replace(self._spec, since_ns=time.monotonic_ns())
            case _:
                self._hear_sitting(message)

    def _hear_sitting(self, message: AskMessage | HintMessage | ShotMessage | OverMessage) -> None:
        """What comes of a sitting that is over is dropped; numbers of a face nobody asked for end the worker."""
        if isinstance(message, ShotMessage) and (self._sittings < message.sitting or len(self._shots) >= SHOTS_AT_MOST):
            raise WorkerGone("it sends faces that nobody asked for")
        if message.sitting != self._told.sitting:
            return
        match message:
            case AskMessage():
                self._listeners.put(
                    SittingStep(message.sitting, SittingTask(message.task), message.done, message.tasks)
                )
            case HintMessage():
                unfit = None if message.unfit is None else Unfit(message.unfit)
                self._listeners.put(SittingHint(message.sitting, unfit))
            case ShotMessage():
                self._shots.append(_shot(message))
            case OverMessage():
                shots, self._shots = tuple(self._shots), []
                self._told = msgspec.structs.replace(
                    self._told, sitting=0
                )  # a worker started anew does not begin it again
                self._listeners.put(SittingOver(message.sitting, shots, Aliveness(message.alive)))

    def _who(self, message: WhoMessage) -> None:
        """A match in a list that is no longer told is nobody: the person may just have withdrawn."""
        if message.tell != self._told.number:
            return
        person = None if message.person is None else self._people[message.person]
        self._listeners.put(Seen(Outcome(message.outcome), Aliveness(message.alive), person, message.similarity))

    def _is_on(self, challenge: int) -> bool:
        return self._is_challenging and challenge == self._challenges

    def _answered(self, *, is_passed: bool) -> None:
        if self._is_challenging:
            self._is_challenging = False
            self._listeners.put(ChallengeOver(self._challenges, is_passed))

    def _see_near(self, is_near: bool) -> None:  # noqa: FBT001 - the fact is the argument
        if is_near != self._is_near:
            self._is_near = is_near
            self._listeners.put(Near(is_near))

    def _fell(self) -> None:
        self._status = replace(self._status, frames=0, cpu_ms=0.0, rss_mb=0.0)
        self._shots.clear()
        self._told = msgspec.structs.replace(self._told, sitting=0, challenge=0)
        self._answered(is_passed=False)
        self._see_near(is_near=False)
        self._see(CameraState.WORKER_DOWN)

    def _see(self, state: CameraState) -> None:
        if state is not self._status.camera:
            self._status = replace(self._status, camera=state)
            self._listeners.put(EyesChange(state))


def _shot(message: ShotMessage) -> Shot:
    return Shot(
        message.faces, message.width_px, message.yaw, message.pitch, message.roll, message.sharpness,
        message.brightness, message.inside, message.numbers,
    )  # fmt: skip
