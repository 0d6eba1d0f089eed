"""A made-up book of faces and an enrolment that does what a test says. `edge.face_ports.FaceDesk`."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from edge.domain.consent import ChosenName, Consent, Kept, Unfit, Use
from edge.eye_ports import SittingTask
from edge.face_ports import Application, Enrolled, EnrolmentStep, EnrolmentView, Refused
from edge.ports import CameraState, Clock

NAMES = {"a1b2c3": "chị Lan", "d4e5f6": "bác Tư", "0a1b2c": "Nguyễn Thị Ngọc Ánh"}


class FakeFaces:
    """`asked` holds what officers did; `put` moves the enrolment on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._people = {
            person: self._enrolled(person, name, days) for days, (person, name) in enumerate(NAMES.items(), 3)
        }
        self._view = EnrolmentView()
        self._name = ChosenName.parse("ai đó")
        self.callbacks: list[Callable[[EnrolmentView], None]] = []
        self.asked: list[tuple[str, ...]] = []
        self.camera_state: CameraState | None = CameraState.LIVE
        self.is_busy = False

    def camera(self) -> CameraState | None:
        return self.camera_state

    def view(self) -> EnrolmentView:
        return self._view

    def subscribe(self, callback: Callable[[EnrolmentView], None]) -> Callable[[], None]:
        self.callbacks.append(callback)

        def unsubscribe() -> None:
            with suppress(ValueError):
                self.callbacks.remove(callback)

        return unsubscribe

    async def begin(self, name: ChosenName, by: str, notice: str, replaces: str | None = None) -> bool:
        if self.is_busy:
            return False
        self.asked.append(("begin", name.reveal(), by, notice[:11]))
        self._name = name
        self.put(EnrolmentView(EnrolmentStep.SITTING))
        return True

    async def cancel(self) -> None:
        self.asked.append(("cancel",))
        self.put(EnrolmentView())

    async def enrol(self, application: Application) -> Enrolled | Refused:
        raise NotImplementedError

    async def people(self) -> tuple[Enrolled, ...]:
        return tuple(self._people.values())

    async def forget(self, person: str, by: str) -> bool:
        self.asked.append(("forget", person, by))
        return self._people.pop(person, None) is not None

    async def export(self, person: str, by: str) -> dict[str, Any] | None:
        self.asked.append(("export", person, by))
        one = self._people.get(person)
        return {"person": person, "name": one.name.reveal(), "template": [0.5] * 4} if one else None

    # --- for tests ---

    def put(self, view: EnrolmentView) -> None:
        self._view = view
        for callback in tuple(self.callbacks):
            callback(view)

    def ask(self, task: SittingTask, done: int, hint: Unfit | None = None) -> None:
        self.put(EnrolmentView(EnrolmentStep.SITTING, task, done, 3, hint))

    def refuse(self, why: Unfit) -> None:
        self.put(EnrolmentView(EnrolmentStep.REFUSED, refused=Refused(why)))

    def pass_(self) -> None:
        one = self._people["new"] = self._enrolled("new", self._name.reveal(), 0)
        self.put(EnrolmentView(EnrolmentStep.ENROLLED, enrolled=one))

    def fail(self) -> None:
        self.put(replace(EnrolmentView(), step=EnrolmentStep.FAILED))

    def _enrolled(self, person: str, name: str, days: int) -> Enrolled:
        given = self._clock.now() - timedelta(days=days)
        consent = Consent(Kept.FACE, Use.GREETING, given, "quay-01", "0123456789abcdef")
        return Enrolled(person, ChosenName.parse(name), consent, "sface", 5, "live", given + timedelta(days=days / 2))
