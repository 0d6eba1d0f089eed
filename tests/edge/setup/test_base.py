"""From a profile or a file to the site's own: examples go, words stay, a file that is bad never takes a good one's place."""

import io
import os
import tomllib
from pathlib import Path

import pytest

from config.load import ConfigError
from config.locker import Board
from edge.setup.base import PROFILES, STATIONS, Base, base_of, installed_station, stations_there
from edge.setup.hall import ask_guide, numbered_counters, spread
from edge.setup.job import DEFAULT_FILE, Given, Job, NothingToWrite
from edge.setup.place import judged, put, put_modem, text_of
from edge.setup.rules import rule
from edge.setup.terminal import Terminal
from edge.setup.wizard import show_next

INVENTED = ("phuong-mau-x", "0900 000", "secrets/", "geo:", "rtsp://", "usb-camera-quay", "A50285BI", ".example")


@pytest.mark.parametrize("stations", [("locker",), ("counter",), ("guide",), STATIONS])
def test_nothing_that_is_only_an_example_is_left(stations: tuple[str, ...], tmp_path: Path) -> None:
    base = base_of(tmp_path / "none.toml", stations)
    text, is_kept = text_of(base)
    values = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert (is_kept, base.is_new) == (True, True)
    assert [word for word in INVENTED if word in values] == []
    assert set(base.table) >= {"agent", "web"} | ({"locker"} if "locker" in stations else set())
    assert text.startswith("# Written by `motcua setup`")


@pytest.mark.parametrize("station", STATIONS)
def test_a_profile_as_it_was_installed_counts_as_none(station: str, tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_bytes((PROFILES / f"{station}.toml").read_bytes())
    assert base_of(file, (station,)).is_new
    assert stations_there(file) == ()
    assert installed_station(file) == (station,)
    file.write_text(file.read_text(encoding="utf-8").replace("phuong-mau", "phuong-khac"), encoding="utf-8")
    assert not base_of(file, (station,)).is_new
    assert stations_there(file) == (station,)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[agent]\nsite = 5", "agent.site = 5: Input should be a valid string"),
        ("[agent]\ndata_dir = 5", "agent.data_dir = 5: Input is not a valid path"),
        ('[centre]\nname = "Trung tâm"', "centre.leader: is missing"),
        ('[units.ho-tich]\nhead = "truong"', "units.ho-tich.name: is missing"),
        ('[counters.quay-01]\nunit = "ho-tich"', "counters.quay-01.name: is missing"),
        ("[contacts.truong]\nphone = 912345678", "contacts.truong.phone: Input should be a valid string"),
        ("[locker]\nboards = 5", "locker.boards = 5: Input should be a valid dictionary"),
        ('[locker.boards.main]\nport = "/dev/serial/by-id/x"', "locker.boards.main.channels: is missing"),
        ("[locker]\nkeypads = [5]", "locker.keypads.0 = 5: Input should be a valid string"),
        ('[queue.services.chung-thuc]\ncounters = "1"', "queue.services.chung-thuc.name: is missing"),
        ("[guide.voice]\nmicrophone = 5", "guide.voice.microphone = 5: Input should be a valid string"),
        ("[web]\nport = 99999", "web.port = 99999: Input should be less than or equal to 65535"),
    ],
)
def test_a_file_that_was_half_written_says_where(text: str, says: str, tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as wrong:
        stations_there(file)
    assert says in "\n".join(map(str, wrong.value.mistakes))


@pytest.mark.parametrize("text", ["", "[agent]", '[agent]\nsite = "Phường"', "[locker]", "[counters.quay-01]\nname = 'Q'", "[retention]\nvisits_days = 0"])  # fmt: skip
def test_what_is_asked_for_anyway_or_found_at_the_end_is_no_obstacle(text: str, tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text(text, encoding="utf-8")
    stations_there(file)


def test_another_station_brings_its_sections_and_their_comments(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    mine = '# mine\n[agent]\nsite = "x"\ndevice = "y"\n[web]\nport = 9090\n'
    file.write_text(mine, encoding="utf-8")
    base = base_of(file, ("locker",))
    assert base.text.startswith(mine)
    assert "# the screens citizens stand at" in base.text
    assert (base.table["web"], "boards" in base.table["locker"]) == ({"port": 9090}, False)
    assert tomllib.loads(text_of(base)[0]) == base.table


GOOD = '[agent]\nsite = "x"\ndevice = "y"\n'


def test_the_file_is_put_whole_readable_for_its_group_and_the_one_before_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    old = os.umask(0o077)
    try:
        assert put(file, GOOD) is None
        assert put(file, GOOD + "# more\n") == tmp_path / "motcua.toml.before"
    finally:
        os.umask(old)
    assert (tmp_path / "motcua.toml.before").read_text() == GOOD
    assert file.stat().st_mode & 0o777 == 0o640
    assert put_modem(file, "/dev/serial/by-id/usb-m").read_text() == "MODEM=/dev/serial/by-id/usb-m\n"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["modem", "motcua.toml", "motcua.toml.before"]


def test_what_does_not_pass_is_put_nowhere(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as wrong:
        judged(tmp_path / "motcua.toml", GOOD + '[printer]\nport = "/dev/ttyUSB0"\n')
    assert [one.path for one in wrong.value.mistakes] == ["printer.port"]
    assert list(tmp_path.iterdir()) == []
    assert judged(tmp_path / "motcua.toml", GOOD).agent.site == "x"


def test_services_go_to_the_counters_that_are_there() -> None:
    counters = numbered_counters(3, ["quay-05"])
    assert list(counters) == ["quay-05", "quay-01", "quay-02"]
    services = {"a": {"counters": ["quay-01", "quay-04"]}, "b": {"counters": ["quay-04"]}}
    spread(services, ["quay-01", "quay-02"])
    assert services == {"a": {"counters": ["quay-01"]}, "b": {"counters": ["quay-02"]}}


@pytest.mark.parametrize("text", ["", "[queue]\ndigits = 3\n"])
async def test_a_guide_that_gives_out_numbers_for_nothing_is_not_written(text: str, tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text(GOOD + "[guide]\nname = 'huong-dan'\n" + text, encoding="utf-8")
    job = Job(Terminal(None, io.StringIO()), ("guide",), base_of(file, ("guide",)), tmp_path, file, Given())
    with pytest.raises(NothingToWrite, match=r"motcua\.toml does not say .* \[queue\.services\.\*\]"):
        await ask_guide(job)


@pytest.mark.parametrize(
    ("name", "is_taken", "way"),
    [
        ("/dev/serial/by-id/usb-x", True, ""), ("/dev/motcua-ttyama0", True, ""), ("/dev/ttyUSB0", False, "udevadm trigger; ls"),
        ("/dev/ttyAMA0", False, 'KERNEL=="ttyAMA0", SYMLINK+="motcua-ttyama0"'),
    ],
)  # fmt: skip
def test_a_port_whose_name_moves_is_left_out_and_the_way_to_a_name_is_told(name: str, is_taken: bool, way: str, tmp_path: Path) -> None:  # fmt: skip
    out = io.StringIO()
    base = base_of(tmp_path / "none.toml", ("locker",))
    job = Job(Terminal(None, out), ("locker",), base, tmp_path, tmp_path / "none.toml", Given())
    assert job.may_be_named(name, rule(Board, "port")) is is_taken
    assert way in out.getvalue()


def test_the_mark_that_windows_puts_before_a_text_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "motcua.toml"
    file.write_text('[agent]\nsite = "x"\n', encoding="utf-8-sig")
    assert base_of(file, ()).text == '[agent]\nsite = "x"\n'


def test_a_modem_in_the_place_of_another_is_taken_up_now(tmp_path: Path) -> None:
    """Its service runs and waits for the one that was taken away; `enable --now` would leave it to that."""
    out = io.StringIO()
    job = Job(Terminal(None, out), ("locker",), Base("", {}, is_new=False), tmp_path, Path(DEFAULT_FILE), Given())
    job.modem = "/dev/serial/by-id/usb-another"
    show_next(job)
    assert "sudo systemctl restart motcua-sms" in out.getvalue()
