"""A nursery for the kill test: forks children that append pairs of state and event, and kills each with -9 in time.

Run as a program. Each line on stdin is `DATA_DIR SAID_FILE LIFE_MS`; the answer is the signal that ended the child.
"""

import asyncio
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from sync.events import Payload, RatingGiven, VisitStarted
from sync.jobs import Cadence
from sync.journal import Journal

TALLY = "-- 001 tally\nCREATE TABLE tally (one INTEGER PRIMARY KEY, n INTEGER NOT NULL) STRICT;\nINSERT INTO tally VALUES (1, 0);"


def add(amount: int) -> Sequence[Payload]:
    return [VisitStarted(visit=f"v{amount}", counter="quay-01")] * amount


async def work(journal: Journal, said: int, number: int, *, grouped: bool) -> None:
    """For ever: add an amount to the tally and append as many events, then print the last accepted seq."""
    step = 0
    while True:
        step += 1
        amount = 1 + (number + step) % 4

        def change(connection: sqlite3.Connection, amount: int = amount) -> Sequence[Payload]:
            connection.execute("UPDATE tally SET n = n + ?", (amount,))
            return add(amount)

        recorded = await journal.transact(change, grouped=grouped)
        if number == 0:
            recorded += await journal.record(RatingGiven(counter="quay-01", visit=None, level="neutral"))
        os.write(said, b"%d\n" % recorded[-1].seq)


async def live(data_dir: Path, said: int) -> None:
    journal = await Journal.open(
        data_dir, site="s", device="d", migrations=[TALLY], cadence=Cadence(every=7, after_s=0.05)
    )
    await asyncio.gather(*(work(journal, said, number, grouped=number > 1) for number in range(6)))


def child(data_dir: Path, said_file: Path) -> None:
    """Never returns. Each line of `said_file` is a seq that was accepted."""
    asyncio.run(live(data_dir, os.open(said_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)))


def raise_and_kill(data_dir: Path, said_file: Path, life_s: float) -> int:
    """A fork has everything imported, so it is at work within milliseconds."""
    pid = os.fork()
    if pid == 0:
        child(data_dir, said_file)
    time.sleep(life_s)
    os.kill(pid, signal.SIGKILL)
    return os.WTERMSIG(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
    for line in sys.stdin:
        directory, said, life_ms = line.split()
        print(raise_and_kill(Path(directory), Path(said), float(life_ms) / 1000), flush=True)  # noqa: T201 - the answer
