"""`scripts/install` and the units of `deploy/`, as far as neither root nor a running systemd is needed."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from edge.cli_common import BAD_USAGE
from models.manifest import FileSet

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "install"
STATIONS = ("locker", "counter", "guide")
JUDGE = shutil.which("systemd-analyze")
AGENT_UNITS = ("motcua.service", "motcua-city.service", "motcua-city-worker@.service")
UNITS = (*AGENT_UNITS, "motcua-sms.service", "motcua-city-broker.service")


@pytest.fixture
def not_root(tmp_path: Path) -> dict[str, str]:
    """Whoever runs the tests: the script meets an ordinary user, and can do no harm."""
    fake = tmp_path / "bin" / "id"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\necho 1000\n")
    fake.chmod(0o755)
    return os.environ | {"PATH": f"{fake.parent}:{os.environ['PATH']}"}


def called(environment: dict[str, str], *arguments: str) -> tuple[int, list[str]]:
    done = subprocess.run([SCRIPT, *arguments], env=environment, capture_output=True, text=True, check=False)
    return done.returncode, [re.sub(r"\x1b\[\d+m", "", line) for line in done.stderr.splitlines()]


def sourced(call: str, *arguments: str | Path, cwd: Path = ROOT) -> str:
    command = ["bash", "-c", f'source "{SCRIPT}"; {call}', "bash", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("arguments", "code", "why"),
    [
        (("locker",), 1, "only root can install; run: sudo .*install locker"),
        (("--remove", "--purge"), 1, "only root can install; run: sudo .*install --remove --purge"),
        (("fridge",), 2, "'fridge' is not known; usage: "),
        (("locker", "guide"), 2, "one station, please"),
        (("--purge",), 2, "--purge goes with --remove"),
        (("guide", "--remove"), 2, "--remove takes no station"),
    ],
)
def test_what_is_refused_is_refused_in_one_line(
    arguments: tuple[str, ...], code: int, why: str, not_root: dict[str, str]
) -> None:
    found, lines = called(not_root, *arguments)
    assert found == code
    assert len(lines) == 1
    assert re.search(why, lines[0])


@pytest.mark.parametrize("station", STATIONS)
def test_what_a_station_asks_for_is_there(station: str) -> None:
    assert (ROOT / "locks" / f"{station}.lock").is_file()
    assert (ROOT / "config" / "profiles" / f"{station}.toml").is_file()
    assert set(sourced(f"models_of {station}").split()) <= set(FileSet)
    assert sourced(f"packages_of {station}").split()


@pytest.mark.timeout(120)  # another program is loaded from its sources
def test_a_copied_program_is_whole_without_the_checkout(tmp_path: Path) -> None:
    copy = tmp_path / "program"
    sourced('copy_program "$1" "$2"', ROOT, copy)
    assert not (copy / "tests").exists()
    assert not [*copy.rglob("*.pyc")]
    code = "import edge, models.manifest; print(edge.__file__); models.manifest.load_manifest(); from edge.cli import app; app()"
    command = [sys.executable, "-c", code, "check", "--config", str(copy / "config/profiles/queue.toml")]
    environment = os.environ | {"PYTHONPATH": str(copy)}
    where, judged = subprocess.check_output(command, cwd=copy, env=environment, text=True).splitlines()
    assert where == str(copy / "edge" / "__init__.py")
    assert "good" in judged


@pytest.mark.timeout(120)  # reads the whole program five times
def test_a_release_is_named_after_what_is_in_it(tmp_path: Path) -> None:
    sourced('copy_program "$1" "$2"', ROOT, tmp_path / "one")
    digest = 'program_digest "$1" locker'
    first = sourced(digest, tmp_path / "one")
    assert sourced(digest, ROOT) == first
    assert sourced('program_digest "$1" counter', tmp_path / "one") != first
    (tmp_path / "one/edge/__pycache__").mkdir()
    (tmp_path / "one/edge/__pycache__/app.cpython-311.pyc").write_bytes(b"compiled")
    assert sourced(digest, tmp_path / "one") == first
    with (tmp_path / "one/edge/app.py").open("a") as source:
        source.write("# changed\n")
    assert sourced(digest, tmp_path / "one") != first


def test_an_example_that_nobody_has_filled_in_is_told_apart(tmp_path: Path) -> None:
    config = tmp_path / "motcua.toml"
    asked = 'CONFIG=$1; if is_example "$2"; then echo yes; else echo no; fi'
    config.write_bytes((ROOT / "config/profiles/guide.toml").read_bytes())
    assert sourced(asked, config, ROOT) == "yes"
    config.write_text('[agent]\nsite = "x"\ndevice = "y"\n')
    assert sourced(asked, config, ROOT) == "no"


def test_an_example_is_one_after_an_upgrade_too(tmp_path: Path) -> None:
    """A box that nobody had set up began to run as `phuong-mau`, with the example's telephone numbers, when a profile had changed."""
    old, new, config = tmp_path / "old", tmp_path / "new", tmp_path / "motcua.toml"
    for release, words in ((old, "# old\n"), (new, "# new\n")):
        (release / "config/profiles").mkdir(parents=True)
        (release / "config/profiles/counter.toml").write_text(words)
    (tmp_path / "current").symlink_to(old)
    config.write_text("# old\n")
    lay = 'PROGRAM=$1 CONFIG=$2 RELEASE=$3; as_service() { "$@"; }; lay_example counter; is_example "$3" && echo yes || echo no'
    assert sourced(lay, tmp_path, config, new) == "yes"
    config.write_text("# a site's own\n")
    assert sourced(lay, tmp_path, config, new) == "no"
    assert config.read_text() == "# a site's own\n"
    config.unlink()
    assert sourced(lay, tmp_path / "nothing", config, new) == "yes"


@pytest.mark.parametrize(
    ("starts", "left", "said"),
    [
        ("new", "new", "ready"),
        ("old", "old", "the new program did not start, so the one before runs again"),
        ("none", "old", "neither the new program starts nor the one before"),
    ],
)
def test_a_program_that_does_not_start_gives_way_to_the_one_before(
    starts: str, left: str, said: str, tmp_path: Path
) -> None:
    for name in ("old", "new"):
        unit = tmp_path / "releases" / name / "deploy" / "motcua.service"
        unit.parent.mkdir(parents=True)
        unit.write_text(name)
    (tmp_path / "motcua.toml").touch()
    upgrade = """
        PROGRAM=$1 CONFIG=$1/motcua.toml SETTINGS=$1/settings UNITS=$1/units SHORTCUT=$1/motcua
        has_systemd() { true; }; units_of() { echo "$1/deploy/motcua.service"; }; is_example() { false; }
        systemctl() { if [ "$1" = restart ]; then [ "$(readlink "$PROGRAM/current")" = "releases/$STARTS" ]; fi; }
        STARTS=$2; switch_to "$PROGRAM/releases/old"; lay_units "$PROGRAM/releases/new"; switch_to "$PROGRAM/releases/new"
        (start program releases/old) 2>&1 || true"""
    assert said in sourced(upgrade, tmp_path, starts)
    assert (tmp_path / "current").resolve().name == left
    assert (tmp_path / "units" / "motcua.service").read_text() == left


@pytest.mark.parametrize("name", AGENT_UNITS)
def test_a_bad_configuration_is_not_tried_again_and_again(name: str) -> None:
    assert f"RestartPreventExitStatus={BAD_USAGE}" in (ROOT / "deploy" / name).read_text().splitlines()


def test_the_citys_units_and_its_file_name_the_same_places() -> None:
    """Found in `deploy/city.toml`: the data folder, the broker's files and its pid file that the units open for writing."""
    city = tomllib.loads((ROOT / "deploy/city.toml").read_text())
    server, broker = ((ROOT / f"deploy/motcua-city{part}.service").read_text() for part in ("", "-broker"))
    mosquitto, data_dir = city["enrolment"]["mosquitto"], Path(city["city"]["data_dir"])
    assert f"StateDirectory={data_dir.name}\n" in server
    assert f"ReadWritePaths=-{mosquitto['files_dir']}\n" in server
    assert f"-c {mosquitto['files_dir']}/motcua.conf\n" in broker
    assert f"RuntimeDirectory={Path(mosquitto['pid_path']).parent.name}\n" in broker


@pytest.mark.timeout(60)
@pytest.mark.skipif(JUDGE is None, reason="needs systemd's own judge")
@pytest.mark.parametrize("name", UNITS)
def test_systemd_accepts_a_unit_and_finds_it_well_confined(name: str, tmp_path: Path) -> None:
    unit = tmp_path / name
    text = (ROOT / "deploy" / name).read_text()
    unit.write_text(re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", text, flags=re.MULTILINE))
    verify = subprocess.run(
        [str(JUDGE), "verify", "--man=no", "--recursive-errors=no", str(unit)], capture_output=True, text=True, check=False
    )  # fmt: skip
    assert (verify.returncode, verify.stderr) == (0, "")
    judge = [str(JUDGE), "security", "--offline=yes", "--threshold=20", "--no-pager", str(unit)]  # 2.0 of 10 at most
    security = subprocess.run(judge, capture_output=True, text=True, check=False)
    assert security.returncode == 0, security.stdout.splitlines()[-1:]
