"""Who comes near the guide is greeted; by name only who is enrolled, once, and nothing else follows from a face."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest

from edge.domain.consent import ChosenName
from edge.domain.dialogue_terms import Intent, Meaning, Prompt, Stage
from edge.domain.recognition import Aliveness, Numbers, Outcome
from edge.eye_ports import EyesChange, Seen
from edge.ports import CameraState
from edge.services.faults import Faults
from edge.services.reception import Reception
from sync.events import DossierLookedUp
from tests.edge.services.fake_eyes import FakeEyes
from tests.edge.services.memory_ledger import MemoryLedger
from tests.edge.web.fakes import FakeClock
from tests.edge.web.guide_fakes import FakeGuide
from tests.edge.web.queue_fakes import FakeQueue

LAN = "a1b2"
NAMED = "Chào chị Lan! Tôi là máy hướng dẫn."
PLAIN = "Xin chào! Tôi là máy hướng dẫn."


class People:
    """A book with names and made-up templates."""

    def __init__(self) -> None:
        self.names = {LAN: ChosenName.parse("chị Lan")}
        self.greeted: list[str] = []
        self._subscribers: list[Callable[[], None]] = []

    @property
    def templates(self) -> Mapping[str, Numbers]:
        return dict.fromkeys(self.names, (0.0,) * 128)

    def subscribe(self, callback: Callable[[], None]) -> Callable[[], None]:
        self._subscribers.append(callback)
        return lambda: self._subscribers.remove(callback)

    async def greet(self, person: str) -> ChosenName | None:
        self.greeted += [person] if person in self.names else []
        return self.names.get(person)

    def withdraw(self) -> None:
        self.names.clear()
        for callback in self._subscribers:
            callback()


class Hall:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.guide = FakeGuide(self.clock, FakeQueue(self.clock))
        self.eyes, self.people = FakeEyes(), People()
        self.ledger = MemoryLedger(self.clock.now)
        self.faults = Faults(self.ledger, self.clock)
        self.reception = Reception(
            self.eyes, self.people, self.guide.desk, faults=self.faults, part="camera/huong-dan", look_first_s=0.05
        )

    @property
    def stage(self) -> Stage:
        return self.guide.desk.view().scene.state.stage

    @property
    def subtitle(self) -> str:
        return self.guide.desk.view().subtitle

    async def until(self, fact: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not fact():
                await asyncio.sleep(0)


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    made = Hall()
    running = asyncio.create_task(made.reception.run())
    await made.until(lambda: made.eyes.watched and made.eyes.known)
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_who_comes_is_greeted_and_forgotten_after_leaving(hall: Hall) -> None:
    hall.eyes.come()
    await hall.until(lambda: hall.subtitle.startswith(PLAIN))
    assert hall.stage is Stage.MENU
    hall.eyes.leave()
    await hall.until(lambda: hall.guide.desk.time_left_s() == pytest.approx(6.0))


async def test_who_is_enrolled_is_greeted_by_name_and_hears_it_once(hall: Hall) -> None:
    hall.eyes.come()
    hall.eyes.recognise(LAN)
    await hall.until(lambda: hall.subtitle.startswith(NAMED))
    await hall.until(lambda: hall.guide.mouth.said)
    await asyncio.sleep(0.1)  # the plain greeting would have been due
    assert [one.startswith(NAMED) for one in hall.guide.mouth.said] == [True]
    assert hall.people.greeted == [LAN]


async def test_what_names_somebody_leaves_no_recording(hall: Hall) -> None:
    hall.eyes.recognise(LAN)
    await hall.until(lambda: hall.guide.mouth.said)
    assert hall.guide.mouth.kept == []


@pytest.mark.parametrize("outcome", [Outcome.NOBODY, Outcome.NOT_LIVE, Outcome.NOT_ENOUGH])
async def test_a_stranger_or_a_photograph_is_greeted_as_everybody_is(hall: Hall, outcome: Outcome) -> None:
    hall.eyes.come()
    hall.eyes.show(Seen(outcome, Aliveness.UNSURE, None, 0.9))
    await hall.until(lambda: hall.subtitle.startswith(PLAIN))
    assert hall.people.greeted == []


async def test_a_face_interrupts_nobody_and_shows_no_dossier(hall: Hall) -> None:
    hall.eyes.come()
    await hall.until(lambda: hall.stage is Stage.MENU)
    await hall.guide.desk.press(Meaning(Intent.PROGRESS))
    hall.eyes.recognise(LAN)
    await hall.until(lambda: hall.people.greeted)
    await asyncio.sleep(0)
    assert (hall.stage, hall.guide.desk.view().scene.state.prompt) == (Stage.ASK_CODE, Prompt.ASK_CODE)
    assert hall.guide.directory.asked == []
    assert not any(isinstance(one, DossierLookedUp) for one in hall.guide.ledger.events)


async def test_who_withdrew_is_told_to_the_camera_and_greeted_as_everybody_is(hall: Hall) -> None:
    hall.people.withdraw()
    await hall.until(lambda: len(hall.eyes.known) == 2)
    assert [list(one) for one in hall.eyes.known] == [[LAN], []]
    hall.eyes.recognise(LAN)
    hall.eyes.come()
    await hall.until(lambda: hall.subtitle.startswith(PLAIN))


@pytest.mark.parametrize("state", [CameraState.LOST, CameraState.BLACK, CameraState.WORKER_DOWN])
async def test_a_broken_camera_is_a_fault_until_it_is_back(hall: Hall, state: CameraState) -> None:
    hall.eyes.show(EyesChange(state))
    await hall.until(lambda: hall.faults.why("camera/huong-dan") == state.value)
    hall.eyes.show(EyesChange(CameraState.LIVE))
    await hall.until(lambda: hall.faults.why("camera/huong-dan") is None)


async def test_nobody_stays_greeted_when_the_reception_stops() -> None:
    hall = Hall()
    running = asyncio.create_task(hall.reception.run())
    await hall.until(lambda: hall.eyes.watched)
    hall.eyes.come()
    await hall.until(lambda: hall.stage is Stage.MENU)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert hall.guide.desk.time_left_s() == pytest.approx(6.0)
