"""Whether this device's clock and the city's go together. Pure.

A receipt that was long on its way shows a time that is too old, so one alone proves nothing: two in a row do. One that agrees
proves that the clock is right.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

LIMIT = timedelta(seconds=60)
_PROOF = 2


@dataclass(frozen=True, slots=True)
class ClockSkew:
    """`skew_s`: how much our clock is ahead of the city's, as the last receipt showed it."""

    skew_s: float | None = None
    off: int = 0  # receipts in a row that disagreed

    @property
    def is_wrong(self) -> bool:
        return self.off >= _PROOF

    @property
    def is_right(self) -> bool:
        return self.skew_s is not None and self.off == 0

    def seen(self, ours: datetime, citys: datetime) -> "ClockSkew":
        """After a receipt that came at `ours` and says `citys`."""
        skew = ours - citys
        return replace(self, skew_s=skew.total_seconds(), off=min(self.off + 1, _PROOF) if abs(skew) > LIMIT else 0)
