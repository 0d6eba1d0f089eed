"""The first people who may log in: each role gets somebody of its own."""

import io
from pathlib import Path

from config.schema import Config
from edge.setup.base import Base
from edge.setup.job import Given, Job
from edge.setup.people import ask_people
from edge.setup.terminal import Terminal
from edge.web.users import Role, load_users
from tests.edge.setup.test_terminal import terminal


async def test_one_name_is_one_person(tmp_path: Path) -> None:
    """Who typed one name at both questions had an officer alone: the second took the first one's place, PIN and all."""
    config = site(tmp_path)
    one, out = terminal("", "tu", "", "", "tu", "tu-ky-thuat", "")
    await ask_people(job_of(one, tmp_path), config)
    assert "tu is somebody's name already" in out.getvalue()
    assert {name: user.role for name, user in load_users(tmp_path / "users.toml").items()} == {
        "tu": Role.OFFICER, "tu-ky-thuat": Role.TECHNICIAN,
    }  # fmt: skip


async def test_what_is_suggested_is_nobodys_name(tmp_path: Path) -> None:
    config = site(tmp_path)
    await ask_people(job_of(terminal("", "ky-thuat", "", "n")[0], tmp_path), config)
    job = job_of(Terminal(None, io.StringIO()), tmp_path)
    await ask_people(job, config)
    ((_, command),) = job.later
    assert "users add ky-thuat-2 technician" in str(command)


def site(folder: Path) -> Config:
    board = {"protocol": "xor8a", "port": "tcp://192.0.2.1:4001", "address": 1, "channels": 1}
    door = {"board": "main", "channel": 1, "number": "01", "row": 0, "column": 0}
    locker = {"name": "Tủ", "boards": {"main": board}, "compartments": {"n01": door}}
    return Config.model_validate({"agent": {"site": "x", "device": "y", "data_dir": folder}, "locker": locker})


def job_of(one: Terminal, folder: Path) -> Job:
    return Job(one, ("locker",), Base("", {}, is_new=False), folder, folder / "motcua.toml", Given())
