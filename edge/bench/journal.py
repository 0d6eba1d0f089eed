"""`motcua bench journal`: durable appends beside the bare SQLite limit on the same disk, and the drain beside bare paho.

Called by the command line. The two sides take turns in short slices, because a shared disk changes from second to second.
"""

import asyncio
import contextlib
import json
import os
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from edge.bench import drain
from sync.events import MoodChanged
from sync.jobs import Cadence
from sync.journal import Journal
from sync.link import Link
from sync.mqtt import Broker

T = TypeVar("T")
Rate = Callable[[float], Awaitable[float]]  # events a second, measured for so many seconds
GROUPED_BUDGET = 50_000.0
SINGLE_BUDGET, DRAIN_BUDGET = 0.80, 0.70  # of the bare limit in the same run
SLICES = 16
CALLERS = 200  # tasks that append at the same time in the grouped measurements
_BODY_BYTES = 400
_Rows = Sequence[tuple[bytes]]
EVENT = MoodChanged(
    visit="01JD0000000000000000000000",
    counter="quay-01",
    previous="neutral",
    level="dissatisfied",
    valence=-0.31,
    reasons=("brow_down", "lip_press"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; `held` is None where the design names no budget."""

    what: str
    value: float
    unit: str
    budget: float | None = None
    held: bool | None = None


def run(seconds: float, out_dir: Path, *, events: int = 20_000) -> dict[str, Any]:
    """Measure for about 5 x `seconds` on the disk of `out_dir`; write journal.json there and return it."""
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-journal-", dir=out_dir) as folder:
        rows = asyncio.run(_measure(seconds, Path(folder), events))
    table = {
        "name": "journal",
        "rows": [asdict(row) for row in rows],
        "all_held": all(row.held is not False for row in rows),
    }
    (out_dir / "journal.json").write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
    return table


async def _measure(seconds: float, folder: Path, events: int) -> list[Row]:
    rows = [*await _appends(seconds, folder / "appends"), *await _drains(folder / "drain", events)]
    return [*rows, Row("load average of the machine meanwhile", os.getloadavg()[0], "")]


# --- appends ---


async def _appends(seconds: float, folder: Path) -> list[Row]:
    async with await Journal.open(folder, site="bench", device="bench", cadence=Cadence()) as journal:
        with contextlib.closing(_bare(folder / "bare.sqlite")) as bare, ThreadPoolExecutor(1) as thread:
            limit = _Limit(bare, thread)  # the thread ends first, whatever ends the run
            single = await _side_by_side(seconds, partial(_sequential, journal), partial(limit.straight, 1))
            awaited = await _side_by_side(seconds, partial(_sequential, journal), limit.awaited)
            by_ten = await _side_by_side(seconds, partial(_concurrent, journal, 10), partial(limit.straight, 10))
            by_one = await _side_by_side(seconds, partial(_concurrent, journal, 1), partial(limit.straight, 1))
    best = max(by_ten.ours, by_one.ours)
    return [
        Row("one durable append at a time", single.ours, "events/s"),
        Row("  bare SQLite, WAL and FULL, one row a commit", single.bare, "events/s"),
        Row("  one at a time: share of bare", single.share, "", SINGLE_BUDGET, single.share >= SINGLE_BUDGET),
        Row("  bare SQLite in a thread, awaited, so that nothing else stands still", awaited.bare, "events/s"),
        Row("  one at a time: share of bare awaited", awaited.share, ""),
        Row(
            f"grouped, {CALLERS} callers with 10 events a call",
            by_ten.ours,
            "events/s",
            GROUPED_BUDGET,
            best >= GROUPED_BUDGET,
        ),
        Row(f"grouped, {CALLERS} callers with 1 event a call", by_one.ours, "events/s"),
        Row("  bare SQLite, WAL and FULL, 10 rows a commit", by_ten.bare, "events/s"),
    ]


@dataclass(frozen=True, slots=True)
class _Limit:
    """What SQLite alone gives, from one thread that has nothing else to do."""

    bare: sqlite3.Connection
    thread: ThreadPoolExecutor

    async def straight(self, rows: int, seconds: float) -> float:
        return await self._in_thread(_insert, self.bare, seconds, rows)

    async def awaited(self, seconds: float) -> float:
        """Handed over and waited for at every commit, as a program must whose loop serves others meanwhile."""
        began, done = time.perf_counter(), 0
        row = [(os.urandom(_BODY_BYTES),)]
        while time.perf_counter() - began < seconds:
            await self._in_thread(_commit, self.bare, row)
            done += 1
        return done / (time.perf_counter() - began)

    async def _in_thread(self, do: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.thread, do, *arguments)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Medians over the slices; `share` is the median of the slices' own ratios."""

    ours: float
    bare: float
    share: float


async def _side_by_side(seconds: float, ours: Rate, limit: Rate) -> _Pair:
    """In turns, and in turns who begins."""
    slice_s = seconds / SLICES / 2
    pairs: list[tuple[float, float]] = []
    for turn in range(SLICES):
        first = await ours(slice_s) if turn % 2 else None
        bare = await limit(slice_s)
        pairs.append((await ours(slice_s) if first is None else first, bare))
    mine, theirs, shares = ([pair[0] for pair in pairs], [pair[1] for pair in pairs], [a / b for a, b in pairs])
    return _Pair(median(mine), median(theirs), median(shares))


async def _sequential(journal: Journal, seconds: float) -> float:
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        await journal.record(EVENT)
        done += 1
    return done / (time.perf_counter() - began)


async def _concurrent(journal: Journal, a_call: int, seconds: float) -> float:
    began = time.perf_counter()
    events = [EVENT] * a_call

    async def caller() -> int:
        done = 0
        while time.perf_counter() - began < seconds:
            await journal.record(*events, grouped=True)
            done += a_call
        return done

    done = sum(await asyncio.gather(*(caller() for _ in range(CALLERS))))
    return done / (time.perf_counter() - began)


def _bare(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for statement in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "PRAGMA wal_autocheckpoint=4000",  # as the journal has it
        "CREATE TABLE events (seq INTEGER PRIMARY KEY, body BLOB NOT NULL) STRICT",
    ):
        connection.execute(statement)
    return connection


def _insert(connection: sqlite3.Connection, seconds: float, rows: int) -> float:
    batch: _Rows = [(os.urandom(_BODY_BYTES),)] * rows
    began, done = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        _commit(connection, batch)
        done += rows
    return done / (time.perf_counter() - began)


def _commit(connection: sqlite3.Connection, batch: _Rows) -> None:
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO events (body) VALUES (?)", batch)
    connection.execute("COMMIT")


# --- drain ---


async def _drains(folder: Path, events: int) -> list[Row]:
    """Two journals of the same events go up in turns with the bare client."""
    ours, bare = [], []
    for turn in range(3):
        async with await Journal.open(folder / str(turn), site="bench", device="bench") as journal:
            for _ in range(events // 1_000):
                await journal.record(*[EVENT] * 1_000)
            bodies = await asyncio.to_thread(drain.stored, journal.path, Link(journal, Broker("", 0)).topics)
            with drain.mosquitto(folder / str(turn)) as port:
                if port is None:
                    return [Row("drain: Debian's mosquitto is not installed", 0.0, "", DRAIN_BUDGET, held=False)]
                bare.append(await asyncio.to_thread(drain.paho_rate, bodies, port))
                ours.append(await drain.link_rate(journal, port, len(bodies)))
    share = median(ours) / median(bare)
    return [
        Row(f"drain to Mosquitto, window {drain.WINDOW}, from disk", median(ours), "events/s"),
        Row("  bare paho, same window, from memory", median(bare), "events/s"),
        Row("  drain: share of bare", share, "", DRAIN_BUDGET, share >= DRAIN_BUDGET),
    ]
