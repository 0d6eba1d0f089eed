"""How a link behaves on a narrow or a metered line. Pure but for the clock passed in; one connection's thread uses it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

PACKET_BYTES = 60  # beside topic and body: MQTT's header, TCP and IP shared by a few, TLS
MEAN_EVENT_BYTES = 500


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Manners:
    """`max_bytes_s` None: as fast as the broker takes it. `is_metered` is asked at every turn, so a time window may decide.

    On a metered line the chain still goes up in its order, so what can be spared is small talk, not bytes: the drain waits and goes
    in batches every `batch_s`. Handovers, alerts, consents and answers to the city (`AT_ONCE`) let it go up to themselves
    without waiting, and an early copy waits for nothing.
    """

    max_bytes_s: float | None = None
    is_metered: Callable[[], bool] = _never
    batch_s: float = 900.0


AT_ONCE = "(type GLOB 'locker.*' OR type GLOB 'alert.*' OR type GLOB 'consent.*' OR type = 'command.answered')"


class Bucket:
    """A token bucket that may go into debt: what is sent is sent, and the next waits for it."""

    def __init__(self, bytes_s: float | None, now: float) -> None:
        self._rate = bytes_s
        self._burst = max(bytes_s or 0.0, MEAN_EVENT_BYTES)  # a second's worth
        self._left = self._burst
        self._at = now

    def take(self, size: int) -> None:
        self._left -= size + PACKET_BYTES

    def wait_s(self, now: float) -> float:
        """How long until something may be sent; 0 when it may now."""
        if self._rate is None:
            return 0.0
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        return 0.0 if self._left > 0 else (1.0 - self._left) / self._rate

    @property
    def events(self) -> float:
        """About how many events may be sent now."""
        return math.inf if self._rate is None else max(0.0, self._left // MEAN_EVENT_BYTES)


class Hold:
    """Up to which seq a metered line lets the drain go."""

    def __init__(self, batch_s: float, now: float) -> None:
        self._batch_s = batch_s
        self._next = now  # whatever waits when the line comes up is the first batch
        self._released = 0

    def limit(self, now: float, *, is_metered: bool, last: int, at_once: int) -> float:
        """`last`: the newest event; `at_once`: the newest that may not wait. Infinity where nothing is held."""
        if not is_metered:
            self._next = now
            return math.inf
        if now >= self._next:
            self._next = now + self._batch_s
            self._released = max(self._released, last)
        self._released = max(self._released, at_once)
        return self._released
