"""What a technician's terminal may ask of the locker, whoever carries the lines: the agent's socket, or the command line itself.

Looking is free for whoever may open the socket (0600, the agent's own user); a door needs a user of the users file and a fresh
code, and the desk decides what that role may.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from edge.adapters import locker_wire as wire
from edge.locker_ports import Door, Doors, OpeningView, RefusalWhy, Refused, Staff, StaffDesk, Step
from edge.web.login import LoginDesk
from edge.web.login import Refused as LoginRefused

log = logging.getLogger(__name__)

LONGEST_OPENING_S = 300.0  # a door somebody keeps open is left to the agent after that
_MOVED = frozenset({Step.OPEN, Step.FAILED})  # when it is worth telling which doors are open now
_ENDED = frozenset({Step.DONE, Step.FAILED})


@dataclass(frozen=True, slots=True)
class LockerCommands:
    """The parts that answer; one for the whole agent."""

    desk: StaffDesk
    doors: Doors
    login: LoginDesk


class Terminal:
    """One terminal and whoever logged in at it. `answer` gives the lines, the last one a Done or a Refusal."""

    def __init__(self, commands: LockerCommands) -> None:
        self._commands = commands
        self._by: Staff | None = None
        self._second: Staff | None = None

    async def answer(self, ask: wire.AnyAsk) -> AsyncIterator[wire.AnySay]:
        match ask:
            case wire.Status():
                yield wire.Cabinet(cabinet=self._commands.desk.cabinet())
                yield wire.Done()
            case wire.Read(compartment=compartment):
                async for line in self._read(compartment):
                    yield line
            case wire.Login():
                yield await self._login(ask)
            case wire.Open() | wire.Recall():
                async for line in self._open(ask):
                    yield line

    async def _read(self, compartment: str | None) -> AsyncIterator[wire.AnySay]:
        known = {one.compartment for one in self._commands.desk.cabinet().compartments}
        if compartment is not None and compartment not in known:
            yield wire.Refusal(why=RefusalWhy.NOT_THERE)
            return
        yield wire.Doors(doors=_plain(await self._commands.doors.read(compartment)))
        yield wire.Done()

    async def _login(self, ask: wire.Login) -> wire.AnySay:
        user = await self._commands.login.confirm(ask.user, ask.totp)
        if isinstance(user, LoginRefused):
            return wire.Refusal(why=RefusalWhy.NOT_ALLOWED, wait_s=user.wait_s or None)
        staff = Staff(user.name, user.role.value)
        if ask.is_second:
            self._second = staff
        else:
            self._by = staff
        return wire.Done(role=staff.role)

    async def _open(self, ask: wire.Open | wire.Recall) -> AsyncIterator[wire.AnySay]:
        if self._by is None:
            yield wire.Refusal(why=RefusalWhy.NOT_ALLOWED)
            return
        log.info("locker terminal %s compartment=%s by=%s role=%s why=%s", type(ask).__name__.lower(),
                 ask.compartment or "all", self._by.name, self._by.role, ask.why)  # fmt: skip
        outcome = await self._ask_desk(ask, self._by)
        if isinstance(outcome, Refused):
            yield wire.Refusal(why=outcome.why, wait_s=outcome.wait_s)
            return
        # All are heard from now on: the last may end before the first was looked at.
        watched = [Watched(self._commands.desk, one) for one in outcome]
        try:
            for one in watched:
                async for view in one.views():
                    yield wire.Opening(opening=view)
                    if isinstance(ask, wire.Open) and view.step in _MOVED:
                        yield wire.Doors(doors=_plain(await self._commands.doors.read()))
        finally:
            for one in watched:
                one.stop()
        yield wire.Done()

    async def _ask_desk(self, ask: wire.Open | wire.Recall, by: Staff) -> tuple[OpeningView, ...] | Refused:
        desk = self._commands.desk
        if isinstance(ask, wire.Open):
            one = await desk.test(by, ask.compartment)
        elif ask.compartment is not None:
            one = await desk.recall(by, ask.compartment, ask.why)
        elif self._second is None:
            return Refused(RefusalWhy.TWO_PERSONS)
        else:
            return await desk.recall_all(by, ask.why, self._second)
        return one if isinstance(one, Refused) else (one,)


class Watched:
    """An opening from its first view to its end, or until somebody has kept the door open for too long. `stop` it."""

    def __init__(self, desk: StaffDesk, first: OpeningView) -> None:
        self._news: asyncio.Queue[OpeningView] = asyncio.Queue()
        self._first = first
        self.stop = desk.subscribe_opening(first.opening, self._news.put_nowait)

    async def views(self) -> AsyncIterator[OpeningView]:
        view = self._first
        yield view
        try:
            while view.step not in _ENDED:
                async with asyncio.timeout(LONGEST_OPENING_S):
                    view = await self._news.get()
                yield view
        except TimeoutError:
            log.info("locker terminal: the door of %s is left to the agent", self._first.compartment)


def _plain(doors: Mapping[str, Door]) -> dict[str, str]:
    return {compartment: door.value for compartment, door in doors.items()}
