"""Site-local day and hour of a moment, as the tables keep them beside the epoch seconds, and whether one is over. For the repositories."""

from datetime import datetime
from typing import NamedTuple


class Hour(NamedTuple):
    day: str  # ISO date
    hour: int


def hour_of(at: datetime) -> Hour:
    """`at` is aware, in the site's zone."""
    return Hour(at.date().isoformat(), at.hour)


STEP_BACK_S = 60.0  # a time server puts a clock back by seconds every now and then: that makes nothing due


def is_over(due_s: float, now_s: float, most_s: float) -> bool:
    """Whether what was put off, by `most_s` at most, is due. Much further ahead lies only what a clock set that has been put back since."""
    return not now_s < due_s <= now_s + most_s + STEP_BACK_S
