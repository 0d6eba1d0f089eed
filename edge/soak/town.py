"""The people of a campaign and the papers they carry: who asks for what, who reaches into which door, where each paper really is.

`door_moved` is called by whoever owns the simulated doors. What the locker says is held against what happened here.
"""

import asyncio
import contextlib
import itertools
import re
from collections import Counter
from collections.abc import Callable
from random import Random

from edge.domain.locker import CompartmentState, Purpose
from edge.locker_ports import CabinetView, CompartmentView, OpeningView, Step
from edge.soak.desk import AgentGone, Desk
from edge.soak.hands import Doors, Hands
from edge.soak.orders import (
    AnyOrder,
    AnySaid,
    BackInService,
    Collect,
    Deposit,
    Empty,
    Load,
    Look,
    No,
    PickUp,
    Picture,
    Recall,
    Reissue,
    Shown,
    Test,
)
from edge.soak.papers import Paper, Where
from edge.soak.promises import Promise, Promises

_CODE = re.compile(r"ho so (\S+): ngan (\S+), ma (\d{6,8})")
AT_REST = frozenset({CompartmentState.FREE, CompartmentState.OCCUPIED, CompartmentState.OVERDUE})
HOLDING = frozenset({CompartmentState.OCCUPIED, CompartmentState.OVERDUE})
SMS_S, PATIENCE_S = 15.0, 20.0
Reach = Callable[[str], None]


class Town:
    """`inside` is the truth: which paper lies in which compartment."""

    def __init__(
        self, chance: Random, texts: Callable[[str], list[str]], doors: Doors, promises: Promises, *, first: int = 0
    ) -> None:
        self.inside: dict[str, Paper] = {}
        self.papers: dict[str, Paper] = {}
        self.taken: Counter[str] = Counter()
        self.told: list[tuple[str, str]] = []  # what people were told is done, not yet found in the journal: kind, name
        self._texts = texts
        self._doors = doors
        self.hands = Hands(chance, doors)
        self._promises = promises
        self._numbers = itertools.count(first + 1)
        self.is_somebody_there = False
        self._reach: Reach = lambda _: None
        self._open: set[str] = set()  # doors that stand open now
        self._opened: set[str] = set()  # and those that did at any time since the last order

    # --- what happens at the doors ---

    def door_moved(self, compartment: str, *, is_open: bool) -> None:
        self.hands.door_moved(compartment, is_open=is_open)
        if is_open:
            self._open.add(compartment)
            self._opened.add(compartment)
            self._reach(compartment)
        else:
            self._open.discard(compartment)

    # --- what people ask ---

    async def load(self, desk: Desk, paper: Paper | None = None) -> AnySaid:
        """An officer brings a result, this one or another."""
        paper = paper or self.new_paper()
        said = await self.follow(desk, Load(paper.name, paper.phone), self._putting(paper))
        self._success(said, paper, "loaded", is_done=paper.where is Where.INSIDE)
        return said

    async def deposit(self, desk: Desk) -> AnySaid:
        """A citizen brings papers."""
        paper = self.new_paper()
        said = await self.follow(desk, Deposit(paper.phone), self._putting(paper))
        receipt = said.view.receipt if isinstance(said, Shown) and said.view else None
        self._success(said, paper, "deposited", is_done=paper.where is Where.INSIDE, name=receipt or "")
        return said

    async def pick_up(self, desk: Desk, paper: Paper, code: str | None = None) -> AnySaid:
        """A citizen comes with the newest code on the phone, or with another one."""
        typed = code or self.code_of(paper)
        if typed is None:
            return No()
        said = await self.follow(desk, PickUp(paper.name, typed), self._taking(paper))
        self._success(said, paper, "collected", is_done=self.taken[paper.name] > 0)
        return said

    async def collect(self, desk: Desk, compartment: str) -> AnySaid:
        """An officer takes a deposit in the morning."""
        return await self.follow(desk, Collect(compartment), self.reach_of_staff(self.inside.get(compartment)))

    async def recall(self, desk: Desk, compartment: str) -> AnySaid:
        return await self.follow(desk, Recall(compartment), self.reach_of_staff(self.inside.get(compartment)))

    async def follow(self, desk: Desk, order: AnyOrder, reach: Reach) -> AnySaid:
        """Ask, stand there until the screen says that it is over or patience ends, and give the last word."""
        if not isinstance(order, Look | BackInService | Empty | Reissue):
            self._reach = reach
            self._opened = set(self._open)
            self.is_somebody_there = True
        last: AnySaid | None = None
        with contextlib.suppress(TimeoutError):  # nobody stands there for ever
            async with asyncio.timeout(PATIENCE_S), contextlib.aclosing(desk.ask(order)) as answers:
                async for said in answers:
                    last = said
        self.is_somebody_there = False
        if last is None:
            raise AgentGone
        if isinstance(last, Shown) and last.view is not None:
            self._over(last.view)
        return last

    async def reissue(self, desk: Desk, stay: str) -> AnySaid:
        return await self.follow(desk, Reissue(stay), lambda _: None)

    async def look(self, desk: Desk) -> CabinetView:
        """Raise AgentGone."""
        said = await self.follow(desk, Look(), self._reach)
        if not isinstance(said, Picture) or said.cabinet is None:
            raise AgentGone
        return said.cabinet

    def code_of(self, paper: Paper) -> str | None:
        """The newest one that came for it."""
        codes = [found for text in self._texts(paper.phone) if (found := _CODE.search(text)) and found[1] == paper.name]
        return codes[-1][3] if codes else None

    def waiting_papers(self, cabinet: CabinetView) -> list[Paper]:
        """Results that the locker holds for certain."""
        names = [one.dossier for one in cabinet.compartments if one.state in HOLDING and one.purpose is Purpose.RESULT]
        return [self.papers[name] for name in names if name in self.papers]

    def deposits(self, cabinet: CabinetView) -> list[str]:
        """Compartments with a citizen's papers."""
        return [
            one.compartment for one in cabinet.compartments if one.state in HOLDING and one.purpose is Purpose.DEPOSIT
        ]

    def where_is(self, paper: Paper) -> str:
        """The compartment of a paper that is inside; else an empty name, which no compartment has."""
        return next((compartment for compartment, one in self.inside.items() if one is paper), "")

    # --- staff on their round ---

    async def tidy(self, desk: Desk) -> None:
        """Whatever needs a person gets one: doors are closed, doubtful compartments emptied and brought back."""
        for one in (await self.look(desk)).compartments:
            if one.state not in AT_REST:
                await self._tidy(desk, one)

    async def _tidy(self, desk: Desk, one: CompartmentView) -> None:
        self._doors.push(one.compartment)
        if one.stay is None:
            await self._look_inside(desk, one.compartment)
            await self.follow(desk, BackInService(one.compartment), self._reach)
            return
        if one.state is CompartmentState.OUT_OF_SERVICE:
            await self.follow(desk, BackInService(one.compartment), self._reach)
        said = await self.recall(desk, one.compartment)
        if isinstance(said, No) and one.compartment not in self.inside:
            await self.follow(desk, Empty(one.stay), self._reach)

    async def _look_inside(self, desk: Desk, compartment: str) -> None:
        """A technician opens what nobody is sure of before it is used again; what lies in it goes to the counter."""
        if compartment in self.inside:
            await self.follow(desk, Test(compartment), self.reach_of_staff(self.inside[compartment]))

    # --- what must be so when nothing moves ---

    def check(self, cabinet: CabinetView) -> None:
        """What the officer's picture says for certain is what lies there."""
        for one in cabinet.compartments:
            paper = self.inside.get(one.compartment)
            if one.state is CompartmentState.FREE:
                self._promises.hold(Promise.KEPT, paper is None, f"{one.compartment}: free, and a paper lies in it")
            elif one.state in HOLDING:
                is_this = paper is not None and (one.purpose is Purpose.DEPOSIT or paper.name == one.dossier)
                self._promises.hold(Promise.NOT_INVENTED, is_this, f"{one.compartment}: held for sure, and not in it")

    def new_paper(self) -> Paper:
        """Somebody has a dossier that was never here."""
        number = next(self._numbers)
        paper = Paper(f"000.00.00.H29-261124-{number:05}", f"+849{number:08}")
        self.papers[paper.name] = paper
        return paper

    def reach_of(self, paper: Paper) -> Reach:
        """A citizen takes this paper, and no other."""
        return self._taking(paper)

    def reach_of_staff(self, paper: Paper | None) -> Reach:
        """Staff take this paper, and no other."""
        return self._taking(paper, by_staff=True)

    def takes_everything(self) -> None:
        """From now on staff stand at the cabinet and take out whatever a door shows."""
        self._reach = lambda compartment: self.reach_of_staff(self.inside.get(compartment))(compartment)

    async def forgets(self, desk: Desk, paper: Paper) -> AnySaid:
        """A citizen opens the door, and leaves without the paper."""
        return await self.follow(desk, PickUp(paper.name, self.code_of(paper) or ""), lambda _: None)

    def found(self, compartment: str) -> None:
        """The next person finds a paper that nobody knows of, and brings it to the counter."""
        self.reach_of_staff(self.inside.get(compartment))(compartment)

    def forget_all(self) -> None:
        """Nobody stands at the cabinet any more."""
        self._reach = lambda _: None

    # --- hands ---

    def _putting(self, paper: Paper) -> Reach:
        def put(compartment: str) -> None:
            if paper.where is Where.AT_HOME and compartment not in self.inside:
                self.inside[compartment] = paper
                paper.where = Where.INSIDE

        return put

    def _taking(self, paper: Paper | None, *, by_staff: bool = False) -> Reach:
        def take(compartment: str) -> None:
            if paper is not None and self.inside.get(compartment) is paper:
                del self.inside[compartment]
                paper.where = Where.WITH_STAFF if by_staff else Where.TAKEN
                self.taken[paper.name] += 1

        return take

    def _over(self, view: OpeningView) -> None:
        """The screen said its last word: `done` only where this very door opened."""
        if view.step is Step.DONE:
            seen = view.compartment in self._opened
            self._promises.hold(Promise.NOT_SUCCESS, seen, f"{view.compartment}: done, and the door did not open")

    def _success(self, said: AnySaid, paper: Paper, kind: str, *, is_done: bool, name: str | None = None) -> None:
        if isinstance(said, Shown) and said.view is not None and said.view.step is Step.DONE:
            self._promises.hold(Promise.NOT_SUCCESS, is_done, f"{kind}: done, and the paper is {paper.where.value}")
            self.told.append((kind, name or paper.name))
