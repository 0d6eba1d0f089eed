"""The second leg of a campaign: agents killed with -9 at any point of their work, over doors and people that go on living.

One site a protocol, one data directory for all of its agents' lives.
"""

import asyncio
import contextlib
import signal
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from edge.adapters.supervisor import cancelled
from edge.soak.desk import AgentGone, Desk, RemoteDesk
from edge.soak.lives import BIRTH_S, Life, Nursery
from edge.soak.promises import Promise
from edge.soak.rounds import last_round, one_wish
from edge.soak.site import Site

LONGEST_LIFE_S = 1.2
MOURNING_S = 2.0  # at most, until the socket says that the other end is gone


class Moment(Enum):
    """When an agent is killed: by the clock, or just after something happened outside of it."""

    ANY = "at any moment"
    READ = "when a door was asked for"
    UNLOCK = "when the unlock reached the board"
    OPENED = "when the door opened"
    CLOSED = "when the door closed"


@dataclass(slots=True)
class Toll:
    """What the killing came to."""

    kills: Counter[Moment] = field(default_factory=Counter)
    at_work: int = 0  # killed with somebody at a door
    start_s: list[float] = field(default_factory=list)  # from the fork until every door was read


class Killing:
    """The lives and deaths of one site's agents."""

    def __init__(self, site: Site, nursery: Nursery) -> None:
        self.site = site
        self.toll = Toll()
        self._nursery = nursery
        self._socket = Path()
        self._came: asyncio.Queue[RemoteDesk] = asyncio.Queue(1)
        self._moment = Moment.ANY
        self._alive: Life | None = None
        self._struck = asyncio.Event()
        self._acquainted = 0
        self._reading: set[asyncio.Task[None]] = set()
        self._hook()

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Killing"]:
        short = tempfile.TemporaryDirectory(prefix="motcua-")  # the path of a socket may have 107 letters
        with short as name:
            self._socket = Path(name, "desk")
            async with self._opened():
                yield self

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[None]:
        async with self.site.hardware.cabinet:
            server = await asyncio.start_unix_server(self._connected, self._socket)
            try:
                yield
            finally:
                server.close()
                for task in tuple(self._reading):
                    await cancelled(task)

    async def one_life(self) -> None:
        """From birth to kill -9; between the two, people do what people do."""
        self._moment = self.site.chance.choice([Moment.ANY, *Moment])  # twice as often as the others
        self._struck.clear()
        async with self._life() as life:
            working = asyncio.create_task(self._work(), name="people")
            try:
                await self._until_struck()
            except TimeoutError:
                self._moment = Moment.ANY
            self.toll.at_work += self.site.town.is_somebody_there
            life.end()
            await self._mourned(working)
        died_of = life.died_of
        self.site.promises.hold(Promise.KEPT, died_of == -signal.SIGKILL, f"the agent ended by itself: {died_of}")
        self.toll.kills[self._moment] += 1
        self.site.audit()

    async def _until_struck(self) -> None:
        """Raise TimeoutError when its hour has come without that."""
        chance = self.site.chance
        long_s = chance.uniform(0.0, LONGEST_LIFE_S) if self._moment is Moment.ANY else 4.0
        async with asyncio.timeout(long_s):
            await self._struck.wait()
            await asyncio.sleep(chance.choice([0.0, chance.uniform(0.0, 0.04)]))

    async def last_life(self) -> None:
        """The last agent lives until everything that is owed was done: tidied up, told, collected."""
        async with self._life():
            await last_round(self.site, await self._desk())
        self.site.close_books()

    async def stands_still(self, stacks: str) -> None:
        """A life did not come to its end: where the campaign stands, and where the agent does."""
        agents = await self._alive.stacks(self._nursery.log) if self._alive else ""
        self.site.stands_still(f"a life until {self._moment.value}", f"{stacks}\nthe agent:\n{agents}")

    # --- one life ---

    @contextlib.asynccontextmanager
    async def _life(self) -> AsyncIterator["Life"]:
        """One agent from its birth; dead and buried at the end, whatever happened."""
        self.site.starts()
        while not self._came.empty():
            self._came.get_nowait()
        life = self._alive = Life(await self._nursery.bear(self.site.config, self._socket))
        try:
            yield life
        finally:
            life.end()
            life.died_of = await self._nursery.bury()

    async def _desk(self) -> Desk:
        began_s = asyncio.get_running_loop().time()
        async with asyncio.timeout(BIRTH_S):
            desk = await self._came.get()
        self.toll.start_s.append(asyncio.get_running_loop().time() - began_s)
        return desk

    async def _work(self) -> None:
        desk = await self._desk()
        await self.site.check(desk)
        await self.site.town.tidy(desk)
        while True:
            await one_wish(self.site, desk)
            await asyncio.sleep(0.02)

    async def _mourned(self, working: "asyncio.Task[None]") -> None:
        """Whoever was waiting for an answer learns that none comes; whoever has a hand in a door goes on."""
        is_acquainted = len(self.toll.start_s) > self._acquainted  # else nobody has met this agent
        self._acquainted = len(self.toll.start_s)
        await asyncio.wait([working], timeout=MOURNING_S if is_acquainted else 0.0)
        with contextlib.suppress(AgentGone):
            await cancelled(working)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        desk = RemoteDesk(reader, writer)
        await reader.readline()  # it is there
        if self._came.full():
            self._came.get_nowait()
        self._came.put_nowait(desk)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a server's callback
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)
        await desk.run()

    # --- moments ---

    def _hook(self) -> None:
        hardware = self.site.hardware
        before_read, before_unlock, before_move = hardware.on_read, hardware.on_unlock, hardware.on_move

        def read(board: int) -> None:
            before_read(board)
            if self.site.chance.random() < 0.1:
                self._strike(Moment.READ)

        def unlock(compartment: str) -> None:
            before_unlock(compartment)
            self._strike(Moment.UNLOCK)

        def move(compartment: str, is_open: bool) -> None:  # noqa: FBT001 - a callback's own signature
            before_move(compartment, is_open)
            self._strike(Moment.OPENED if is_open else Moment.CLOSED)

        hardware.on_read, hardware.on_unlock, hardware.on_move = read, unlock, move

    def _strike(self, moment: Moment) -> None:
        if moment is self._moment:
            self._struck.set()
