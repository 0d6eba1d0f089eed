"""When to send again what the broker already acknowledged: a PUBACK is one hop, and only the city's receipt is the end.

Pure but for the clock passed in. The uplink's thread asks `due`; the link's loop tells `city_has` and `ask`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResendRules:
    """`patience_s`: how long a city that once confirmed may be silent; doubles at each resend, up to `max_patience_s`.

    `pause_s`: between two resends that the city asked for; doubles, up to the same, while it asks for the same ones: a city
    that lost its database asks for ever for what is deleted here.
    """

    patience_s: float = 60.0
    max_patience_s: float = 3_600.0
    pause_s: float = 1.0


class Resend:
    """Decides from where to send again. A city that never confirmed anything is not there: nothing is sent twice for it."""

    def __init__(self, rules: ResendRules, city: int, now: float) -> None:
        self._rules = rules
        self._city = city
        self._is_city_known = city > 0
        self._asked: int | None = None
        self._silent_since = now
        self._seen = city
        self._last = now - rules.pause_s
        self._patience_s = rules.patience_s
        self._served: int | None = None  # what it asked for last
        self._pause_s = rules.pause_s

    def city_has(self, seq: int) -> None:
        """The city confirmed everything up to `seq`."""
        self._city = max(self._city, seq)
        self._is_city_known = True
        if self._asked is not None and seq > self._asked:
            self._asked = None  # it has come in the meantime

    def ask(self, seq: int) -> None:
        """The city misses what follows `seq`."""
        self._asked = seq

    def due(self, now: float, broker: int) -> int | None:
        """The seq behind which to send again, or None. `broker` is what the broker has acknowledged so far."""
        if self._city > self._seen or broker <= self._city:
            self._seen, self._silent_since, self._patience_s = self._city, now, self._rules.patience_s
        asked = self._asked
        if asked is not None and now - self._last >= self._pause_before(asked):
            is_again = asked == self._served
            self._pause_s = min(2 * self._pause_s, self._rules.max_patience_s) if is_again else self._rules.pause_s
            self._served = asked
            return self._go(asked, now)
        if self._is_city_known and now - self._silent_since > self._patience_s:
            self._patience_s = min(2 * self._patience_s, self._rules.max_patience_s)
            return self._go(self._city, now)
        return None

    def _pause_before(self, asked: int) -> float:
        return self._pause_s if asked == self._served else self._rules.pause_s

    def _go(self, seq: int, now: float) -> int:
        self._asked = None
        self._last = self._silent_since = now
        return seq
