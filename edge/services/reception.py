"""The guide's camera and its conversation: who comes near is greeted, by name only those who agreed to it and show that they are there.

Nothing follows from a face but a greeting: no dossier, no number, no compartment.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from edge.domain.consent import ChosenName
from edge.domain.naming import Answered, NamePolicy, NameStep, SittingTask, after_challenge, name_step
from edge.domain.recognition import Numbers, Outcome
from edge.eye_ports import ChallengeOver, ChallengeStep, EyesChange, EyesItem, GuideEyes, Near, Seen
from edge.face_ports import KnownPeople
from edge.ports import CameraState, Clock
from edge.services.faults import Faults
from edge.services.kept import kept_or_told

log = logging.getLogger(__name__)

BROKEN = frozenset(CameraState) - {CameraState.OPENING, CameraState.LIVE}
LOOK_FIRST_S = 1.8  # where somebody is enrolled: a greeting that waits so long need not be said twice


class Greeter(Protocol):
    """The conversation, as the camera sees it."""

    @property
    def is_greeting(self) -> bool:
        """Whether whoever is there has asked for nothing yet."""

    async def see(self, *, is_somebody_there: bool) -> None: ...
    async def greet(self, name: ChosenName) -> None: ...
    async def challenge(self, task: SittingTask, *, is_first: bool) -> None: ...
    async def unanswered(self) -> None: ...


@dataclass(slots=True)
class _Challenge:
    """The one that is going on."""

    number: int
    person: str
    is_first: bool = True


class Reception:
    """`run` for ever. `part` names the camera in faults."""

    def __init__(
        self, eyes: GuideEyes, people: KnownPeople, guide: Greeter, *, clock: Clock, policy: NamePolicy, faults: Faults,
        part: str, look_first_s: float = LOOK_FIRST_S,
    ) -> None:  # fmt: skip
        self._eyes, self._people, self._guide = eyes, people, guide
        self._clock, self._policy = clock, policy
        self._faults, self._part = faults, part
        self._look_first_s = look_first_s
        self._waiting: asyncio.Task[None] | None = None
        self._answered = Answered()
        self._challenge: _Challenge | None = None
        self._is_near = False

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell_whom_to_know(), name="reception people")
                group.create_task(self._watch(group), name="reception eyes")
        finally:
            await self._guide.see(is_somebody_there=False)  # nobody watches over the conversation's end any more

    async def _tell_whom_to_know(self) -> None:
        """At the start, and after every enrolment and withdrawal."""
        changed = asyncio.Event()
        unsubscribe = self._people.subscribe(changed.set)
        try:
            while True:
                changed.clear()
                await self._eyes.know(self._known)
                await changed.wait()
        finally:
            unsubscribe()

    async def _watch(self, group: asyncio.TaskGroup) -> None:
        async for item in self._eyes.watch():
            await self._take(item, group)

    async def _take(self, item: EyesItem, group: asyncio.TaskGroup) -> None:
        match item:
            case Near(is_near=True) if self._known:
                self._is_near = True
                self._waiting = group.create_task(self._greet_after_a_look(), name="reception greeting")
            case Near():
                self._is_near = item.is_near
                self._stop_waiting()
                await self._guide.see(is_somebody_there=item.is_near)
            case Seen():
                await self._seen(item)
            case ChallengeStep() if self._challenge and item.challenge == self._challenge.number:
                await self._guide.challenge(item.task, is_first=self._challenge.is_first)
                self._challenge.is_first = False
            case ChallengeOver() if self._challenge and item.challenge == self._challenge.number:
                await self._challenged(self._challenge, is_passed=item.is_passed)
            case EyesChange():
                await self._camera(item.state)

    async def _greet_after_a_look(self) -> None:
        await asyncio.sleep(self._look_first_s)
        self._waiting = None  # a greeting that has begun is not cut off in the middle of its step
        await self._guide.see(is_somebody_there=True)

    @property
    def _known(self) -> Mapping[str, Numbers]:
        """Where no name is ever said nobody is recognised."""
        return {} if self._policy is NamePolicy.NEVER else self._people.templates

    async def _seen(self, seen: Seen) -> None:
        """Whoever is not recognised is greeted as everybody is, at once; whoever has to show it first, with the words that ask for it."""
        is_early = self._stop_waiting()
        person = seen.person if seen.outcome is Outcome.MATCH else None
        step = name_step(self._policy, person, self._answered, self._clock.now().date()) if person else NameStep.PLAIN
        if person and step is NameStep.CHALLENGE and self._guide.is_greeting:
            self._challenge = _Challenge(await self._eyes.challenge(), person)
            return
        name = await self._people.greet(person) if person and step is NameStep.GREET else None
        if name is not None:
            await self._guide.greet(name)
        elif is_early:
            await self._guide.see(is_somebody_there=True)

    async def _challenged(self, challenge: _Challenge, *, is_passed: bool) -> None:
        """A name is said to whoever did what was asked, and to nobody who withdrew meanwhile."""
        self._challenge = None
        today = self._clock.now().date()
        if not challenge.is_first:  # a challenge that the camera broke off before its first words was nobody's failure
            self._answered = after_challenge(self._answered, challenge.person, today, is_passed=is_passed)
        name = await self._people.greet(challenge.person) if is_passed else None
        if name is not None:
            await self._guide.greet(name)
            return
        await self._guide.unanswered()
        if self._is_near:
            await self._guide.see(is_somebody_there=True)

    def _stop_waiting(self) -> bool:
        """Whether the greeting had not been said yet."""
        waiting, self._waiting = self._waiting, None
        return waiting is not None and waiting.cancel()

    async def _camera(self, state: CameraState) -> None:
        with kept_or_told(log, "reception: how the camera is is not told"):
            if state in BROKEN:
                await self._faults.fault(self._part, state.value)
            elif state is CameraState.LIVE:
                await self._faults.recovered(self._part)
