"""How often one address may be refused. Kept in memory: 128-bit tokens are not guessed, this keeps the noise down."""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

ADDRESSES = 4_096  # beyond it the one seen longest ago is forgotten


@dataclass(slots=True)
class Attempts:
    """`most` refusals within `within_s`, then nothing until the oldest of them is that old."""

    monotonic: Callable[[], float]
    most: int = 10
    within_s: float = 600.0
    _refused: "OrderedDict[str, deque[float]]" = field(default_factory=OrderedDict)

    def wait_s(self, address: str) -> int:
        """How long this address has to wait; 0 when it may try."""
        times = self._refused.get(address)
        if times is None or len(times) < self.most:
            return 0
        left_s = times[0] + self.within_s - self.monotonic()
        return max(0, int(left_s) + 1) if left_s > 0 else 0

    def refused(self, address: str) -> None:
        times = self._refused.setdefault(address, deque(maxlen=self.most))
        times.append(self.monotonic())
        self._refused.move_to_end(address)
        while len(self._refused) > ADDRESSES:
            self._refused.popitem(last=False)
