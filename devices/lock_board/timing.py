"""How long a line waits for what, how far apart pulses are, and what a line counts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

BITS_A_BYTE = 10  # start, 8, stop
LONGEST_REPLY = 80  # bytes: WKLY with 64 doors


@dataclass(frozen=True, slots=True)
class LinkTiming:
    """Seconds. Replies are waited for beyond the time that the bytes themselves take."""

    reply_s: float = 0.3  # boards answer within 50 ms; a converter in the network may add 100
    after_pulse_s: float = (
        0.7  # and so long more for an unlock, while doors are read: some boards answer after the pulse
    )
    unlock_grace_s: float = 0.15  # for a family that need not answer an unlock at all
    gap_s: float = 0.06  # silence after which half a frame will not be completed
    quiet_s: float = 0.005  # silence before a request: 3.5 characters at 9600 baud, as Modbus asks
    longest_quiet_s: float = 0.5  # a line that never falls silent is written to all the same
    late_s: float = 10.0  # how long an unanswered request may still be answered: "open all" takes as long
    suspect_s: float = 2.0  # within which an answer could be the one to the same question before
    backoff_s: float = 0.5  # first wait before a lost port is opened again, then doubled
    longest_backoff_s: float = 10.0
    steady_s: float = 5.0  # a port that held so long is opened again without the long wait
    silent_requests: int = 20  # without any answer: the port is closed and opened anew, later half as often each time
    most_silent_requests: int = 320


@dataclass(frozen=True, slots=True)
class PollTiming:
    """Seconds between two readings of all doors of one board."""

    normal_s: float = 0.5
    fast_s: float = 0.06  # a spring may close a door again before anybody looked
    fast_for_s: float = 3.0  # after a pulse or a push
    settled_s: float = 0.15  # how long a door must be seen closed before it is called closed
    shut_push_s: float = 0.5  # how long after the push of an opening the push of its closing may come
    absent_s: float = 2.0  # a silent board costs the whole reply time of the line
    misses: int = 3  # readings that failed before a board is called silent


@dataclass(slots=True)
class LinkCounters:
    """Since the start. `corrupt`: runs of noise. `late`: answered a request that had been given up."""

    sent: int = 0
    answered: int = 0
    unanswered: int = 0
    corrupt: int = 0
    late: int = 0
    stray: int = 0
    echoes: int = 0
    pushed: int = 0
    port_lost: int = 0


class PulsePace:
    """Unlocks of one power supply: one after the other, at least `gap_s` apart. Lines of one cabinet share it."""

    def __init__(self, gap_s: float = 0.3) -> None:
        self._gap_s = gap_s
        self._turn = asyncio.Lock()
        self._free_at = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        async with self._turn:
            loop = asyncio.get_running_loop()
            await asyncio.sleep(max(0.0, self._free_at - loop.time()))
            try:
                yield
            finally:
                self._free_at = loop.time() + self._gap_s
