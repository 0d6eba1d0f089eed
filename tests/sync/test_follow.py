"""Followers: everything, in order, however slow."""

import asyncio
import os
from pathlib import Path

from sync.events import (
    PAYLOADS,
    DeviceHealth,
)
from sync.follow import RECENT
from sync.jobs import Cadence
from tests.sync.samples import RATING, VISIT, Opener, count, tally


async def test_a_follower_gets_everything_from_the_call_on_in_order(open_journal: Opener) -> None:
    journal = await open_journal()
    await journal.record(VISIT)
    follower = journal.follow()
    await journal.record(RATING, VISIT)
    await journal.transact(tally(RATING))
    seen = [await anext(follower) for _ in range(3)]
    assert [(event.seq, event.payload) for event in seen] == [(2, RATING), (3, VISIT), (4, RATING)]


async def test_a_slow_follower_catches_up_from_the_disk(open_journal: Opener) -> None:
    journal = await open_journal(cadence=Cadence(every=1_000_000))
    slow = journal.follow()
    events = RECENT + 700
    await journal.record(*[VISIT] * events)
    assert [(await anext(slow)).seq for _ in range(events)] == list(range(1, events + 1))


async def test_a_follower_may_begin_in_the_past(open_journal: Opener) -> None:
    journal = await open_journal()
    await journal.record(VISIT, RATING)
    await journal.close()
    journal = await open_journal()
    follower = journal.follow(after=1)
    event = await anext(follower)
    assert (event.seq, event.payload) == (2, RATING)


async def test_following_ends_with_the_journal_after_its_last_event(open_journal: Opener) -> None:
    journal = await open_journal()
    follower = journal.follow()
    await journal.record(VISIT)
    await journal.close()
    assert [event.payload.TYPE async for event in follower] == ["visit.started", "ledger.checkpoint"]


async def test_a_slow_follower_outlives_the_journal(open_journal: Opener) -> None:
    journal = await open_journal(cadence=Cadence(every=1_000_000))
    follower = journal.follow()
    events = RECENT + 700
    await journal.record(*[VISIT] * events)
    await journal.close()
    assert [event.seq async for event in follower] == list(range(1, events + 2))


async def test_a_closed_journal_is_one_file(open_journal: Opener, tmp_path: Path) -> None:
    journal = await open_journal()
    await journal.record(VISIT)
    await journal.read(count)
    await journal.close()
    assert sorted(os.listdir(tmp_path)) == [  # noqa: PTH208 - names only, no blocking to speak of
        "device.key",
        "journal.lock",
        "journal.reserve",
        "journal.sqlite",
    ]


async def test_a_waiting_follower_wakes_for_each_of_many_writers(open_journal: Opener) -> None:
    journal = await open_journal(cadence=Cadence(every=1_000_000))
    follower = journal.follow()

    async def read() -> list[int]:
        return [(await anext(follower)).seq for _ in range(60)]

    reading = asyncio.ensure_future(read())
    await asyncio.gather(*(journal.record(VISIT, grouped=bool(n % 2)) for n in range(60)))
    assert await reading == list(range(1, 61))


async def test_commit_listeners_are_told_until_they_unsubscribe(open_journal: Opener) -> None:
    journal = await open_journal()
    told: list[int] = []
    unsubscribe = journal.on_commit(lambda: told.append(journal.head.seq))
    await journal.record(VISIT)
    unsubscribe()
    await journal.record(VISIT)
    assert told == [1]


def test_every_payload_type_is_registered_once() -> None:
    assert all(name == kind.TYPE for name, kind in PAYLOADS.items())
    assert DeviceHealth.TYPE in PAYLOADS
