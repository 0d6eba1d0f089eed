"""What a pruner deletes, bite by bite, is what the rules name and nothing else; and no bite grows with the journal. Random histories."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.chain import Chain, Head
from sync.events import DeviceHealth, Keep, Payload, RatingGiven, VisitStarted
from sync.keys import DeviceKey
from sync.retention import Bite, Pruned, Pruner, Retention
from sync.schema import JOURNAL_FILE, open_writer
from sync.verify import verify

SOURCE, START = "/sites/s/devices/d", datetime(2026, 11, 21, 8, tzinfo=UTC)
RETENTION = Retention(health=timedelta(hours=7), reading=timedelta(hours=30), proof=timedelta(hours=365))
SAMPLES: dict[Keep, Payload] = {
    Keep.HEALTH: DeviceHealth(uptime_s=1.0, memory_mb=80.0, disk_free_mb=9000.0, backlog=0, cameras_live=1),
    Keep.READING: VisitStarted(visit="v1", counter="quay-01"),
    Keep.PROOF: RatingGiven(counter="quay-01", visit="v1", level="satisfied"),
}
VICTIMS = (Keep.HEALTH, Keep.READING)
Kept = dict[int, tuple[Keep, datetime]]
SMALL = st.builds(Bite, seqs=st.integers(1, 9), rows=st.integers(1, 4), holes=st.integers(1, 3))
TO_APPEND = st.tuples(st.just("append"), st.lists(st.tuples(st.sampled_from(Keep), st.integers(-40, 40)), min_size=1))
OTHERS = st.tuples(
    st.sampled_from(["receipt", "expire", "lost expire", "relieve", "lost relieve"]), st.integers(0, 400)
)
HISTORIES = st.lists(TO_APPEND | OTHERS, min_size=3, max_size=25)


class Box:
    """A journal without its threads, and beside it what it should hold by the rules alone."""

    def __init__(self, folder: Path, bite: Bite, tick_s: float) -> None:
        key = DeviceKey.load_or_create(folder)
        self.folder, self.now, self.city = folder, START, 0
        self.connection = open_writer(folder / JOURNAL_FILE, ())
        self.connection.execute("PRAGMA synchronous=OFF")
        self.connection.execute("INSERT INTO ledger_identity VALUES (1, ?, ?)", (SOURCE, key.public))
        self.chain = Chain(SOURCE, Head(), lambda: self.now)
        self.pruner = Pruner(self.connection, SOURCE, key, RETENTION, bite, monotonic=self.tick)
        self.seconds, self.tick_s = 0.0, tick_s
        self.expected: Kept = {}

    def tick(self) -> float:
        """Every look takes as long."""
        self.seconds += self.tick_s
        return self.seconds

    def append(self, wishes: list[tuple[Keep, int]]) -> None:
        """Each with so many hours that the clock goes on, or back, before it."""
        self.connection.execute("BEGIN")
        for keep, hours in wishes:
            self.now += timedelta(hours=hours)
            rows, _ = self.chain.extend([SAMPLES[keep]])
            self.connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?)", rows)
            self.expected[self.chain.head.seq] = (keep, self.now)
        head = (self.chain.head.seq, self.chain.head.hash)
        self.connection.execute("INSERT OR REPLACE INTO ledger_head VALUES (1, ?, ?)", head)
        self.connection.execute("COMMIT")

    def receipt(self, number: int) -> None:
        """The city confirms more, or nothing new."""
        self.city = max(self.city, number % (self.chain.head.seq + 1))
        self.connection.execute("UPDATE ledger_marks SET seq = ?", (self.city,))

    def expire(self, hours: int) -> None:
        """All that is over, in as many transactions as it takes."""
        self.now += timedelta(hours=hours)
        after, is_last, total = 0, False, Pruned()
        while not is_last:
            swept = self.pruner.expire(round(self.now.timestamp() * 1000), after)
            after, is_last = swept.upto, swept.is_last
            total.add(swept.pruned)
        over = {seq for seq, (keep, at) in self.confirmed.items() if at < self.now - RETENTION.of(keep)}
        assert total.total == len(over)
        self.expected = {seq: row for seq, row in self.expected.items() if seq not in over}

    def relieve(self, _: int) -> None:
        """Victims that the city has: health first, the oldest first, until none is left."""
        while [keep for keep, _ in self.confirmed.values() if keep in VICTIMS]:
            before = self.pruner.clear
            pruned = self.pruner.relieve()
            assert pruned.total or self.pruner.clear != before, "each one gets on"
            victims = [seq for victim in VICTIMS for seq, (keep, _) in self.confirmed.items() if keep is victim]
            for seq in victims[: pruned.total]:
                del self.expected[seq]
            self.holds()

    @contextmanager
    def lost(self) -> Iterator[None]:
        """A transaction that is rolled back, with what the writer puts back."""
        expected, clear = dict(self.expected), self.pruner.clear
        self.connection.execute("BEGIN IMMEDIATE")
        yield
        self.connection.execute("ROLLBACK")
        self.expected, self.pruner.clear = expected, clear

    @property
    def confirmed(self) -> Kept:
        return {seq: row for seq, row in self.expected.items() if seq <= self.city}

    def holds(self) -> None:
        kept = [seq for (seq,) in self.connection.execute("SELECT seq FROM events ORDER BY seq")]
        assert kept == list(self.expected)

    def do(self, deed: str, wish: list[tuple[Keep, int]] | int) -> None:
        if isinstance(wish, list):
            self.append(wish)
        elif deed.startswith("lost "):
            with self.lost():
                getattr(self, deed.removeprefix("lost "))(wish)
        else:
            getattr(self, deed)(wish)
        self.holds()


@contextmanager
def boxes(bite: Bite, tick_s: float = 1.0) -> Iterator[Box]:
    """Where a look takes a second, there is time for one in a transaction."""
    with tempfile.TemporaryDirectory() as folder:
        box = Box(Path(folder), bite, tick_s)
        yield box
        box.connection.close()


@settings(max_examples=60, deadline=None)
@given(SMALL, st.sampled_from([1.0, 0.007, 0.0]), HISTORIES)
def test_any_history_loses_what_the_rules_name_and_stays_provable(
    bite: Bite, tick_s: float, history: list[tuple[str, list[tuple[Keep, int]] | int]]
) -> None:
    with boxes(bite, tick_s) as box:
        for deed, wish in history:
            box.do(deed, wish)
        assert verify(box.folder).why is None


class Steps:
    """Counts, in tens, what SQLite does: the same on every machine."""

    def __init__(self, box: Box) -> None:
        self.taken = 0
        box.connection.set_progress_handler(self._count, 10)

    def _count(self) -> int:
        self.taken += 10
        return 0

    def since(self) -> int:
        taken, self.taken = self.taken, 0
        return taken


PROOFS = [(Keep.PROOF, 0)] * 3_000
PAIRS = [(Keep.HEALTH, 0), (Keep.PROOF, 0)] * 1_500


def test_with_nothing_left_to_delete_making_room_costs_nothing() -> None:
    with boxes(Bite(seqs=100)) as box:
        box.append(PROOFS)
        box.receipt(3_000)
        steps = Steps(box)
        looks = []
        for _ in range(100):
            assert box.pruner.relieve().total == 0
            looks.append(steps.since())
        assert max(looks) < 5_000
        assert looks[-1] < 100


def test_what_came_new_is_looked_at_and_no_more() -> None:
    with boxes(Bite()) as box:
        box.append(PROOFS)
        box.receipt(3_000)
        box.pruner.relieve()
        box.append([(Keep.PROOF, 0), (Keep.READING, 0), (Keep.HEALTH, 0)])
        box.receipt(3_003)
        steps = Steps(box)
        assert [box.pruner.relieve().events[keep] for keep in (Keep.HEALTH, Keep.READING)] == [1, 1]
        assert steps.since() < 1_000


def test_making_room_begins_where_a_pruning_found_the_first_victim() -> None:
    with boxes(Bite(seqs=100)) as box:
        box.append([*PROOFS, (Keep.READING, 0), (Keep.HEALTH, 0)])
        box.receipt(3_002)
        box.expire(0)
        assert [box.pruner.relieve().events[keep] for keep in (Keep.HEALTH, Keep.READING)] == [1, 1]


def test_making_room_looks_on_until_it_finds_a_victim_or_its_time_is_over() -> None:
    """An agent that starts at the bound knows of no look before: with one look a transaction it refused what came meanwhile."""
    with boxes(Bite(seqs=100), tick_s=0.001) as box:
        box.append([*PROOFS, (Keep.HEALTH, 0), (Keep.HEALTH, 0)])
        box.receipt(3_002)
        assert (box.pruner.relieve().total, box.pruner.is_looking) == (0, True)
        assert 1_900 <= box.pruner.clear[Keep.HEALTH] <= 2_100
        assert (box.pruner.relieve().total, box.pruner.is_looking) == (2, False)
        assert (box.pruner.relieve().total, box.pruner.is_looking) == (0, True), "the readings"
        assert (box.pruner.relieve().total, box.pruner.is_looking) == (0, False), "there are none"


def test_no_bite_of_a_pruning_grows_with_the_journal_or_its_holes() -> None:
    """Health between proof, as an idle device writes it: each event leaves a hole of its own."""
    with boxes(Bite(seqs=200, rows=100, holes=20)) as box:
        box.append(PAIRS)
        box.receipt(3_000)
        steps, after, is_last, bites = Steps(box), 0, False, []
        while not is_last:
            swept = box.pruner.expire(round((START + timedelta(hours=8)).timestamp() * 1000), after)
            after, is_last = swept.upto, swept.is_last
            assert swept.pruned.total <= 20
            bites.append(steps.since())
        assert max(bites) < 10_000
        assert box.connection.execute("SELECT count(*) FROM ledger_pruned").fetchone() == (1_500,)
