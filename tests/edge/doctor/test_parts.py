"""The probes on real things: simulated boards on ptys, a printer, a clip as camera, processes that hold what we ask for."""

import asyncio
import fcntl
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from config.load import load
from config.peripherals import Printer, Scanner
from config.schema import Config
from devices.audio.sound import RATE, wav_bytes
from devices.camera.playlist import Fault, Playlist, Show, playlist_toml
from devices.lock_board.sim import Cabinet
from devices.lock_board.sim_line import Garble
from devices.printer.sim import PrinterSim
from devices.serial_port import open_pty
from devices.sms.modem_sim import PtyModem
from devices.sms.sim_network import SimNetwork
from devices.sms.smsd_config import FAST_TIMINGS, PID_FILE, make_spool
from devices.sms.smsd_process import SmsdProcess
from edge.doctor import boards, desk
from edge.doctor.camera import look_through
from edge.doctor.clock import is_kept_by_ntp, kernel_says
from edge.doctor.finding import Finding, State
from edge.doctor.holders import Person, holder_of_journal, holders_of, is_newer, listener_on
from edge.doctor.machine import look_at_heat, look_at_memory, look_at_packages
from edge.doctor.model_files import look_at_files
from edge.doctor.pages import look_at_users
from edge.doctor.senses import MicrophoneOrder, Sound, asked
from edge.doctor.sms import look_at_spool, token_trouble
from edge.doctor.storage import look_at_disk
from edge.web.users import Role, create_user
from sync.opening import LOCK_FILE
from tests.edge.locker_site import DOOR, DOORS, SITE

ME = Person.of(os.geteuid())
HOLD = "import sys, os, fcntl; f = os.open(sys.argv[1], os.O_RDWR); fcntl.flock(f, fcntl.LOCK_EX); print('held', flush=True); sys.stdin.read()"


def locker(folder: Path, port: str) -> Config:
    file = folder / "motcua.toml"
    (folder / "users.toml").touch(0o600)
    doors = "".join(DOOR.format(channel=channel) for channel in range(1, DOORS + 1))
    file.write_text(SITE.format(port=port) + doors, encoding="utf-8")
    return load(file)


async def board_at(folder: Path, port: str) -> Finding:
    section = locker(folder, port).locker
    assert section is not None
    (line,) = [line async for line in boards.look_at_line(section, port, ME)]
    assert (line.part, line.id) == ("board", "main")
    return line.finding


@pytest.fixture
async def cabinet(tmp_path: Path) -> AsyncIterator[Cabinet]:
    async with Cabinet("xor8a", [(1, 4)], link=tmp_path / "line", baud=115200) as made:
        yield made


async def test_a_good_board_tells_its_doors_and_no_bolt_moves(cabinet: Cabinet, tmp_path: Path) -> None:
    cabinet.door(1, 2).force()
    found = await board_at(tmp_path, cabinet.port)
    assert (found.state, found.found) == (State.GOOD, "answers, 3 doors, 1 open")
    assert [door.pulses for door in cabinet.doors()] == [0, 0, 0, 0]


async def test_a_board_without_power_is_silent(cabinet: Cabinet, tmp_path: Path) -> None:
    cabinet.power_cut()
    found = await board_at(tmp_path, cabinet.port)
    assert (found.state, found.found) == (State.BROKEN, "does not answer")


async def test_a_line_with_its_wires_swapped_answers_rubbish(cabinet: Cabinet, tmp_path: Path) -> None:
    cabinet.line.faults.garble = Garble.WRONG_BAUD
    found = await board_at(tmp_path, cabinet.port)
    assert found.state is State.BROKEN
    assert found.found in {"answers rubbish", "does not answer"}
    assert found.do is not None
    assert "baud" in found.do


async def test_a_port_that_is_not_there(tmp_path: Path) -> None:
    found = await board_at(tmp_path, str(tmp_path / "by-id-name"))
    assert found.state is State.BROKEN
    assert "is not there" in found.found


@pytest.mark.enable_socket
async def test_a_converter_that_nobody_switched_on(tmp_path: Path) -> None:
    found = await board_at(tmp_path, "tcp://127.0.0.1:9")
    assert (found.state, found.found) == (State.BROKEN, "127.0.0.1:9: nobody answers there")


@pytest.mark.enable_socket
async def test_a_printer_is_asked_and_prints_nothing() -> None:
    async with PrinterSim() as sim:
        section = Printer(port=f"tcp://127.0.0.1:{sim.port}")
        ready = await desk.look_at_printer(section, ME)
        sim.model.faults.has_paper = False
        empty = await desk.look_at_printer(section, ME)
        assert not sim.model.papers
    gone = await desk.look_at_printer(section, ME)
    assert [one.state for one in (ready, empty, gone)] == [State.GOOD, State.BROKEN, State.BROKEN]
    assert (empty.found, gone.found) == ("no paper", f"127.0.0.1:{sim.port}: nobody answers there")


async def test_a_scanners_port_is_opened_and_given_back(tmp_path: Path) -> None:
    line = open_pty(tmp_path / "scanner")
    try:
        looks = [await desk.look_at_scanner(Scanner(port=str(tmp_path / "scanner")), ME) for _ in range(2)]
    finally:
        line.hang_up()
    gone = await desk.look_at_scanner(Scanner(port=str(tmp_path / "scanner")), ME)
    assert [one.state for one in (*looks, gone)] == [State.GOOD, State.GOOD, State.BROKEN]


def playlist(folder: Path, show: Show) -> str:
    file = folder / "camera.toml"
    file.write_text(playlist_toml(Playlist((show,))), encoding="utf-8")
    return f"replay:{file}"


@pytest.mark.models
@pytest.mark.timeout(60)
async def test_a_real_clip_can_be_read(tmp_path: Path, model_file: Callable[[str], Path]) -> None:
    found = await look_through(playlist(tmp_path, Show(30, model_file("single_face.mp4"))), 1.0, None, ME)
    assert (found.state, found.found.partition(" at ")[0]) == (State.GOOD, "640x480")
    assert found.found.endswith("brightness fine")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("show", "word"), [(Show(30, fault=Fault.BLACK), "black"), (Show(30, fault=Fault.FROZEN), "stands still")]
)
async def test_a_black_and_a_frozen_camera(tmp_path: Path, show: Show, word: str) -> None:
    found = await look_through(playlist(tmp_path, show), 1.0, None, ME)
    assert found.state is State.BROKEN
    assert word in found.found


@pytest.mark.timeout(60)
async def test_a_camera_that_is_not_there_and_a_film_that_is_none(tmp_path: Path) -> None:
    unplugged = await look_through("/dev/v4l/by-id/usb-none-video-index0", 10, None, ME)
    (tmp_path / "film.mp4").write_bytes(b"no film")
    no_film = await look_through(f"replay:{tmp_path / 'film.mp4'}", 10, None, ME)
    assert "is not there" in unplugged.found
    assert no_film.found == "film.mp4 is not a video that can be read"
    assert {unplugged.state, no_film.state} == {State.BROKEN}


@pytest.mark.timeout(60)
async def test_sound_is_measured_and_only_levels_come_back(tmp_path: Path) -> None:
    (tmp_path / "hum.wav").write_bytes(wav_bytes(np.sin(np.arange(3 * RATE, dtype=np.float32) / 20) * np.float32(0.1)))
    heard = await asked(MicrophoneOrder(f"replay:{tmp_path / 'hum.wav'}", seconds=2.0), Sound)
    nothing = await asked(MicrophoneOrder(f"replay:{tmp_path / 'none.wav'}"), Sound)
    assert heard.why is None
    assert 0.09 < heard.peak < 0.11
    assert nothing.why is not None


# --- who holds what ---


@contextmanager
def another_process(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Has `path` open and locked."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.communicate()


def test_the_holder_of_a_journal_is_named_and_a_free_lock_is_left_free(tmp_path: Path) -> None:
    lock = tmp_path / LOCK_FILE
    assert holder_of_journal(tmp_path) is None
    lock.touch()
    assert holder_of_journal(tmp_path) is None
    with another_process(lock) as process:
        holder = holder_of_journal(tmp_path)
        assert holder is not None
        assert holder.pid == process.pid
        assert process.pid in {one.pid for one in holders_of(lock)}
    with lock.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_file_that_was_written_since_a_process_began_is_told_apart(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.touch()
    time.sleep(0.1)  # more than a tick of the kernel's clock
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        time.sleep(0.1)
        after.touch()
        assert (is_newer(before, process.pid), is_newer(after, process.pid)) == (False, True)


@pytest.mark.enable_socket
def test_the_listener_on_a_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        holder = listener_on(port)
        assert holder is not None
        assert holder.pid == os.getpid()
    assert listener_on(port) is None


# --- the box ---


def statvfs(folder: Path, free_mb: int) -> os.statvfs_result:
    real = list(os.statvfs(folder))
    real[1], real[4] = 1 << 20, free_mb
    return os.statvfs_result(real)


@pytest.mark.parametrize(("free_mb", "state"), [(9, State.BROKEN), (300, State.WEAK), (9000, State.GOOD)])
def test_a_disk_that_fills(tmp_path: Path, free_mb: int, state: State) -> None:
    found = look_at_disk(tmp_path / "data", lambda _: 0.004, lambda folder: statvfs(folder, free_mb))
    assert found.state is state
    assert list(tmp_path.iterdir()) == []


def test_the_measurement_leaves_nothing_behind(tmp_path: Path) -> None:
    assert "an fsync takes" in look_at_disk(tmp_path).found
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_under_the_measurement(tmp_path: Path) -> None:
    def fails(_: Path) -> float:
        raise OSError(5, "Input/output error")

    found = look_at_disk(tmp_path, fails)
    assert (found.state, found.do) == (State.BROKEN, "look for a failing card or disk: sudo dmesg | tail")


def test_the_box_answers(tmp_path: Path) -> None:
    assert look_at_memory().found.endswith(" GB")
    (tmp_path / "thermal_zone0").mkdir()
    (tmp_path / "thermal_zone0" / "temp").write_text("48312\n")
    assert look_at_heat(tmp_path).found == "48 °C"
    assert is_kept_by_ntp() in {True, False, None}
    assert kernel_says() in {True, False, None}


def test_packages_that_a_station_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edge.doctor.machine.find_spec", lambda name: None if name in {"cv2", "vosk"} else object())
    found = look_at_packages(("cv2", "numpy", "vosk"))
    assert (found.found, found.do) == ("not installed: cv2, vosk", "./scripts/setup counter guide")


def test_a_users_file_that_others_may_read(tmp_path: Path) -> None:
    file = tmp_path / "users.toml"
    assert look_at_users(file, ()).found == "nobody can log in"
    create_user(file, "can-bo", Role.OFFICER, "739154")
    assert look_at_users(file, (Role.OFFICER,)).state is State.GOOD
    file.chmod(0o644)
    assert look_at_users(file, ()).do == f"chmod 600 {file}"
    file.chmod(0o600)
    file.write_text("users = 5")
    assert look_at_users(file, ()).state is State.BROKEN


def test_a_counter_that_is_no_officers(tmp_path: Path) -> None:
    """One that was added behind the officers' backs: nobody could open its page, and the line said good."""
    file, counters = tmp_path / "users.toml", ("quay-01", "quay-02")
    create_user(file, "can-bo", Role.OFFICER, "739154", ("quay-01",))
    create_user(file, "lanh-dao", Role.LEADER, "739155")
    found = look_at_users(file, (Role.OFFICER, Role.LEADER), counters)
    assert (found.state, found.found) == (State.WEAK, "2 may log in, but no officer has the counter quay-02")
    assert found.do == f"motcua users add NAME officer --counter quay-02 --file {file}"
    create_user(file, "can-bo-2", Role.OFFICER, "739156", ("quay-02",))
    assert look_at_users(file, (Role.OFFICER, Role.LEADER), counters).state is State.GOOD


def test_where_our_own_unit_is_a_missing_spool_wants_the_modem_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = tmp_path / "motcua-sms.service"
    monkeypatch.setattr("edge.doctor.sms.UNIT", unit)
    assert "devices.sms config" in (look_at_spool(tmp_path / "spool", ME).do or "")
    unit.touch()
    assert "/etc/motcua/modem" in (look_at_spool(tmp_path / "spool", ME).do or "")


def test_a_spool_with_and_without_its_smsd(tmp_path: Path) -> None:
    root = tmp_path / "spool"
    assert "no spool" in look_at_spool(root, ME).found
    make_spool(root)
    assert look_at_spool(root, ME).found == "smsd does not run (0 waiting, 0 failed)"
    (root / PID_FILE).write_text(str(os.getpid()))  # alive, and no smsd
    assert look_at_spool(root, ME).state is State.BROKEN
    (root / "unknown").rmdir()
    assert look_at_spool(root, ME).found == f"{root}: without unknown"


@pytest.mark.smsd
async def test_a_modem_that_was_pulled_is_named_and_its_smsd_is_started_anew(tmp_path: Path) -> None:
    """`name the modem, enable --now`: it was named, and its service went on waiting for the one that was gone."""
    root = tmp_path / "spool"
    async with (
        PtyModem(SimNetwork("+84900000000"), tmp_path / "usb-modem") as modem,
        SmsdProcess(modem.path, root, FAST_TIMINGS),
    ):
        while look_at_spool(root, ME).state is not State.GOOD:
            await asyncio.sleep(0.1)
        modem.hang_up()
        while (found := look_at_spool(root, ME)).state is State.GOOD:
            await asyncio.sleep(0.1)
    assert f"the modem {modem.path} is not there" in found.found
    assert "plug it in" in str(found.do)
    assert "systemctl restart motcua-sms" in str(found.do)


def test_a_token_that_cannot_be_sent(tmp_path: Path) -> None:
    file = tmp_path / "token"
    assert token_trouble(file) is not None
    file.write_text("two\nlines")
    assert token_trouble(file) is not None
    file.write_text("geheim\n")
    assert token_trouble(file) is None


@pytest.mark.models
def test_model_files_are_hashed_and_nothing_is_noted(tmp_path: Path, model_file: Callable[[str], Path]) -> None:
    config = Config.model_validate(
        {"agent": {"site": "x", "device": "y", "data_dir": tmp_path / "data"}, "models": {"directory": tmp_path / "m"}}
    )
    look = partial(look_at_files, config, ("face_landmarker.task",))
    assert look().state is State.BROKEN
    (tmp_path / "m").mkdir()
    copy = tmp_path / "m" / "face_landmarker.task"
    copy.write_bytes(model_file("face_landmarker.task").read_bytes())
    assert look().found == "1 file, right by SHA-256"
    copy.write_bytes(b"cut off")
    assert "not what the manifest pins" in look().found
    assert list((tmp_path / "m").iterdir()) == [copy]
