"""The real clock behind `edge.ports.Clock`."""

import time
from datetime import datetime, tzinfo


class SystemClock:
    """Wall time in the site's zone, and the monotonic clock that the vision worker shares."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def now(self) -> datetime:
        return datetime.now(self._zone)

    def monotonic(self) -> float:
        return time.monotonic()
