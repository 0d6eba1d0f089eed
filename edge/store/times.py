"""Site-local day and hour of a moment, as the tables keep them beside the epoch seconds, and whether one is over. For the repositories."""

from datetime import datetime
from typing import NamedTuple


class Hour(NamedTuple):
    day: str  # ISO date
    hour: int


def hour_of(at: datetime) -> Hour:
    """`at` is aware, in the site's zone."""
    return Hour(at.date().isoformat(), at.hour)


def is_over(due_s: float, now_s: float, most_s: float) -> bool:
    """Whether what was put off, by `most_s` at most, is due. Further ahead lies only what a clock set that has been put back since."""
    return not now_s < due_s <= now_s + most_s
