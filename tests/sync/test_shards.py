"""Rendezvous: even shares, small moves, the same answer everywhere. And names of queues and routing keys."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.city.shards import assign, shard_of
from sync.city.topology import Topology, binding_of, receipt_key, topic_of
from sync.topics import Topics

QUEUES = Topology().queues
names = st.sets(st.text("abcdef0123456789-", min_size=1, max_size=12), min_size=1, max_size=20)


@given(names)
def test_every_queue_has_one_owner_and_shares_differ_by_one_at_most(workers: set[str]) -> None:
    owners = assign(QUEUES, workers)
    loads = Counter(owners.values())
    assert set(owners) == set(QUEUES)
    assert set(loads) <= workers
    assert max(loads[worker] for worker in workers) - min(loads[worker] for worker in workers) <= 1


@given(names)
def test_the_answer_does_not_depend_on_who_asks(workers: set[str]) -> None:
    assert assign(QUEUES, sorted(workers)) == assign(reversed(QUEUES), sorted(workers, reverse=True))


def test_nobody_alive_owns_nothing() -> None:
    assert assign(QUEUES, ()) == {}


def test_devices_spread_and_few_move_when_a_shard_is_added() -> None:
    sources = [f"/sites/phuong-{index // 10}/devices/quay-{index % 10}" for index in range(4_000)]
    before = [shard_of(source, 8) for source in sources]
    after = [shard_of(source, 9) for source in sources]
    assert all(400 < count < 600 for count in Counter(before).values())
    moved = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert {new for _, new in moved} == {8}
    assert 350 < len(moved) < 550


@pytest.mark.parametrize(
    ("key", "topic"),
    [
        ("motcua.v1.thu-duc.quay-01.ev.visit.ended", "motcua/v1/thu-duc/quay-01/ev/visit.ended"),
        ("motcua.v1.thu-duc.quay-01.early.alert.raised", "motcua/v1/thu-duc/quay-01/early/alert.raised"),
        ("motcua.v1.thu-duc.quay-01.status", "motcua/v1/thu-duc/quay-01/status"),
        ("something.else", "something/else"),
        ("", ""),
    ],
)
def test_a_routing_key_gives_its_topic_back(key: str, topic: str) -> None:
    assert topic_of(key) == topic


def test_keys_of_a_device() -> None:
    topics = Topics("thu-duc", "quay-01")
    assert binding_of(topics) == "motcua.v1.thu-duc.quay-01.ev.#"
    assert receipt_key(topics) == "motcua.v1.thu-duc.quay-01.ack"
    assert Topology(4).queue_of(topics) in Topology(4).queues


@pytest.mark.parametrize("topics", [Topics("thu.duc", "quay"), Topics("thu", "quay.01")])
def test_a_name_with_a_dot_is_refused(topics: Topics) -> None:
    with pytest.raises(ValueError, match="small letters"):
        binding_of(topics)
