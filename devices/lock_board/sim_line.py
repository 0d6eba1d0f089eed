"""The wire between a port and simulated boards: its byte time, and everything that can go wrong on it, seeded and counted."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from devices.lock_board.timing import BITS_A_BYTE

Carry = Callable[[bytes], None]


class Garble(Enum):
    """Why nothing on the line can be understood."""

    SWAPPED = "swapped"  # A and B the wrong way round: every bit is inverted
    WRONG_BAUD = "wrong_baud"  # other bytes, and another number of them


@dataclass(slots=True)
class LineFaults:
    """Rates between 0 and 1; change them while the line runs. The numbers are what the next frames meet for sure."""

    drop: float = 0.0  # a byte
    flip: float = 0.0  # one bit of a byte
    insert: float = 0.0  # a byte before a byte
    duplicate: float = 0.0  # a frame
    delay: float = 0.0  # a frame to the port
    delay_s: float = 0.4
    hang_up: float = 0.0  # after a frame
    garble: Garble | None = None
    echo: bool = False  # a two-wire adapter hears itself
    byte_by_byte: bool = False  # every byte arrives alone
    lose_requests: int = 0
    lose_replies: int = 0
    delay_replies: int = 0


class SimLine:
    """Carries bytes both ways. `to_board` and `to_port` are where they come out; `hang_up` pulls the cable."""

    def __init__(self, baud: int, *, seed: int = 0, faults: LineFaults | None = None) -> None:
        self.baud = baud
        self.faults = faults or LineFaults()
        self.injected: Counter[str] = Counter()
        self.to_board: Carry = lambda _: None
        self.to_port: Carry = lambda _: None
        self.hang_up: Callable[[], None] = lambda: None
        self._random = random.Random(seed)  # noqa: S311 - a simulator repeats itself on purpose
        self._free_at = {"to_board": 0.0, "to_port": 0.0}
        self._timers: set[asyncio.TimerHandle] = set()

    def from_port(self, octets: bytes) -> None:
        """What the driver has written."""
        if self.faults.echo:
            self._carry("to_port", octets, 0.0)
        if self._take_one("lose_requests"):
            return
        self._carry("to_board", self._spoil(octets), 0.0)
        self._maybe_hang_up()

    def from_board(self, octets: bytes) -> None:
        """One frame of a board."""
        if self._take_one("lose_replies"):
            return
        late = self._take_one("delay_replies") or self._strikes("delay", self.faults.delay)
        copies = 2 if self._strikes("duplicate", self.faults.duplicate) else 1
        for _ in range(copies):
            self._carry("to_port", self._spoil(octets), self.faults.delay_s if late else 0.0)
        self._maybe_hang_up()

    def clear(self) -> None:
        """What was on its way is gone."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        self._free_at = dict.fromkeys(self._free_at, 0.0)

    def _carry(self, way: str, octets: bytes, delay_s: float) -> None:
        """A delayed frame waits in the adapter, not on the wire: what follows it may arrive first."""
        loop = asyncio.get_running_loop()
        byte_s = BITS_A_BYTE / self.baud
        start = max(loop.time(), self._free_at[way])
        if not delay_s:
            self._free_at[way] = start + len(octets) * byte_s
        start += delay_s
        if self.faults.byte_by_byte:
            for place in range(len(octets)):
                self._at(start + (place + 1) * byte_s, way, octets[place : place + 1])
        elif octets:
            self._at(start + len(octets) * byte_s, way, octets)

    def _at(self, when: float, way: str, octets: bytes) -> None:
        def arrive() -> None:
            self._timers.discard(timer)
            (self.to_port if way == "to_port" else self.to_board)(octets)

        timer = asyncio.get_running_loop().call_at(when, arrive)
        self._timers.add(timer)

    def _spoil(self, octets: bytes) -> bytes:
        faults = self.faults
        if faults.garble is not None:
            self.injected[faults.garble.value] += 1
            return self._garbled(octets)
        spoilt = bytearray()
        for octet in octets:
            if self._strikes("insert", faults.insert):
                spoilt.append(self._random.randrange(256))
            if self._strikes("drop", faults.drop):
                continue
            spoilt.append(octet ^ (1 << self._random.randrange(8)) if self._strikes("flip", faults.flip) else octet)
        return bytes(spoilt)

    def _garbled(self, octets: bytes) -> bytes:
        if self.faults.garble is Garble.SWAPPED:
            return bytes(octet ^ 0xFF for octet in octets)
        return self._random.randbytes(self._random.randint(1, 2 * len(octets)))

    def _strikes(self, fault: str, rate: float) -> bool:
        strikes = rate > 0 and self._random.random() < rate
        if strikes:
            self.injected[fault] += 1
        return strikes

    def _take_one(self, fault: str) -> bool:
        left: int = getattr(self.faults, fault)
        if left > 0:
            setattr(self.faults, fault, left - 1)
            self.injected[fault] += 1
        return left > 0

    def _maybe_hang_up(self) -> None:
        if self._strikes("hang_up", self.faults.hang_up):
            self.hang_up()
