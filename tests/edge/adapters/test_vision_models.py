"""The real worker on real clips: plausible levels, only the zone, and not one byte anywhere but in its messages."""

import asyncio
import os
import signal
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from devices.camera.playlist import Playlist, Show, playlist_toml
from edge.adapters import worker_process
from edge.adapters.supervisor import Backoff
from edge.adapters.vision import VisionEyes
from edge.adapters.vision_spec import VisionSpec
from edge.domain.level import Level
from edge.ports import CameraChange, Reading
from models.framing import Deframer

pytestmark = [pytest.mark.models, pytest.mark.timeout(90)]
Find = Callable[[str], Path]


@pytest.fixture
def spec(tmp_path: Path, model_file: Find) -> VisionSpec:
    """The man who is calm for a second and then smiles, at the pace of the camera."""
    story = tmp_path / "story.toml"
    story.write_text(playlist_toml(Playlist((Show(3.5, model_file("single_face.mp4")),))), encoding="utf-8")
    return VisionSpec(
        counter="quay-01", camera=f"replay:{story}", landmarker=str(model_file("face_landmarker.task")), fps=10.0
    )


@asynccontextmanager
async def watching(spec: VisionSpec) -> AsyncIterator[tuple[VisionEyes, AsyncIterator[Reading | CameraChange]]]:
    eyes = VisionEyes(spec)
    running = asyncio.create_task(eyes.run())
    try:
        yield eyes, eyes.watch()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def readings(heard: AsyncIterator[Reading | CameraChange], wanted: int) -> list[Reading]:
    found: list[Reading] = []
    async for item in heard:
        found += [item] if isinstance(item, Reading) else []
        if len(found) == wanted:
            break
    return found


async def test_a_calm_and_then_smiling_man_is_read_so(spec: VisionSpec) -> None:
    async with watching(spec) as (eyes, heard):
        seen = await readings(heard, 40)
        assert eyes.status.params_version is not None
    faces = [reading.faces[0] for reading in seen if reading.faces]
    assert len(faces) >= 38
    assert {face.track for face in faces} == {1}
    assert sum(face.usable for face in faces) >= 0.9 * len(faces)
    likeliest = [max(face.scores, key=lambda level: face.scores[level]) for face in faces if face.usable]
    assert sum(level is Level.NEUTRAL for level in likeliest) >= 5
    assert sum(level.is_positive for level in likeliest) >= 5
    assert not any(level.is_negative for level in likeliest)
    assert any("smile_strong" in face.reasons for face in faces)
    assert all(0 <= face.box[0] < face.box[0] + face.box[2] <= 1 for face in faces)


async def test_whoever_sits_outside_the_zone_is_never_read(spec: VisionSpec) -> None:
    officers_side = msgspec.structs.replace(spec, zone=(0.0, 0.0, 0.33, 1.0))
    async with watching(officers_side) as (_, heard):
        assert [reading.faces for reading in await readings(heard, 25)] == [()] * 25


async def test_several_people_are_all_read_largest_first_and_at_most_four(tmp_path: Path, model_file: Find) -> None:
    spec = VisionSpec(
        counter="quay-01",
        camera=f"replay:{model_file('multi_face.jpg')}",
        landmarker=str(model_file("face_landmarker.task")),
    )
    async with watching(spec) as (_, heard):
        async for item in heard:
            if isinstance(item, Reading) and len(faces := item.faces) > 1:
                break
    sizes = [face.box[2] * face.box[3] for face in faces]
    assert len(faces) <= 4
    assert sizes == sorted(sizes, reverse=True)
    assert len({face.track for face in faces}) == len(faces)


async def test_parameters_that_cannot_be_used_are_named_once(
    spec: VisionSpec, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    eyes = VisionEyes(msgspec.structs.replace(spec, params_dir=str(tmp_path)), backoff=Backoff(first_s=0.05))
    running = asyncio.create_task(eyes.run())
    while eyes.status.failures < 2:
        await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    (line,) = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert line.startswith("quay-01: vision worker is down: ended with 1: models.errors.ParametersUnusable")
    assert "expression.toml" in line


# --- nothing leaves the worker but its messages ---


class Ears:
    """Counts every byte that reaches the parent: messages and log lines."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.heard_bytes = 0
        feed, line = Deframer.feed, worker_process._line

        def counting_feed(unpacker: Deframer[Any], received: bytes) -> Iterator[Any]:
            self.heard_bytes += len(received)
            return feed(unpacker, received)

        async def counting_line(stream: asyncio.StreamReader) -> bytes:
            text = await line(stream)
            self.heard_bytes += len(text)
            return text

        monkeypatch.setattr(Deframer, "feed", counting_feed)
        monkeypatch.setattr(worker_process, "_line", counting_line)


@contextmanager
def held(pid: int) -> Iterator[None]:
    """The process stands still."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def written_bytes(pid: int) -> int:
    """What the process has passed to any call that writes, to whatever."""
    counts = Path(f"/proc/{pid}/io").read_text(encoding="ascii")
    return int(counts.partition("wchar: ")[2].split()[0])


def open_files(pid: int) -> list[tuple[str, os.stat_result, int]]:
    """Name, kind and open flags of every descriptor."""
    found = []
    for fd in Path(f"/proc/{pid}/fd").iterdir():
        flags = next(
            line for line in Path(f"/proc/{pid}/fdinfo/{fd.name}").read_text().splitlines() if "flags:" in line
        )
        found.append((str(fd.readlink()), fd.stat(), int(flags.split()[1], 8)))
    return found


def snapshot(folder: Path) -> dict[Path, tuple[int, int]]:
    return {path: (path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.rglob("*"))}


async def test_a_run_writes_no_picture_to_disk_and_opens_no_socket(
    spec: VisionSpec, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every byte the worker wrote is accounted for by the messages that arrived, with every door watched."""
    rooms = {name: tmp_path / "rooms" / name for name in ("cwd", "HOME", "TMPDIR")}
    for room in rooms.values():
        room.mkdir(parents=True)
    monkeypatch.chdir(rooms["cwd"])
    ears = Ears(monkeypatch)
    for name in ("HOME", "TMPDIR"):
        monkeypatch.setitem(worker_process._SURROUNDINGS, name, str(rooms[name]))
    before = snapshot(tmp_path)

    async with watching(spec) as (eyes, heard):
        await readings(heard, 25)
        pid = eyes.status.pid
        assert pid is not None
        with held(pid):
            async with asyncio.timeout(15):
                while written_bytes(pid) > ears.heard_bytes:  # what is still in the pipe arrives
                    await asyncio.sleep(0.02)
            assert written_bytes(pid) == ears.heard_bytes
            files = open_files(pid)
        assert eyes.status.starts == 1

    writable = [
        name for name, kind, flags in files if stat.S_ISREG(kind.st_mode) and flags & os.O_ACCMODE != os.O_RDONLY
    ]
    assert writable == []
    assert [name for name, kind, _ in files if stat.S_ISSOCK(kind.st_mode)] == []
    assert snapshot(tmp_path) == before
