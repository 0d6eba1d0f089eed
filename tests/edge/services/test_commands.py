"""The city's orders over a real journal: refused with a reason, done once, answered the same however often they come."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.command_ports import BadArgs, Later, Task
from edge.domain.command import CommandRefusal, Outcome
from edge.services.commands import CommandService
from edge.store.migrations import scripts
from sync.commands import Answer, Command, SignedCommand
from sync.errors import JournalFull
from sync.events import CommandAnswered, Payload, VisitDropped
from sync.journal import Journal
from sync.keys import DeviceKey
from tests.edge.services.fakes import FakeClock

CITY, OTHER = DeviceKey.generate(), DeviceKey.generate()
SOURCE = "/sites/phuong-mau/devices/quay-01"
HERE = VisitDropped(visit="v", counter="q1", why="opted_out")


@dataclass
class Doer:
    """Writes one event with the answer, once; or does what `then` says."""

    ledger: Journal
    then: object = None
    done: list[str] = field(default_factory=list)

    async def __call__(self, task: Task) -> CommandRefusal | None:
        self.done.append(task.id)
        if isinstance(self.then, Exception):
            raise self.then
        if isinstance(self.then, CommandRefusal):
            return self.then

        def change(connection: sqlite3.Connection) -> Sequence[Payload]:
            return (HERE, *task.answered(connection))

        await self.ledger.transact(change)
        return None


class Desk:
    def __init__(self, journal: Journal, clock: FakeClock, city_key: str | None = CITY.public) -> None:
        self.journal, self.clock, self.doer = journal, clock, Doer(journal)
        self.is_clock_wrong = False
        self.service = CommandService(
            journal, clock, {"device.identify": self.doer, "locker.recall": self.doer, "config.set": self.doer}, source=SOURCE, city_key=city_key,
            is_clock_wrong=lambda: self.is_clock_wrong,
        )  # fmt: skip

    def order(self, id_: str = "order-0001", *, key: DeviceKey = CITY, **changes: Any) -> bytes:
        now = self.clock.now()
        values: dict[str, Any] = {
            "id": id_, "name": "device.identify", "source": SOURCE, "issued": now, "not_after": now + timedelta(minutes=5), "by": "chi-an",
        }  # fmt: skip
        return msgspec.json.encode(SignedCommand.of(Command(**values | changes), key))

    async def asked(self, payload: bytes) -> tuple[str, str | None] | None:
        answer = await self.service.handle(payload)
        if answer is None:
            return None
        said = msgspec.json.decode(answer, type=Answer)
        return said.outcome, said.why

    async def told(self) -> list[tuple[str, str, str | None]]:
        found = [one.payload async for one in _all(self.journal)]
        return [(one.command, one.outcome, one.why) for one in found if isinstance(one, CommandAnswered)]


async def _all(journal: Journal) -> AsyncIterator[Any]:
    last, follower = journal.head.seq, journal.follow(after=0)
    if last:
        async for one in follower:
            yield one
            if one.seq == last:
                return


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    clock = FakeClock()
    journal = await Journal.open(tmp_path, site="phuong-mau", device="quay-01", migrations=scripts(), clock=clock.now)
    async with journal:
        yield Desk(journal, clock)


async def test_an_order_that_comes_again_and_again_is_done_once_and_answered_the_same(desk: Desk) -> None:
    order = desk.order()
    assert [await desk.asked(order) for _ in range(3)] == [("done", None)] * 3
    assert desk.doer.done == ["order-0001"]
    assert await desk.told() == [("order-0001", "done", None)]
    again = Desk(desk.journal, desk.clock)  # after a restart
    desk.clock.advance(3_600)  # its time is over; it was in time when it was done
    assert await again.asked(order) == ("done", None)
    assert again.doer.done == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": "locker.open"}, "unknown_command"),
        ({"not_after": datetime.fromisoformat("2026-11-21T07:59:59+07:00")}, "too_late"),
        ({"name": "locker.recall", "issued": datetime.fromisoformat("2026-11-21T09:00:00+07:00")}, "clock_untrusted"),
    ],
)
async def test_what_is_refused_says_why_and_stays_refused(desk: Desk, changes: dict[str, Any], why: str) -> None:
    order = desk.order(**changes)
    assert [await desk.asked(order), await desk.asked(order)] == [("refused", why)] * 2
    assert await desk.told() == [("order-0001", "refused", why)]
    assert desk.doer.done == []


async def test_a_wrong_clock_refuses_what_moves_dossiers_and_nothing_else(desk: Desk) -> None:
    desk.is_clock_wrong = True
    assert await desk.asked(desk.order(name="locker.recall")) == ("refused", "clock_untrusted")
    assert await desk.asked(desk.order("order-0002")) == ("done", None)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"key": OTHER}, "not_signed"),
        ({"source": "/sites/phuong-mau/devices/quay-02"}, "foreign"),
    ],
)
async def test_what_is_not_the_citys_order_to_us_is_answered_and_kept_nowhere(
    desk: Desk, changes: dict[str, Any], why: str
) -> None:
    assert await desk.asked(desk.order(**changes)) == ("refused", why)
    assert (desk.journal.head.seq, desk.service.not_ours) == (0, 1)
    assert await desk.asked(desk.order()) == ("done", None)  # and its id is not used up


async def test_without_the_citys_key_every_order_is_refused(desk: Desk) -> None:
    keyless = Desk(desk.journal, desk.clock, city_key=None)
    assert await keyless.asked(desk.order()) == ("refused", "no_city_key")
    assert keyless.doer.done == []


async def test_another_order_under_an_answered_id_is_none(desk: Desk) -> None:
    await desk.asked(desk.order())
    assert await desk.asked(desk.order(name="locker.recall")) == ("refused", "reused")


@pytest.mark.parametrize(
    "junk",
    [b"", b"\xff", b"{}", b'{"body":"{}","key":"","signature":""}', b"[" * 100_000, b" " * 2_000_001],
    ids=range(6),
)
async def test_junk_is_dropped(desk: Desk, junk: bytes) -> None:
    assert await desk.asked(junk) is None
    assert desk.journal.head.seq == 0


async def test_what_a_doer_refuses_or_does_not_understand_is_told(desk: Desk) -> None:
    desk.doer.then = CommandRefusal.NO_ROOM
    assert await desk.asked(desk.order()) == ("refused", "no_room")
    desk.doer.then = BadArgs("dossier")
    assert await desk.asked(desk.order("order-0002")) == ("refused", "bad_args")
    assert await desk.told() == [("order-0001", "refused", "no_room"), ("order-0002", "refused", "bad_args")]


async def test_a_disk_that_is_full_answers_nothing_and_the_order_comes_again(desk: Desk) -> None:
    desk.doer.then = JournalFull("no room")
    with pytest.raises(JournalFull):
        await desk.service.handle(desk.order())
    desk.doer.then = None
    assert await desk.asked(desk.order()) == ("done", None)
    assert desk.doer.done == ["order-0001"] * 2
    assert await desk.told() == [("order-0001", "done", None)]


async def test_what_goes_on_behind_the_back_is_begun_once_a_life_and_answered_when_it_is_over(desk: Desk) -> None:
    desk.doer.then = Later()
    order = desk.order(name="config.set")
    assert [await desk.asked(order), await desk.asked(order)] == [None, None]
    assert desk.doer.done == ["order-0001"]
    desk.clock.advance(3_600)
    again = Desk(desk.journal, desk.clock)
    again.doer.then = Later()
    await again.service.resume()
    assert again.doer.done == ["order-0001"]
    await again.service.finish("order-0001", CommandRefusal.CONFIG_UNHEALTHY)
    await again.service.finish("order-0001")
    assert await again.asked(order) == ("refused", "config_unhealthy")
    assert await desk.told() == [("order-0001", "refused", "config_unhealthy")]


async def test_what_a_kill_interrupted_is_done_at_the_next_start_unless_it_is_too_late(desk: Desk) -> None:
    desk.doer.then = JournalFull("no room")
    for name in ("order-0001", "order-0002"):
        with pytest.raises(JournalFull):
            await desk.service.handle(desk.order(name))
        desk.clock.advance(200)
    again = Desk(desk.journal, desk.clock)
    await again.service.resume()
    assert await desk.told() == [("order-0001", "refused", "too_late"), ("order-0002", "done", None)]
    (newest, oldest) = await again.service.latest(5)
    assert [(one.id, one.by, one.outcome) for one in (newest, oldest)] == [
        ("order-0002", "chi-an", Outcome.DONE),
        ("order-0001", "chi-an", Outcome.REFUSED),
    ]


async def test_the_arguments_go_with_the_answer(desk: Desk) -> None:
    await desk.asked(desk.order(args=msgspec.Raw(b'{"dossier":"H29.19-261124-0012"}')))
    kept = await desk.journal.read(lambda c: c.execute("SELECT args, outcome FROM commands").fetchall())
    assert kept == [(None, "done")]
