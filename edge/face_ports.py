"""What pages, command line and the guide may ask of the book of faces: values and Protocols. Implemented in `edge.services.faces`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from edge.domain.consent import ChosenName, Consent, Ended, Shot, Unfit
from edge.domain.recognition import Aliveness, Decision, Look
from edge.ports import Ledger


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
