"""Joins the locker service's `Doors` to the lock boards: every board of a cabinet, on as many lines as there are.

What a read tells and what a change tells is the same state, the driver's settled one, so the service never hears two truths.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from functools import partial

from devices.errors import DeviceError
from devices.lock_board import board as driver
from devices.lock_board.board import BoardSeen, DoorSeen, LockBoard
from devices.lock_board.driver import LockLine
from devices.lock_board.trace import TraceEntry
from edge.locker_ports import BoardChange, Door, DoorChange, Pulse, TraceRow

log = logging.getLogger(__name__)

TRACE_KEPT = 500
CHANGES_KEPT = 10_000  # for one watcher; when it is that late, the oldest go and it is told every door anew
AGAIN_S = 0.3  # a board that did not answer a read and is not given up yet is asked again
News = DoorChange | BoardChange


class LockBoards:
    """`edge.locker_ports.Doors`. `wiring`: compartment -> board, channel."""

    def __init__(self, lines: Sequence[LockLine], wiring: Mapping[str, tuple[str, int]], zone: tzinfo) -> None:
        self._lines = tuple(lines)
        self._wiring = dict(wiring)
        self._zone = zone
        self._by_channel = {place: compartment for compartment, place in wiring.items()}
        self._boards: dict[str, LockBoard] = {name: board for line in lines for name, board in line.boards.items()}
        self._watchers: list[_Watcher] = []
        self._silent = set(self._boards)  # of which nothing is known since the start
        self._all_heard = asyncio.Event()
        self._unheard: set[str] = (
            set()
        )  # whose doors a reader was told are UNKNOWN while the driver still believes them
        self._trace: deque[TraceRow] = deque(maxlen=TRACE_KEPT)
        self._listeners: list[Callable[[TraceRow], None]] = []
        for line in self._lines:
            line.link.trace.subscribe(partial(self._traced, line))
            for one in line.boards.values():
                one.watch(self._seen)

    async def run(self) -> None:
        """Keep the lines open and the doors read, for ever."""
        async with asyncio.TaskGroup() as group:
            for line in self._lines:
                group.create_task(line.run(), name=f"lock line {line.plan.port}")
            group.create_task(self._ask_the_unheard(), name="unheard boards")

    async def all_heard(self) -> None:
        """Until it is known of every board whether it is there. The caller sets the timeout."""
        await self._all_heard.wait()

    async def watch(self) -> AsyncIterator[News]:
        watcher = _Watcher()
        self._watchers.append(watcher)
        try:
            while True:
                if watcher.is_behind:
                    watcher.start(self._everything())
                while watcher.news:
                    yield watcher.news.popleft()
                watcher.came.clear()
                await watcher.came.wait()
        finally:
            self._watchers.remove(watcher)

    async def read(self, compartment: str | None = None) -> Mapping[str, Door]:
        names = self._boards if compartment is None else [self._wiring[compartment][0]]
        async with asyncio.TaskGroup() as group:
            asked = {name: group.create_task(self._read(name), name=f"read {name}") for name in names}
        doors = {(name, channel): door for name, task in asked.items() for channel, door in task.result().items()}
        wanted = self._wiring if compartment is None else [compartment]
        return {one: doors.get(self._wiring[one], Door.UNKNOWN) for one in wanted}

    async def pulse(self, compartment: str, stay: str) -> Pulse:
        name, channel = self._wiring[compartment]
        board = self._boards[name]
        try:
            board.authorise(channel)
            pulse = Pulse((await board.unlock(channel)).value)
        except DeviceError as error:
            log.error("locker: no pulse for compartment=%s stay=%s: %s", compartment, stay, error)  # noqa: TRY400 - the sentence is enough
            return Pulse.REFUSED
        log.info("locker: pulse compartment=%s board=%s channel=%d stay=%s %s", compartment, name, channel, stay, pulse)
        return pulse

    def trace(self) -> tuple[TraceRow, ...]:
        return tuple(self._trace)

    def subscribe_trace(self, callback: Callable[[TraceRow], None]) -> Callable[[], None]:
        self._listeners.append(callback)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._listeners.remove(callback)

        return unsubscribe

    # --- what the boards say ---

    async def _read(self, name: str) -> dict[int, Door]:
        """A board that does not answer now: UNKNOWN, and asked again until it answers or is given up.

        One that is given up costs no time: the driver goes on asking and tells when it is back.
        """
        board = self._boards[name]
        if board.why is not None:
            return {}
        try:
            await board.read_all()
        except DeviceError as error:
            log.info("locker: board %s was not read: %s", name, error)
            self._unheard.add(name)
            return {}
        self._unheard.discard(name)
        return _doors(board)

    async def _ask_the_unheard(self) -> None:
        while True:
            for name in tuple(self._unheard):
                if self._boards[name].why is not None:
                    self._unheard.discard(name)  # the driver has said so to everybody
                elif doors := await self._read(name):
                    self._tell(*self._changes(name, doors))
            await asyncio.sleep(AGAIN_S)

    def _seen(self, seen: DoorSeen | BoardSeen) -> None:
        if isinstance(seen, BoardSeen):
            self._silent.discard(seen.board)
            if not self._silent:
                self._all_heard.set()
            self._tell(BoardChange(seen.board, seen.why.value if seen.why else None))
        elif compartment := self._by_channel.get((seen.board, seen.channel)):
            self._tell(DoorChange(compartment, Door(seen.door.value), seen.at, seen.pushed))
        elif seen.door is driver.Door.OPEN:
            log.warning("locker: a door on board=%s channel=%d opened that is no compartment", seen.board, seen.channel)

    def _tell(self, *news: News) -> None:
        for watcher in self._watchers:
            watcher.take(news)

    def _everything(self) -> Iterator[News]:
        for name, board in self._boards.items():
            if board.why is None:
                yield BoardChange(name, None)
                yield from self._changes(name, _doors(board))

    def _changes(self, name: str, doors: Mapping[int, Door]) -> Iterator[DoorChange]:
        at = asyncio.get_running_loop().time()
        for channel, door in doors.items():
            if compartment := self._by_channel.get((name, channel)):
                yield DoorChange(compartment, door, at)

    def _traced(self, line: LockLine, entry: TraceEntry) -> None:
        named = [board.name for board in line.plan.boards if entry.board in {None, board.address}]
        row = TraceRow(
            datetime.fromtimestamp(entry.at, self._zone), ", ".join(named), entry.sent, entry.octets.hex(" "), entry.meaning,
            entry.values,
        )  # fmt: skip
        self._trace.append(row)
        for listener in tuple(self._listeners):
            listener(row)


class _Watcher:
    """The news of one watcher, in order, none left out."""

    def __init__(self) -> None:
        self.news: deque[News] = deque()
        self.came = asyncio.Event()
        self.is_behind = True

    def start(self, everything: Iterator[News]) -> None:
        self.news = deque(everything)
        self.is_behind = False

    def take(self, news: Sequence[News]) -> None:
        if len(self.news) + len(news) > CHANGES_KEPT:
            log.error("locker: a watcher of the doors is %d changes late", len(self.news))
            self.is_behind = True
        else:
            self.news.extend(news)
        self.came.set()


def _doors(board: LockBoard) -> dict[int, Door]:
    return {channel: Door(door.value) for channel, door in board.doors().items()}
