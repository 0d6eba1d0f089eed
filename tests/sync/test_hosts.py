"""The next node at each reconnect; the older version is tried with the node that refused the newer one."""

from sync.broker import Broker, Version
from sync.hosts import Hosts

BOTH = (Version.V5, Version.V311)
CLUSTER = Broker("a", 1, username="u", others=(("b", 2), ("c", 3)))


def ports(hosts: Hosts, *versions: Version) -> list[int]:
    return [hosts.next(version).port for version in versions]


def test_every_node_has_its_turn() -> None:
    found = ports(Hosts(CLUSTER, (Version.V311,), "quay-01"), *[Version.V311] * 6)
    assert sorted(found[:3]) == [1, 2, 3]
    assert found[:3] == found[3:]


def test_a_fallback_stays_with_its_node() -> None:
    found = ports(Hosts(CLUSTER, BOTH, "quay-01"), Version.V5, Version.V311, Version.V5, Version.V311)
    assert found[0] == found[1] != found[2] == found[3]


def test_devices_begin_with_different_nodes() -> None:
    first = {Hosts(CLUSTER, BOTH, f"quay-{index:02}").next(Version.V5).port for index in range(30)}
    assert first == {1, 2, 3}


def test_one_node_is_always_itself() -> None:
    alone = Broker("a", 1, username="u")
    assert Hosts(alone, BOTH, "quay-01").next(Version.V5) == alone
