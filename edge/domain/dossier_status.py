"""How far a dossier is, as the city's system told it, and what can be answered to who asks. Pure; no names, ever."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TypeAlias

from edge.domain.dossier import DossierCode


class DossierStatus(StrEnum):
    """What a citizen is told, each with its own plain sentence."""

    RECEIVED = "received"
    IN_PROGRESS = "in_progress"
    NEEDS_PAPERS = "needs_papers"  # the unit waits for something from the citizen
    READY = "ready"  # the result lies at the counter that gives results out
    DELIVERED = "delivered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class DossierStep(StrEnum):
    """Where it lies while it is in progress."""

    INTAKE = "intake"
    REVIEW = "review"
    VERIFICATION = "verification"
    SIGNING = "signing"
    RETURN = "return"


OPEN = frozenset({DossierStatus.RECEIVED, DossierStatus.IN_PROGRESS})


@dataclass(frozen=True, slots=True)
class DossierRecord:
    """`as_of`: when the city's system said so; an answer without its time is none."""

    code: DossierCode
    status: DossierStatus
    as_of: datetime
    step: DossierStep | None = None
    promised: date | None = None

    def is_late(self, today: date) -> bool:
        """Promised for a day that is over, and still not done."""
        return self.status in OPEN and self.promised is not None and self.promised < today


class Source(StrEnum):
    CITY = "city"  # asked just now
    LAST_SYNC = "last_sync"  # the city does not answer: what was known last


@dataclass(frozen=True, slots=True)
class Found:
    record: DossierRecord
    source: Source


class NotFound(StrEnum):
    UNKNOWN = "unknown"  # the city has no such code
    NO_ANSWER = "no_answer"  # the city does not answer, and nothing is known here


DossierAnswer: TypeAlias = Found | NotFound
