"""A cabinet in memory: doors that do what a test says when they are pulsed, and people who pull and push them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from enum import Enum

from edge.locker_ports import BoardChange, Door, DoorChange, Pulse, TraceRow
from edge.ports import Clock


class Behaviour(Enum):
    """What a pulse does."""

    OPENS = "opens"
    JAMS = "jams"  # answered, and stays closed
    OPENS_UNHEARD = "opens_unheard"  # it opens and the reply is lost
    LOST = "lost"  # nothing opens and no reply comes
    NOT_SENT = "not_sent"
    REFUSED = "refused"
    OPENS_OTHER = "opens_other"  # the electrician swapped two wires


_ANSWERS = {
    Behaviour.OPENS_UNHEARD: Pulse.LOST,
    Behaviour.LOST: Pulse.LOST,
    Behaviour.NOT_SENT: Pulse.NOT_SENT,
    Behaviour.REFUSED: Pulse.REFUSED,
}


class FakeDoors:
    """`edge.locker_ports.Doors`. It outlives the agent: doors stay as they are when the agent is killed."""

    def __init__(self, compartments: tuple[str, ...], clock: Clock) -> None:
        self.doors = dict.fromkeys(compartments, Door.CLOSED)
        self.behaves: dict[str, Behaviour] = {}
        self.pulses: list[tuple[str, str]] = []  # compartment, stay
        self.before_pulse: Callable[[str, str], None] = lambda _compartment, _stay: None
        self.is_silent = False
        self.reads = 0
        self.news: deque[DoorChange | BoardChange] = deque()
        self._came = asyncio.Event()
        self._clock = clock

    async def watch(self) -> AsyncIterator[DoorChange | BoardChange]:
        while True:
            while self.news:
                yield self.news.popleft()
            self._came.clear()
            await self._came.wait()

    async def read(self, compartment: str | None = None) -> Mapping[str, Door]:
        self.reads += 1
        doors = dict.fromkeys(self.doors, Door.UNKNOWN) if self.is_silent else dict(self.doors)
        return doors if compartment is None else {compartment: doors[compartment]}

    async def pulse(self, compartment: str, stay: str) -> Pulse:
        self.before_pulse(compartment, stay)
        behaviour = self.behaves.get(compartment, Behaviour.OPENS)
        if behaviour is not Behaviour.NOT_SENT:
            self.pulses.append((compartment, stay))
        if behaviour in {Behaviour.OPENS, Behaviour.OPENS_UNHEARD}:
            self.pull(compartment)
        elif behaviour is Behaviour.OPENS_OTHER:
            self.pull(next(other for other in self.doors if other != compartment))
        return _ANSWERS.get(behaviour, Pulse.ANSWERED)

    def pull(self, compartment: str) -> None:
        self._move(compartment, Door.OPEN)

    def push(self, compartment: str) -> None:
        self._move(compartment, Door.CLOSED)

    def lose_board(self, board: str, why: str | None = "board_silent") -> None:
        self.is_silent = why is not None
        self._tell(BoardChange(board, why))
        for compartment, door in self.doors.items():
            self._tell(DoorChange(compartment, Door.UNKNOWN if self.is_silent else door, self._clock.monotonic()))

    def trace(self) -> tuple[TraceRow, ...]:
        return ()

    def subscribe_trace(self, _callback: Callable[[TraceRow], None]) -> Callable[[], None]:
        return lambda: None

    def _move(self, compartment: str, door: Door) -> None:
        self.doors[compartment] = door
        if not self.is_silent:
            self._tell(DoorChange(compartment, door, self._clock.monotonic(), pushed=True))

    def _tell(self, news: DoorChange | BoardChange) -> None:
        self.news.append(news)
        self._came.set()
