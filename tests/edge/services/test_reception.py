"""Who comes near the guide is greeted; by name only who is enrolled, once, and nothing else follows from a face."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from edge.domain.consent import ChosenName
from edge.domain.dialogue_events import Tick
from edge.domain.dialogue_terms import Intent, Meaning, Prompt, Stage
from edge.domain.naming import NamePolicy, SittingTask
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
    def __init__(self, policy: NamePolicy = NamePolicy.PASSIVE) -> None:
        self.clock = FakeClock()
        self.guide = FakeGuide(self.clock, FakeQueue(self.clock))
        self.eyes, self.people = FakeEyes(), People()
        self.ledger = MemoryLedger(self.clock.now)
        self.faults = Faults(self.ledger, self.clock)
        self.reception = Reception(
            self.eyes, self.people, self.guide.desk, clock=self.clock, policy=policy, faults=self.faults,
            part="camera/huong-dan", look_first_s=0.05,
        )  # fmt: skip

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


@asynccontextmanager
async def received(policy: NamePolicy) -> AsyncIterator[Hall]:
    made = Hall(policy)
    running = asyncio.create_task(made.reception.run())
    await made.until(lambda: made.eyes.watched and made.eyes.known)
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
async def hall() -> AsyncIterator[Hall]:
    """Says a name to whoever looks alive."""
    async with received(NamePolicy.PASSIVE) as made:
        yield made


@pytest.fixture
async def wary() -> AsyncIterator[Hall]:
    """Asks for an answer first, as the profile does."""
    async with received(NamePolicy.CHALLENGE) as made:
        yield made


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


async def test_a_full_journal_ends_no_reception(hall: Hall) -> None:
    hall.ledger.is_full = True
    hall.eyes.show(EyesChange(CameraState.LOST))
    hall.eyes.show(EyesChange(CameraState.LIVE))
    hall.eyes.come()
    await hall.until(lambda: hall.stage is Stage.MENU)
    assert hall.ledger.events == []


async def test_nobody_stays_greeted_when_the_reception_stops() -> None:
    hall = Hall()
    running = asyncio.create_task(hall.reception.run())
    await hall.until(lambda: hall.eyes.watched)
    hall.eyes.come()
    await hall.until(lambda: hall.stage is Stage.MENU)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert hall.guide.desk.time_left_s() == pytest.approx(6.0)


# --- a challenge before the name ---

ASKED = "Xin chào! Tôi là máy hướng dẫn. Muốn được chào bằng tên thì mời quay đầu sang trái"


async def comes(wary: Hall) -> None:
    """Is recognised and asked."""
    before = wary.eyes.challenges
    wary.eyes.come()
    wary.eyes.recognise(LAN)
    await wary.until(lambda: wary.eyes.challenges > before)
    wary.eyes.ask(SittingTask.TURN_LEFT)
    await wary.until(lambda: wary.subtitle.startswith(ASKED))


async def goes(wary: Hall) -> None:
    wary.eyes.leave()
    await wary.until(lambda: wary.guide.desk.time_left_s() is not None)
    wary.clock.seconds += 10
    await wary.guide.desk.happened(Tick())
    assert wary.stage is Stage.AWAY


async def test_no_name_is_said_before_the_answer(wary: Hall) -> None:
    await comes(wary)
    wary.eyes.ask(SittingTask.BLINK, done=1)
    await wary.until(lambda: wary.subtitle == "Cảm ơn! Bây giờ mời nhắm mắt rồi mở ra.")
    assert wary.people.greeted == []
    wary.eyes.answer(is_passed=True)
    await wary.until(lambda: wary.subtitle.startswith(NAMED))
    assert wary.people.greeted == [LAN]
    assert not [said for said in wary.guide.mouth.said if said.startswith(PLAIN) and not said.startswith(ASKED)]


async def test_a_film_does_not_answer_and_is_greeted_as_everybody_is(wary: Hall) -> None:
    await comes(wary)
    wary.eyes.answer(is_passed=False)
    await wary.until(lambda: wary.subtitle.startswith("Xin chào! Tôi là máy hướng dẫn. Tôi lấy số"))
    assert wary.people.greeted == []


async def test_who_answered_is_not_asked_again_on_that_day(wary: Hall) -> None:
    await comes(wary)
    wary.eyes.answer(is_passed=True)
    await wary.until(lambda: wary.subtitle.startswith(NAMED))
    await goes(wary)
    wary.eyes.come()
    wary.eyes.recognise(LAN)
    await wary.until(lambda: wary.subtitle.startswith(NAMED))
    assert wary.eyes.challenges == 1
    await goes(wary)
    wary.clock.at += timedelta(days=1)
    await comes(wary)


async def test_who_leaves_two_challenges_unanswered_is_left_in_peace(wary: Hall) -> None:
    for _ in range(2):
        await comes(wary)
        wary.eyes.answer(is_passed=False)
        await wary.until(lambda: wary.subtitle.startswith("Xin chào! Tôi là máy hướng dẫn. Tôi lấy số"))
        await goes(wary)
    wary.eyes.come()
    wary.eyes.recognise(LAN)
    await wary.until(lambda: wary.subtitle.startswith("Xin chào! Tôi là máy hướng dẫn. Tôi lấy số"))
    assert (wary.eyes.challenges, wary.people.greeted) == (2, [])


async def test_who_has_begun_is_not_asked(wary: Hall) -> None:
    wary.eyes.come()
    await wary.until(lambda: wary.stage is Stage.MENU)
    await wary.guide.desk.press(Meaning(Intent.PROGRESS))
    wary.eyes.recognise(LAN)
    wary.eyes.show(EyesChange(CameraState.LOST))
    await wary.until(lambda: wary.faults.why("camera/huong-dan"))
    assert (wary.eyes.challenges, wary.stage) == (0, Stage.ASK_CODE)


async def test_a_camera_that_breaks_off_is_no_failure_of_the_person(wary: Hall) -> None:
    for number in range(3):
        wary.eyes.come()
        wary.eyes.recognise(LAN)
        await wary.until(lambda number=number: wary.eyes.challenges == number + 1)  # type: ignore[misc]
        wary.eyes.answer(is_passed=False)
        await wary.until(lambda: wary.subtitle.startswith(PLAIN))
        await goes(wary)


async def test_who_withdrew_while_answering_is_not_named(wary: Hall) -> None:
    await comes(wary)
    wary.people.withdraw()
    wary.eyes.answer(is_passed=True)
    await wary.until(lambda: wary.subtitle.startswith("Xin chào! Tôi là máy hướng dẫn. Tôi lấy số"))


async def test_where_no_name_is_said_nobody_is_recognised() -> None:
    async with received(NamePolicy.NEVER) as hall:
        assert hall.eyes.known == [{}]
        hall.eyes.come()
        hall.eyes.recognise(LAN)
        await hall.until(lambda: hall.subtitle.startswith(PLAIN))
        assert (hall.people.greeted, hall.eyes.challenges) == ([], 0)
