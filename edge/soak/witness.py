"""A bystander with a notebook at the simulated doors: pulses felt, doors that opened and closed. Pure; seconds are monotonic.

It knows nothing of the agent. `edge.soak.audit` compares its notes with the journal.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from time import monotonic


@dataclass(frozen=True, slots=True)
class Cycle:
    """One time that a door stood open. `closed_s` None: it still does."""

    opened_s: float
    closed_s: float | None = None


class Witness:
    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.pulses: Counter[str] = Counter()
        self._cycles: defaultdict[str, list[Cycle]] = defaultdict(list)
        self._handed: defaultdict[str, set[int]] = defaultdict(set)  # places of cycles that proved something
        self._told: defaultdict[str, set[int]] = defaultdict(set)
        self._clock = clock

    def pulsed(self, compartment: str) -> None:
        self.pulses[compartment] += 1

    def moved(self, compartment: str, *, is_open: bool) -> None:
        """The door itself, whatever its sensor says. The same news twice is one."""
        cycles = self._cycles[compartment]
        was_open = bool(cycles) and cycles[-1].closed_s is None
        if is_open and not was_open:
            cycles.append(Cycle(self._clock()))
        elif was_open and not is_open:
            cycles[-1] = replace(cycles[-1], closed_s=self._clock())

    def take_closing(self, compartment: str, since_s: float) -> bool:
        """Whether this door was open and then closed, the closing since then. Each time proves one handover and no second one."""
        return self._take(self._handed, compartment, since_s, is_over=True)

    def take_opening(self, compartment: str, since_s: float) -> bool:
        """Whether it stood open at any time since then. Each time may be told once."""
        return self._take(self._told, compartment, since_s, is_over=False)

    def _take(self, taken: dict[str, set[int]], compartment: str, since_s: float, *, is_over: bool) -> bool:
        for place, cycle in enumerate(self._cycles[compartment]):
            is_new = (not is_over) if cycle.closed_s is None else cycle.closed_s >= since_s
            if is_new and place not in taken[compartment]:
                taken[compartment].add(place)
                return True
        return False

    def is_open(self, compartment: str) -> bool:
        cycles = self._cycles[compartment]
        return bool(cycles) and cycles[-1].closed_s is None

    @property
    def cycles(self) -> int:
        return sum(map(len, self._cycles.values()))
