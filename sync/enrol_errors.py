"""What can go wrong between a device and the enrolment server; one class for each thing a person can do about it."""

from datetime import timedelta

from sync.enrolment import Refusal
from sync.errors import SyncError


class EnrolError(SyncError):
    """Root of what can go wrong between a device and the enrolment server."""


class CityNotReached(EnrolError):
    """No line, no server, or a TLS that does not come about: again later. Nothing was used up for sure."""


class CityRefused(EnrolError):
    """The city said no. `why` is one of `Refusal`, or a newer city's word."""

    def __init__(self, why: str, retry_after_s: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.retry_after_s = retry_after_s

    @property
    def is_final(self) -> bool:
        """Whether asking again can change nothing."""
        return self.why not in {Refusal.CITY_BUSY, Refusal.TOO_MANY_TRIES}


class NotTheCity(EnrolError):
    """What answers does not hold the authority that the token names: somebody is in between. Nothing was sent."""


class ClockOff(EnrolError):
    """This device's clock is too far from the city's for any certificate to count: set it first. Nothing was sent."""

    def __init__(self, off_by: timedelta) -> None:
        super().__init__(f"the clock is off by {off_by}")
        self.off_by = off_by


class NoSerial(EnrolError):
    """The board tells no serial number: give the one on the sticker."""
