"""A technician with `motcua setup` before simulated devices: from nothing to a site that runs, and every way in which it goes otherwise."""

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from config.load import load
from devices.lock_board.sim import Cabinet
from devices.scanner.sim import PtyScanner
from devices.sms.modem_sim import PtyModem
from devices.sms.sim_network import SimNetwork
from edge.adapters.trial_files import TrialFiles, digest_of
from edge.app import open_agent
from edge.cli import app
from edge.domain.config_trial import Trial
from edge.domain.locker import Purpose
from edge.setup.journal_before import name_of_journal
from edge.store import stays
from edge.web.users import Role, load_users
from tests.edge.command_line import ROOT
from tests.edge.locker_site import Site as Cabinets
from tests.edge.locker_site import open_site
from tests.edge.setup.technician import Technician, technician

pytestmark = pytest.mark.timeout(180)  # each is a process that asks ports which do not answer
FAST = 115200  # of the simulated line; a family is asked at its own speed first, and a pty minds none
LOCKS = 4


@dataclass
class House:
    """What stands in the house, and a folder for its configuration."""

    folder: Path
    cabinet: Cabinet
    modem: PtyModem
    scanner: PtyScanner

    @property
    def config(self) -> Path:
        return self.folder / "etc" / "motcua.toml"

    @property
    def ports(self) -> list[str]:
        return [self.cabinet.port, str(self.modem.path), str(self.folder / "usb-Honeywell_Scanner-if00")]

    def words(self, *more: object, ports: list[str] | None = None) -> list[object]:
        named = [word for port in (self.ports if ports is None else ports) for word in ("--port", port)]
        where = ["--config", self.config, "--data", self.folder / "data"]
        return ["--station", "locker", *where, *named, *more]

    @property
    def pulses(self) -> list[int]:
        return [door.pulses for door in self.cabinet.doors()]

    def files(self) -> set[str]:
        return {str(one.relative_to(self.folder)) for one in self.folder.rglob("*") if one.is_file()}

    async def close_what_opens(self) -> None:
        """Somebody stands there and shuts every door again, once it was seen."""
        while True:
            for door in self.cabinet.doors():
                if door.is_open:
                    await asyncio.sleep(1.0)
                    await door.push_closed()
            await asyncio.sleep(0.02)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    (tmp_path / "etc").mkdir()
    cabinet = Cabinet("xor8a", [(1, 8)], link=tmp_path / "usb-FTDI_RS485-if00-port0", baud=FAST)
    modem = PtyModem(SimNetwork("+84900000000"), tmp_path / "usb-Quectel_EG25-if02-port0")
    async with cabinet, modem:
        with PtyScanner(tmp_path / "usb-Honeywell_Scanner-if00") as scanner:
            yield House(tmp_path, cabinet, modem, scanner)


@asynccontextmanager
async def somebody_closing(house: House) -> AsyncIterator[None]:
    closing = asyncio.create_task(house.close_what_opens())
    try:
        yield
    finally:
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)


async def motcua(*words: object) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "edge", *map(str, words), cwd=ROOT, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, out.decode(), " ".join(err.decode().split())  # wherever a line was broken


async def up_to_the_doors(one: Technician, *, locks: int = LOCKS) -> None:
    await one.answers("Which ward or commune", "Phường Thủ Đức")
    await one.answers("Short name of the site")
    await one.answers("Short name of this device")
    await one.answers("Its name on the screen")
    await one.answers("Telephone number on every refusal")
    await one.answers("Use it")
    await one.answers("How many locks hang on the board", str(locks))


async def behind_the_doors(one: Technician) -> None:
    await one.answers("How many doors stand side by side", "2")
    await one.answers("down the columns")
    await one.answers("medium size")
    await one.answers("large doors")
    await one.answers("wheelchair")


async def from_the_paper_on(one: Technician, house: House) -> None:
    """No scanner, no centre, the modem, loopback, write it."""
    await one.answers("One in the network")
    for _ in range(2):
        await one.sees("Hold any barcode under the scanner")
        await one.sees("there is none.")
        one.types("")
    await one.answers("Show the centre's name")
    await one.answers("Send SMS through it")
    await one.answers("Shall other machines open them")
    await one.answers("Now")


async def without_people(one: Technician) -> None:
    await one.answers("There is no officer yet", "n")
    await one.answers("There is no technician yet", "n")


async def test_from_nothing_to_a_cabinet_that_runs(house: House) -> None:
    """Doors 1 and 2 hang the other way round, the contact of 3 is inverted, on channel 4 hangs nothing."""
    house.cabinet.door(1, 3).is_open_short = True
    house.cabinet.door(1, 4).jam()
    async with technician(*house.words()) as one, somebody_closing(house):
        await up_to_the_doors(one)
        await one.answers("Open the doors now", "y")
        await one.sees("Close every door of the cabinet, then press Enter")
        one.types("")
        assert "lock 3 of 4: reads open though it is closed" in await one.sees("lock 1 of 4: its door opens now")
        await one.answers("Which number stands", "2")
        await one.answers("Which number stands", "02")
        assert "02 opened at lock 1 already" in await one.answers("Which number stands", "01")
        await one.answers("Which number stands")
        assert "[0]" in await one.answers("Which number stands")
        await behind_the_doors(one)
        await one.answers("One in the network", "192.168.1.50")
        assert "tcp://ADDRESS:PORT" in await one.answers("One in the network")
        await one.sees("at the citizens' screen of the cabinet now")
        await one.sees("there is none.")
        house.scanner.scan("H29.1-2026-0001")
        await one.sees("heard it on")
        await one.answers("Show the centre's name", "y")
        await one.answers("Name of the centre")
        await one.answers("Mobile number of the centre's leader", "12345")
        assert "not a Vietnamese mobile number" in await one.answers(
            "Mobile number of the centre's leader", "0912 345 678"
        )
        await one.answers("Send SMS through it")
        await one.answers("Shall other machines open them")
        assert "phuong-thu-duc/tu-ho-so-01: locker: 3 compartments" in await one.answers("Now")
        await one.answers("There is no officer yet")
        await one.answers("Name to log in with", "Cán bộ")
        assert "small letters" in await one.answers("Name to log in with")
        await one.sees("neither is shown again")
        one.types("")
        await one.answers("There is no technician yet")
        await one.answers("Name to log in with")
        await one.sees("neither is shown again")
        one.types("")
        await one.sees("motcua doctor")
        assert await one.ended() == 0, one.screen
    assert "H29.1-2026-0001" not in one.screen
    _was_understood(house)
    await _runs(house)


def _was_understood(house: House) -> None:
    config = load(house.config)
    assert config.locker is not None
    doors = {key: (row.channel, row.number, row.feedback) for key, row in config.locker.compartments.items()}
    assert doors == {
        "n01": (2, "01", "closed_short"), "n02": (1, "02", "closed_short"), "n03": (3, "03", "open_short"),
    }  # fmt: skip
    assert (config.agent.site, config.sms.channel) == ("phuong-thu-duc", "smsd")
    assert config.scanner["kiosk"].port == house.ports[2]
    assert (house.folder / "etc" / "modem").read_text() == f"MODEM={house.modem.path}\n"
    users = load_users(house.folder / "data" / "users.toml")
    assert {user.role for user in users.values()} == {Role.OFFICER, Role.TECHNICIAN}
    assert house.pulses == [1, 1, 1, 1, 0, 0, 0, 0]


async def _runs(house: House) -> None:
    code, out, _ = await motcua("check", "--config", house.config)
    assert (code, "good" in out) == (0, True)
    code, out, _ = await motcua("doctor", "--config", house.config, "--json")
    rows = {row["part"]: row for row in map(json.loads, out.splitlines())}
    assert rows["board"]["found"] == "answers, 3 doors, 0 open"
    assert (rows["users"]["state"], rows["scanner"]["state"]) == ("good", "good")
    async with open_agent(load(house.config)) as agent:
        assert agent.locker is not None
        running = [asyncio.ensure_future(run()) for name, run in agent.parts if name in {"boards", "locker"}]
        while not agent.locker.service.citizen.is_trusted():
            await asyncio.sleep(0.01)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def test_locks_on_the_channels_of_other_doors_are_said_with_their_wires(house: House) -> None:
    one_door, other = house.cabinet.door(1, 1), house.cabinet.door(1, 2)
    one_door.bolt_of, other.bolt_of = other, None
    async with technician(*house.words()) as one, somebody_closing(house):
        await up_to_the_doors(one, locks=1)
        await one.answers("Open the doors now", "y")
        await one.sees("press Enter")
        one.types("")
        await one.answers("Which number stands", "01")
        await one.sees("its contact did not move")
        await one.answers("How many doors stand side by side")
        for question in ("medium size", "large doors", "wheelchair"):
            await one.answers(question)
        await from_the_paper_on(one, house)
        await without_people(one)
        told = await one.sees("motcua doctor")
        assert "door 01: its lock is on channel 1 of main, but no contact told that it opened" in told
        assert await one.ended() == 0


async def test_declined_doors_are_written_in_order_and_nothing_moves(house: House) -> None:
    async with technician(*house.words()) as one:
        await up_to_the_doors(one)
        await one.answers("Open the doors now")
        await behind_the_doors(one)
        await from_the_paper_on(one, house)
        await without_people(one)
        assert "locker map --user NAME" in await one.sees("motcua doctor")
        assert await one.ended() == 0
    config = load(house.config)
    assert config.locker is not None
    assert [(row.channel, row.number) for row in config.locker.compartments.values()] == [
        (channel, f"0{channel}") for channel in range(1, LOCKS + 1)
    ]
    assert sum(house.pulses) == 0


async def test_ctrl_c_while_a_door_is_open_leaves_everything_as_it_was(house: House) -> None:
    house.config.write_text('# mine\n[agent]\nsite = "x"\ndevice = "tu-01"\n', encoding="utf-8")
    before, files = house.config.read_bytes(), house.files()
    async with technician(*house.words()) as one:
        await one.answers("Short name of the site")
        await one.answers("Short name of this device")
        await one.answers("Its name on the screen")
        await one.answers("Telephone number on every refusal")
        await one.answers("Use it")
        await one.answers("How many locks hang on the board", "2")
        await one.answers("Open the doors now", "y")
        await one.sees("press Enter")
        one.types("")
        await one.sees("Which number stands")
        one.presses(b"\x03")
        await one.sees("what was not written yet is as it was")
        assert await one.ended() == 130
    assert (house.config.read_bytes(), house.files()) == (before, files)


@pytest.mark.parametrize("key", [b"\x03", b"\x04"])
async def test_it_ends_at_its_first_question(house: House, key: bytes) -> None:
    async with technician(*house.words()) as one:
        await one.sees("Which ward or commune")
        await one.sees(":")
        one.presses(key)
        assert await one.ended() == 130
    assert not house.config.exists()


KEPT = """\
# written by hand, word for word

[agent]
site = "xa-ea-tam"     # as the city calls it
device = "tu-07"
data_dir = "{data}"

[locker]
name = "Tủ cũ"
remind_days = 2        # they come on market days
[locker.boards.trai]
protocol = "xor8a"
port = "{port}"
address = 1
channels = 2
baud = 9600
poll_ms = 250

[locker.compartments.a1]
board = "trai"
channel = 1
number = "A1"
size = "large"
row = 0
column = 0

[locker.compartments.a2]
board = "trai"
channel = 2
number = "A2"
row = 1
column = 0

[retention]
visits_days = 365      # the ward decided so
"""


async def test_an_existing_configuration_is_offered_and_kept(house: House) -> None:
    text = KEPT.format(data=house.folder / "data", port=house.cabinet.port)
    house.config.write_text(text, encoding="utf-8")
    async with technician("--config", house.config, "--port", house.cabinet.port) as one, somebody_closing(house):
        await one.sees("Stations of this device: locker")
        assert "[xa-ea-tam]" in await one.answers("Short name of the site")
        assert "[tu-07]" in await one.answers("Short name of this device", "tu-08")
        assert "[Tủ cũ]" in await one.answers("Its name on the screen")
        await one.answers("Telephone number on every refusal")
        await one.answers("Use it")
        assert "[2]" in await one.answers("How many locks hang on the board")
        await one.answers("Open the doors now", "y")
        await one.sees("press Enter")
        one.types("")
        assert "[A1]" in await one.answers("Which number stands", "A2")
        await one.answers("Which number stands", "A1")
        await one.answers("One in the network")
        await one.answers("Show the centre's name")
        await one.sees("No modem answered")
        await one.answers("Shall other machines open them")
        await one.answers("Now")
        await without_people(one)
        assert await one.ended() == 0
    assert house.config.with_name("motcua.toml.before").read_text(encoding="utf-8") == text
    changed = set(house.config.read_text(encoding="utf-8").splitlines()) - set(text.splitlines())
    assert changed == {
        'device = "tu-08"', 'help_phone = "1022"', 'feedback = "closed_short"',
        "[sms]", 'channel = "none"', "[web]", 'host = "127.0.0.1"',
    }  # fmt: skip
    config = load(house.config)
    assert config.locker is not None
    wired = {key: (row.channel, row.number, row.size) for key, row in config.locker.compartments.items()}
    assert wired == {"a1": (2, "A1", "large"), "a2": (1, "A2", "small")}


async def test_nobody_is_there_and_everything_takes_its_default(house: House) -> None:
    code, out, err = await motcua("setup", *house.words("--yes", "--json", "--site", "Phường Thủ Đức"))
    rows: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert code == 0, err
    assert [row["found"] for row in rows if "found" in row] == ["SMS_modem", "lock_boards", "silent_port"]
    boards = next(row["boards"] for row in rows if row.get("found") == "lock_boards")
    assert boards == [{"protocol": "xor8a", "baud": 9600, "address": 1, "channels": 8}]
    assert [row["written"] for row in rows if "written" in row] == [
        str(house.config),
        str(house.folder / "etc" / "modem"),
    ]
    config = load(house.config)
    assert config.locker is not None
    assert len(config.locker.compartments) == 8
    assert config.scanner["kiosk"].port == house.ports[2]
    assert sum(house.pulses) == 0
    assert not (house.folder / "data").exists()


async def test_nobody_is_told_of_a_copy_of_what_is_on_trial(house: House) -> None:
    """FILE.before is what the trial goes back to."""
    text = KEPT.format(data=house.folder / "data", port=house.cabinet.port)
    house.config.write_text(text, encoding="utf-8")
    files = TrialFiles(house.config)
    files.before.write_text("the one before", encoding="utf-8")
    files.note(Trial("order-0001", "0" * 64, digest_of(text.encode())))
    code, _, err = await motcua("setup", "--config", house.config, "--port", house.cabinet.port, "--yes")
    assert (code, files.before.read_text(encoding="utf-8")) == (0, "the one before"), err
    assert "check; the city's, which was on trial, is not kept" in err


async def test_a_question_without_a_default_and_nobody_to_answer(house: House) -> None:
    code, out, err = await motcua("setup", *house.words("--json"))
    assert (code, "--site" in err, "--site" in json.loads(out)["error"]) == (2, True, True)
    assert house.files() == set()


async def test_no_board_no_cabinet(house: House) -> None:
    code, out, err = await motcua("setup", *house.words("--site", "x", ports=house.ports[2:]))
    assert (code, out) == (1, "")
    assert "no lock board answered" in err
    assert house.files() == set()


async def test_a_running_agent_is_left_alone(tmp_path: Path) -> None:
    async with open_site(tmp_path) as site:
        await _left_alone(site)


async def _left_alone(site: Cabinets) -> None:
    before = site.config.read_bytes()
    async with site.agent():
        code, _, err = await motcua("setup", "--config", site.config, "--yes")
    assert (code, "sudo systemctl stop motcua" in err) == (1, True)
    assert site.config.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--station", "fridge"), "there are locker, counter, guide"),
        (("--config", "/nowhere/at/all/motcua.toml"), "scripts/install"),
    ],
)
async def test_bad_usage(words: tuple[str, ...], says: str) -> None:
    code, _, err = await motcua("setup", *words)
    assert code in {1, 2}
    assert says in err


def test_a_folder_of_somebody_whom_the_system_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a copied disk leaves: root cannot become a user who is not there."""
    if os.geteuid() == 0:
        os.chown(tmp_path, 54321, -1)
    owner = tmp_path.stat().st_uid

    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    done = CliRunner().invoke(app, ["setup", "--config", str(tmp_path / "motcua.toml"), "--json"])
    said = f"{tmp_path} belongs to the user number {owner}, whom this system does not know; give it to the agent's user: sudo chown -R motcua {tmp_path}"
    assert (done.exit_code, json.loads(done.stdout)) == (1, {"error": said})


def picture(folder: Path) -> Path:
    """A grey wall with a pattern on it."""
    image = Image.new("L", (640, 480))
    image.putdata([60 + (x * 7 + y * 3) % 140 for y in range(480) for x in range(640)])
    image.convert("RGB").save(folder / "wall.jpg")
    return folder / "wall.jpg"


async def test_a_counter_and_the_people_who_are_told(tmp_path: Path) -> None:
    config, camera = tmp_path / "motcua.toml", f"replay:{picture(tmp_path)}"
    where = ("--config", config, "--data", tmp_path / "data", "--station", "counter", "--port", tmp_path / "none")
    async with technician(*where, "--camera", camera) as one:
        await one.answers("Which ward or commune", "Xã Ea Tam")
        await one.answers("Short name of the site")
        await one.answers("Short name of this device")
        assert "[Quầy 1]" in await one.answers("Which counter does it look at", "Quầy 3")
        await one.answers("Which unit works at Quầy 3", "Đất đai - Xây dựng")
        await one.answers("Name of the centre")
        await one.answers("Mobile number of the centre's leader", "0912 345 678")
        await one.answers("Mobile number of the head of Đất đai - Xây dựng", "0987 654 321")
        await one.sees("No modem answered, so no SMS goes out")
        await one.answers("Shall other machines open them")
        assert "camera of counter quay-03" in await one.answers("Now", "2")
        assert "[Quầy 3]" in await one.answers("Which counter does it look at")
        await one.answers("Which unit works at Quầy 3")
        await one.answers("Name of the centre")
        assert "[...678]" in await one.answers("Mobile number of the centre's leader")
        assert "[...321]" in await one.answers("Mobile number of the head")
        await one.answers("Shall other machines open them")
        await one.answers("Now")
        await one.answers("There is no officer yet", "n")
        await one.answers("There is no leader yet", "n")
        assert await one.ended() == 0, one.screen
    found = load(config)
    assert found.counters["quay-03"].camera.source == camera
    assert (found.counters["quay-03"].unit, found.units["dat-dai-xay-dung"].head) == ("dat-dai-xay-dung", "truong-dat-dai-xay-dung")  # fmt: skip
    assert {key: one.phone for key, one in found.contacts.items()} == {
        "lanh-dao": "+84912345678", "truong-dat-dai-xay-dung": "+84987654321",
    }  # fmt: skip
    assert (await motcua("check", "--config", config))[0] == 0


async def test_a_second_camera_takes_no_counter_from_the_first(tmp_path: Path) -> None:
    """A box that watched Quầy 2 offered the next camera `Quầy 2`, too, and Enter took the counter from its own."""
    config, first = tmp_path / "motcua.toml", f"replay:{picture(tmp_path)}"
    second = f"replay:{shutil.copy(tmp_path / 'wall.jpg', tmp_path / 'other.jpg')}"
    where = ("--config", config, "--data", tmp_path / "data", "--station", "counter", "--port", tmp_path / "none")
    named = ("--site", "x", "--leader", "0912345678", "--yes")
    assert (await motcua("setup", *where, "--camera", first, *named))[0] == 0
    config.write_text(config.read_text(encoding="utf-8").replace("Quầy 1", "Quầy 2"), encoding="utf-8")
    async with technician(*where, "--camera", first, "--camera", second) as one:
        await one.answers("Short name of the site")
        await one.answers("Short name of this device")
        assert "[Quầy 2]" in await one.answers("Which counter does it look at")
        assert "[Quầy 1]" in await one.answers("Which counter does it look at", "Quầy 2")
        await one.sees("Quầy 2 has a camera already")
        await one.answers("Which counter does it look at")
        for question in (
            "Which unit",
            "Which unit",
            "Name of the centre",
            "leader",
            "head of",
            "other machines",
            "Now",
        ):
            await one.answers(question)
        await one.answers("There is no officer yet", "n")
        await one.answers("There is no leader yet", "n")
        assert await one.ended() == 0, one.screen
    assert {one.name: one.camera.source for one in load(config).counters.values()} == {
        "Quầy 2": first,
        "Quầy 1": second,
    }


async def test_a_guide_of_two_counters_without_ears(tmp_path: Path) -> None:
    config = tmp_path / "motcua.toml"
    where = ("--config", config, "--data", tmp_path / "data", "--station", "guide", "--port", tmp_path / "none")
    async with technician(*where) as one:
        await one.answers("Which ward or commune", "Xã Ea Tam")
        await one.answers("Short name of the site")
        await one.answers("Short name of this device")
        await one.answers("How many counters call numbers", "2")
        await one.answers("Show the centre's name")
        await one.answers("One in the network")
        await one.answers("Shall other machines open them")
        await one.answers("Now")
        await one.answers("There is no officer yet", "n")
        assert await one.ended() == 0, one.screen
    found = load(config)
    assert found.queue is not None
    assert list(found.queue.counters) == ["quay-01", "quay-02"]
    assert {key for one in found.queue.services.values() for key in one.counters} == {"quay-01", "quay-02"}
    assert found.guide is not None
    assert (found.guide.help_counter, found.guide.places) == ("quay-01", {})
    assert (await motcua("check", "--config", config))[0] == 0


async def test_a_counter_without_a_camera_or_a_leader(tmp_path: Path) -> None:
    where = ("--config", tmp_path / "motcua.toml", "--data", tmp_path / "data", "--station", "counter", "--port", tmp_path / "none")  # fmt: skip
    code, _, err = await motcua("setup", *where, "--site", "x", "--camera", "/dev/v4l/by-id/usb-none")
    assert (code, "no camera for a counter" in err) == (1, True)
    code, _, err = await motcua("setup", *where, "--site", "x", "--camera", f"replay:{picture(tmp_path)}")
    assert (code, "--leader" in err) == (2, True)
    assert not (tmp_path / "motcua.toml").exists()
    code, _, err = await motcua("setup", *where, "--site", "x", "--camera", f"replay:{tmp_path}/wall.jpg", "--leader", "0912345678")  # fmt: skip
    assert code == 0, err
    assert load(tmp_path / "motcua.toml").units["ho-tich-chung-thuc"].head == "lanh-dao"


@pytest.mark.parametrize("is_over", [False, True])
async def test_a_cabinet_in_service_is_not_opened_here(house: House, is_over: bool) -> None:
    house.config.write_text(KEPT.format(data=house.folder / "data", port=house.cabinet.port), encoding="utf-8")
    async with open_agent(load(house.config)) as agent:
        stay = stays.Stay("s1", "a1", Purpose.RESULT, "can-bo", 1.0)
        await agent.journal.transact(lambda connection: stays.begin(connection, stay) or [])  # type: ignore[func-returns-value]
        if is_over:
            await agent.journal.transact(lambda connection: stays.end(connection, "s1", "collected", 2.0) or [])  # type: ignore[func-returns-value]
    async with technician("--config", house.config, "--port", house.cabinet.port) as one:
        assert "xa-ea-tam/tu-07" in await one.sees("this device keeps that name")
        await one.answers("Its name on the screen")
        await one.answers("Telephone number on every refusal")
        await one.answers("Use it")
        await one.answers("How many locks hang on the board")
        assert "motcua locker map --user NAME" in await one.sees("doors of the configuration stay as they are")
        one.presses(b"\x03")
        assert await one.ended() == 130
    assert sum(house.pulses) == 0


async def test_the_adapter_was_changed_and_a_second_board_was_added(tmp_path: Path) -> None:
    """The board keeps its name, its doors and its pulse; both boards of the line poll as the first did."""
    config = tmp_path / "motcua.toml"
    old = KEPT.format(data=tmp_path / "data", port="/dev/serial/by-id/usb-old").replace(
        "poll_ms = 250", "poll_ms = 250\npulse_ms = 200"
    )
    config.write_text(old, encoding="utf-8")
    async with Cabinet("xor8a", [(1, 8), (2, 8)], link=tmp_path / "new", baud=FAST) as cabinet:
        code, _, err = await motcua("setup", "--config", config, "--port", cabinet.port, "--yes")
    assert code == 0, err
    assert "Is it the board trai that was at /dev/serial/by-id/usb-old" in err
    found = load(config).locker
    assert found is not None
    rows = {key: (row.port, row.address, row.pulse_ms, row.poll_ms) for key, row in found.boards.items()}
    assert rows == {"trai": (cabinet.port, 1, 200, 250), "main": (cabinet.port, 2, 300, 250)}
    assert {key: (row.board, row.channel) for key, row in found.compartments.items()} == {
        "a1": ("trai", 1),
        "a2": ("trai", 2),
    }


async def test_a_second_run_changes_nothing(house: House) -> None:
    words = house.words("--yes", "--site", "x", ports=house.ports[:1])
    assert (await motcua("setup", *words))[0] == 0
    before = house.config.read_bytes()
    code, _, err = await motcua("setup", *words)
    assert (code, "says all of this already" in err) == (0, True)
    assert house.config.read_bytes() == before
    assert not house.config.with_name("motcua.toml.before").exists()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[agent\n", "is not valid TOML"),
        ("[agent]\ndata_dir = 5\n[locker]\nboards = 5\n", "locker.boards = 5: Input should be a valid dictionary"),
    ],
)
async def test_a_file_that_cannot_be_gone_by_is_left_as_it_is(text: str, says: str, tmp_path: Path) -> None:
    config = tmp_path / "motcua.toml"
    config.write_text(text)
    code, out, err = await motcua("setup", "--config", config, "--yes", "--json")
    assert (code, f"{config} cannot be gone by; mend it" in err, says in err) == (1, True, True), err
    assert says in json.loads(out)["error"]
    assert config.read_text() == text


async def test_what_would_not_pass_is_put_nowhere(house: House) -> None:
    """A mistake of the file that was there, in a section that nobody asks about."""
    text = KEPT.format(data=house.folder / "data", port=house.cabinet.port).replace(
        "visits_days = 365", "visits_days = 0"
    )
    house.config.write_text(text, encoding="utf-8")
    code, out, _ = await motcua("setup", "--config", house.config, "--port", house.cabinet.port, "--yes", "--json")
    last = [json.loads(line) for line in out.splitlines()][-1]
    assert (code, [one["path"] for one in last["mistakes"]]) == (1, ["retention.visits_days"])
    assert house.config.read_text(encoding="utf-8") == text


async def test_a_file_that_knows_no_door_of_a_loaded_cabinet_is_not_written(house: House) -> None:
    house.config.write_text(KEPT.format(data=house.folder / "data", port=house.cabinet.port), encoding="utf-8")
    async with open_agent(load(house.config)) as agent:
        stay = stays.Stay("s1", "a1", Purpose.RESULT, "can-bo", 1.0)
        await agent.journal.transact(lambda connection: stays.begin(connection, stay) or [])  # type: ignore[func-returns-value]
    house.config.unlink()
    code, _, err = await motcua("setup", *house.words("--yes", ports=house.ports[:1]))
    assert (code, "something lies in this cabinet" in err) == (1, True)
    assert not house.config.exists()


async def test_a_journal_under_the_examples_name_is_set_aside(tmp_path: Path) -> None:
    config, data = tmp_path / "motcua.toml", tmp_path / "data"
    config.write_text(f'[agent]\nsite = "phuong-mau"\ndevice = "tu-01"\ndata_dir = "{data}"\n', encoding="utf-8")
    async with open_agent(load(config)):
        pass
    camera = f"replay:{picture(tmp_path)}"
    words = ("--station", "counter", "--port", tmp_path / "none", "--camera", camera, "--leader", "0912345678")
    code, _, err = await motcua("setup", "--config", config, *words, "--site", "Xã Ea Tam", "--yes")
    assert code == 0, err
    assert "begun under the example's name (phuong-mau/tu-01)" in err
    assert load(config).agent.site == "xa-ea-tam"
    assert {one.name for one in data.glob("journal.sqlite*")} == {"journal.sqlite.example"}
    assert name_of_journal(data) is None
