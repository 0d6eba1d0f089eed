"""Batches: what waits, in order, with the last tag of each queue; what was given up is left out. And what devices are told."""

import asyncio
import json

from sync.chain import Head, source_of
from sync.city.batches import Batches
from sync.city.engine import Delivery, Intake
from sync.city.store import Due
from sync.city.telling import RESEND_AGAIN_S, Receipts
from sync.city.topology import UNROUTED
from sync.topics import Topics

KEY = "motcua.v1.thu-duc.quay-01.ev.visit.ended"
TOPICS = Topics("thu-duc", "quay-01")


class Open(Intake):
    """A queue whose channel is what the test says."""

    is_served = True

    @property
    def is_open(self) -> bool:
        return self.is_served


def intake(queue: str = "motcua.shard.0") -> Open:
    return Open(queue, lambda _: None)


async def test_a_batch_is_what_waits_with_the_last_tag_of_each_queue() -> None:
    one, other, batches = intake(), intake(UNROUTED), Batches(10, 0.01)
    for tag, body in ((1, b"a"), (2, b"b"), (3, b"c")):
        batches.add(Delivery(one, tag, KEY, body))
    batches.add(Delivery(other, 7, KEY.replace("quay-01", "quay-02"), b"d"))
    batch = await batches.next()
    assert [arrival.body for arrival in batch.arrivals] == [b"a", b"b", b"c", b"d"]
    assert batch.last_tags == {one: 3, other: 7}
    assert batch.unrouted == {Topics("thu-duc", "quay-02")}


async def test_a_batch_has_a_size_and_the_rest_is_the_next_one() -> None:
    one, batches = intake(), Batches(2, 60.0)
    for tag in (1, 2, 3, 4):
        batches.add(Delivery(one, tag, KEY, b"x"))
    async with asyncio.timeout(5):  # enough of them wait: there is no lingering
        assert (await batches.next()).last_tags == {one: 2}
        assert (await batches.next()).last_tags == {one: 4}


async def test_what_a_queue_that_was_given_up_delivered_is_left_out() -> None:
    gone, kept, batches = intake(), intake("motcua.shard.1"), Batches(10, 0.01)
    batches.add(Delivery(gone, 1, KEY, b"gone"))
    batches.add(Delivery(kept, 1, KEY, b"kept"))
    gone.is_served = False
    batch = await batches.next()
    assert [arrival.body for arrival in batch.arrivals] == [b"kept"]
    assert gone not in batch.last_tags


async def test_presences_and_what_is_nothing_of_ours_are_acknowledged_as_well() -> None:
    one, batches = intake(), Batches(10, 0.01)
    batches.add(Delivery(one, 1, "motcua.v1.thu-duc.quay-01.status", b'{"state":"online","boot":"b"}'))
    batches.add(Delivery(one, 2, "motcua.v1.thu-duc.quay-01.status", b"not json"))
    batches.add(Delivery(one, 3, "somebody.elses", b"x"))
    batch = await batches.next()
    assert [(topics, said.state) for topics, said in batch.presences] == [(TOPICS, "online")]
    assert (batch.arrivals, batch.last_tags) == ([], {one: 3})


def due(seq: int, *, resend: bool) -> Due:
    return Due(TOPICS, source_of(TOPICS.site, TOPICS.device), Head(seq, "0" * 64), resend)


def test_a_device_is_asked_to_send_again_once_in_a_while() -> None:
    now = [100.0]
    receipts = Receipts(None, 0.5, lambda: now[0])
    asked = [_asks(receipts, due(5, resend=True)), _asks(receipts, due(5, resend=True))]
    now[0] += RESEND_AGAIN_S
    asked += [
        _asks(receipts, due(5, resend=True)),
        _asks(receipts, due(6, resend=True)),
        _asks(receipts, due(7, resend=False)),
    ]
    assert asked == [True, False, True, True, False]


def _asks(receipts: Receipts, one: Due) -> bool:
    return bool(json.loads(receipts._encoded(one)).get("resend", False))
