"""Root looks in the agent's place: what the agent's own user may not open is told, though root opens everything."""

import asyncio
import json
import os
import pwd
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from config.load import load
from config.schema import Models
from edge.doctor.finding import State
from edge.doctor.holders import Person
from edge.doctor.model_files import as_seen_by, look_at_files
from edge.doctor.plan import case_of
from edge.doctor.rights import look_at_rights
from tests.edge.command_line import motcua

AGENT = Person.of(65534)
pytestmark = pytest.mark.timeout(180)  # each is a process that looks at many things
ROOTS = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away, and meets no rights itself")
TEXT = '[agent]\nsite = "x"\ndevice = "y"\ndata_dir = "{data}"\n[sms]\nchannel = "http"\n[sms.http]\nurl = "http://127.0.0.1:9/"\ntoken_file = "{token}"\n'


@pytest.fixture
def house() -> Iterator[Path]:
    """pytest's own folders are closed to everybody else."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


@pytest.fixture
def config(house: Path) -> Path:
    """As scripts/install leaves it, all of it the agent's own."""
    file = house / "etc" / "motcua.toml"
    written(file, TEXT.format(token="token", data=house / "data"))
    written(file.with_name("token"), "geheim\n")
    written(house / "data" / "journal.sqlite", "")
    for one in (house / "etc", house / "data"):
        one.chmod(0o700)
    if os.geteuid() == 0:
        for one in (*house.glob("*"), *house.glob("*/*")):
            os.chown(one, AGENT.uid, AGENT.uid)
    return file


def written(file: Path, text: str) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)
    file.chmod(0o600)


@ROOTS
def test_what_is_the_agents_own_is_well(config: Path) -> None:
    assert look_at_rights(config, config.parents[1] / "data", AGENT).state is State.GOOD
    assert motcua("check", "--config", config).code == 0


@ROOTS
@pytest.mark.parametrize("name", ["etc/token", "etc/motcua.toml", "data/journal.sqlite"])
def test_a_file_that_root_left_behind_is_told_by_the_doctor(config: Path, name: str) -> None:
    """`sudo nano` made the token, `sudo motcua run` the journal; the agent ended at every start, and all was well here."""
    file = config.parents[1] / name
    os.chown(file, 0, 0)
    rows = [json.loads(line) for line in motcua("doctor", "--config", config).out.splitlines()]
    (found,) = [row for row in rows if row["part"] == "rights"]
    assert (found["state"], str(file) in found["found"]) == ("broken", True)
    assert found["do"] == f"sudo chown {AGENT.name} {file}"


@ROOTS
@pytest.mark.parametrize(("name", "path"), [("token", "sms.http.token_file"), ("motcua.toml", "the file")])
def test_a_file_that_root_left_behind_does_not_pass_the_check(config: Path, name: str, path: str) -> None:
    os.chown(config.with_name(name), 0, 0)
    done = motcua("check", "--config", config)
    (row,) = done.lines
    assert (done.code, row["ok"], [one["path"] for one in row["mistakes"]]) == (2, False, [path])
    assert f"sudo chown {AGENT.name} {config.with_name(name)}" in done.err


@ROOTS
def test_a_file_in_a_folder_of_roots_is_put_beside_the_configuration(config: Path, house: Path) -> None:
    """A `chown` of root's own home would be no way out."""
    written(house / "other" / "token", "geheim\n")
    (house / "other").chmod(0o700)
    config.write_text(TEXT.format(token="../other/token", data=house / "data"))
    found = look_at_rights(config, house / "data", AGENT)
    assert found.state is State.BROKEN
    assert found.do is not None
    assert f" {config.parent}/, and correct `sms.http.token_file`" in found.do


@ROOTS
def test_root_looks_for_the_models_where_the_agent_has_them(
    config: Path, house: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`sudo motcua doctor` missed every model of a good counter, because root's own folder is empty, and had them pulled into that."""
    theirs = house / "home" / ".cache" / "motcua" / "models"
    row = pwd.struct_passwd(("agent", "x", AGENT.uid, AGENT.uid, "", str(house / "home"), "/bin/false"))
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: row)
    seen = as_seen_by(AGENT, load(config))
    assert "--dir " + str(theirs) in str(look_at_files(seen, ("face_landmarker.task",)).do)
    case = asyncio.run(case_of(load(config), config))
    assert case.config.models.directory == theirs


def test_a_folder_that_is_named_is_everybodys(config: Path) -> None:
    named = load(config).model_copy(update={"models": Models(directory=Path("/opt/m"))})
    assert as_seen_by(AGENT, named) is named
    assert as_seen_by(Person.of(os.geteuid()), load(config)).models.directory is None
