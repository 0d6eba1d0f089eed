"""Beats: who lives, who has died, who left, and a row nobody needs any more."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sync.city.database import open_database
from sync.city.leases import Leases
from sync.city.transactions import Database


class Monotonic:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Database]:
    with closing(open_database(tmp_path / "city.sqlite")) as opened:
        yield opened


def pair(database: Database) -> tuple[Leases, Leases, Monotonic]:
    clock = Monotonic()
    return Leases(database, "a", 6.0, clock), Leases(database, "b", 6.0, clock), clock


def test_workers_see_each_other(shared: Database) -> None:
    a, b, _ = pair(shared)
    assert a.renew() == ("a",)
    assert b.renew() == ("a", "b")
    assert a.renew() == ("a", "b")


def test_a_silent_worker_is_dead_after_its_lease_and_alive_again_with_its_next_beat(shared: Database) -> None:
    a, b, clock = pair(shared)
    b.renew()
    a.renew()
    clock.now += 5.9
    assert a.renew() == ("a", "b")
    clock.now += 0.2
    assert a.renew() == ("a",)
    b.renew()
    assert a.renew() == ("a", "b")


def test_who_looks_after_a_long_absence_does_not_call_the_living_dead(shared: Database) -> None:
    a, b, clock = pair(shared)
    a.renew()
    b.renew()
    a.renew()
    for _ in range(10):  # a stands still meanwhile
        clock.now += 2
        b.renew()
    assert a.renew() == ("a", "b")


def test_who_leaves_is_gone_at_once(shared: Database) -> None:
    a, b, _ = pair(shared)
    a.renew()
    b.renew()
    b.leave()
    assert a.renew() == ("a",)


def test_a_row_that_stood_still_for_long_is_deleted(shared: Database) -> None:
    a, b, clock = pair(shared)
    b.renew()
    a.renew()
    clock.now += 61.0
    a.renew()
    with shared.reading() as reading:
        assert reading.rows("SELECT worker FROM city_workers") == [("a",)]
