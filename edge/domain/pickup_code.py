"""The one-time code that opens a citizen's compartment: masked unless `.reveal()` is called."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PickupCode:
    """Digits only. Shown to the citizen once, by SMS or read out; never logged, stored or put in an event."""

    _digits: str = field(repr=False)

    def reveal(self) -> str:
        """The digits. Every caller of this is a place to review."""
        return self._digits

    def __str__(self) -> str:
        return "•" * len(self._digits)
