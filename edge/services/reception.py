"""The guide's camera and its conversation: who comes near is greeted, by name only those who agreed to it.

Nothing follows from a face but a greeting: no dossier, no number, no compartment.
"""

import asyncio
from typing import Protocol

from edge.domain.consent import ChosenName
from edge.domain.recognition import Outcome
from edge.eye_ports import EyesChange, EyesItem, GuideEyes, Near, Seen
from edge.face_ports import KnownPeople
from edge.ports import CameraState
from edge.services.faults import Faults

BROKEN = frozenset(CameraState) - {CameraState.OPENING, CameraState.LIVE}
LOOK_FIRST_S = 1.8  # where somebody is enrolled: a greeting that waits so long need not be said twice


class Greeter(Protocol):
    """The conversation, as the camera sees it."""

    async def see(self, *, is_somebody_there: bool) -> None: ...
    async def greet(self, name: ChosenName) -> None: ...


class Reception:
    """`run` for ever. `part` names the camera in faults."""

    def __init__(
        self, eyes: GuideEyes, people: KnownPeople, guide: Greeter, *, faults: Faults, part: str,
        look_first_s: float = LOOK_FIRST_S,
    ) -> None:  # fmt: skip
        self._eyes, self._people, self._guide = eyes, people, guide
        self._faults, self._part = faults, part
        self._look_first_s = look_first_s
        self._waiting: asyncio.Task[None] | None = None

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
                await self._eyes.know(self._people.templates)
                await changed.wait()
        finally:
            unsubscribe()

    async def _watch(self, group: asyncio.TaskGroup) -> None:
        async for item in self._eyes.watch():
            await self._take(item, group)

    async def _take(self, item: EyesItem, group: asyncio.TaskGroup) -> None:
        match item:
            case Near(is_near=True) if self._people.templates:
                self._waiting = group.create_task(self._greet_after_a_look(), name="reception greeting")
            case Near():
                self._stop_waiting()
                await self._guide.see(is_somebody_there=item.is_near)
            case Seen():
                await self._seen(item)
            case EyesChange():
                await self._camera(item.state)

    async def _greet_after_a_look(self) -> None:
        await asyncio.sleep(self._look_first_s)
        self._waiting = None  # a greeting that has begun is not cut off in the middle of its step
        await self._guide.see(is_somebody_there=True)

    async def _seen(self, seen: Seen) -> None:
        """Whoever is not recognised is greeted as everybody is, at once."""
        is_early = self._stop_waiting()
        name = await self._people.greet(seen.person) if seen.outcome is Outcome.MATCH and seen.person else None
        if name is not None:
            await self._guide.greet(name)
        elif is_early:
            await self._guide.see(is_somebody_there=True)

    def _stop_waiting(self) -> bool:
        """Whether the greeting had not been said yet."""
        waiting, self._waiting = self._waiting, None
        return waiting is not None and waiting.cancel()

    async def _camera(self, state: CameraState) -> None:
        if state in BROKEN:
            await self._faults.fault(self._part, state.value)
        elif state is CameraState.LIVE:
            await self._faults.recovered(self._part)
