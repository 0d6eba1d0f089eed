"""Where failures are played: one site whose agent's locker runs in this process, and what a failure needs to strike at the right moment."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from devices.lock_board.sim_line import LineFaults
from edge.adapters.supervisor import cancelled
from edge.domain.door import Door
from edge.domain.locker import CompartmentState
from edge.locker_ports import CabinetView, CompartmentView, RefusalWhy, Step, TraceRow
from edge.soak.desk import LocalDesk
from edge.soak.moments import Moments
from edge.soak.orders import AnySaid, No, Shown
from edge.soak.papers import Paper
from edge.soak.post_office import CrookedClock, Weather
from edge.soak.promises import Promise
from edge.soak.site import Site
from edge.soak.station import Station, open_station, until_read
from edge.soak.town import AT_REST, HOLDING, SMS_S

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
ROOM = 5  # free compartments at the beginning of every turn
READ_S, STOP_S, NOTICED_S = 60.0, 60.0, 8.0  # a foreign Modbus slave needs half a minute to get over noise
PEACE = 8  # frames
TRIES = 6  # a citizen comes back with the same code that often after a failure is mended


class NotRecovered(Exception):
    """What worked before a failure does not work after it was mended."""


class Stage:
    """`async with Stage(site).open() as stage`: the agent runs. `start`, `stop` and `restart` are an orderly end of it."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.town, self.hardware, self.chance = site.town, site.hardware, site.chance
        self.clock = CrookedClock(ZONE)
        self._running = AsyncExitStack()
        self._station: Station | None = None
        self.moments = Moments(site.hardware)
        self.at_unlock, self.at_open, self.later = self.moments.at_unlock, self.moments.at_open, self.moments.later

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator["Stage"]:
        async with self.hardware.cabinet:
            await self.start()
            try:
                yield self
            finally:
                await self.stop()

    @property
    def station(self) -> Station:
        assert self._station is not None  # noqa: S101 - between start and stop
        return self._station

    @property
    def desk(self) -> LocalDesk:
        return LocalDesk(self.station.service.desks)

    @property
    def faults(self) -> LineFaults:
        return self.hardware.cabinet.line.faults

    async def start(self, *, is_whole: bool = True) -> None:
        """Until every door was read, unless a board is missing on purpose."""
        self.site.starts()
        self._running = AsyncExitStack()
        opening = open_station(self.site.config, self.site.post, self.clock)
        self._station = await self._running.enter_async_context(opening)
        if is_whole:
            await self.until_read()

    async def stop(self) -> None:
        """Raise TimeoutError where it does not end."""
        async with asyncio.timeout(STOP_S):
            await self._running.aclose()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def until_read(self) -> None:
        async with asyncio.timeout(READ_S):
            await until_read(self.station)

    async def _until_answered(self) -> None:
        """The line is at peace: several questions in a row had their one answer. A slave that noise has confused needs a while."""
        async with asyncio.timeout(READ_S):
            while not _is_at_peace(self.station.boards.trace()):  # noqa: ASYNC110 - a line does not tell that
                await asyncio.sleep(0.02)

    async def until_trusted(self) -> None:
        """The disk takes everything again, and every door is known."""
        async with asyncio.timeout(READ_S):
            while self.station.service.cabinet.why_not_trusted():  # noqa: ASYNC110 - the service tells screens, not this
                await asyncio.sleep(0.02)
        await self.until_read()

    # --- people ---

    async def waiting(self) -> Paper:
        """A result that lies in the cabinet, its code on the telephone."""
        for paper in self.town.waiting_papers(self.cabinet()):
            if self.town.code_of(paper) is not None and self.town.where_is(paper):
                return paper
        said: AnySaid | None = None
        for _ in range(TRIES):
            paper = self.town.new_paper()
            said = await self.town.load(self.desk, paper)
            if is_done(said):
                return await self.told(paper)
            await self.mend()
            await self.town.tidy(self.desk)  # an opening that came to nothing waits for staff
        raise NotRecovered(f"no result could be loaded, at last {said!r}, {self._troubled()}")

    async def told(self, paper: Paper) -> Paper:
        """Its code has come. Raise TimeoutError."""
        async with asyncio.timeout(SMS_S):
            while self.town.code_of(paper) is None:  # noqa: ASYNC110 - a telephone does not call back
                await asyncio.sleep(0.02)
        return paper

    async def pick_up(self, paper: Paper, code: str | None = None) -> AnySaid:
        return await self.town.pick_up(self.desk, paper, code)

    async def pick_up_and_leave(self, paper: Paper) -> None:
        """The door opens, the citizen takes the paper, and nobody looks at the screen any more."""
        opened = asyncio.Event()
        self.at_open(lambda _: opened.set())

        async def come() -> None:
            await self.pick_up(paper)

        coming = asyncio.create_task(come(), name="citizen")
        async with asyncio.timeout(NOTICED_S):
            await opened.wait()
            await asyncio.sleep(self.chance.uniform(0.0, 0.2))
        await cancelled(coming)

    def cabinet(self) -> CabinetView:
        return self.station.service.desks.staff.cabinet()

    def view(self, compartment: str) -> CompartmentView:
        return next(one for one in self.cabinet().compartments if one.compartment == compartment)

    def _troubled(self) -> str:
        """What is not at rest, for a sentence."""
        rows = (one for one in self.cabinet().compartments if one.state not in AT_REST or one.door is not Door.CLOSED)
        why = self.station.service.cabinet.why_not_trusted()
        return ", ".join([f"distrust {why}", *(f"{one.compartment} {one.state} {one.door.value}" for one in rows)])

    def free(self) -> str:
        """An empty compartment; `settled` sees to it that there are some."""
        return self._free()[0]

    def _free(self) -> list[str]:
        return [one.compartment for one in self.cabinet().compartments if one.state is CompartmentState.FREE]

    # --- afterwards ---

    async def mend(self) -> None:
        """Whatever was broken works again, and every door was read since."""
        self.moments.clear()
        self.town.hands.is_careless = False
        self.site.post.weather = Weather.FAIR
        self.hardware.cabinet.line.faults = LineFaults()
        self.hardware.heal()
        for name in self.hardware.places:
            if self.hardware.door(name).is_open:
                self.hardware.push(name)
        await self.until_read()
        await self._until_answered()
        self.site.line_is_honest = True

    async def code_still_opens(self, paper: Paper) -> None:
        """After it is mended, the code that the citizen has gives the paper out: it was spent only if the paper was taken."""
        await self.mend()
        said: AnySaid | None = None
        for _ in range(TRIES):
            if self.town.taken[paper.name]:
                break
            said = await self.pick_up(paper)
            if isinstance(said, No) and said.why is RefusalWhy.NOT_TRUSTED:
                await self.town.tidy(self.desk)  # a wrong door moved: citizens wait until staff have looked
            await asyncio.sleep(0.05 + ((said.wait_s or 0.35) if isinstance(said, No) else 0.35))  # the coil cools down
        self.hold(Promise.CODES, self.town.taken[paper.name] == 1, f"a code did not open after the failure: {said!r}")

    async def reported(self, compartment: str, whys: Iterable[str] = ("forced", "wrong_door")) -> None:
        """The journal says that this door is not as it should be."""
        wanted = tuple(whys)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(NOTICED_S):
                while not self._is_reported(compartment, wanted):  # noqa: ASYNC110 - the journal is read from outside
                    await asyncio.sleep(0.05)
        self.hold(
            Promise.REPORTED, self._is_reported(compartment, wanted), f"{compartment}: no {' or '.join(wanted)} told"
        )

    def _is_reported(self, compartment: str, whys: tuple[str, ...]) -> bool:
        self.site.audit()
        return any(self.site.auditor.faults[compartment, why] for why in whys)

    async def settled(self) -> None:
        """The end of a turn: mended, tidied, everything checked."""
        await self.mend()
        self.town.forget_all()
        for _ in range(TRIES):
            await self.town.tidy(self.desk)
            await self._make_room()
            if self._is_at_rest():
                break
            await asyncio.sleep(0.35)
            await self.mend()
        else:
            raise NotRecovered(f"not at rest: {self._troubled()}")
        await self.site.check(self.desk)
        self.site.auditor.faults.clear()

    async def _make_room(self) -> None:
        for one in self.cabinet().compartments:
            if one.state in HOLDING and len(self._free()) < ROOM:
                await self.town.recall(self.desk, one.compartment)
                await asyncio.sleep(0.35)

    def _is_at_rest(self) -> bool:
        """By the officer's picture, by what the locker trusts, and by the doors themselves."""
        is_quiet = all(one.state in AT_REST and one.door is Door.CLOSED for one in self.cabinet().compartments)
        is_trusted = self.station.service.cabinet.why_not_trusted() is None
        return is_quiet and is_trusted and not any(self.hardware.door(name).is_open for name in self.hardware.places)

    def hold(self, promise: Promise, held: object, what: str) -> None:
        self.site.promises.hold(promise, held, what)

    @property
    def folder(self) -> Path:
        return self.site.folder


def _is_at_peace(trace: Sequence[TraceRow]) -> bool:
    """Frames went out and came in by turns."""
    last = [row.sent for row in trace[-PEACE:]]
    return all(one is not other for one, other in pairwise(last))


def is_done(said: AnySaid) -> bool:
    return isinstance(said, Shown) and said.view is not None and said.view.step is Step.DONE
