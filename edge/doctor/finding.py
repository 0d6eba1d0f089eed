"""What a check says: a state, what was found, and the next step. Every module of this room speaks so."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    GOOD = "good"
    WEAK = "weak"  # it works, and somebody should see to it
    BROKEN = "broken"
    NOT_TESTED = "not_tested"


@dataclass(frozen=True, slots=True)
class Finding:
    """`do`: the exact next step of a technician; everything that is weak or broken has one."""

    state: State
    found: str
    do: str | None = None


def good(found: str) -> Finding:
    return Finding(State.GOOD, found)


def weak(found: str, do: str) -> Finding:
    return Finding(State.WEAK, found, do)


def broken(found: str, do: str) -> Finding:
    return Finding(State.BROKEN, found, do)


def not_tested(why: str, do: str | None = None) -> Finding:
    return Finding(State.NOT_TESTED, why, do)


@dataclass(frozen=True, slots=True)
class Line:
    """A finding about one part. `part` is the field's name for it, `id` its key in the configuration where it has one."""

    part: str
    id: str | None
    finding: Finding

    def as_json(self) -> dict[str, str | None]:
        """The keys are relied on by other programs."""
        one = self.finding
        return {"part": self.part, "id": self.id, "state": one.state.value, "found": one.found, "do": one.do}
