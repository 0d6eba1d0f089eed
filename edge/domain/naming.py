"""When somebody who was recognised may be called by name: after a challenge once a day, without one, or never. Pure.

A film of an enrolled person on a screen passes every check that only looks; what will be asked it does not know. Who has answered is
kept for the day, in memory only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

TRIES_A_DAY = 2  # unanswered challenges, and the rest of the day this face is greeted as everybody is, unasked


class NamePolicy(StrEnum):
    """`greet_by_name` in the configuration."""

    CHALLENGE = "challenge"
    PASSIVE = "passive"
    NEVER = "never"


class SittingTask(StrEnum):
    """What somebody before the camera is asked to do; a message key under `faces.task` and `guide.task`."""

    LOOK_STRAIGHT = "look_straight"
    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    BLINK = "blink"
    OPEN_MOUTH = "open_mouth"


class NameStep(StrEnum):
    """What comes of a recognised face."""

    GREET = "greet"
    CHALLENGE = "challenge"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class Answered:
    """Who answered a challenge on this day, and how often one was left unanswered, by person of the book."""

    day: date | None = None
    passed: frozenset[str] = frozenset()
    missed: Mapping[str, int] = field(default_factory=dict)


def name_step(policy: NamePolicy, person: str, answered: Answered, today: date) -> NameStep:
    """No name without an answer of this day where one is asked for; nobody is asked without end."""
    if policy is NamePolicy.PASSIVE:
        return NameStep.GREET
    now = of_day(answered, today)
    if policy is NamePolicy.NEVER or now.missed.get(person, 0) >= TRIES_A_DAY:
        return NameStep.PLAIN
    return NameStep.GREET if person in now.passed else NameStep.CHALLENGE


def after_challenge(answered: Answered, person: str, today: date, *, is_passed: bool) -> Answered:
    """Whoever passes is asked no more on this day."""
    now = of_day(answered, today)
    if is_passed:
        return replace(now, passed=now.passed | {person})
    return replace(now, missed={**now.missed, person: now.missed.get(person, 0) + 1})


def of_day(answered: Answered, today: date) -> Answered:
    """Nothing of yesterday counts."""
    return answered if answered.day == today else Answered(today)
