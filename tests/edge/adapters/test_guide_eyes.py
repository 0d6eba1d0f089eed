"""The guide's eyes over a real child process: near, who, sittings, crashes, hangs, and what the child may not send."""

import asyncio
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from devices.camera.playlist import Playlist, Show, playlist_toml
from edge.adapters.guide_eyes import WorkerEyes
from edge.adapters.guide_eyes_spec import GuideEyesSpec
from edge.adapters.supervisor import Backoff
from edge.adapters.worker_process import WorkerPatience
from edge.domain.consent import Unfit
from edge.domain.recognition import Aliveness, Outcome
from edge.eye_ports import (
    ChallengeOver,
    ChallengeStep,
    EyesChange,
    EyesItem,
    Near,
    Seen,
    SittingHint,
    SittingOver,
    SittingStep,
    SittingTask,
)
from edge.ports import CameraState

CHILD = Path(__file__).with_name("fake_guide_eyes_child.py")
QUICK = Backoff(first_s=0.05, most_s=0.2, calm_s=60.0)
UNHURRIED = WorkerPatience(start_s=45.0, beat_s=20.0)  # a child is nicer than everything else on a busy machine
BRISK = WorkerPatience(start_s=45.0, beat_s=3.0)  # where one hangs
pytestmark = pytest.mark.timeout(60)
TEMPLATE = (128**-0.5,) * 128
T = TypeVar("T")


def spec(tmp_path: Path) -> GuideEyesSpec:
    story = tmp_path / "story.toml"
    story.write_text(playlist_toml(Playlist((Show(60.0),), rate=30.0)), encoding="utf-8")
    return GuideEyesSpec(place="huong-dan", camera=f"replay:{story}", landmarker="none", network="none", fps=20.0)


class Listener:
    """Collects what the eyes say."""

    def __init__(self, eyes: WorkerEyes) -> None:
        self.eyes = eyes
        self.heard: list[EyesItem] = []

    async def listen(self) -> None:
        async for item in self.eyes.watch():
            self.heard.append(item)

    def of(self, kind: type[T]) -> list[T]:
        return [item for item in self.heard if isinstance(item, kind)]

    async def until(self, happened: Callable[[], object]) -> None:
        async with asyncio.timeout(45):
            while not happened():
                await asyncio.sleep(0.02)

    async def near(self, times: int = 1) -> int:
        """Wait until somebody was near so often; the pid of the worker."""
        await self.until(lambda: self.of(Near).count(Near(is_near=True)) >= times)
        assert self.eyes.status.pid is not None
        return self.eyes.status.pid


@asynccontextmanager
async def running(tmp_path: Path, manner: str = "good", **changes: object) -> AsyncIterator[Listener]:
    options = {"patience": UNHURRIED, "backoff": QUICK} | changes
    eyes = WorkerEyes(spec(tmp_path), child=(str(CHILD), manner), **options)  # type: ignore[arg-type]
    listener = Listener(eyes)
    tasks = [asyncio.create_task(eyes.run()), asyncio.create_task(listener.listen())]
    try:
        yield listener
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_somebody_near_is_told_and_a_new_listener_hears_of_it(tmp_path: Path) -> None:
    async with running(tmp_path) as listener:
        await listener.near()
        assert EyesChange(CameraState.LIVE) in listener.heard
        late = listener.eyes.watch()
        assert [await anext(late), await anext(late)] == [Near(is_near=True), EyesChange(CameraState.LIVE)]
        await late.aclose()


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_killed_or_stopped_worker_is_replaced_and_told_whom_to_know(
    tmp_path: Path, blow: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge.adapters.supervised_worker")
    async with running(tmp_path, patience=BRISK if blow is signal.SIGSTOP else UNHURRIED) as listener:
        await listener.eyes.know({"a1b2": TEMPLATE})
        first = await listener.near()
        os.kill(first, blow)
        assert await listener.near(2) != first
        await listener.until(lambda: len(listener.of(Seen)) == 2)
        await listener.until(lambda: "is back" in caplog.text)
    assert listener.of(Near) == [Near(is_near=True), Near(is_near=False), Near(is_near=True)]
    states = [item.state for item in listener.of(EyesChange) if item.state is not CameraState.OPENING]
    assert states == [CameraState.LIVE, CameraState.WORKER_DOWN, CameraState.LIVE]
    why = "no sign of life" if blow is signal.SIGSTOP else "killed by SIGKILL"
    lines = [record.getMessage() for record in caplog.records if record.name == "edge.adapters.supervised_worker"]
    assert lines == [f"huong-dan: guide camera worker is down: {why}", "huong-dan: guide camera worker is back"]


@pytest.mark.parametrize("manner", ["garbage", "mute", "eager", "greedy"])
async def test_a_worker_that_says_what_it_may_not_is_started_anew(
    tmp_path: Path, manner: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(tmp_path, manner, patience=BRISK if manner == "mute" else UNHURRIED) as listener:
        if manner == "greedy":
            await listener.near()
            await listener.eyes.sit()
        await listener.until(lambda: listener.eyes.status.starts >= 2)
    assert listener.of(SittingOver) == []
    why = {"garbage": "wire:", "mute": "no sign of life"}.get(manner, "faces that nobody asked for")
    assert why in caplog.text
    assert "0.08838" not in caplog.text  # a number of the face


async def test_who_is_recognised_is_told_by_the_person_of_the_list(tmp_path: Path) -> None:
    async with running(tmp_path) as listener:
        await listener.near()
        await listener.eyes.know({"a1b2": TEMPLATE, "c3d4": TEMPLATE})
        await listener.until(lambda: listener.of(Seen))
    assert listener.of(Seen) == [Seen(Outcome.MATCH, Aliveness.LIVE, "a1b2", 0.75)]


async def test_whoever_withdrew_while_the_answer_was_on_its_way_is_nobody(tmp_path: Path) -> None:
    async with running(tmp_path, "late") as listener:
        await listener.near()
        await listener.eyes.know({"a1b2": TEMPLATE})
        await listener.eyes.sit()
        await listener.until(lambda: listener.of(SittingOver))
    assert listener.of(Seen) == []


async def test_a_challenge_asks_and_ends(tmp_path: Path) -> None:
    async with running(tmp_path) as listener:
        await listener.near()
        number = await listener.eyes.challenge()
        await listener.until(lambda: listener.of(ChallengeOver))
    assert listener.of(ChallengeStep) == [ChallengeStep(number, SittingTask.TURN_LEFT, 0, 2)]
    assert listener.of(ChallengeOver) == [ChallengeOver(number, is_passed=True)]


async def test_a_challenge_ends_unanswered_with_its_worker_and_is_not_begun_again(tmp_path: Path) -> None:
    async with running(tmp_path, "dawdle") as listener:
        await listener.near()
        number = await listener.eyes.challenge()
        await listener.until(lambda: listener.of(ChallengeStep))
        os.kill(listener.eyes.status.pid or 0, signal.SIGKILL)
        await listener.near(2)
    assert listener.of(ChallengeOver) == [ChallengeOver(number, is_passed=False)]
    assert len(listener.of(ChallengeStep)) == 1


async def test_a_sitting_asks_hints_and_ends_with_its_pictures(tmp_path: Path) -> None:
    async with running(tmp_path) as listener:
        await listener.near()
        number = await listener.eyes.sit()
        await listener.until(lambda: listener.of(SittingOver))
    assert listener.of(SittingStep) == [SittingStep(number, SittingTask.BLINK, 1, 3)]
    assert listener.of(SittingHint) == [SittingHint(number, Unfit.SEVERAL_FACES)]
    (over,) = listener.of(SittingOver)
    assert (over.sitting, over.alive, len(over.shots)) == (number, Aliveness.LIVE, 3)
    assert [len(shot.numbers) for shot in over.shots] == [128] * 3


async def test_a_sitting_that_was_given_up_tells_nothing_more(tmp_path: Path) -> None:
    async with running(tmp_path, "dawdle") as listener:
        await listener.near()
        first = await listener.eyes.sit()
        await listener.eyes.rise()
        assert await listener.eyes.sit() == first + 1
        os.kill(listener.eyes.status.pid or 0, signal.SIGKILL)
        await listener.near(2)
        assert listener.eyes._told.sitting == 0  # the next worker does not begin it again
    assert listener.of(SittingOver) == []
