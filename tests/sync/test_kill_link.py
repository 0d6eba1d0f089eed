"""kill -9 of the whole agent while it drains: the city ends with the journal's events, each once."""

import asyncio
import os
import random
import sqlite3
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from sync.city.receiver import CityReceiver
from sync.journal import Journal
from sync.link import Link, LinkOptions
from sync.resend import ResendRules
from sync.uplink import Tuning
from sync.verify import verify
from tests.sync.broker_fixtures import QUICK, Mosquitto, running, until

KILLS = 8
# A full queue at Mosquitto drops the end of a backlog unseen; only the device's patience finds that out.
OPTIONS = LinkOptions(pace=QUICK, tuning=Tuning(resend=ResendRules(patience_s=1.0)))
CHILD = Path(__file__).with_name("link_child.py")


def held(store: Path) -> list[bytes]:
    with closing(sqlite3.connect(store)) as connection:
        return [body for (body,) in connection.execute("SELECT body FROM city_events ORDER BY seq")]


def bodies(connection: sqlite3.Connection) -> list[bytes]:
    return [body for (body,) in connection.execute("SELECT body FROM events ORDER BY seq")]


async def live(data_dir: Path, port: int, city: CityReceiver, chance: random.Random) -> None:
    """One life: until the city has got something from it, and a little more."""
    environment = {**os.environ, "PYTHONPATH": str(CHILD.parents[2])}
    child = await asyncio.create_subprocess_exec(sys.executable, str(CHILD), str(data_dir), str(port), env=environment)
    before = city.counts().unique
    await until(lambda: city.counts().unique > before)
    await asyncio.sleep(chance.uniform(0.0, 0.2))
    child.kill()
    await child.wait()


@pytest.mark.broker
@pytest.mark.enable_socket
@pytest.mark.timeout(120)
async def test_an_agent_killed_while_it_drains_loses_and_doubles_nothing(
    open_journal: Callable[..., Awaitable[Journal]], mosquitto: Mosquitto, tmp_path: Path
) -> None:
    city = CityReceiver(tmp_path / "city.sqlite", mosquitto.broker, pace=QUICK)
    chance = random.Random(7)
    async with running(city):
        for _ in range(KILLS):
            await live(tmp_path / "agent", mosquitto.port, city, chance)
        journal = await open_journal(data_dir=tmp_path / "agent", migrations=())
        async with running(Link(journal, mosquitto.broker, OPTIONS)):
            await until(lambda: journal.backlog == 0, within_s=30)
        in_journal = await journal.read(bodies)
    assert held(tmp_path / "city.sqlite") == in_journal
    assert (city.counts().unique, city.counts().forged) == (len(in_journal), 0)
    assert verify(tmp_path / "agent").ok
