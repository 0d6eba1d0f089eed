"""The driver: `LockLine` keeps one line and its boards, each a `LockBoard` whose doors are polled and listened to.

Nothing that one frame alone says of a door is believed: eight bits of checksum let through one damaged frame in some hundreds.
Opening is told at the second sight of it, asked for at once; closing when it has settled, because a sensor bounces.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from devices.lock_board.board import BoardPlan, BoardSeen, BoardWhy, Door, DoorSeen, Feedback, LockBoard, Pulse, Watcher
from devices.lock_board.codec import (
    BoardRefused,
    Codec,
    DoorPushed,
    DoorReply,
    DoorsReply,
    FrameCorrupt,
    Heard,
    NoAnswer,
)
from devices.lock_board.families import codec_of
from devices.lock_board.link import FEWER_CHANNELS, Link, Opener
from devices.lock_board.timing import LinkTiming, PollTiming, PulsePace
from devices.lock_board.write_policy import PERMIT_S, Reach, WritePolicy
from devices.serial_port import PortLost, PortSettings, PortWhy, open_port


@dataclass(frozen=True, slots=True)
class LinePlan:
    """One line as it is configured. `baud` None: the family's own. `echo`: a two-wire adapter that hears itself."""

    port: str
    family: str
    boards: Sequence[BoardPlan]
    baud: int | None = None
    echo: bool = False


class LockLine:
    """One line and its boards by name. Nothing is read, and nothing can be opened, until `run` runs."""

    def __init__(
        self, plan: LinePlan, *, pace: PulsePace | None = None, timing: LinkTiming | None = None,
        polling: PollTiming | None = None, opener: Opener = open_port,
    ) -> None:  # fmt: skip
        codec = codec_of(plan.family)
        reaches = {board.address: Reach(board.channels, board.pulse_ms) for board in plan.boards}
        self.plan = plan
        self.link = Link(
            plan.port, PortSettings(plan.baud or codec.baud), codec, WritePolicy(codec, reaches),
            pace=pace, timing=timing, echo=plan.echo, opener=opener,
        )  # fmt: skip
        self._wake = asyncio.Event()
        self._boards = [Board(board, self.link, polling or PollTiming(), self._wake.set) for board in plan.boards]
        self.boards: Mapping[str, LockBoard] = {board.plan.name: board for board in self._boards}
        self.link.on_pushed = self._pushed
        self.link.on_port = self._port_changed

    async def run(self) -> None:
        """For ever: keep the port open and the doors read."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self.link.run(), name=f"lock line {self.plan.port}")
            group.create_task(self._poll(), name=f"doors of {self.plan.port}")

    async def _poll(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self.link.wait_open()
            for board in self._boards:
                if board.due_at <= loop.time():
                    await board.poll()
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(board.due_at for board in self._boards)):
                    await self._wake.wait()

    def _pushed(self, pushed: DoorPushed) -> None:
        for board in self._boards:
            if board.plan.address == pushed.board:
                board.take_push(pushed)

    def _port_changed(self, why: PortWhy | None) -> None:
        for board in self._boards:
            if why is not None:
                board.miss(BoardWhy.PORT)
            board.hurry()


@dataclass(frozen=True, slots=True)
class _Sight:
    """A door was seen open for the first time."""

    at: float
    pushed: bool


class Board:
    """A `LockBoard` on a `Link`. `due_at`: when it wants to be polled next, on the loop's clock."""

    def __init__(self, plan: BoardPlan, link: Link, polling: PollTiming, wake: Callable[[], None]) -> None:
        self._plan = plan
        self._link = link
        self._codec: Codec = link.codec
        self._polling = polling
        self._wake = wake
        self._doors = dict.fromkeys(range(1, plan.channels + 1), Door.UNKNOWN)
        self._closing: dict[int, float] = {}  # since when a door that counts as open is seen closed
        self._opening: dict[int, _Sight] = {}  # doors that one frame alone called open
        self._must_look_again = False
        self._watchers: list[Watcher] = []
        self._why: BoardWhy | None = BoardWhy.SILENT
        self._is_told = False
        self._misses = 0
        self._fast_until = 0.0
        self.due_at = 0.0

    @property
    def plan(self) -> BoardPlan:
        return self._plan

    @property
    def why(self) -> BoardWhy | None:
        return self._why

    def doors(self) -> Mapping[int, Door]:
        return dict(self._doors)

    def authorise(self, channel: int, ttl_s: float = PERMIT_S) -> None:
        self._link.policy.permit_unlock(self._plan.address, channel, ttl_s)

    async def unlock(self, channel: int) -> Pulse:
        try:
            request = self._codec.unlock(self._plan.address, channel, self._plan.pulse_ms)
            return await self._link.unlock(request, meanwhile=self.hurry)
        finally:
            self._link.policy.revoke(self._plan.address, channel)  # what was not sent now must not be sent later
            self.hurry()

    async def read(self, channel: int) -> Door:
        heard = await self._link.read(self._codec.read_one(self._plan.address, channel, self._plan.channels))
        self._take(heard)
        shorted = heard.shorted[channel - 1] if isinstance(heard, DoorsReply) else _contact(heard)
        return self._feedback(channel).door(shorted=shorted)

    async def read_all(self) -> Mapping[int, Door]:
        doors = await self._read_all(attempts=3)
        return await self._read_all(attempts=3) if self._opening else doors

    async def store_pulse(self) -> bool:
        pulse_ms = self._plan.pulse_ms
        request = None if pulse_ms is None else self._codec.set_pulse(self._plan.address, pulse_ms)
        if request is None:
            return False
        self._link.policy.permit_pulse_setting(self._plan.address)
        await self._link.store(request)
        return True

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        self._watchers.append(watcher)

        def unwatch() -> None:
            with suppress(ValueError):
                self._watchers.remove(watcher)

        return unwatch

    # --- for the line ---

    def hurry(self) -> None:
        """Poll fast for a while, beginning now."""
        now = self._now()
        self._fast_until = now + self._polling.fast_for_s
        self.due_at = now
        self._wake()

    async def poll(self) -> None:
        """Read all doors once. A board that was silent is asked for one door first: that question has no echo that answers it."""
        try:
            if self._why is not None:
                await self._link.read(self._codec.read_one(self._plan.address, 1, self._plan.channels), attempts=1)
            await self._read_all(attempts=1)
        except PortLost:
            self.miss(BoardWhy.PORT)
        except NoAnswer:
            self.miss(BoardWhy.SILENT)
        except FrameCorrupt:
            self.miss(BoardWhy.CORRUPT)
        except BoardRefused as err:
            self.miss(BoardWhy.CHANNELS if err.why == FEWER_CHANNELS else BoardWhy.REFUSED)
        self.due_at = self._now() + self._pause_s()

    def miss(self, why: BoardWhy) -> None:
        """One reading failed. After some the board is unavailable and its doors are unknown."""
        self._misses += 1
        if self._misses < self._polling.misses and why is not BoardWhy.PORT:
            return
        if self._why is why and self._is_told:
            return
        self._why, self._is_told = why, True
        self._closing.clear()
        self._opening.clear()
        self._tell(BoardSeen(self._plan.name, why))
        for channel in self._doors:
            self._set(channel, Door.UNKNOWN)

    def take_push(self, pushed: DoorPushed) -> None:
        """Always followed by a reading, which confirms it; so does a second push, of a door that a spring shut at once."""
        if pushed.channel not in self._doors or self._why is not None:
            return
        self._see(pushed.channel, self._feedback(pushed.channel).door(shorted=pushed.shorted), pushed=True)
        self.hurry()

    # --- what was seen ---

    async def _read_all(self, attempts: int) -> Mapping[int, Door]:
        heard = await self._link.read(self._codec.read_all(self._plan.address, self._plan.channels), attempts)
        self._take(heard)
        return self._as_doors(heard)

    def _take(self, heard: Heard) -> None:
        self._misses = 0
        if self._why is not None or not self._is_told:
            if not isinstance(heard, DoorsReply):
                return  # the first whole reading says that it is back
            self._why, self._is_told = None, True
            self._tell(BoardSeen(self._plan.name, None))
        for channel, door in self._as_doors(heard).items():
            self._see(channel, door)

    def _as_doors(self, heard: Heard) -> Mapping[int, Door]:
        if isinstance(heard, DoorReply):
            return {heard.channel: self._feedback(heard.channel).door(shorted=heard.shorted)}
        if isinstance(heard, DoorsReply):
            return {
                channel: self._feedback(channel).door(shorted=heard.shorted[channel - 1]) for channel in self._doors
            }
        return {}

    def _see(self, channel: int, door: Door, *, pushed: bool = False) -> None:
        if self._doors[channel] is Door.OPEN:
            self._see_closing(channel, door, pushed=pushed)
        elif door is Door.OPEN:
            self._see_opening(channel, pushed=pushed)
        else:
            self._see_shut(channel, door, pushed=pushed)

    def _see_opening(self, channel: int, *, pushed: bool) -> None:
        first = self._opening.pop(channel, None)
        if first is not None:
            self._set(channel, Door.OPEN, pushed=pushed or first.pushed)
            return
        self._opening[channel] = _Sight(self._now(), pushed)
        self._must_look_again = True
        self.due_at = self._now()
        self._wake()

    def _see_shut(self, channel: int, door: Door, *, pushed: bool) -> None:
        first = self._opening.get(channel)
        if first is not None and first.pushed:
            if pushed:  # it says itself that it opened, and then that it was shut
                del self._opening[channel]
                self._set(channel, Door.OPEN, pushed=True)
                self._see_closing(channel, door, pushed=True)
                return
            if self._now() - first.at < self._polling.shut_push_s:
                return
        self._opening.pop(channel, None)
        self._set(channel, door, pushed=pushed)

    def _see_closing(self, channel: int, door: Door, *, pushed: bool) -> None:
        now = self._now()
        if door is Door.OPEN:
            self._closing.pop(channel, None)
        elif now - self._closing.setdefault(channel, now) >= self._polling.settled_s:
            del self._closing[channel]
            self._set(channel, door, pushed=pushed)

    def _set(self, channel: int, door: Door, *, pushed: bool = False) -> None:
        if self._doors[channel] is door:
            return
        self._doors[channel] = door
        self._tell(DoorSeen(self._plan.name, channel, door, self._now(), pushed))

    def _tell(self, seen: DoorSeen | BoardSeen) -> None:
        for watcher in tuple(self._watchers):
            watcher(seen)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _feedback(self, channel: int) -> Feedback:
        return self._plan.feedback.get(channel, Feedback.CLOSED_SHORT)

    def _pause_s(self) -> float:
        if self._why is not None:
            return self._polling.absent_s if self._is_told else self._polling.fast_s
        if self._must_look_again:
            self._must_look_again = False
            return 0.0
        is_fast = self._misses or self._closing or self._opening or self._now() < self._fast_until
        return self._polling.fast_s if is_fast else self._polling.normal_s


def _contact(heard: Heard) -> bool:
    return isinstance(heard, DoorReply) and heard.shorted
