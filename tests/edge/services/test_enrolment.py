"""Enrolling before the guide's camera over a real journal: consent first, what is wrong is said, and nothing is left of a no."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from edge.adapters.seal import DeviceSeal
from edge.domain.consent import ChosenName, EnrolmentRules, Unfit, noted
from edge.domain.recognition import Aliveness, RatePoint, RecognitionRules
from edge.eye_ports import EyesChange, SittingTask
from edge.face_ports import EnrolmentStep, EnrolmentView
from edge.ports import CameraState
from edge.services.enrolment import EnrolmentDesk
from edge.services.faces import FaceBook
from edge.store.migrations import scripts
from sync.errors import JournalFull
from sync.journal import Journal
from tests.edge.services.fake_eyes import FakeEyes, SittingHint, SittingStep, shots
from tests.edge.services.fakes import FakeClock

RULES = RecognitionRules((RatePoint(0.01, 0.30), RatePoint(0.001, 0.40)))
LAN = ChosenName.parse("chị Lan")
BY, NOTICE = "quay-01-sang", "Máy này giữ một dãy số."


class Room:
    def __init__(self, journal: Journal, clock: FakeClock, sitting_s: float = 60.0) -> None:
        self.eyes = FakeEyes()
        self.journal = journal
        self.book = FaceBook(
            journal, DeviceSeal(bytes(32)), clock, model="sface", recognition=RULES, enrolment=EnrolmentRules(0.3)
        )
        self.desk = EnrolmentDesk(self.book, self.eyes, sitting_s)
        self.shown: list[EnrolmentView] = []
        self.desk.subscribe(self.shown.append)

    async def until(self, fact: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not fact():
                await asyncio.sleep(0.001)

    async def begin(self, replaces: str | None = None) -> bool:
        await self.until(lambda: self.desk.camera() is CameraState.LIVE)
        return await self.desk.begin(LAN, BY, NOTICE, replaces)

    async def ends(self, step: EnrolmentStep) -> EnrolmentView:
        await self.until(lambda: self.desk.view().step is step)
        return self.desk.view()


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    clock = FakeClock()
    journal = await Journal.open(tmp_path, site="phuong-mau", device="kiosk-01", migrations=scripts(), clock=clock.now)
    async with journal:
        made = Room(journal, clock)
        running = asyncio.create_task(made.desk.run())
        yield made
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_who_does_what_is_asked_is_enrolled_with_the_consent_that_was_taken(room: Room) -> None:
    assert await room.begin()
    room.eyes.show(SittingStep(room.eyes.sitting, SittingTask.LOOK_STRAIGHT, 0, 3))
    room.eyes.show(SittingHint(room.eyes.sitting, Unfit.TOO_SMALL))
    room.eyes.show(SittingHint(room.eyes.sitting, None))
    room.eyes.show(SittingStep(room.eyes.sitting, SittingTask.BLINK, 1, 3))
    room.eyes.over(shots())
    view = await room.ends(EnrolmentStep.ENROLLED)
    assert [(one.task, one.done, one.hint) for one in room.shown if one.step is EnrolmentStep.SITTING][1:] == [
        (SittingTask.LOOK_STRAIGHT, 0, None), (SittingTask.LOOK_STRAIGHT, 0, Unfit.TOO_SMALL),
        (SittingTask.LOOK_STRAIGHT, 0, None), (SittingTask.BLINK, 1, None),
    ]  # fmt: skip
    (person,) = await room.desk.people()
    assert view.enrolled == person
    assert (person.name.reveal(), person.liveness, person.pictures) == ("chị Lan", "live", 3)
    assert (person.consent.given_to, person.consent.notice) == (BY, noted(NOTICE))
    assert set(room.book.templates) == {person.person}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"faces": 2}, Unfit.SEVERAL_FACES),
        ({"yaw": 40.0}, Unfit.TURNED),
        ({"sharpness": 0.001}, Unfit.BLURRED),
        ({"width_px": 40}, Unfit.TOO_SMALL),
    ],
)
async def test_pictures_that_would_recognise_badly_are_refused_with_the_reason(
    room: Room, changes: dict[str, float], why: Unfit
) -> None:
    await room.begin()
    room.eyes.over(shots(**changes))
    view = await room.ends(EnrolmentStep.REFUSED)
    assert view.refused is not None
    assert view.refused.why is why
    assert await room.desk.people() == ()


async def test_who_does_not_do_what_is_asked_is_not_enrolled(room: Room) -> None:
    await room.begin()
    room.eyes.over(shots(), Aliveness.NOT_LIVE)
    view = await room.ends(EnrolmentStep.REFUSED)
    assert view.refused is not None
    assert view.refused.why is Unfit.NOT_LIVE
    assert room.book.templates == {}


async def test_nobody_came(room: Room) -> None:
    await room.begin()
    room.eyes.over((), Aliveness.NOT_LIVE)
    view = await room.ends(EnrolmentStep.REFUSED)
    assert view.refused is not None
    assert view.refused.why is Unfit.NO_FACE


async def test_who_is_known_already_may_be_enrolled_again_in_place_of_the_old_template(room: Room) -> None:
    await room.begin()
    room.eyes.over(shots())
    first = (await room.ends(EnrolmentStep.ENROLLED)).enrolled
    assert first is not None
    await room.begin()
    room.eyes.over(shots())
    refused = (await room.ends(EnrolmentStep.REFUSED)).refused
    assert refused is not None
    assert (refused.why, refused.person) == (Unfit.KNOWN_ALREADY, first.person)
    await room.begin(replaces=first.person)
    room.eyes.over(shots())
    await room.ends(EnrolmentStep.ENROLLED)
    assert len(await room.desk.people()) == 1
    assert first.person not in room.book.templates


async def test_one_at_a_time(room: Room) -> None:
    assert await room.begin()
    assert not await room.begin()
    await room.desk.cancel()
    assert room.eyes.sitting == 0
    assert room.desk.view() == EnrolmentView()
    assert await room.begin()


async def test_what_comes_after_a_cancel_counts_for_nobody(room: Room) -> None:
    await room.begin()
    old = room.eyes.sitting
    await room.desk.cancel()
    await room.begin()
    room.eyes.sitting = old
    room.eyes.over(shots())
    room.eyes.sitting = room.eyes.sittings
    room.eyes.over(shots(width_px=10))
    assert (await room.ends(EnrolmentStep.REFUSED)).refused is not None
    assert await room.desk.people() == ()


@pytest.mark.parametrize("state", [CameraState.LOST, CameraState.WORKER_DOWN])
async def test_a_lost_camera_ends_it_and_nothing_begins_until_it_is_back(room: Room, state: CameraState) -> None:
    await room.begin()
    room.eyes.show(EyesChange(state))
    await room.ends(EnrolmentStep.FAILED)
    assert not await room.desk.begin(LAN, BY, NOTICE)
    room.eyes.show(EyesChange(CameraState.LIVE))
    assert await room.begin()


async def test_a_camera_that_shows_nobody_is_not_waited_for_without_end(room: Room) -> None:
    desk = EnrolmentDesk(room.book, room.eyes, sitting_s=0.05)
    running = asyncio.create_task(desk.run())
    await room.until(lambda: desk.camera() is CameraState.LIVE)
    assert await desk.begin(LAN, BY, NOTICE)
    await room.until(lambda: desk.view().step is EnrolmentStep.FAILED)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_enrolment_that_cannot_be_written_is_over_and_says_so(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise JournalFull("the journal has reached its size bound")

    await room.begin()
    monkeypatch.setattr(room.journal, "transact", refuse)
    room.eyes.over(shots())
    await room.ends(EnrolmentStep.FAILED)
    assert room.shown[-1] == room.desk.view()
    assert await room.desk.people() == ()


async def test_withdrawing_and_exporting(room: Room) -> None:
    await room.begin()
    room.eyes.over(shots())
    person = (await room.ends(EnrolmentStep.ENROLLED)).enrolled
    assert person is not None
    kept = await room.desk.export(person.person, BY)
    assert kept is not None
    assert (kept["name"], len(kept["template"])) == ("chị Lan", 128)
    assert await room.desk.forget(person.person, BY)
    assert not await room.desk.forget(person.person, BY)
    assert (await room.desk.export(person.person, BY), await room.desk.people()) == (None, ())


async def test_a_name_that_is_withdrawn_goes_from_open_pages_and_nobody_elses_does(room: Room) -> None:
    await room.begin()
    room.eyes.over(shots())
    lan = (await room.ends(EnrolmentStep.ENROLLED)).enrolled
    assert lan is not None
    await room.desk.forget("somebody else", BY)
    assert room.desk.view().enrolled == lan
    await room.desk.forget(lan.person, BY)
    assert room.shown[-1] == room.desk.view() == EnrolmentView()


async def test_without_a_camera_there_is_a_list_all_the_same(room: Room) -> None:
    desk = EnrolmentDesk(room.book)
    await desk.run()
    assert (desk.camera(), await desk.people()) == (None, ())
    assert not await desk.begin(LAN, BY, NOTICE)


async def test_no_name_stands_in_what_is_shown(room: Room) -> None:
    await room.begin()
    room.eyes.over(shots())
    await room.ends(EnrolmentStep.ENROLLED)
    assert not any("Lan" in repr(view) for view in room.shown)
