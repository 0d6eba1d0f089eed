"""Enrolling before the guide's camera, one person at a time; and the list, withdrawal and export. `edge.face_ports.FaceDesk`.

The consent comes first: nothing is asked of the camera before somebody took it.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from edge.domain.consent import ChosenName, Ended, Unfit, noted
from edge.eye_ports import EyesChange, EyesItem, GuideEyes, SittingHint, SittingOver, SittingStep
from edge.face_ports import Application, Enrolled, EnrolmentStep, EnrolmentView, FaceBook, Refused
from edge.ports import CameraState
from edge.services.reception import BROKEN

log = logging.getLogger(__name__)

SITTING_S = 90.0  # longer than anybody needs for three tasks; the camera may show nothing at all
Subscriber = Callable[[EnrolmentView], None]


class EnrolmentDesk:
    """`run` where there are eyes; without them everything but `begin` works."""

    def __init__(self, book: FaceBook, eyes: GuideEyes | None = None, sitting_s: float = SITTING_S) -> None:
        self._book, self._eyes, self._sitting_s = book, eyes, sitting_s
        self._camera = CameraState.OPENING if eyes else None
        self._view = EnrolmentView()
        self._asked: Application | None = None  # with the name, only while somebody sits
        self._sitting = self._before = 0  # the number of this sitting, and of the last one before it
        self._limit: asyncio.TimerHandle | None = None
        self._late = asyncio.Event()
        self._subscribers: list[Subscriber] = []

    # --- as pages see it ---

    def camera(self) -> CameraState | None:
        return self._camera

    def view(self) -> EnrolmentView:
        return self._view

    def subscribe(self, callback: Subscriber) -> Callable[[], None]:
        self._subscribers.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self._subscribers.remove(callback)

        return unsubscribe

    async def begin(self, name: ChosenName, by: str, notice: str, replaces: str | None = None) -> bool:
        if self._eyes is None or self._asked is not None or self._camera is not CameraState.LIVE:
            return False
        self._asked = Application(name, (), by, noted(notice), replaces=replaces)
        self._limit = asyncio.get_running_loop().call_later(self._sitting_s, self._late.set)
        self._show(EnrolmentView(EnrolmentStep.SITTING))
        self._before = self._sitting
        self._sitting = await self._eyes.sit()
        return True

    async def cancel(self) -> None:
        if self._end() is not None and self._eyes is not None:
            await self._eyes.rise()
        self._show(EnrolmentView())

    async def enrol(self, application: Application) -> Enrolled | Refused:
        return await self._book.enrol(application)

    async def people(self) -> tuple[Enrolled, ...]:
        return await self._book.people()

    async def forget(self, person: str, by: str) -> bool:
        was_there = await self._book.forget(person, Ended.PERSON_ASKED, by)
        if self._view.enrolled is not None and self._view.enrolled.person == person:
            self._show(EnrolmentView())  # the name goes from open pages, too
        return was_there

    async def export(self, person: str, by: str) -> dict[str, Any] | None:
        found = await self._book.export(person)
        if found is not None:
            log.info("faces: exported person=%s by=%s", person, by)
        return found

    # --- as the camera sees it ---

    async def run(self) -> None:
        """Follow the sittings. Returns at once without a camera."""
        if self._eyes is None:
            return
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._watch(self._eyes), name="enrolment eyes")
                group.create_task(self._watch_the_time(), name="enrolment time")
        finally:  # also of a write that failed: pages say so, and the next one may begin
            self._end()
            if self._view.step is EnrolmentStep.SITTING:
                self._show(EnrolmentView(EnrolmentStep.FAILED))

    async def _watch(self, eyes: GuideEyes) -> None:
        async for item in eyes.watch():
            await self._take(item)

    async def _watch_the_time(self) -> None:
        while True:
            await self._late.wait()
            self._late.clear()
            await self._fail()

    async def _take(self, item: EyesItem) -> None:
        match item:
            case EyesChange():
                self._camera = item.state
                if item.state in BROKEN:
                    await self._fail()
                else:
                    self._show(self._view)
            case SittingStep() if self._is_on(item.sitting):
                self._show(replace(self._view, task=item.task, done=item.done, tasks=item.tasks))
            case SittingHint() if self._is_on(item.sitting):
                self._show(replace(self._view, hint=item.unfit))
            case SittingOver() if self._is_on(item.sitting):
                await self._over(item)

    async def _over(self, item: SittingOver) -> None:
        """What is wrong with the pictures is said before that nobody did what was asked: it may be the reason."""
        asked = self._end()
        if asked is None:
            return
        if not item.shots:
            self._show(EnrolmentView(EnrolmentStep.REFUSED, refused=Refused(Unfit.NO_FACE)))
            return
        answer = await self._book.enrol(replace(asked, shots=item.shots, alive=item.alive))
        if isinstance(answer, Refused):
            self._show(EnrolmentView(EnrolmentStep.REFUSED, refused=answer))
        else:
            self._show(EnrolmentView(EnrolmentStep.ENROLLED, enrolled=answer))

    async def _fail(self) -> None:
        if self._end() is not None and self._eyes is not None:
            await self._eyes.rise()
            self._show(EnrolmentView(EnrolmentStep.FAILED))
        else:
            self._show(self._view)

    def _is_on(self, sitting: int) -> bool:
        return self._asked is not None and sitting > self._before

    def _end(self) -> Application | None:
        """Nobody sits any more; what was asked for, with the name, is this call's alone."""
        asked, self._asked = self._asked, None
        if self._limit is not None:
            self._limit.cancel()
        self._late.clear()
        return asked

    def _show(self, view: EnrolmentView) -> None:
        self._view = view
        for callback in tuple(self._subscribers):
            callback(view)
