"""Simulated compartments: a door, its bolt and its sensor, and the people who pull, push, jam and force it."""

import asyncio
import random
from collections.abc import Callable
from enum import Enum

POP_S = 0.02  # a spring throws the door ajar that long after the bolt let go


class Sensor(Enum):
    """What the switch in the door does."""

    TRUE = "true"
    STUCK_OPEN = "stuck_open"
    STUCK_CLOSED = "stuck_closed"
    FLAPPING = "flapping"  # another answer at every look


class SimDoor:
    """One compartment. The knobs are plain attributes; what people do are methods; `pulses` proves "never twice".

    `shuts_after_s`: a spring closes the door again by itself. `is_open_short`: the switch is wired the other way.
    `pops`: False for a door that somebody has to pull while the bolt is free.
    """

    def __init__(self, board: int, channel: int, seed: int = 0) -> None:
        self.board = board
        self.channel = channel
        self.is_open = False
        self.is_jammed = False
        self.is_hot = False  # the coil has had too many pulses: the board refuses
        self.pops = True
        self.shuts_after_s: float | None = None
        self.sensor = Sensor.TRUE
        self.is_open_short = False
        self.has_item = False
        self.pulses = 0  # every pulse that reached the bolt, also one that moved nothing
        self.unlocks = 0  # pulses that let the bolt go
        self.is_held = False  # somebody keeps the coil powered
        self.bolt_of: SimDoor | None = None  # an electrician led this lock's wires to another door
        self.on_change: Callable[[SimDoor], None] = lambda _: None
        self._free_until = 0.0
        self._random = random.Random(f"{seed}/{board}/{channel}")  # noqa: S311 - a simulator repeats itself on purpose
        self._changed = asyncio.Event()

    def shorted(self) -> bool:
        """The contact as a board reads it."""
        seen_closed = {
            Sensor.TRUE: not self.is_open,
            Sensor.STUCK_OPEN: False,
            Sensor.STUCK_CLOSED: True,
            Sensor.FLAPPING: self._random.random() < 0.5,
        }[self.sensor]
        return seen_closed is not self.is_open_short

    def is_free(self) -> bool:
        """The bolt lets go right now: pulling opens."""
        return not self.is_jammed and (self.is_held or asyncio.get_running_loop().time() < self._free_until)

    # --- what the board does ---

    def pulse(self, pulse_s: float) -> bool:
        """Power on the coil. False: the board refuses, nothing has moved."""
        if self.bolt_of is not None:
            return self.bolt_of.pulse(pulse_s)
        if self.is_hot:
            return False
        loop = asyncio.get_running_loop()
        self.pulses += 1
        if not self.is_jammed:
            self.unlocks += 1
            self._free_until = loop.time() + pulse_s
            if self.pops and not self.is_open:
                loop.call_later(POP_S, self._pop)
        self._notify()
        return True

    def hold(self, *, power: bool) -> None:
        self.is_held = power
        if power:
            self.pulse(0.0)
        self._notify()

    # --- what people do ---

    async def pull_open(self) -> None:
        """Stand there until the door can be opened, and open it. The caller sets the timeout."""
        while not (self.is_open or self.is_free()):
            await self._wait()
        self._move(is_open=True)

    async def push_closed(self) -> None:
        """Close it, whatever is inside."""
        self._move(is_open=False)
        await asyncio.sleep(0)

    def force(self) -> None:
        """Open it with a crowbar: no pulse was asked for."""
        self._move(is_open=True)

    def jam(self) -> None:
        """From now on a pulse moves nothing."""
        self.is_jammed = True

    def free(self) -> None:
        """A technician was here."""
        self.is_jammed = self.is_hot = self.is_held = False
        self.sensor = Sensor.TRUE
        self.shuts_after_s = None

    async def wait_unlocked(self, beyond: int = 0) -> None:
        """Until the bolt has let go more than `beyond` times. The caller sets the timeout."""
        while self.unlocks <= beyond:
            await self._wait()

    async def wait_open(self) -> None:
        while not self.is_open:
            await self._wait()

    async def wait_closed(self) -> None:
        while self.is_open:
            await self._wait()

    def _pop(self) -> None:
        self._move(is_open=True)
        if self.shuts_after_s is not None:
            asyncio.get_running_loop().call_later(self.shuts_after_s, self._shut)

    def _pop_held(self) -> None:
        if self.is_held and not self.is_jammed:
            self._pop()

    def _shut(self) -> None:
        self._move(is_open=False)

    def _move(self, *, is_open: bool) -> None:
        if self.is_open is is_open:
            return
        self.is_open = is_open
        if not is_open:
            self._free_until = 0.0  # the bolt has caught
            if self.is_held and self.pops:  # or it has not, and the spring throws the door ajar again
                asyncio.get_running_loop().call_later(POP_S, self._pop_held)
        self._notify()
        self.on_change(self)

    async def _wait(self) -> None:
        await self._changed.wait()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
