"""Enrolment end to end: a device, HTTPS, the registry; and every way to be refused."""

import asyncio
import dataclasses
import json
import ssl
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import msgspec
import pytest
from cryptography import x509

from sync import enrol
from sync.city import enrol_server
from sync.city.authority import name_in
from sync.city.known import Registered
from sync.city.registry import Deed, NameUnfit
from sync.city.store import CityStore
from sync.city.terms import DeviceState
from sync.city_https import ask_standing, ask_to_enrol, ask_to_renew
from sync.enrol_errors import CityNotReached, CityRefused, ClockOff, NotTheCity
from sync.enrolment import EnrolRequest, Refusal, Token, TokenMisread
from sync.identity import FOLDER, IDENTITY, NEXT, read_identity, store_of
from sync.keys import DeviceKey
from sync.tls_keys import TlsKey
from sync.topics import Presence, Topics
from tests.sync.identity_fixtures import BY, CITY_KEY, SERIAL, SITE, Town

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(60)]
SOURCE = f"/sites/{SITE}/devices/quay-01"


async def test_a_device_gets_its_place_and_keeps_its_keys_to_itself(town: Town) -> None:
    identity = await town.enrolled()
    made = x509.load_pem_x509_certificate(identity.certificate.encode())
    assert name_in(made.subject) == f"{SITE}.quay-01.1"
    assert timedelta(days=90) <= identity.life.ends - identity.life.starts <= timedelta(days=91)
    assert (identity.site, identity.device, identity.city_key) == (SITE, "quay-01", CITY_KEY.public)
    folder = town.directory / "quay-01" / FOLDER
    assert [path.name for path in folder.iterdir()] == [IDENTITY]
    assert stat.S_IMODE((folder / IDENTITY).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert read_identity(store_of(town.directory / "quay-01")) == identity


async def test_the_registry_knows_the_event_key_and_not_the_tls_key(town: Town) -> None:
    await town.enrolled()
    (device,) = town.registry.devices()
    assert device.key == DeviceKey.load_or_create(town.directory / "quay-01").public
    assert (device.source, device.state) == (SOURCE, DeviceState.ACTIVE)
    assert [row.what for row in town.registry.audit(SOURCE)] == [Deed.TOKEN_MADE, Deed.ENROLLED]


async def refused(wish: enrol.Wish) -> str:
    with pytest.raises(CityRefused) as caught:
        await asyncio.to_thread(enrol.enrol, wish)
    return caught.value.why


async def test_a_token_is_good_once(town: Town) -> None:
    town.registry.allow(SERIAL, "", BY)
    token = town.token()
    await asyncio.to_thread(enrol.enrol, town.wish(token))
    thief = dataclasses.replace(town.wish(token), data_dir=town.directory / "thief")
    assert await refused(thief) == Refusal.TOKEN_USED


async def test_of_two_who_use_a_token_at_once_one_gets_in(town: Town) -> None:
    token = town.token()
    for number in range(4):
        town.registry.allow(f"box-{number}", "", BY)
    wishes = [
        dataclasses.replace(town.wish(token, serial=f"box-{number}"), data_dir=town.directory / f"data-{number}")
        for number in range(4)
    ]
    outcomes = await asyncio.gather(*(asyncio.to_thread(enrol.enrol, wish) for wish in wishes), return_exceptions=True)
    refusals = [outcome.why for outcome in outcomes if isinstance(outcome, CityRefused)]
    assert refusals == [Refusal.TOKEN_USED] * 3
    assert len(town.registry.devices()) == 1


async def test_the_same_device_may_ask_again_when_the_answer_was_lost(town: Town) -> None:
    """The answer came to nobody: the keys are in the store, the token is used."""
    town.registry.allow(SERIAL, "", BY)
    wish = town.wish(town.token())
    first = await asyncio.to_thread(enrol.enrol, wish)
    store = store_of(wish.data_dir)
    store.remove(IDENTITY)
    store.write(NEXT, json.dumps({"key": first.key}).encode())
    again = await asyncio.to_thread(enrol.enrol, wish)
    assert again == first
    assert len(town.registry.devices()) == 1
    town.clock.ahead = timedelta(hours=2)
    store.write(NEXT, json.dumps({"key": first.key}).encode())
    assert await refused(wish) == Refusal.TOKEN_USED


async def test_an_old_token_is_refused(town: Town) -> None:
    town.registry.allow(SERIAL, "", BY)
    wish = town.wish(town.token())
    town.clock.ahead = timedelta(hours=25)
    with pytest.raises(CityRefused, match="token_expired"):
        await asyncio.to_thread(enrol.enrol, wish, town.clock)


async def test_a_foreign_box_is_refused_and_the_token_stays_good(town: Town) -> None:
    token = town.token()
    assert await refused(town.wish(token)) == Refusal.SERIAL_UNKNOWN
    town.registry.allow(SERIAL, "", BY)
    await asyncio.to_thread(enrol.enrol, town.wish(token))
    assert [row.what for row in town.registry.audit(SOURCE)][-2:] == [Deed.REFUSED, Deed.ENROLLED]


@pytest.mark.parametrize(
    ("site", "device"),
    [("a.b", "c"), ("a", "c\nuser x"), ("", "c"), ("a", "C"), ("a" * 40, "b" * 19), ("a/b", "c"), ("a", "+")],
)
async def test_a_place_whose_name_could_be_read_as_something_else_gets_no_token(
    town: Town, site: str, device: str
) -> None:
    with pytest.raises(NameUnfit):
        town.registry.issue_token(town.authority.fingerprint, site, device, BY)


async def test_a_token_for_one_box_is_refused_to_another(town: Town) -> None:
    for box in (SERIAL, "other"):
        town.registry.allow(box, "", BY)
    assert await refused(town.wish(town.token(serial="other"))) == Refusal.SERIAL_OTHER


async def test_one_box_has_one_place(town: Town) -> None:
    await town.enrolled("quay-01", SERIAL)
    assert await refused(town.wish(town.token("quay-02"), device="quay-02")) == Refusal.SERIAL_TAKEN


async def test_a_request_for_another_name_is_refused(town: Town) -> None:
    """The name is set by the city; one that asks for another is a box with the wrong configuration, or worse."""
    town.registry.allow(SERIAL, "", BY)
    token = town.token()
    assert await refused(town.wish(token, name=f"{SITE}.quay-02")) == Refusal.NAME_OTHER
    await asyncio.to_thread(enrol.enrol, town.wish(token, name=f"{SITE}.quay-01"))


async def test_a_cloned_event_key_is_refused(town: Town) -> None:
    await town.enrolled()
    twin = town.directory / "quay-02"
    twin.mkdir()
    (twin / "device.key").write_bytes((town.directory / "quay-01" / "device.key").read_bytes())
    (twin / "device.key").chmod(0o600)
    town.registry.allow("box-2", "", BY)
    assert await refused(town.wish(town.token("quay-02"), device="quay-02", serial="box-2")) == Refusal.KEY_TAKEN


async def test_a_fresh_token_enrols_again_and_ends_what_was_before(town: Town) -> None:
    before = await town.enrolled("quay-01", SERIAL)
    (town.directory / "quay-01" / "device.key").unlink()  # the card was replaced
    after = await town.enrolled("quay-01", SERIAL)
    assert name_in(x509.load_pem_x509_certificate(after.certificate.encode()).subject) == f"{SITE}.quay-01.2"
    serials = [serial for serial, _ in town.registry.revoked_certificates()]
    assert serials == [f"{x509.load_pem_x509_certificate(before.certificate.encode()).serial_number:x}"]
    assert [row.what for row in town.registry.audit(SOURCE)][-2:] == [Deed.ENROLLED_AGAIN, Deed.KEY_CHANGED]
    assert len(town.registry.keys(SOURCE)) == 2
    assert town.registry.keys(SOURCE)[-1] == town.registry.devices()[0].key
    with pytest.raises(CityRefused, match="revoked"):
        await asyncio.to_thread(ask_to_renew, before, TlsKey.generate().csr())


async def ask(town: Town, **changed: str) -> str:
    """A request that was tampered with."""
    town.registry.allow(SERIAL, "", BY)
    request = EnrolRequest.signed(town.token(), SERIAL, TlsKey.generate().csr(), DeviceKey.generate())
    request = msgspec.structs.replace(request, **changed)
    with pytest.raises(CityRefused) as caught:
        await asyncio.to_thread(ask_to_enrol, town.url, town.authority.pem, request)
    return caught.value.why


async def test_both_keys_must_be_proven(town: Town) -> None:
    assert await ask(town, event_key=DeviceKey.generate().public) == Refusal.PROOF_WRONG
    assert await ask(town, csr=TlsKey.generate().csr()) == Refusal.PROOF_WRONG, "the event key did not sign this one"
    assert await ask(town, token="00" * 16) == Refusal.TOKEN_UNKNOWN


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"no json", Refusal.UNREADABLE),
        (b"{}", Refusal.UNREADABLE),
        (b"\xff\xfe", Refusal.UNREADABLE),
        (b"[" * 8000, Refusal.UNREADABLE),
        (b" " * 9000, Refusal.TOO_LARGE),
    ],
)
async def test_a_body_that_is_none_is_refused(town: Town, body: bytes, why: Refusal) -> None:
    context = ssl.create_default_context(cadata=town.authority.pem)
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        answer = await client.post(f"{town.url}/enrol", content=body)
    assert (answer.is_client_error, answer.json()["refused"]) == (True, why)


async def test_guessing_ends_after_ten_tries(town: Town) -> None:
    foreign = Token.issue(town.authority.fingerprint)
    reasons = [await refused(town.wish(foreign)) for _ in range(11)]
    assert reasons == [Refusal.TOKEN_UNKNOWN] * 10 + [Refusal.TOO_MANY_TRIES]


async def test_a_connection_that_says_nothing_is_ended(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    assert town.server is not None
    monkeypatch.setattr(enrol_server, "_LIFE_S", 0.05)
    context = ssl.create_default_context(cadata=town.authority.pem)
    reader, writer = await asyncio.open_connection("127.0.0.1", town.server.port, ssl=context)
    async with asyncio.timeout(20):
        assert await reader.read() == b""
    writer.close()


async def test_a_man_in_the_middle_gets_nothing(town: Town, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    async with Town(tmp_path / "other").serving() as other:
        wish = dataclasses.replace(town.wish(town.token()), url=other.url)
        with pytest.raises(NotTheCity):
            await asyncio.to_thread(enrol.enrol, wish)
    assert town.registry.devices() == []


async def test_a_clock_that_is_off_is_told_before_anything_is_used_up(town: Town) -> None:
    wish = town.wish(town.token())
    with pytest.raises(ClockOff):
        await asyncio.to_thread(enrol.enrol, wish, lambda: town.clock() - timedelta(days=365 * 3))


async def test_no_city_is_said_so(town: Town) -> None:
    wish = dataclasses.replace(town.wish(town.token()), url="https://127.0.0.1:9")
    with pytest.raises(CityNotReached):
        await asyncio.to_thread(enrol.enrol, wish)


@pytest.mark.parametrize(
    "spoil", [lambda t: t[:-4], lambda t: t[:10] + "AAAA" + t[14:], lambda _: "mc1.", lambda _: "é"]
)
def test_a_misread_token_is_known_before_it_is_sent(spoil: Callable[[str], str]) -> None:
    token = Token.issue(bytes(32))
    assert Token.parse(f" {token.reveal()}\n") == token
    with pytest.raises(TokenMisread):
        Token.parse(spoil(token.reveal()))


def test_secrets_are_in_no_repr() -> None:
    token = Token.issue(bytes(32))
    request = EnrolRequest.signed(token, SERIAL, TlsKey.generate().csr(), DeviceKey.generate())
    assert token.secret not in repr(token) + repr(request)


async def test_renewing_needs_a_certificate_and_a_new_key(town: Town) -> None:
    identity = await town.enrolled()
    answer = await asyncio.to_thread(ask_to_renew, identity, TlsKey.generate().csr())
    assert answer.certificate != identity.certificate
    with pytest.raises(CityRefused, match="key_reused"):
        await asyncio.to_thread(ask_to_renew, identity, TlsKey.from_pem(identity.key.encode()).csr())
    with pytest.raises(CityRefused, match="name_other"):
        await asyncio.to_thread(ask_to_renew, identity, TlsKey.generate().csr(f"{SITE}.quay-99"))
    context = ssl.create_default_context(cadata=town.authority.pem)
    async with httpx.AsyncClient(verify=context, trust_env=False) as client:
        bare = await client.post(f"{town.url}/renew", content=b"{}")
    assert bare.json()["refused"] == Refusal.CERTIFICATE_MISSING


async def test_a_lost_answer_to_a_renewal_gives_the_same_certificate_again(town: Town) -> None:
    identity, csr = await town.enrolled(), TlsKey.generate().csr()
    first = await asyncio.to_thread(ask_to_renew, identity, csr)
    assert await asyncio.to_thread(ask_to_renew, identity, csr) == first


async def test_a_revoked_device_may_not_renew(town: Town) -> None:
    identity = await town.enrolled()
    assert town.registry.revoke(SOURCE, "lost", BY) == (f"{SITE}.quay-01.1",)
    assert town.registry.revoke(SOURCE, "lost", BY) == (f"{SITE}.quay-01.1",), "again changes nothing"
    with pytest.raises(CityRefused, match="revoked"):
        await asyncio.to_thread(ask_to_renew, identity, TlsKey.generate().csr())
    assert [row.what for row in town.registry.audit(SOURCE)][-2:] == [Deed.REVOKED, Deed.REFUSED]


async def test_a_revoked_device_is_not_there_any_more(town: Town) -> None:
    """RabbitMQ says no last will for a user that was deleted; and what was said before may still stand in a queue."""
    identity = await town.enrolled()
    store = CityStore(town.registry.database, Registered())
    online = [(Topics(identity.site, identity.device), Presence(state="online", boot="b"))]
    assert len(store.present(online)) == 1
    town.registry.revoke(SOURCE, "lost", BY)
    for due in ((), store.present(online)):
        assert due == ()
        with town.registry.database.reading() as reading:
            assert reading.rows("SELECT state FROM city_presence") == [("offline",)]


async def test_a_device_hears_that_it_was_revoked(town: Town) -> None:
    identity = await town.enrolled()
    assert (await asyncio.to_thread(ask_standing, identity)).device == "quay-01"
    town.registry.revoke(SOURCE, "lost", BY)
    with pytest.raises(CityRefused, match="revoked"):
        await asyncio.to_thread(ask_standing, identity)
    program = msgspec.structs.replace(town.client("city"), city=town.url)
    with pytest.raises(CityRefused, match="certificate_foreign"):
        await asyncio.to_thread(ask_standing, program)


async def test_one_of_the_citys_own_programs_is_no_device(town: Town) -> None:
    program = msgspec.structs.replace(town.client("city"), city=town.url)
    with pytest.raises(CityRefused, match="certificate_foreign"):
        await asyncio.to_thread(ask_to_renew, program, TlsKey.generate().csr())
