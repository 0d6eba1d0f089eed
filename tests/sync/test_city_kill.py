"""kill -9 of a worker in the middle of its commits: what it said it had is held, nothing is doubled, the rest comes again."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from sync.city.database import open_database
from sync.city.store import CityStore
from sync.city.verify import verify_city
from tests.sync.city_samples import SOURCE, Sender

KILLS = 6
CHILD = Path(__file__).with_name("city_child.py")


def killed_after(lines: int, where: Path | str, events: Path) -> int:
    """One life: until it has committed so many batches; the last seq it said it had."""
    environment = {**os.environ, "PYTHONPATH": str(CHILD.parents[2])}
    command = [sys.executable, str(CHILD), str(where), str(events)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdout is not None
        said = [child.stdout.readline() for _ in range(lines)]
        child.kill()
        rest = child.stdout.read().splitlines()
    return int([*said, *rest][-1])


@pytest.mark.timeout(180)
def test_a_worker_killed_in_its_commits_loses_and_doubles_nothing(where: Path | str, tmp_path: Path) -> None:
    sender = Sender()
    chain = [one for _ in range(12) for one in sender.visits(99) + sender.signs()]
    events = tmp_path / "events.jsonl"
    events.write_bytes(b"\n".join(one.body for one in chain))
    chance = random.Random(5)
    for _ in range(KILLS):
        said = killed_after(chance.randint(1, 25), where, events)
        database = open_database(where)
        assert CityStore(database).head(SOURCE).seq >= said
        assert verify_city(database).findings == ()
        database.close()
    database = open_database(where)
    CityStore(database).take(chain)
    assert (CityStore(database).head(SOURCE), verify_city(database).events) == (sender.head, len(chain))
    database.close()
