"""`motcua doctor` as a technician runs it: nothing plugged in, a cabinet, everything broken at once, beside a running agent."""

import asyncio
import json
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from config.peripherals import DESK
from edge.doctor.agent_now import agent_now
from edge.web.users import Role, create_user
from tests.edge.command_line import ROOT
from tests.edge.locker_site import Site, open_site

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(180)]  # each is a process that looks at many things
KEYS = {"part", "id", "state", "found", "do"}
HEAVY = ("cv2", "mediapipe", "onnxruntime", "numpy", "vosk", "PIL", "nicegui", "ctranslate2")
LOADED = "import sys; sys.argv = ['motcua', 'doctor', *sys.argv[2:]]; import edge.cli\ntry: edge.cli.main()\nfinally: print(*sys.modules, file=sys.stderr)"
BROKEN = """
[agent]
site = "phuong-mau"
device = "hong-01"
data_dir = "data"
[centre]
name = "Trung tâm"
leader = "lanh-dao"
[counters.quay-01]
name = "Quầy 1"
unit = "ho-tich"
camera = { source = "/dev/v4l/by-id/usb-none-video-index0" }
[counters.quay-02]
name = "Quầy 2"
unit = "ho-tich"
camera = { source = "rtsp://127.0.0.1:1/stream" }
[units.ho-tich]
name = "Hộ tịch"
head = "lanh-dao"
[contacts.lanh-dao]
phone = "0900 000 001"
role = "leader"
[sms]
channel = "http"
[sms.http]
url = "http://127.0.0.1:9/send?key=geheim"
token_file = "token"
[mqtt]
host = "broker.invalid"
[printer]
port = "tcp://127.0.0.1:9"
[queue.services.ho-tich]
name = "Hộ tịch"
letter = "A"
counters = ["quay-01"]
[guide]
[guide.directory]
url = "http://127.0.0.1:9/api"
[guide.voice]
microphone = "alsa:none"
loudspeaker = "none"
[scanner.huong-dan]
port = "/dev/serial/by-id/usb-none"
[models]
directory = "models"
[web]
host = "203.0.113.9"
"""


def lines(out: str) -> dict[tuple[str, str | None], dict[str, Any]]:
    """By part and id; each is named once."""
    rows = [json.loads(line) for line in out.splitlines()]
    assert all(set(row) == KEYS for row in rows)
    assert all(row["do"] for row in rows if row["state"] in {"weak", "broken"})
    told = {(row["part"], row["id"]): row for row in rows}
    assert len(told) == len(rows)
    return told


def contents(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*"))


async def doctor(config: Path, *words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", "doctor", "--config", str(config), *words, cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(tmp_path) as opened:
        yield opened


async def test_a_cabinet_that_is_well(site: Site) -> None:
    before = contents(site.config.parent)
    code, out, err = await doctor(site.config, "--json")
    told = lines(out)
    assert (code, err) == (0, "")
    assert told["board", "main"]["found"] == "answers, 3 doors, 0 open"
    assert told["users", None]["found"] == "3 may log in"
    assert told["agent", None]["found"].startswith("does not run")
    assert {part for part, _ in told} & {"camera", "models", "microphone", "printer", "broker"} == set()
    assert [door.pulses for door in site.cabinet.doors()] == [0, 0, 0, 0]
    assert contents(site.config.parent) == before


async def test_a_cabinets_box_loads_no_library_of_other_stations(site: Site) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LOADED, "-", "--config", str(site.config), "--json", cwd=ROOT,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert "board" in out.decode()
    assert set(HEAVY) & set(err.decode().splitlines()[-1].split()) == set()


async def test_a_cabinet_without_power_and_a_board_that_hangs_elsewhere(site: Site) -> None:
    site.cabinet.power_cut()
    code, out, _ = await doctor(site.config)
    assert code == 1
    assert "✗ board main            does not answer" in out
    assert "    do: see its power" in out
    assert max(len(line) for line in out.splitlines() if str(site.config) not in line) <= 100
    assert "1 broken" in out.splitlines()[-1]


async def test_everything_broken_at_once_is_named_once_each(tmp_path: Path) -> None:
    (tmp_path / "motcua.toml").write_text(BROKEN, encoding="utf-8")
    (tmp_path / "token").write_text("geheim\n")
    code, out, err = await doctor(tmp_path / "motcua.toml", "--json")
    told = lines(out)
    assert (code, err) == (1, "")
    assert {key for key, row in told.items() if row["state"] == "broken"} == {
        ("users", None), ("models", "counters"), ("models", "huong-dan"), ("web", None), ("broker", None), ("sms", None),
        ("directory", None), ("scanner", "huong-dan"), ("printer", None), ("camera", "quay-01"), ("camera", "quay-02"),
        ("microphone", "huong-dan"), ("loudspeaker", "huong-dan"),
    }  # fmt: skip
    assert "geheim" not in out
    assert contents(tmp_path) == ["motcua.toml", "token"]


async def test_mistakes_in_the_configuration_end_it_with_all_of_them(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text('[agent]\nsite = "X"\ndevice = "y"\ncolour = "red"\n')
    code, out, err = await doctor(file, "--json")
    assert code == 2
    assert {row["path"] for row in json.loads(out)["mistakes"]} == {"agent.site", "agent.colour"}
    assert "nothing was started" in err


async def test_ctrl_c_is_told_from_something_broken(tmp_path: Path) -> None:
    """A broker that accepts and never answers is waited for."""
    config = tmp_path / "motcua.toml"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        way = f'host = "127.0.0.1"\nport = {silent.getsockname()[1]}\ntls = false'
        config.write_text(f'[agent]\nsite = "x"\ndevice = "y"\ndata_dir = "data"\n[mqtt]\n{way}\n')
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "edge", "doctor", "--config", str(config), cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        assert process.stdout is not None
        await process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = await process.communicate()
    assert (process.returncode, err.decode()) == (130, "interrupted: the rest was not looked at\n")


async def test_a_running_agent_is_left_alone_and_asked(site: Site) -> None:
    create_user(site.config.parent / "users.toml", "can-bo-2", Role.OFFICER, "739154")
    async with site.agent() as agent:
        await agent.faults.fault("sms_line", "smsd_not_running")
        await agent.faults.fault("link", "receipt_mismatch")
        site.cabinet.door(1, 1).force()
        while agent.locker is None or (await agent.locker.boards.read())["n01"].value != "open":
            await asyncio.sleep(0.02)
        code, out, _ = await doctor(site.config, "--json")
        assert agent.faults.why("board/main") is None
    told = lines(out)
    assert told["agent", None]["found"].startswith("runs: ")
    assert told["board", "main"]["found"] == "answers, 3 doors, 1 open, says the running agent"
    assert "events" in told["journal", None]["found"]
    assert told["agent", "link"]["state"] == "broken"
    assert "another history" in told["agent", "link"]["found"]
    assert code == 1


async def test_a_part_that_was_added_since_the_agent_began_is_not_said_to_work(site: Site) -> None:
    """A scanner that was never plugged in `works, says the running agent`, which had never heard of it."""
    async with site.agent():
        assert lines((await doctor(site.config, "--json"))[1])["board", "main"]["state"] == "good"
        with site.config.open("a", encoding="utf-8") as file:
            file.write(f'[scanner.{DESK}]\nport = "/dev/serial/by-id/usb-none"\n')
        told = lines((await doctor(site.config, "--json"))[1])
    assert (told["scanner", DESK]["state"], told["board", "main"]["state"]) == ("not_tested", "not_tested")
    assert (told["agent", None]["state"], "restart motcua" in told["agent", None]["do"]) == ("weak", True)


def test_a_data_folder_that_is_closed_to_this_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: Path) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr("edge.doctor.agent_now.holder_of_journal", closed)
    now = agent_now(tmp_path)
    assert (now.is_known, now.has_devices) == (False, True)
