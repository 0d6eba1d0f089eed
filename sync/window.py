"""Which events are in flight, and up to where everything was acknowledged. Pure; one connection's thread uses it."""


class Window:
    """A bounded number of unacknowledged publishes. Acknowledgements may come in any order."""

    def __init__(self, size: int, watermark: int) -> None:
        self.size = size
        self.watermark = watermark  # everything up to here was acknowledged, or had been before
        self._in_flight: dict[int, int] = {}  # mid -> seq, in the order sent
        self._last_sent = watermark

    @property
    def room(self) -> int:
        return self.size - len(self._in_flight)

    @property
    def in_flight(self) -> int:
        return len(self._in_flight)

    def sent(self, mid: int, seq: int) -> None:
        self._in_flight[mid] = seq
        self._last_sent = seq

    def carries(self, mid: int) -> bool:
        """Whether this mid is an event in flight."""
        return mid in self._in_flight

    def carries_up_to(self, seq: int) -> bool:
        """Whether any event up to here is in flight."""
        return any(one <= seq for one in self._in_flight.values())

    def acknowledged(self, mid: int) -> int | None:
        """The seq that this mid carried, or None for a publish that was no event."""
        seq = self._in_flight.pop(mid, None)
        if seq is not None:
            first = next(iter(self._in_flight.values()), self._last_sent + 1)
            self.watermark = max(self.watermark, first - 1)
        return seq
