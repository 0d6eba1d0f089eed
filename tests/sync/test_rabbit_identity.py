"""Mutual TLS at a real RabbitMQ: own topics, foreign ones, strangers, revocation, and a place that is given again."""

import asyncio
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from sync.broker import Broker, Tls, Version
from sync.city.authority import Authority, read_csr
from sync.city.broker_users import CITY, BrokerNotReached
from sync.city.engine import connected
from sync.city.rabbit_users import RabbitUsers
from sync.city.registry import BrokerUser
from sync.city.topology import Topology, binding_of
from sync.errors import LinkError
from sync.identity import Identity
from sync.tls_keys import TlsKey
from sync.topics import CITY_ROOT, Topics
from tests.sync.broker_fixtures import free_port
from tests.sync.identity_fixtures import BY, SITE, Town
from tests.sync.rabbit_fixtures import Rabbit
from tests.sync.visitor import CUT_WITHIN_S, Visitor, visiting

pytestmark = [pytest.mark.rabbitmq, pytest.mark.enable_socket, pytest.mark.timeout(180)]
V311 = Version.V311
FOREIGN = Topics(SITE, "quay-99")
MAKERS, ROUNDS = 3, 25


@pytest.fixture(params=[V311, Version.V5], ids=["3.1.1", "5"])
def version(request: pytest.FixtureRequest, rabbit_town: tuple[Town, Rabbit]) -> Version:
    """Each that the node speaks."""
    wanted: Version = request.param
    if wanted not in rabbit_town[1].versions:
        pytest.skip("RabbitMQ 3.10 speaks MQTT 3.1.1 only")
    return wanted


def is_refused(visitor: Visitor, topic: str) -> bool:
    """MQTT 3.1.1 can only hang up; in MQTT 5 the message is refused by a code of its own."""
    try:
        return visitor.publish(topic) >= 0x80
    except LinkError:
        return True


def admitted(town: Town, device: str) -> Identity:
    town.registry.allow(f"box-{device}", "", BY)
    return asyncio.run(_enrolled(town, device))


async def _enrolled(town: Town, device: str) -> Identity:
    async with town.serving():
        identity = await town.enrolled(device)
    town.fleet.settle()
    return identity


def client_id(identity: Identity) -> str:
    return f"{identity.site}.{identity.device}"


def topics(identity: Identity) -> Topics:
    return Topics(identity.site, identity.device)


def source(identity: Identity) -> str:
    return f"/sites/{identity.site}/devices/{identity.device}"


def test_its_own_topics_are_open_and_foreign_ones_are_not(rabbit_town: tuple[Town, Rabbit], version: Version) -> None:
    town, _ = rabbit_town
    one, two = admitted(town, "quay-01"), admitted(town, "quay-02")
    own = topics(one)
    with visiting(one.broker(), client_id(one), version) as visitor:
        visitor.subscribe(own.receipts)
        visitor.subscribe(own.commands + "#")
        for topic in (own.events + "visit.started", own.early + "alert.raised", own.answers, own.status):
            assert visitor.publish(topic) < 0x80
    with visiting(two.broker(), client_id(two), version) as bystander:
        for topic in (FOREIGN.events + "x", topics(two).status, own.receipts, own.commands + "identify", "other"):
            with visiting(one.broker(), client_id(one), version) as visitor:
                assert is_refused(visitor, topic)
        assert bystander.publish(topics(two).status) < 0x80


@pytest.mark.parametrize("topic", ["#", "motcua/v1/+/+/ack", FOREIGN.receipts])
def test_a_foreign_subscription_hears_nothing(rabbit_town: tuple[Town, Rabbit], version: Version, topic: str) -> None:
    """It ends the connection or answers with a failure; nothing is heard either way."""
    town, _ = rabbit_town
    one, two = admitted(town, "quay-03"), admitted(town, "quay-04")
    with visiting(one.broker(), client_id(one), version) as visitor:
        visitor.subscribe(topic)
        with visiting(two.broker(), client_id(two), version) as other:
            assert other.publish(topics(two).status) < 0x80
        if not visitor.wait_until_cut(2.0):
            assert visitor.wait_for_message(1.0) is None


def test_strangers_stay_out(rabbit_town: tuple[Town, Rabbit], version: Version) -> None:
    town, node = rabbit_town
    device = f"la-{version.name.lower()}"
    one = admitted(town, device)
    stranger = Authority.create(town.directory / f"stranger-of-{device}", "Thành phố thử", town.clock())
    now, name = town.clock(), f"{SITE}.{device}.1"
    ended = now - timedelta(days=200)
    for authority, called, when in (
        (stranger, name, now),
        (town.authority, f"{SITE}.nobody.1", now),
        (town.authority, name, ended),
    ):
        key = TlsKey.generate()
        issued = authority.for_device(read_csr(key.csr()), called, when)
        forged = msgspec.structs.replace(one, key=key.pem.decode(), certificate=issued.pem)
        with pytest.raises(LinkError):
            Visitor(forged.broker(), client_id(one), version)
    with pytest.raises(LinkError):
        Visitor(Broker("127.0.0.1", node.mqtt_port, tls=Tls(node.directory / "authority.crt")), "x", version)


def test_a_revoked_device_is_cut_and_cannot_come_back(rabbit_town: tuple[Town, Rabbit], version: Version) -> None:
    town, _ = rabbit_town
    one, two = admitted(town, "quay-06"), admitted(town, "quay-07")
    with (
        visiting(one.broker(), client_id(one), version) as visitor,
        visiting(two.broker(), client_id(two), version) as bystander,
    ):
        assert visitor.publish(topics(one).status) < 0x80
        started = time.monotonic()
        town.fleet.cut(town.registry.revoke(source(one), "lost", BY) or ())
        assert visitor.wait_until_cut(CUT_WITHIN_S)
        assert visitor.ended_at is not None
        assert visitor.ended_at - started < CUT_WITHIN_S
        with pytest.raises(LinkError):
            Visitor(one.broker(), client_id(one), version)
        assert bystander.publish(topics(two).status) < 0x80


def test_an_old_certificate_stays_out_when_the_place_is_given_again(
    rabbit_town: tuple[Town, Rabbit], version: Version
) -> None:
    town, _ = rabbit_town
    before = admitted(town, "quay-08")
    after = admitted(town, "quay-08")
    with pytest.raises(LinkError):
        Visitor(before.broker(), client_id(before), version)
    with visiting(after.broker(), client_id(after), version) as visitor:
        assert visitor.publish(topics(after).status) < 0x80


def test_a_half_made_user_is_finished(rabbit_town: tuple[Town, Rabbit]) -> None:
    town, node = rabbit_town
    one = admitted(town, "quay-09")
    with node.users as users:
        users._call("DELETE", f"/api/permissions/%2F/{SITE}.quay-09.1")
    with pytest.raises(LinkError):
        Visitor(one.broker(), client_id(one), V311)
    town.fleet.settle()
    with visiting(one.broker(), client_id(one), V311) as visitor:
        assert visitor.publish(topics(one).status) < 0x80


def test_several_may_make_the_same_users_at_once(rabbit_town: tuple[Town, Rabbit]) -> None:
    """The server's round every minute, an enrolment and a command of a technician: each sees that a user is missing."""
    town, node = rabbit_town
    town.fleet.settle()
    others = town.registry.users()
    new = [BrokerUser(f"{SITE}.dong-{number}.1", SITE, f"dong-{number}") for number in range(ROUNDS)]
    together = threading.Barrier(MAKERS)

    def make() -> None:
        with node.users as users:
            for count in range(1, ROUNDS + 1):
                together.wait(30)
                users.apply((*others, *new[:count]), b"")

    with ThreadPoolExecutor(MAKERS) as makers:
        for made in [makers.submit(make) for _ in range(MAKERS)]:
            made.result()
    with node.users as users:
        names = {row["name"] for row in users._call("GET", "/api/users")}
        assert {user.name for user in new} <= names
        users.apply(others, b"")


def test_a_management_that_is_not_there_is_said_so(rabbit_town: tuple[Town, Rabbit]) -> None:
    _, node = rabbit_town
    for settings in (replace(node.settings, url="http://127.0.0.1:9"), replace(node.settings, password="wrong")):
        with RabbitUsers(settings) as users, pytest.raises(BrokerNotReached) as caught:
            users.apply((), b"")
        assert "wrong" not in str(caught.value)


def test_the_citys_own_programs_have_a_user(rabbit_town: tuple[Town, Rabbit], version: Version) -> None:
    """They may speak on every topic of ours, and a device's orders are among them."""
    town, _ = rabbit_town
    town.fleet.settle()
    one = admitted(town, "quay-10")
    with (
        visiting(one.broker(), client_id(one), version) as device,
        visiting(town.client(CITY).broker(), "city-commands", version) as city,
    ):
        device.subscribe(topics(one).commands + "#")
        assert city.publish(topics(one).commands + "device.identify") < 0x80
        assert device.wait_for_message(10.0) is not None
        assert city.publish(CITY_ROOT) < 0x80
    with visiting(town.client(CITY).broker(), "city-commands", version) as city:
        assert is_refused(city, "elsewhere")


def test_a_device_is_bound_before_it_may_publish(rabbit_town: tuple[Town, Rabbit]) -> None:
    """And not at all, without harm, as long as no worker has made the queues: one binds it later."""
    town, node = rabbit_town
    topology = Topology(2)
    settings = replace(node.settings, topology=topology)
    first, second = (BrokerUser(f"{SITE}.{name}.1", SITE, name) for name in ("quay-11", "quay-12"))
    others = town.registry.users()
    with RabbitUsers(settings) as users:
        users.apply((*others, first), b"")
        asyncio.run(_declare(node, topology))
        users.apply((*others, first, second), b"")
        for user in (first, second):
            one = Topics(SITE, user.device)
            rows = users._call("GET", f"/api/queues/%2F/{topology.queue_of(one)}/bindings")
            assert binding_of(one) in {row["routing_key"] for row in rows}
        users.apply((*others, first, second), b"")
        users.apply(others, b"")


async def _declare(node: Rabbit, topology: Topology) -> None:
    async with connected(node.amqp_url) as connection, connection.channel() as channel:
        await topology.declare(channel)


def test_another_node_is_asked_when_one_is_away(rabbit_town: tuple[Town, Rabbit]) -> None:
    town, node = rabbit_town
    settings = replace(node.settings, url=f"https://127.0.0.1:{free_port()}", others=(node.url,))
    with RabbitUsers(settings) as users:
        users.apply(town.registry.users(), b"")
