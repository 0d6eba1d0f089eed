"""kill -9 at random moments, hundreds of times in one data directory: nothing accepted is lost, no gap, no half change."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.verify import verify

KILLS = 240
LONGEST_LIFE_MS = 250.0
NURSERY = Path(__file__).with_name("kill_child.py")

Life = Callable[[Path, Path, float], None]


@pytest.fixture
def live() -> Iterator[Life]:
    """`live(data_dir, said, life_ms)`: one child's life, which only kill -9 ends."""
    environment = {**os.environ, "PYTHONPATH": str(NURSERY.parents[2])}
    command = [sys.executable, str(NURSERY)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True
    ) as nursery:
        orders, answers = nursery.stdin, nursery.stdout
        assert orders
        assert answers

        def life(data_dir: Path, said: Path, life_ms: float) -> None:
            orders.write(f"{data_dir} {said} {life_ms}\n")
            orders.flush()
            assert answers.readline() == f"{int(signal.SIGKILL)}\n", "the child ended by itself"

        yield life


def accepted(said: Path) -> int:
    """The highest seq that any child said was accepted; a cut last line was not said."""
    lines = said.read_bytes().split(b"\n")[:-1] if said.exists() else []
    return max((int(line) for line in lines), default=0)


def facts(data_dir: Path) -> tuple[int, int, int]:
    """Highest seq, sum of the state, events that came with the state."""
    with contextlib.closing(sqlite3.connect(data_dir / "journal.sqlite")) as connection:
        (last,) = connection.execute("SELECT coalesce(max(seq), 0) FROM events").fetchone()
        (tally,) = connection.execute("SELECT n FROM tally").fetchone()
        (visits,) = connection.execute("SELECT count(*) FROM events WHERE type = 'visit.started'").fetchone()
    return int(last), int(tally), int(visits)


@pytest.mark.timeout(240)
def test_hundreds_of_kills_lose_no_accepted_event(live: Life, tmp_path: Path) -> None:
    chance = random.Random(20261121)
    said = tmp_path / "said"
    at_work = before = 0
    for _ in range(KILLS):
        live(tmp_path, said, chance.uniform(2.0, LONGEST_LIFE_MS))
        at_work += accepted(said) > before
        before = accepted(said)
    last, tally, visits = facts(tmp_path)
    report = verify(tmp_path)
    assert report.ok, report.why
    assert last >= accepted(said) > KILLS
    assert report.events == last  # no gap
    assert tally == visits  # no state without its event, no event without its state
    assert at_work > KILLS // 3, "most kills hit a child that had accepted nothing: this machine needs longer lives"


@pytest.mark.timeout(60)
def test_a_journal_killed_while_it_is_made_can_be_opened(live: Life, tmp_path: Path) -> None:
    for life_ms in range(0, 60, 3):
        data_dir = tmp_path / str(life_ms)
        live(data_dir, tmp_path / "first", life_ms)
        second = tmp_path / f"second-{life_ms}"
        for longer_ms in (400, 2_000, 8_000):  # a busy machine takes its time to the first event
            live(data_dir, second, longer_ms)
            if accepted(second):
                break
        assert accepted(second) > 0
        assert verify(data_dir).ok
