"""A site with a cabinet on a pty and three people who may log in: for tests of the agent and of its command line."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pyotp
from typer.testing import CliRunner, Result

from config.load import load
from devices.lock_board.sim import Cabinet
from edge.agent import Agent
from edge.app import open_agent
from edge.cli import app
from edge.web.users import Role, User, create_user

DOORS = 3
SITE = """
[agent]
site = "x"
device = "tu-01"
data_dir = "data"
[web]
port = 0
users_file = "users.toml"
[locker]
name = "Tủ hồ sơ"
[locker.boards.main]
protocol = "xor8a"
port = "{port}"
address = 1
channels = 4
baud = 115200
poll_ms = 50
"""
DOOR = """
[locker.compartments.n0{channel}]
board = "main"
channel = {channel}
number = "0{channel}"
row = {channel}
column = 0
"""


@dataclass(frozen=True)
class Site:
    config: Path
    cabinet: Cabinet
    users: dict[str, User]

    def totp(self, user: str) -> str:
        return pyotp.TOTP(self.users[user].totp_secret).now()

    async def motcua(self, *arguments: object, typed: str | None = None) -> Result:
        """The command line in a thread of its own, as if it were another process."""
        command = ["locker", *map(str, arguments), "--config", str(self.config)]
        return await asyncio.to_thread(CliRunner().invoke, app, command, input=typed)

    @contextlib.asynccontextmanager
    async def agent(self) -> AsyncIterator[Agent]:
        """Running, its doors read."""
        async with open_agent(load(self.config)) as agent:
            running = [asyncio.ensure_future(run()) for name, run in agent.parts if name in PARTS]
            assert agent.locker is not None
            try:
                while (
                    not agent.locker.service.citizen.is_trusted()
                    or not (self.config.parent / "data/locker.socket").exists()
                ):
                    await asyncio.sleep(0.01)
                yield agent
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)

    async def close_what_opens(self) -> None:
        """Somebody stands there and shuts every door again."""
        while True:
            for door in self.cabinet.doors():
                if door.is_open:
                    await asyncio.sleep(0.3)  # long enough to be seen
                    await door.push_closed()
            await asyncio.sleep(0.02)


PARTS = {"boards", "locker", "locker/socket"}


@contextlib.asynccontextmanager
async def open_site(folder: Path) -> AsyncIterator[Site]:
    users = {
        name: create_user(folder / "users.toml", name, role, "739154", ("q1",))
        for name, role in (("ky-thuat", Role.TECHNICIAN), ("can-bo", Role.OFFICER), ("lanh-dao", Role.LEADER))
    }
    async with Cabinet("xor8a", [(1, 4)], link=folder / "line", baud=115200) as cabinet:
        config = folder / "motcua.toml"
        doors = "".join(DOOR.format(channel=channel) for channel in range(1, DOORS + 1))
        config.write_text(SITE.format(port=cabinet.port) + doors, encoding="utf-8")
        yield Site(config, cabinet, users)
