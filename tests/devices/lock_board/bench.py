"""A line and a cabinet on a test bench: the real driver against the simulated far end, with short waits."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devices.lock_board.board import BoardPlan, BoardSeen, BoardWhy, Door, DoorSeen, Feedback, LockBoard, Seen
from devices.lock_board.driver import LinePlan, LockLine
from devices.lock_board.link import Opener
from devices.lock_board.sim import Cabinet
from devices.lock_board.sim_line import LineFaults
from devices.lock_board.timing import LinkTiming, PollTiming, PulsePace
from devices.serial_port import open_port

PATIENT = LinkTiming(
    reply_s=3.0, after_pulse_s=3.0, unlock_grace_s=3.0, backoff_s=0.05, longest_backoff_s=0.1
)  # both ends live in this process: where it stands still for a moment, a reply is late for a shorter wait
HASTY = LinkTiming(
    reply_s=0.3, after_pulse_s=0.3, unlock_grace_s=0.4, backoff_s=0.05, longest_backoff_s=0.1
)  # for lines on which something gets lost
LATE_S = 0.8  # later than any of the hasty waits
POLLING = PollTiming(normal_s=0.06, fast_s=0.02, fast_for_s=0.5, settled_s=0.04, absent_s=0.05)
UNPOLLED = PollTiming(
    normal_s=60.0, fast_s=0.02, fast_for_s=0.0
)  # each board is read once at the start, then only when asked
CHANNELS = {"xor8a": 24, "kerong-cu16": 16, "kerong-cu48": 48, "wkly": 8, "modbus": 8}


@dataclass
class Bench:
    cabinet: Cabinet
    line: LockLine
    seen: list[Seen] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def board(self, name: str = "a") -> LockBoard:
        return self.line.boards[name]

    def hear(self, seen: Seen) -> None:
        self.seen.append(seen)
        self.news.set()

    async def until(self, is_true: Callable[[], bool]) -> None:
        """Whenever anything was seen, look again."""
        async with asyncio.timeout(10):
            while not is_true():
                self.news.clear()
                await self.news.wait()

    async def until_door(self, channel: int, door: Door, board: str = "a") -> None:
        await self.until(lambda: self.board(board).doors()[channel] is door)

    async def until_why(self, why: BoardWhy | None, board: str = "a") -> None:
        await self.until(lambda: self.board(board).why is why)

    def doors_seen(self, channel: int, board: str = "a") -> list[Door]:
        mine = [seen for seen in self.seen if isinstance(seen, DoorSeen) and seen.board == board]
        return [seen.door for seen in mine if seen.channel == channel]

    def boards_seen(self, board: str = "a") -> list[BoardWhy | None]:
        return [seen.why for seen in self.seen if isinstance(seen, BoardSeen) and seen.board == board]


@asynccontextmanager
async def bench(
    family: str, tmp_path: Path | None, *, boards: Sequence[tuple[int, int]] | None = None,
    plans: Sequence[BoardPlan] | None = None, faults: LineFaults | None = None, seed: int = 0,
    feedback: Mapping[int, Feedback] | None = None, opener: Opener = open_port, wait: bool = True,
    timing: LinkTiming = PATIENT, polling: PollTiming = POLLING, pace: PulsePace | None = None,
) -> AsyncIterator[Bench]:  # fmt: skip
    """`tmp_path` None: behind a TCP converter. Ready when every board has been read once."""
    there = boards or [(1, CHANNELS[family])]
    names = "abcdefgh"
    planned = plans or [
        BoardPlan(names[place], address, channels, feedback or {}) for place, (address, channels) in enumerate(there)
    ]
    link = None if tmp_path is None else tmp_path / "port"
    async with Cabinet(family, there, link=link, seed=seed, faults=faults) as cabinet:
        plan = LinePlan(cabinet.port, family, planned)
        line = LockLine(plan, timing=timing, polling=polling, opener=opener, pace=pace or PulsePace(0.02))
        made = Bench(cabinet, line)
        for board in line.boards.values():
            board.watch(made.hear)
        running = asyncio.create_task(line.run())
        try:
            if wait:
                await made.until(lambda: all(board.why is None for board in line.boards.values()))
            yield made
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
