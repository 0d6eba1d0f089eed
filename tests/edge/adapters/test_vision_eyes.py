"""The eyes over a real child process: readings, faults, crashes, hangs, garbage, and what the child may not do."""

import asyncio
import errno
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from devices.camera.playlist import Fault, Playlist, Show, playlist_toml
from edge.adapters import worker_process
from edge.adapters.supervisor import Backoff
from edge.adapters.vision import VisionEyes
from edge.adapters.vision_spec import VisionSpec
from edge.adapters.worker_process import WorkerPatience, WorkerProcess
from edge.domain.level import Level
from edge.ports import CameraChange, CameraState, Reading

CHILD = Path(__file__).with_name("fake_vision_child.py")
QUICK = Backoff(first_s=0.05, most_s=0.2, calm_s=60.0)
UNHURRIED = WorkerPatience(start_s=45.0, beat_s=20.0)  # a child is nicer than everything else on a busy machine
BRISK = WorkerPatience(start_s=45.0, beat_s=3.0)  # where one hangs
pytestmark = pytest.mark.timeout(60)
Item = Reading | CameraChange


def spec(tmp_path: Path, *shows: Show, **changes: object) -> VisionSpec:
    story = tmp_path / "story.toml"
    story.write_text(playlist_toml(Playlist(shows or (Show(60.0),), rate=30.0)), encoding="utf-8")
    told = {"counter": "quay-01", "camera": f"replay:{story}", "landmarker": "none", "fps": 20.0} | changes
    return VisionSpec(**told)  # type: ignore[arg-type]  # checked by the tests that use it


def eyes_on(what: VisionSpec, *manner: str, **changes: object) -> VisionEyes:
    options = {"patience": UNHURRIED, "backoff": QUICK} | changes
    return VisionEyes(what, child=(str(CHILD), *(manner or ("good",))), **options)  # type: ignore[arg-type]


@asynccontextmanager
async def running(eyes: VisionEyes) -> AsyncIterator["Listener"]:
    listener = Listener(eyes)
    tasks = [asyncio.create_task(eyes.run()), asyncio.create_task(listener.listen())]
    try:
        yield listener
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Listener:
    """Collects what the eyes say."""

    def __init__(self, eyes: VisionEyes) -> None:
        self.eyes = eyes
        self.heard: list[Item] = []

    async def listen(self) -> None:
        async for item in self.eyes.watch():
            self.heard.append(item)

    @property
    def readings(self) -> list[Reading]:
        return [item for item in self.heard if isinstance(item, Reading)]

    @property
    def states(self) -> list[CameraState]:
        return [item.state for item in self.heard if isinstance(item, CameraChange)]

    async def until(self, happened: Callable[[], object]) -> None:
        async with asyncio.timeout(45):
            while not happened():
                await asyncio.sleep(0.02)

    async def live(self, readings: int = 3) -> int:
        """Wait for some more readings; the pid of the worker that sent them."""
        wanted = len(self.readings) + readings
        await self.until(lambda: len(self.readings) >= wanted)
        assert self.eyes.status.pid is not None
        return self.eyes.status.pid


def is_alive(pid: int) -> bool:
    """Whether it runs; one that ended and that nobody has asked about (a zombie) does not."""
    try:
        return state(pid) != b"Z"
    except FileNotFoundError:
        return False


def state(pid: int) -> bytes:
    return proc(pid, "stat").rpartition(b")")[2].split()[0]


def proc(pid: int, name: str) -> bytes:
    return Path(f"/proc/{pid}/{name}").read_bytes()


async def test_readings_arrive_with_the_capture_time_of_their_frame(tmp_path: Path) -> None:
    began = time.monotonic()
    async with running(eyes_on(spec(tmp_path))) as listener:
        await listener.live(5)
        reading = listener.readings[-1]
        assert began < listener.readings[0].at < reading.at <= time.monotonic()
        assert reading.counter == "quay-01"
        face = reading.faces[0]
        assert (face.track, face.usable, face.why_not, face.reasons) == (1, True, None, ("smile",))
        assert face.box == pytest.approx((0.3, 0.3, 0.4, 0.4), abs=0.01)
        assert face.scores[Level.SATISFIED] == pytest.approx(0.5)
        assert sum(face.scores.values()) == pytest.approx(1.0)
        assert listener.states[-1] is CameraState.LIVE
        assert listener.eyes.status.params_version == 20261121


async def test_cancelling_leaves_no_process_behind(tmp_path: Path) -> None:
    async with running(eyes_on(spec(tmp_path))) as listener:
        pid = await listener.live()
    assert not is_alive(pid)


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP])
async def test_a_killed_or_stopped_worker_is_replaced(
    tmp_path: Path, blow: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "edge.adapters.supervised_worker")
    patience = BRISK if blow is signal.SIGSTOP else UNHURRIED
    async with running(eyes_on(spec(tmp_path), patience=patience)) as listener:
        first = await listener.live()
        os.kill(first, blow)
        await listener.until(lambda: CameraState.WORKER_DOWN in listener.states)
        second = await listener.live()
        assert second != first
        assert not is_alive(first)
        await listener.until(lambda: "is back" in caplog.text)
    assert [state for state in listener.states if state is not CameraState.OPENING] == [
        CameraState.LIVE, CameraState.WORKER_DOWN, CameraState.LIVE,
    ]  # fmt: skip
    why = "no sign of life" if blow is signal.SIGSTOP else f"killed by {blow.name}"
    lines = [record.getMessage() for record in caplog.records if record.name == "edge.adapters.supervised_worker"]
    assert lines == [f"quay-01: vision worker is down: {why}", "quay-01: vision worker is back"]


async def test_a_new_worker_never_reuses_the_track_of_an_old_one(tmp_path: Path) -> None:
    async with running(eyes_on(spec(tmp_path))) as listener:
        os.kill(await listener.live(), signal.SIGKILL)
        await listener.until(lambda: CameraState.WORKER_DOWN in listener.states)
        await listener.live()
        tracks = [reading.faces[0].track for reading in listener.readings]
    assert set(tracks) == {1, 2}
    assert tracks == sorted(tracks)


async def test_a_replayed_story_goes_on_after_a_restart(tmp_path: Path) -> None:
    story = spec(tmp_path, Show(1.5), Show(60.0, fault=Fault.BLACK), settle_s=0.1)
    async with running(eyes_on(story)) as listener:
        os.kill(await listener.live(), signal.SIGKILL)
        await listener.until(lambda: CameraState.WORKER_DOWN in listener.states)
        await listener.until(lambda: CameraState.BLACK in listener.states)
        os.kill(listener.eyes.status.pid or 0, signal.SIGKILL)
        seen = len(listener.readings)
        await listener.until(lambda: listener.eyes.status.starts == 3 and listener.states[-1] is CameraState.BLACK)
        assert len(listener.readings) == seen


@pytest.mark.parametrize(
    ("manner", "why"),
    [
        ("garbage", "wire: not a message"),
        ("oversize", "wire: a message of 921600 bytes"),
        ("no_hello", "wire: the first message is not a hello"),
        ("foreign", "wire: the worker speaks version 2"),
        ("crash", "ended with 3"),
    ],
)
async def test_a_worker_that_talks_nonsense_or_fails_is_ended_and_started_anew(
    tmp_path: Path, manner: str, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(eyes_on(spec(tmp_path), manner)) as listener:
        await listener.until(lambda: listener.eyes.status.starts >= 3)
        assert listener.readings == []
        assert listener.states == [CameraState.OPENING, CameraState.WORKER_DOWN]
        assert listener.eyes.status.failures >= 2
    down = [record.getMessage() for record in caplog.records if "is down" in record.getMessage()]
    assert len(down) == 1
    assert why in down[0]


async def test_a_worker_that_never_beats_counts_as_hung(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    eyes = eyes_on(spec(tmp_path), "mute", patience=WorkerPatience(start_s=45.0, beat_s=0.2))
    async with running(eyes) as listener:
        await listener.until(lambda: listener.eyes.status.starts >= 2)
    assert "no sign of life" in caplog.text


async def test_a_worker_that_not_even_a_kill_ends_is_given_up_and_gets_no_second_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """As a process does that hangs in a camera's driver: SIGKILL waits until the driver lets it go."""
    monkeypatch.setattr(worker_process, "STOP_S", 0.05)
    monkeypatch.setattr(worker_process, "KILL_S", 0.05)
    monkeypatch.setattr(WorkerProcess, "kill", lambda _: None)
    eyes = eyes_on(spec(tmp_path), patience=BRISK)
    async with running(eyes) as listener:
        first = await stuck(listener)
        await listener.until(lambda: eyes.status.failures >= 3)
        assert (eyes.status.starts, is_alive(first)) == (1, True)
        assert caplog.text.count("does not end, not even killed") == 1
        os.kill(first, signal.SIGKILL)
        second = await stuck(listener)
        assert (eyes.status.starts, is_alive(first)) == (2, False)
    assert is_alive(second), "the agent stops all the same"
    os.kill(second, signal.SIGKILL)
    last = eyes._worker._worker
    assert last is not None
    async with asyncio.timeout(5):
        await last._process.communicate()


async def stuck(listener: Listener) -> int:
    pid = await listener.live()
    os.kill(pid, signal.SIGSTOP)
    await listener.until(lambda: state(pid) == b"T")  # its threads stop one after the other
    return pid


async def test_a_missing_interpreter_module_is_a_worker_that_is_down(tmp_path: Path) -> None:
    eyes = VisionEyes(spec(tmp_path), child=("-m", "edge.adapters.no_such_child"), backoff=QUICK)
    async with running(eyes) as listener:
        await listener.until(lambda: CameraState.WORKER_DOWN in listener.states)


@pytest.mark.parametrize("fault", list(Fault))
async def test_a_faulty_camera_is_a_state_without_readings_and_recovers(tmp_path: Path, fault: Fault) -> None:
    what = spec(
        tmp_path, Show(1.0), Show(1.6, fault=fault), Show(60.0), frozen_s=0.5, settle_s=0.2, retry_s=0.1, silence_s=1.0
    )
    state = CameraState(fault.value)
    async with running(eyes_on(what)) as listener:
        await listener.until(lambda: state in listener.states)
        await listener.until(lambda: listener.states[-1] is CameraState.LIVE)
        await listener.live()
        heard = [item for item in listener.heard if item != CameraChange("quay-01", CameraState.OPENING)]
    assert [item.state for item in heard if isinstance(item, CameraChange)] == [
        CameraState.LIVE,
        state,
        CameraState.LIVE,
    ]
    fallen, risen = (heard.index(CameraChange("quay-01", known)) for known in (state, CameraState.LIVE))
    risen = next(i for i, item in enumerate(heard) if i > fallen and isinstance(item, CameraChange))
    assert not [item for item in heard[fallen:risen] if isinstance(item, Reading)]


async def test_a_slow_listener_gets_the_newest_readings_and_hears_of_the_dropped_ones(tmp_path: Path) -> None:
    eyes = eyes_on(spec(tmp_path), waiting=4)
    async with running(eyes) as quick:
        await quick.live()
        slow = eyes.watch()
        await anext(slow)
        await quick.live(20)
        first = await anext(slow)
        assert isinstance(first, Reading)
        assert first.at >= quick.readings[-8].at
        assert eyes.status.dropped >= 10
        await slow.aclose()


async def test_a_new_listener_hears_the_present_state_first(tmp_path: Path) -> None:
    eyes = eyes_on(spec(tmp_path))
    async with running(eyes) as listener:
        await listener.live()
        late = eyes.watch()
        assert await anext(late) == CameraChange("quay-01", CameraState.LIVE)
        await late.aclose()


async def test_a_chatty_worker_is_cut_off_and_cannot_forge_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "edge.adapters.worker_process")

    def said() -> list[str]:
        return [record.getMessage() for record in caplog.records if record.name.startswith("edge.adapters.worker")]

    async with running(eyes_on(spec(tmp_path), "chatty")) as listener:
        await listener.live()
        await listener.until(lambda: len(said()) > 100)  # by another way than the readings
    assert len(said()) <= 200
    assert all(len(line) <= 300 and line.isprintable() for line in said())


# --- what the child may not do ---


async def test_the_child_is_nice_and_may_neither_write_files_nor_dump_core(tmp_path: Path) -> None:
    async with running(eyes_on(spec(tmp_path))) as listener:
        pid = await listener.live()
        limits = proc(pid, "limits").decode("ascii").splitlines()
        assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    bounds = {line[:26].strip(): line[26:].split()[:2] for line in limits}
    assert bounds["Max file size"] == ["0", "0"]
    assert bounds["Max core file size"] == ["0", "0"]


async def test_a_child_that_tries_to_write_a_file_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    loot = tmp_path / "face.jpg"
    async with running(eyes_on(spec(tmp_path), "scribble", str(loot))) as listener:
        await listener.live()
        await listener.until(lambda: "refused" in caplog.text)  # by another way than the readings
    assert not loot.exists() or loot.stat().st_size == 0


async def test_a_child_that_tries_to_use_the_network_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with running(eyes_on(spec(tmp_path), "phone_home")) as listener:
        await listener.live()
        await listener.until(lambda: len(caplog.records) >= 3)  # by another way than the readings
        lines = [record.getMessage() for record in caplog.records]
    assert lines == [f"refused {family} {errno.EACCES}" for family in ("AF_INET", "AF_INET6", "AF_PACKET")]


async def test_the_child_gets_no_secrets_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_PASSWORD", "very secret")
    async with running(eyes_on(spec(tmp_path))) as listener:
        pid = await listener.live()
        environment = proc(pid, "environ")
    assert b"very secret" not in environment
    assert b"OMP_NUM_THREADS=1" in environment


PARENT = """
import asyncio, sys
from edge.adapters.vision import VisionEyes
from edge.adapters.vision_spec import VisionSpec
eyes = VisionEyes(VisionSpec(counter="quay-01", camera=sys.argv[1], landmarker="none"), child=(sys.argv[2], "good"))
async def main():
    run = asyncio.create_task(eyes.run())
    async for item in eyes.watch():
        if hasattr(item, "faces"):
            print(eyes.status.pid, flush=True)
asyncio.run(main())
"""


def test_the_child_ends_with_a_killed_agent(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, spec(tmp_path).camera, str(CHILD)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        parent.kill()
        parent.wait()
        while is_alive(child):  # a signal of the kernel ends it: at once, or never
            time.sleep(0.02)
