"""Mutual TLS at a real Mosquitto: own topics, foreign ones, strangers, expired and revoked certificates."""

import asyncio
import contextlib
import socket
import ssl
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from sync.broker import Broker, Tls, Version
from sync.city.authority import Authority, read_csr, server_files
from sync.city.mosquitto_users import MosquittoUsers, access_list
from sync.city.registry import BrokerUser
from sync.errors import LinkError
from sync.identity import Identity
from sync.tls_keys import TlsKey
from sync.topics import Topics
from tests.sync.identity_fixtures import BY, SITE, GuardedMosquitto, Town
from tests.sync.visitor import CUT_WITHIN_S, Visitor, visiting

pytestmark = [pytest.mark.broker, pytest.mark.enable_socket, pytest.mark.timeout(60)]
SOURCE = f"/sites/{SITE}/devices/quay-01"
OWN, FOREIGN = Topics(SITE, "quay-01"), Topics(SITE, "quay-02")
NOT_AUTHORIZED = 0x87


def admitted(guarded: GuardedMosquitto, device: str = "quay-01") -> Identity:
    """A device that was enrolled, without the HTTPS between."""
    return asyncio.run(_enrolled(guarded.town, device))


async def _enrolled(town: Town, device: str) -> Identity:
    async with town.serving():
        return await town.enrolled(device)


@pytest.fixture
def device(guarded: GuardedMosquitto) -> Identity:
    identity = admitted(guarded)
    guarded.town.fleet.settle()
    return identity


def test_its_own_topics_are_open_to_a_device(guarded: GuardedMosquitto, device: Identity) -> None:
    with visiting(guarded.city_broker, "city-1") as city, visiting(device.broker()) as visitor:
        city.subscribe("motcua/v1/#")
        visitor.subscribe(OWN.receipts)
        assert visitor.publish(OWN.events + "visit.started", b"1") < 0x80
        assert city.wait_for_message() == (OWN.events + "visit.started", b"1")
        for topic in (OWN.early + "alert.raised", OWN.answers, OWN.status):
            assert visitor.publish(topic) < 0x80
        assert city.publish(OWN.receipts, b"receipt") < 0x80
        assert visitor.wait_for_message() == (OWN.receipts, b"receipt")


@pytest.mark.parametrize(
    "topic",
    [
        FOREIGN.events + "visit.started",
        FOREIGN.status,
        FOREIGN.receipts,
        OWN.receipts,
        OWN.commands + "identify",
        "other",
    ],
)
def test_a_foreign_topic_is_refused(guarded: GuardedMosquitto, device: Identity, topic: str) -> None:
    """Its own receipts and commands are the city's to write."""
    with visiting(device.broker()) as visitor:
        assert visitor.publish(topic) == NOT_AUTHORIZED


def test_nothing_foreign_is_delivered(guarded: GuardedMosquitto, device: Identity) -> None:
    """Mosquitto grants the subscription and delivers nothing: what comes last is the first that is heard."""
    with visiting(guarded.city_broker, "city-1") as city, visiting(device.broker()) as visitor:
        for topic in ("#", "motcua/v1/+/+/ack", FOREIGN.receipts, FOREIGN.commands + "#", OWN.receipts):
            visitor.subscribe(topic)
        assert visitor.publish(OWN.status) < 0x80, "the subscriptions before it are done"
        for topic in (FOREIGN.receipts, FOREIGN.commands + "identify", FOREIGN.events + "x", OWN.receipts):
            assert city.publish(topic, topic.encode()) < 0x80
        assert visitor.wait_for_message() == (OWN.receipts, OWN.receipts.encode())


def other_client(guarded: GuardedMosquitto, device: Identity, authority: Authority, *, ended: bool = False) -> Identity:
    """A certificate in the device's name that the town never gave."""
    key, town = TlsKey.generate(), guarded.town
    when = town.clock() - timedelta(days=200) if ended else town.clock()
    issued = authority.for_device(read_csr(key.csr()), f"{SITE}.quay-01.1", when)
    return msgspec.structs.replace(device, key=key.pem.decode(), certificate=issued.pem)


def test_an_ended_certificate_is_refused(guarded: GuardedMosquitto, device: Identity) -> None:
    ended = other_client(guarded, device, guarded.town.authority, ended=True)
    with pytest.raises(LinkError):
        Visitor(ended.broker(), "x")


def test_the_same_name_from_another_authority_is_refused(guarded: GuardedMosquitto, device: Identity) -> None:
    stranger = Authority.create(guarded.town.directory / "stranger", "Thành phố thử", guarded.town.clock())
    with pytest.raises(LinkError):
        Visitor(other_client(guarded, device, stranger).broker(), "x")


def test_without_a_certificate_nobody_comes_in(guarded: GuardedMosquitto, device: Identity) -> None:
    authority = guarded.directory / "authority.crt"
    with pytest.raises(LinkError):
        Visitor(Broker("127.0.0.1", guarded.port, tls=Tls(authority)), "x")
    with pytest.raises(LinkError):
        Visitor(Broker("127.0.0.1", guarded.port), "x")


def test_a_device_cannot_take_anothers_session(guarded: GuardedMosquitto, device: Identity) -> None:
    """Whatever client id it says, it is known by its certificate's name."""
    other = admitted(guarded, "quay-02")
    guarded.town.fleet.settle()
    with visiting(device.broker(), "one") as first, visiting(other.broker(), f"{SITE}.quay-01.1") as second:
        assert second.publish(FOREIGN.status) < 0x80
        assert first.publish(OWN.status) < 0x80


@pytest.mark.parametrize("version", list(Version))
def test_a_revoked_device_is_cut_and_cannot_come_back(
    guarded: GuardedMosquitto, device: Identity, version: Version
) -> None:
    other = admitted(guarded, "quay-02")
    guarded.town.fleet.settle()
    with visiting(device.broker(), "x", version) as visitor, visiting(other.broker(), "y", version) as bystander:
        assert visitor.publish(OWN.status) < 0x80
        started = time.monotonic()
        names = guarded.town.registry.revoke(SOURCE, "lost", BY)
        assert names == (f"{SITE}.quay-01.1",)
        guarded.town.fleet.cut(names)
        assert visitor.wait_until_cut(CUT_WITHIN_S)
        assert visitor.ended_at is not None
        assert visitor.ended_at - started < CUT_WITHIN_S
        for again in Version:
            with pytest.raises(LinkError):
                Visitor(device.broker(), "x", again)
        assert bystander.publish(FOREIGN.status) < 0x80, "nobody else is disturbed"


def test_a_revoked_certificate_stays_out_when_the_place_is_given_again(
    guarded: GuardedMosquitto, device: Identity
) -> None:
    again = admitted(guarded)
    guarded.town.fleet.cut(guarded.town.registry.revoke("/sites/x/devices/y", "", BY) or ())
    with visiting(again.broker()) as visitor:
        assert visitor.publish(OWN.status) < 0x80
    with pytest.raises(LinkError):
        Visitor(device.broker(), "x")


def test_who_stood_in_the_door_when_it_was_shut_gets_nothing_and_is_cut(
    guarded: GuardedMosquitto, device: Identity
) -> None:
    """Mosquitto looks at the list in the handshake: one that speaks its first word later comes in, and may do nothing."""
    with socket.create_connection(("127.0.0.1", guarded.port), timeout=10) as bare:
        line = device.context().wrap_socket(bare, server_hostname="127.0.0.1")
        line.settimeout(CUT_WITHIN_S)
        guarded.town.fleet.cut(guarded.town.registry.revoke(SOURCE, "lost", BY) or ())
        line.sendall(bytes.fromhex("101000044d51545404020000000474657374"))  # CONNECT of MQTT 3.1.1, as `test`
        assert line.recv(4) == bytes.fromhex("20020000")
        topic = OWN.status.encode()
        line.sendall(b"\x30" + bytes([2 + len(topic) + 2, 0, len(topic)]) + topic + b"{}")
        line.sendall(b"\xc0\x00")
        assert line.recv(2) == b"\xd0\x00", "the publish before it was taken off the line"
        guarded.town.fleet.cut_lately_gone()
        assert line.recv(1) == b""
    assert "Denied PUBLISH" in (guarded.directory / "mosquitto.log").read_text()


_FORGETFUL = """
import os, signal, time
told = False
def hup(*_):
    global told
    told = True
signal.signal(signal.SIGHUP, hup)
os.write(1, b"ready\\n")
while True:
    time.sleep(0.01)
    if told:
        time.sleep(0.1)
        told = False
        os.write(1, b"read\\n")
"""


def test_two_changes_in_a_row_are_both_read_by_a_broker_that_forgets_signals_while_it_reads(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _FORGETFUL], stdout=subprocess.PIPE, text=True) as broker:
        assert broker.stdout is not None
        assert broker.stdout.readline() == "ready\n"
        (tmp_path / "broker.pid").write_text(str(broker.pid))
        users = MosquittoUsers(tmp_path, tmp_path / "broker.pid", Broker("127.0.0.1", 1))
        for device in ("a", "b"):
            users.apply([BrokerUser(f"site.{device}.1", "site", device)], b"")
        assert [broker.stdout.readline() for _ in range(2)] == ["read\n"] * 2
        broker.terminate()


def test_what_is_revoked_stays_out_over_a_restart(guarded: GuardedMosquitto, device: Identity) -> None:
    guarded.kill()
    names = guarded.town.registry.revoke(SOURCE, "lost", BY) or ()
    guarded.town.fleet.settle()
    guarded.start()
    guarded.town.fleet.cut(names)
    with pytest.raises(LinkError):
        Visitor(device.broker(), "x")


def test_a_renewed_certificate_of_the_broker_is_taken_up(guarded: GuardedMosquitto, device: Identity) -> None:
    before = shown(guarded, device)
    pem = guarded.directory / "server.pem"
    pem.unlink()
    server_files(guarded.town.authority, pem, ("127.0.0.1",), guarded.town.clock())
    guarded.users.reload()
    deadline = time.monotonic() + 20
    while newly_shown(guarded, device) in {before, None}:
        assert time.monotonic() < deadline


def newly_shown(guarded: GuardedMosquitto, device: Identity) -> bytes | None:
    """Beside the signal: one taken from the queue still sees the old certificate, one in the middle is refused."""
    with contextlib.suppress(ssl.SSLError):
        return shown(guarded, device)
    return None


def shown(guarded: GuardedMosquitto, device: Identity) -> bytes | None:
    with (
        socket.create_connection(("127.0.0.1", guarded.port), timeout=10) as bare,
        device.context().wrap_socket(bare, server_hostname="127.0.0.1") as line,
    ):
        return line.getpeercert(binary_form=True)


def test_the_access_list_is_literal() -> None:
    text = access_list([BrokerUser("a.b.1", "a", "b")])
    assert "user a.b.1\ntopic write motcua/v1/a/b/ev/#\n" in text
    assert "pattern" not in text
