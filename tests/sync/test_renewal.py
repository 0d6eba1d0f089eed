"""Renewing: a new key while the old one works, over a real Mosquitto, and killed at every step."""

import asyncio
import contextlib
import dataclasses
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync.broker import Broker
from sync.city.registry import BrokerUser
from sync.city_https import ask_to_renew
from sync.enrol_errors import CityNotReached
from sync.enrolment import Enrolled
from sync.errors import BrokerLost
from sync.events import VisitStarted
from sync.identity import IDENTITY, NEXT, Identity, Life, StoredTls, read_identity, read_next, store_of
from sync.journal import Journal
from sync.link import Link, LinkOptions
from sync.renewal import Renewal, Standing, probe, standing
from tests.sync.broker_fixtures import QUICK, free_port, running, until
from tests.sync.identity_fixtures import BY, SITE, GuardedMosquitto, Town
from tests.sync.renewal_child import _nobody

DUE = timedelta(days=61)
STEPS = 8  # before and after each of: the key, its certificate, the identity, the end of it
NOW = datetime(2026, 11, 28, tzinfo=UTC)
LIFE = Life(NOW, NOW + timedelta(days=90))
Opener = Callable[..., Awaitable[Journal]]
real = [pytest.mark.broker, pytest.mark.enable_socket, pytest.mark.timeout(60)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (-0.1, Standing.CERTIFICATE_NOT_YET),
        (0, Standing.GOOD),
        (61.9, Standing.GOOD),
        (62, Standing.RENEWAL_FAILING),
        (82.9, Standing.RENEWAL_FAILING),
        (83, Standing.CERTIFICATE_ENDING),
        (89.9, Standing.CERTIFICATE_ENDING),
        (90, Standing.CERTIFICATE_ENDED),
    ],
)
def test_what_the_dates_say(day: float, expected: Standing) -> None:
    assert standing(LIFE, NOW + timedelta(days=day)) is expected


def renewal(town: Town, **changed: object) -> Renewal:
    made = Renewal(store_of(town.directory / "quay-01"), lambda: datetime.now(UTC) + DUE, _nobody)
    return dataclasses.replace(made, **changed)  # type: ignore[arg-type]


def held(town: Town) -> Identity:
    identity = read_identity(store_of(town.directory / "quay-01"))
    assert identity is not None
    return identity


def not_there(_: Identity) -> None:
    raise BrokerLost("not there")


@pytest.mark.enable_socket
@pytest.mark.timeout(60)
async def test_nothing_is_done_before_it_is_due(town: Town) -> None:
    before = await town.enrolled()
    early = renewal(town, clock=lambda: datetime.now(UTC) + timedelta(days=58))
    assert await asyncio.to_thread(early.look) is Standing.GOOD
    assert held(town) == before


@pytest.mark.enable_socket
@pytest.mark.timeout(60)
async def test_the_old_one_counts_until_a_connection_with_the_new_one_stood(town: Town) -> None:
    before = await town.enrolled()
    blocked = renewal(town, probe=not_there)
    assert await asyncio.to_thread(blocked.look) is Standing.GOOD
    assert held(town) == before
    pending = read_next(store_of(town.directory / "quay-01"))
    assert pending is not None
    assert pending.answer is not None
    tried: list[Identity] = []

    def away(_: Identity) -> None:
        raise CityNotReached("away")

    assert await asyncio.to_thread(renewal(town, check=away, probe=tried.append).look) is Standing.GOOD
    assert held(town) == tried[0]
    assert held(town).key == pending.key != before.key
    assert held(town).certificate == pending.answer.certificate
    assert not (town.directory / "quay-01" / "identity" / NEXT).exists()


@pytest.mark.enable_socket
@pytest.mark.timeout(60)
async def test_an_answer_that_was_lost_is_asked_for_again(town: Town) -> None:
    await town.enrolled()

    def lost(identity: Identity, csr: str) -> Enrolled:
        ask_to_renew(identity, csr)
        raise CityNotReached("cut")

    await asyncio.to_thread(renewal(town, ask=lost, probe=lambda _: None).look)
    await asyncio.to_thread(renewal(town, probe=lambda _: None).look)
    device = town.registry.devices()[0]
    serial = f"{x509.load_pem_x509_certificate(held(town).certificate.encode()).serial_number:x}"
    assert device.certificate_serial == serial


@pytest.mark.enable_socket
@pytest.mark.timeout(60)
async def test_a_kept_answer_that_named_a_wrong_broker_is_asked_for_again_with_the_same_key(town: Town) -> None:
    await town.enrolled()
    asked: list[str] = []

    def mistaken(identity: Identity, csr: str) -> Enrolled:
        return msgspec.structs.replace(ask_to_renew(identity, csr), broker_host="brokr.phuong-mau.example")

    def counted(identity: Identity, csr: str) -> Enrolled:
        asked.append(csr)
        return ask_to_renew(identity, csr)

    def only_the_true_one(identity: Identity) -> None:
        if identity.broker_host != "127.0.0.1":
            raise BrokerLost("unknown host")

    await asyncio.to_thread(renewal(town, ask=mistaken, probe=only_the_true_one).look)
    pending = read_next(store_of(town.directory / "quay-01"))
    assert pending is not None
    assert await asyncio.to_thread(renewal(town, ask=counted, probe=only_the_true_one).look) is Standing.GOOD
    assert (held(town).key, held(town).broker_host) == (pending.key, "127.0.0.1")
    assert pending.answer is not None
    assert held(town).certificate == pending.answer.certificate, "no second one was made"
    assert len(asked) == 1


@pytest.mark.enable_socket
@pytest.mark.timeout(60)
async def test_while_no_broker_answers_the_city_is_asked_once_a_look(town: Town) -> None:
    before = await town.enrolled()
    asked: list[str] = []

    def counted(identity: Identity, csr: str) -> Enrolled:
        asked.append(csr)
        return ask_to_renew(identity, csr)

    for looks in (1, 2, 3):
        await asyncio.to_thread(renewal(town, ask=counted, probe=not_there).look)
        assert len(asked) == looks
    assert held(town) == before
    assert len({csr_key(csr) for csr in asked}) == 1


@pytest.mark.enable_socket
@pytest.mark.timeout(60)
async def test_a_kept_answer_outlives_a_city_that_is_away(tmp_path: Path) -> None:
    async with Town(tmp_path).serving() as town:
        await town.enrolled()
        await asyncio.to_thread(renewal(town, probe=not_there).look)
    pending = read_next(store_of(town.directory / "quay-01"))
    await asyncio.to_thread(renewal(town, probe=not_there).look)
    assert read_next(store_of(town.directory / "quay-01")) == pending


@pytest.mark.enable_socket
@pytest.mark.parametrize("host", ["", "mqtt..phuong-mau.example", "m" * 64])
def test_a_broker_whose_name_no_host_can_have_is_a_broker_that_is_not_there(tmp_path: Path, host: str) -> None:
    with pytest.raises(BrokerLost):
        probe(msgspec.structs.replace(Town(tmp_path).client("quay-01"), broker_host=host))


@pytest.mark.enable_socket
@pytest.mark.timeout(60)
async def test_a_revoked_device_hears_so_and_keeps_what_it_has(town: Town) -> None:
    before = await town.enrolled()
    early = renewal(town, clock=lambda: datetime.now(UTC))
    assert await asyncio.to_thread(early.look) is Standing.GOOD
    town.registry.revoke(f"/sites/{SITE}/devices/quay-01", "lost", BY)
    assert await asyncio.to_thread(early.look) is Standing.REVOKED, "long before it is due"
    assert await asyncio.to_thread(renewal(town).look) is Standing.REVOKED
    assert held(town) == before


@pytest.mark.enable_socket
@pytest.mark.timeout(60)
async def test_a_city_that_is_away_for_days_is_told(tmp_path: Path) -> None:
    async with Town(tmp_path).serving() as town:
        await town.enrolled()
    late = renewal(town, clock=lambda: datetime.now(UTC) + timedelta(days=84))
    assert late.glance() is Standing.CERTIFICATE_ENDING
    assert await asyncio.to_thread(late.look) is Standing.CERTIFICATE_ENDING


def test_a_damaged_identity_is_said_so(tmp_path: Path) -> None:
    store_of(tmp_path).write(IDENTITY, b"{")
    made = Renewal(store_of(tmp_path), lambda: NOW, _nobody)
    assert made.look() is Standing.UNUSABLE


class TestKilled:
    pytestmark = real

    @pytest.mark.parametrize("step", range(1, STEPS + 1))
    async def test_killed_at_any_step_it_has_an_identity_that_works_and_goes_on(
        self, guarded: GuardedMosquitto, step: int
    ) -> None:
        town = guarded.town
        async with town.serving():
            before = await town.enrolled()
            await asyncio.to_thread(town.fleet.settle)
            await asyncio.to_thread(kill_at, town.directory / "quay-01", step)
            survivor = held(town)
            await asyncio.to_thread(probe, survivor)
            assert (survivor == before) is (step < 6)
            await asyncio.to_thread(renewal(town).look)
            assert held(town).key != before.key
            assert read_next(store_of(town.directory / "quay-01")) is None
            await asyncio.to_thread(probe, held(town))

    @pytest.mark.parametrize("step", range(1, STEPS - 1))
    async def test_killed_while_a_kept_answer_is_asked_for_again(self, guarded: GuardedMosquitto, step: int) -> None:
        town = guarded.town
        async with town.serving():
            before = await town.enrolled()
            await asyncio.to_thread(town.fleet.settle)
            await asyncio.to_thread(renewal(town, ask=elsewhere).look)
            assert held(town) == before
            await asyncio.to_thread(kill_at, town.directory / "quay-01", step)
            survivor = held(town)
            await asyncio.to_thread(probe, survivor)
            assert (survivor == before) is (step < 4)
            await asyncio.to_thread(renewal(town).look)
            assert held(town).key != before.key
            assert read_next(store_of(town.directory / "quay-01")) is None
            await asyncio.to_thread(probe, held(town))


def elsewhere(identity: Identity, csr: str) -> Enrolled:
    """The city's answer, with a broker where nobody listens."""
    return msgspec.structs.replace(ask_to_renew(identity, csr), broker_port=free_port())


def csr_key(csr: str) -> bytes:
    public = x509.load_pem_x509_csr(csr.encode()).public_key()
    return public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


class TestCluster:
    pytestmark = real

    async def test_a_renewal_goes_on_while_the_first_node_is_away(self, guarded: GuardedMosquitto) -> None:
        town = guarded.town

        def first_node_away(identity: Identity, csr: str) -> Enrolled:
            nodes = (("127.0.0.1", free_port()), ("127.0.0.1", town.broker_port))
            return msgspec.structs.replace(elsewhere(identity, csr), broker_others=nodes)

        async with town.serving():
            before = await town.enrolled()
            await asyncio.to_thread(town.fleet.settle)
            await asyncio.to_thread(renewal(town, ask=first_node_away).look)
        assert held(town).certificate != before.certificate

    def test_with_every_node_away_each_is_named(self, guarded: GuardedMosquitto) -> None:
        ports = [free_port(), free_port()]
        lost = msgspec.structs.replace(guarded.city, broker_port=ports[0], broker_others=(("127.0.0.1", ports[1]),))
        with pytest.raises(BrokerLost) as told:
            probe(lost)
        assert all(f"127.0.0.1:{port}" in str(told.value) for port in ports)


def kill_at(folder: Path, step: int) -> None:
    command = [sys.executable, "-m", "tests.sync.renewal_child", str(folder), str(DUE.days), str(step)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "here\n"
        child.kill()


class TestLink:
    pytestmark = real

    async def test_the_agents_link_goes_on_with_the_new_certificate(
        self, guarded: GuardedMosquitto, open_journal: Opener
    ) -> None:
        """The old one is put on the broker's list afterwards: only the new one can have come in."""
        town = guarded.town
        async with contextlib.AsyncExitStack() as stack:
            async with town.serving():
                before = await town.enrolled()
                await asyncio.to_thread(town.fleet.settle)
                journal = await open_journal(data_dir=town.directory / "quay-01")
                await journal.record(*[VisitStarted(visit="v1", counter="quay-01")] * 10)
                stored = StoredTls(store=store_of(town.directory / "quay-01"))
                broker = Broker("127.0.0.1", town.broker_port, tls=stored)
                await stack.enter_async_context(running(Link(journal, broker, LinkOptions(pace=QUICK))))
                await until(lambda: journal.marks.broker >= 10)
                await asyncio.to_thread(renewal(town).look)
                users = town.registry.users()
            # the city's server settles the broker after each admission: with its own list, which would replace ours
            await asyncio.to_thread(give_up, guarded, before, users)
            await journal.record(VisitStarted(visit="v2", counter="quay-01"))
            await until(lambda: journal.marks.broker >= 11)


def give_up(guarded: GuardedMosquitto, old: Identity, users: Sequence[BrokerUser]) -> None:
    """The broker lets the old certificate in no more, and ends what stands on it."""
    town = guarded.town
    serial = f"{x509.load_pem_x509_certificate(old.certificate.encode()).serial_number:x}"
    revoked = town.authority.revoked_list([(serial, town.clock())], town.clock())
    guarded.users.apply(users, revoked)
    guarded.users.cut([f"{SITE}.quay-01.1"])
    with pytest.raises(BrokerLost):
        probe(old)
