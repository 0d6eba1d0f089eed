"""The lock boards themselves as a `Line` of `motcua locker map`, before there is a site that could have an agent.

Only for a cabinet that never served anybody: nothing lies in it, and no journal misses who opened it. The wizard looks before it asks.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass

from config.locker import Locker
from devices.errors import DeviceError
from devices.lock_board.board import LockBoard, Pulse
from edge.adapters import locker_wire as wire
from edge.adapters.locker_setup import lock_lines, wiring

OPEN_S = 5.0  # a door that is not seen open after that long did not open
CLOSE_S = 300.0  # then the next one comes, whatever this one does
READ_S = 10.0  # for a board that was heard before
LOOK_EVERY_S = 0.15
SETTLE_S = 0.4  # a door that was opened moves one contact, a wire in the wrong place another one a moment later
_WHY = {
    Pulse.REFUSED: "the board refused to open it (its coil may be hot: wait a minute)",
    Pulse.NOT_SENT: "nothing was sent: the line to the board is not open",
}


@dataclass(frozen=True, slots=True)
class BenchLine:
    """`tell` hears what a board said; `is_bored` ends the wait for a door that nobody closes."""

    boards: Mapping[str, LockBoard]
    wiring: Mapping[str, tuple[str, int]]
    tell: Callable[[str], None]
    is_bored: Callable[[], Awaitable[object]]

    async def answer(self, ask: wire.AnyAsk) -> AsyncIterator[wire.AnySay]:
        """`Read` and `Open` are known; each ends with a Done. Raise DeviceError where a board has gone."""
        if isinstance(ask, wire.Read):
            yield wire.Doors(doors=await self._read())
        elif isinstance(ask, wire.Open):
            before = await self._read()
            await self._pulse(ask.compartment)
            after = await self._changed(before)
            yield wire.Doors(doors=after)
            if after != before:
                await self._closed(before)
        yield wire.Done()

    async def _pulse(self, compartment: str) -> None:
        """Once, whatever the board says of it."""
        board, channel = self.wiring[compartment]
        self.boards[board].authorise(channel)
        pulse = await self.boards[board].unlock(channel)
        if pulse in _WHY:
            self.tell(f"{compartment}: {_WHY[pulse]}")

    async def _changed(self, before: dict[str, str]) -> dict[str, str]:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(OPEN_S):
                while await self._read() == before:  # noqa: ASYNC110 - a contact is asked, it does not tell
                    await asyncio.sleep(LOOK_EVERY_S)
                await asyncio.sleep(SETTLE_S)
        return await self._read()

    async def _closed(self, before: dict[str, str]) -> None:
        bored = asyncio.ensure_future(self.is_bored())
        try:
            async with asyncio.timeout(CLOSE_S):
                while not bored.done() and await self._read() != before:  # noqa: ASYNC110 - the same
                    await asyncio.sleep(LOOK_EVERY_S)
        except TimeoutError:
            self.tell("it is still open; the next one comes")
        finally:
            bored.cancel()

    async def _read(self) -> dict[str, str]:
        seen = {name: await self._doors_of(board) for name, board in self.boards.items()}
        return {key: seen[board][channel] for key, (board, channel) in self.wiring.items()}

    async def _doors_of(self, board: LockBoard) -> dict[int, str]:
        """A reading that fails is tried again for a while: the line opens a lost port by itself."""
        until = asyncio.get_running_loop().time() + READ_S
        while True:
            try:
                return {channel: door.value for channel, door in (await board.read_all()).items()}
            except DeviceError:
                if asyncio.get_running_loop().time() > until:
                    raise
                await asyncio.sleep(LOOK_EVERY_S)


@contextlib.asynccontextmanager
async def open_bench(
    locker: Locker, tell: Callable[[str], None], is_bored: Callable[[], Awaitable[object]]
) -> AsyncIterator[BenchLine]:
    """The boards of this cabinet, read from now on."""
    lines = lock_lines(locker)
    running = [asyncio.create_task(one.run(), name=f"bench {one.plan.port}") for one in lines]
    try:
        boards = {name: board for line in lines for name, board in line.boards.items()}
        yield BenchLine(boards, wiring(locker), tell, is_bored)
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
