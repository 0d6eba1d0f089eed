"""What pages, command line and the guide may ask of the book of faces: values and Protocols.

Implemented in `edge.services.faces` and `edge.services.enrolment`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from edge.domain.consent import ChosenName, Consent, Ended, Shot, Unfit
from edge.domain.recognition import Aliveness, Decision, Look, Numbers
from edge.eye_ports import SittingTask
from edge.ports import CameraState, Ledger


class ErasingLedger(Ledger, Protocol):
    """A journal that can also be made to forget what it deleted."""

    async def forget_log(self) -> bool:
        """Cut the log that holds older versions of rows. False: not now, ask again."""


@dataclass(frozen=True, slots=True)
class Application:
    """Somebody who wants to be recognised. `alive` is None when pictures were given and nobody could check."""

    name: ChosenName
    shots: tuple[Shot, ...]
    given_to: str
    notice: str
    alive: Aliveness | None = None
    replaces: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Nobody was enrolled. `picture` counts from 0; `person` is who it is already."""

    why: Unfit
    picture: int | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A person of the book. No embedding, and the name is masked unless it is revealed."""

    person: str
    name: ChosenName
    consent: Consent
    model: str
    pictures: int
    liveness: str
    used_at: datetime


@dataclass(frozen=True, slots=True)
class Greeting:
    """Whom the robot may greet. Nothing else follows from it: no dossier, no compartment."""

    decision: Decision
    name: ChosenName | None = field(default=None)


class FaceBook(Protocol):
    """The people who agreed to be recognised."""

    async def enrol(self, application: Application) -> Enrolled | Refused: ...
    async def recognise(self, looks: Sequence[Look], alive: Aliveness) -> Greeting: ...
    async def forget(self, person: str, why: Ended, by: str) -> bool:
        """Template and name are gone from the disk when this returns. False: there is no such person."""

    async def people(self) -> tuple[Enrolled, ...]: ...
    async def export(self, person: str) -> dict[str, Any] | None:
        """All that is kept about a person, for that person."""


class KnownPeople(Protocol):
    """The book as the guide's camera and its greeting need it."""

    @property
    def templates(self) -> Mapping[str, Numbers]:
        """By person; opened, for comparing in this device's processes only."""

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` after every change of who is enrolled."""

    async def greet(self, person: str) -> ChosenName | None:
        """What somebody who was recognised is called; it counts as use. None: withdrawn meanwhile."""


# --- enrolling before the guide's camera ---


class EnrolmentStep(StrEnum):
    """Where the enrolment before the camera is; a page shows one screen for each."""

    IDLE = "idle"
    SITTING = "sitting"
    ENROLLED = "enrolled"
    REFUSED = "refused"
    FAILED = "failed"  # the camera was lost, or nothing came of it for too long


@dataclass(frozen=True, slots=True)
class EnrolmentView:
    """`task` None: the camera looks for a face. `hint`: what is wrong with the picture just now. `refused` only with REFUSED."""

    step: EnrolmentStep = EnrolmentStep.IDLE
    task: SittingTask | None = None
    done: int = 0
    tasks: int = 0
    hint: Unfit | None = None
    refused: Refused | None = None
    enrolled: Enrolled | None = None


class FaceDesk(Protocol):
    """Who is enrolled, and enrolling one person at a time before the guide's camera."""

    def camera(self) -> CameraState | None:
        """None: the guide has none."""

    def view(self) -> EnrolmentView: ...
    def subscribe(self, callback: Callable[[EnrolmentView], None]) -> Callable[[], None]: ...
    async def begin(self, name: ChosenName, by: str, notice: str, replaces: str | None = None) -> bool:
        """Somebody agreed to `notice`, whose text this is, before `by`. False: another one is before the camera, or it shows nothing."""

    async def cancel(self) -> None:
        """Nothing of it is kept."""

    async def enrol(self, application: Application) -> Enrolled | Refused:
        """From pictures that were taken elsewhere."""

    async def people(self) -> tuple[Enrolled, ...]: ...
    async def forget(self, person: str, by: str) -> bool:
        """Withdrawal. False: there is no such person."""

    async def export(self, person: str, by: str) -> dict[str, Any] | None:
        """All that is kept about a person, for that person."""
