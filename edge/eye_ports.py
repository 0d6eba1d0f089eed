"""The guide's camera between worker and services: values and Protocols. Read with `edge.face_ports`.

No picture is among them. Who somebody is comes as the person of the book; numbers of a face only from a sitting that was asked for.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from edge.domain.consent import Shot, Unfit
from edge.domain.naming import SittingTask
from edge.domain.recognition import Aliveness, Numbers, Outcome
from edge.ports import CameraState


@dataclass(frozen=True, slots=True)
class EyesChange:
    """The camera's state, or that its worker is down."""

    state: CameraState


@dataclass(frozen=True, slots=True)
class Near:
    """Whether somebody stands before the guide."""

    is_near: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What several frames of one face came to; `person` only with `Outcome.MATCH`."""

    outcome: Outcome
    alive: Aliveness
    person: str | None = None
    similarity: float | None = None


@dataclass(frozen=True, slots=True)
class SittingStep:
    """The next thing to do; `done` of `tasks` are behind them."""

    sitting: int
    task: SittingTask
    done: int
    tasks: int


@dataclass(frozen=True, slots=True)
class SittingHint:
    """What is wrong with the picture just now; None: nothing."""

    sitting: int
    unfit: Unfit | None


@dataclass(frozen=True, slots=True)
class SittingOver:
    """`shots` are empty when nobody came; `alive` only after every task."""

    sitting: int
    shots: tuple[Shot, ...]
    alive: Aliveness


@dataclass(frozen=True, slots=True)
class ChallengeStep:
    """The next thing that the recognised person is asked to do; `done` of `tasks` are behind them."""

    challenge: int
    task: SittingTask
    done: int
    tasks: int


@dataclass(frozen=True, slots=True)
class ChallengeOver:
    """`is_passed`: the face that was recognised did everything that was asked, in time."""

    challenge: int
    is_passed: bool


EyesItem: TypeAlias = (
    EyesChange | Near | Seen | SittingStep | SittingHint | SittingOver | ChallengeStep | ChallengeOver
)  # fmt: skip


class GuideEyes(Protocol):
    """One camera. Its worker may be down: then nothing is seen, and a sitting ends with the EyesChange."""

    def watch(self) -> AsyncGenerator[EyesItem, None]:
        """The present state first, then everything as it comes. Ends only with its listener."""

    async def know(self, templates: Mapping[str, Numbers]) -> None:
        """Recognise these people from now on and nobody else."""

    async def challenge(self) -> int:
        """Ask the one who was recognised last to show that they are there, the challenge's number; it always ends with ChallengeOver."""

    async def sit(self) -> int:
        """Begin a sitting, its number; one that was going on is over."""

    async def rise(self) -> None:
        """No sitting any more."""


__all__ = [
    "ChallengeOver", "ChallengeStep", "EyesChange", "EyesItem", "GuideEyes", "Near", "Seen", "SittingHint", "SittingOver",
    "SittingStep", "SittingTask",
]  # fmt: skip
