"""Site-local day and hour of a moment, as the tables keep them beside the epoch seconds. For the repositories."""

from datetime import datetime
from typing import NamedTuple


class Hour(NamedTuple):
    day: str  # ISO date
    hour: int


def hour_of(at: datetime) -> Hour:
    """`at` is aware, in the site's zone."""
    return Hour(at.date().isoformat(), at.hour)
