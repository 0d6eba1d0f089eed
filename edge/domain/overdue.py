"""When a result that nobody collects is reminded of and overdue, and who may open all doors at once.

An overdue result can still be collected: its code stays valid until staff recall it. Days are counted on the wall clock
from the loading; a clock that jumps can at worst remind too early or too late, it never cancels anything.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class OverdueStep(StrEnum):
    """Values as the `step` of `locker.overdue`."""

    REMINDED = "reminded"
    OVERDUE = "overdue"


class RecallWhy(StrEnum):
    """Values as the `why` of `locker.recalled`."""

    OVERDUE = "overdue"
    CITIZEN_ASKED = "citizen_asked"
    WRONG_DOSSIER = "wrong_dossier"
    FAULT = "fault"
    FIRE = "fire"
    MOVING = "moving"


@dataclass(frozen=True, slots=True)
class OverdueRules:
    reminder_days: int = 3
    overdue_days: int = 5


class RefuseSecond(StrEnum):
    NOT_ALLOWED = "not_allowed"
    TWO_PERSONS = "two_persons"


def due(loaded: datetime, now: datetime, done: Collection[OverdueStep], rules: OverdueRules) -> tuple[OverdueStep, ...]:
    """The steps that are due and not yet `done`, in order. Who is overdue already gets no belated reminder."""
    days = days_waiting(loaded, now)
    if days >= rules.overdue_days:
        return () if OverdueStep.OVERDUE in done else (OverdueStep.OVERDUE,)
    is_due = days >= rules.reminder_days and not set(done) & set(OverdueStep)
    return (OverdueStep.REMINDED,) if is_due else ()


def days_waiting(loaded: datetime, now: datetime) -> int:
    """Whole days; a clock that went back counts as none."""
    return max(0, (now - loaded) // timedelta(days=1))


def refuse_second(first: tuple[str, str], second: tuple[str, str], roles: Collection[str]) -> RefuseSecond | None:
    """Why these two (name, role) may not open all doors: two different persons, each in one of `roles`."""
    if first[0].strip().casefold() == second[0].strip().casefold():
        return RefuseSecond.TWO_PERSONS
    return None if {first[1], second[1]} <= set(roles) else RefuseSecond.NOT_ALLOWED
