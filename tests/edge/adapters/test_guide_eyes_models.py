"""The guide's real camera worker on real clips: near, an enrolled face, a stranger, a photograph, a refused sitting, no trace."""

import asyncio
import os
import signal
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from devices.camera.playlist import Playlist, Show, playlist_toml
from edge.adapters import worker_process
from edge.adapters.faces_pictures import Networks, read_clip, shot_of_picture
from edge.adapters.guide_eyes import WorkerEyes
from edge.adapters.guide_eyes_spec import LANDMARKER, NETWORK, GuideEyesSpec
from edge.domain.consent import Unfit
from edge.domain.recognition import Aliveness, Numbers, Outcome, mean_of
from edge.eye_ports import (
    ChallengeOver,
    ChallengeStep,
    EyesItem,
    Near,
    Seen,
    SittingHint,
    SittingOver,
    SittingStep,
    SittingTask,
)
from models.attacks import FPS, SCENE_PX, Attack, frames_of
from tests.edge.adapters.test_vision_models import Ears, held, open_files, snapshot, written_bytes

pytestmark = [pytest.mark.models, pytest.mark.timeout(240)]  # 30 s alone on a slow machine, four times that in company
Find = Callable[[str], Path]
MAN, SAME_MAN, WOMAN = "single_face.mp4", "face_noface.mov", "WolfgangLanger_Pexels.mp4"


class Room:
    """Where the model files lie and what is shown to the camera."""

    def __init__(self, folder: Path, find: Find) -> None:
        self.folder, self.find = folder, find
        self.networks = Networks(find(LANDMARKER), find(NETWORK))

    def spec(self, *shows: Show) -> GuideEyesSpec:
        story = self.folder / "story.toml"
        story.write_text(playlist_toml(Playlist(shows)), encoding="utf-8")
        return self.spec_of(story)

    def spec_of(self, file: Path) -> GuideEyesSpec:
        return GuideEyesSpec(
            place="huong-dan", camera=f"replay:{file}", landmarker=str(self.networks.landmarker),
            network=str(self.networks.embedding),
        )  # fmt: skip

    def template(self) -> Numbers:
        """The man's."""
        return _template(self.find(MAN), self.networks.landmarker, self.networks.embedding)


@cache
def _template(clip: Path, landmarker: Path, embedding: Path) -> Numbers:
    return mean_of([shot.numbers for shot in read_clip(clip, Networks(landmarker, embedding)).shots])


@pytest.fixture
def room(tmp_path: Path, model_file: Find) -> Room:
    return Room(tmp_path, model_file)


@asynccontextmanager
async def watching(spec: GuideEyesSpec) -> AsyncIterator[tuple[WorkerEyes, AsyncIterator[EyesItem]]]:
    eyes = WorkerEyes(spec)
    heard = eyes.watch()
    await anext(heard)
    running = asyncio.create_task(eyes.run())
    try:
        yield eyes, heard
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def libraries(pid: int | None) -> str:
    return Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")


async def first_seen(heard: AsyncIterator[EyesItem]) -> Seen:
    async for item in heard:
        if isinstance(item, Seen):
            return item
    raise AssertionError


async def nearness(heard: AsyncIterator[EyesItem], times: int) -> list[bool]:
    found: list[bool] = []
    async for item in heard:
        found += [item.is_near] if isinstance(item, Near) else []
        if len(found) == times:
            break
    return found


async def test_somebody_comes_and_leaves_and_no_network_is_loaded_for_it(room: Room) -> None:
    spec = room.spec(Show(1.0), Show(4.0, room.find(MAN)), Show(30.0))
    async with watching(spec) as (eyes, heard):
        assert await nearness(heard, 2) == [True, False]
        assert "ai_edge_litert" in libraries(eyes.status.pid)
        assert "onnxruntime" not in libraries(eyes.status.pid)


async def test_who_is_enrolled_is_recognised_after_a_look_or_two(room: Room) -> None:
    async with watching(room.spec_of(room.find(SAME_MAN))) as (eyes, heard):
        await eyes.know({"nobody": tuple(-value for value in room.template()), "a1b2": room.template()})
        seen = await first_seen(heard)
    assert (seen.outcome, seen.alive, seen.person) == (Outcome.MATCH, Aliveness.LIVE, "a1b2")
    assert seen.similarity is not None
    assert seen.similarity > 0.5


async def test_a_film_that_is_recognised_and_alive_does_not_do_what_is_asked(room: Room) -> None:
    """What a telephone before the camera shows: the man of the clip, over and over."""
    async with watching(room.spec_of(room.find(MAN))) as (eyes, heard):
        await eyes.know({"a1b2": room.template()})
        assert (await first_seen(heard)).person == "a1b2"
        number = await eyes.challenge()
        told = [item async for item in until_over(heard)]
    assert told[-1] == ChallengeOver(number, is_passed=False)
    assert [item.tasks for item in told if isinstance(item, ChallengeStep)][:1] == [2]


async def until_over(heard: AsyncIterator[EyesItem]) -> AsyncIterator[EyesItem]:
    async for item in heard:
        yield item
        if isinstance(item, ChallengeOver):
            return


async def test_a_stranger_is_nobody(room: Room) -> None:
    async with watching(room.spec_of(room.find(WOMAN))) as (eyes, heard):
        await eyes.know({"a1b2": room.template()})
        seen = await first_seen(heard)
    assert (seen.outcome, seen.person) == (Outcome.NOBODY, None)


@pytest.mark.long
async def test_a_photograph_of_an_enrolled_person_is_not_alive(room: Room) -> None:
    file = room.folder / "print.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), FPS, SCENE_PX)
    source = cv2.VideoCapture(str(room.find(MAN)))
    _, photograph = source.read()
    source.release()
    for _, rgb in frames_of(Attack.PRINT_MOVED, [np.ascontiguousarray(photograph[..., ::-1])], 8.0):
        writer.write(np.ascontiguousarray(rgb[..., ::-1]))
    writer.release()
    async with watching(room.spec_of(file)) as (eyes, heard):
        await eyes.know({"a1b2": room.template()})
        seen = await first_seen(heard)
    assert (seen.outcome, seen.person) == (Outcome.NOT_LIVE, None)
    assert seen.similarity is not None
    assert seen.similarity > 0.5  # it is his face all right


async def test_a_sitting_of_several_people_says_so_and_passes_nobody(room: Room) -> None:
    async with watching(room.spec_of(room.find("multi_face.jpg"))) as (eyes, heard):
        await eyes.sit()
        steps, hints, over = await sitting(heard)
    assert steps[0].task is SittingTask.LOOK_STRAIGHT
    assert Unfit.SEVERAL_FACES in hints
    assert over.alive is Aliveness.NOT_LIVE
    assert all(shot.faces > 1 for shot in over.shots)


@pytest.mark.long
async def test_a_clip_does_not_do_what_is_asked_and_its_pictures_are_not_alive(room: Room) -> None:
    async with watching(room.spec_of(room.find(MAN))) as (eyes, heard):
        await eyes.sit()
        _, _, over = await sitting(heard)
    assert over.alive is Aliveness.NOT_LIVE
    assert 1 <= len(over.shots) <= 5
    himself = shot_of_picture(room.find("single_face.jpg"), room.networks.opened())
    assert len(over.shots[0].numbers) == len(himself.numbers) == 128


async def test_the_networks_come_with_the_first_who_is_enrolled(room: Room) -> None:
    async with watching(room.spec_of(room.find(SAME_MAN))) as (eyes, heard):
        await nearness(heard, 1)
        assert "onnxruntime" not in libraries(eyes.status.pid)
        await eyes.know({"a1b2": room.template()})
        await first_seen(heard)
        assert "onnxruntime" in libraries(eyes.status.pid)


async def sitting(heard: AsyncIterator[EyesItem]) -> tuple[list[SittingStep], list[Unfit | None], SittingOver]:
    steps: list[SittingStep] = []
    hints: list[Unfit | None] = []
    async for item in heard:
        steps += [item] if isinstance(item, SittingStep) else []
        hints += [item.unfit] if isinstance(item, SittingHint) else []
        if isinstance(item, SittingOver):
            return steps, hints, item
    raise AssertionError


async def test_recognising_writes_no_picture_to_disk_and_opens_no_socket(
    room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing but messages and log lines: every byte the worker wrote arrived through its two pipes."""
    rooms = {name: tmp_path / "rooms" / name for name in ("cwd", "HOME", "TMPDIR")}
    for one in rooms.values():
        one.mkdir(parents=True)
    monkeypatch.chdir(rooms["cwd"])
    for name in ("HOME", "TMPDIR"):
        monkeypatch.setitem(worker_process._SURROUNDINGS, name, str(rooms[name]))
    spec = room.spec_of(room.find(SAME_MAN))
    ears = Ears(monkeypatch)
    before = snapshot(tmp_path)
    async with watching(spec) as (eyes, heard):
        await eyes.know({"a1b2": room.template()})
        assert (await first_seen(heard)).person == "a1b2"
        pid = eyes.status.pid
        assert pid is not None
        with held(pid):
            async with asyncio.timeout(15):
                while written_bytes(pid) > ears.heard_bytes:  # what is still in the pipe arrives
                    await asyncio.sleep(0.02)
            assert written_bytes(pid) == ears.heard_bytes
            files = open_files(pid)
    writable = [
        name for name, kind, flags in files if stat.S_ISREG(kind.st_mode) and flags & os.O_ACCMODE != os.O_RDONLY
    ]
    assert writable == []
    assert [name for name, kind, _ in files if stat.S_ISSOCK(kind.st_mode)] == []
    assert snapshot(tmp_path) == before


@pytest.mark.long
async def test_a_killed_worker_is_back_and_knows_whom_it_knew(room: Room) -> None:
    async with watching(room.spec_of(room.find(SAME_MAN))) as (eyes, heard):
        await eyes.know({"a1b2": room.template()})
        assert (await first_seen(heard)).person == "a1b2"
        os.kill(eyes.status.pid or 0, signal.SIGKILL)
        assert (await first_seen(heard)).person == "a1b2"
        assert eyes.status.starts == 2
