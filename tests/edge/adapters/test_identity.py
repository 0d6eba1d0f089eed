"""An enrolled device finds its broker by its identity; one whose identity does not fit says so and sends nothing."""

import asyncio
import dataclasses
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.schema import Agent, Config, Mqtt
from edge import compose
from edge.adapters.identity import (
    Enrolment,
    IdentityPart,
    Unfit,
    enrolment_of,
    with_enrolment,
)
from edge.adapters.uplink import broker_of
from sync.city.authority import Authority, read_csr
from sync.identity import FOLDER, IDENTITY, Identity, StoredTls, keep_identity, store_of
from sync.renewal import Standing
from sync.tls_keys import TlsKey
from tests.edge.services.centre import Centre
from tests.edge.services.fakes import FakeClock

NOW = datetime.now(UTC)


def enrolled(tmp_path: Path, device: str = "quay-01") -> Identity:
    """As `motcua enrol` leaves it."""
    authority = Authority.create(tmp_path / "authority", "Thử", NOW)
    key = TlsKey.generate()
    issued = authority.for_device(read_csr(key.csr()), f"phuong-thu-duc.{device}.1", NOW)
    identity = Identity(
        city="https://127.0.0.1:9", site="phuong-thu-duc", device=device, serial="box",
        broker_host="mqtt.city.example", broker_port=8883, city_key="ab" * 32, authority=authority.pem,
        certificate=issued.pem, key=key.pem.decode(), broker_others=(("mqtt2.city.example", 8883),),
    )  # fmt: skip
    keep_identity(store_of(tmp_path), identity)
    return identity


def config(tmp_path: Path, mqtt: Mqtt | None = None) -> Config:
    return Config(agent=Agent(site="phuong-thu-duc", device="quay-01", data_dir=tmp_path), mqtt=mqtt)


@pytest.mark.parametrize("section", [None, Mqtt(enrolled=True, window=7)])
def test_the_broker_is_the_enrolments(tmp_path: Path, section: Mqtt | None) -> None:
    identity = enrolled(tmp_path)
    given = config(tmp_path, section)
    reached = with_enrolment(given, enrolment_of(given)).mqtt
    assert reached is not None
    broker = broker_of(reached)
    assert (broker.host, broker.port, broker.others) == ("mqtt.city.example", 8883, (("mqtt2.city.example", 8883),))
    assert reached.window == (7 if section else 100)
    assert reached.city_key == identity.city_key
    assert isinstance(broker.tls, StoredTls)
    assert broker.tls.context().verify_mode.name == "CERT_REQUIRED"


def test_a_broker_in_the_configuration_stays_what_it_is(tmp_path: Path) -> None:
    enrolled(tmp_path)
    given = config(tmp_path, Mqtt(host="own.example"))
    assert with_enrolment(given, enrolment_of(given)) is given


def test_enrolled_takes_no_address_beside_it() -> None:
    with pytest.raises(ValidationError, match="enrolled = true takes these"):
        Mqtt(enrolled=True, host="own.example")
    with pytest.raises(ValidationError, match="give host, or enrolled = true"):
        Mqtt()


@pytest.mark.parametrize("why", list(Unfit))
async def test_an_identity_that_does_not_fit_is_a_fault_and_no_broker(tmp_path: Path, why: Unfit) -> None:
    if why is Unfit.DIFFERS:
        enrolled(tmp_path, "quay-02")
    if why is Unfit.UNUSABLE:
        store_of(tmp_path).write(IDENTITY, b"{")
    given = config(tmp_path, Mqtt(enrolled=True))
    found = enrolment_of(given)
    assert found is why
    assert with_enrolment(given, found).mqtt is None
    centre = await Centre.open(tmp_path / "centre")
    part = IdentityPart(given, centre.faults, centre.clock, found)
    assert part.is_wanted
    await part.run()
    assert centre.faults.why("identity") == why
    await centre.journal.close()


LINE = ["link", "commands", "commands/models"]


@pytest.mark.parametrize(
    ("section", "is_enrolled", "parts"),
    [
        (None, False, []),
        (None, True, [*LINE, "identity"]),
        (Mqtt(enrolled=True), True, [*LINE, "identity"]),
        (Mqtt(enrolled=True), False, ["identity"]),
        (Mqtt(host="own.example"), True, LINE),
    ],
)
async def test_the_agent_has_a_line_where_somebody_says_whereto(
    tmp_path: Path, section: Mqtt | None, is_enrolled: bool, parts: list[str]
) -> None:
    if is_enrolled:
        enrolled(tmp_path)
    centre = await Centre.open(tmp_path / "centre")
    city, found = compose._city(
        config(tmp_path, section), centre.journal, centre.faults,
        station=None, guide=None, file=None, begin_anew=lambda: None,
    )  # fmt: skip
    assert [name for name, _ in found] == parts
    assert (city is not None) is ("link" in parts)
    await centre.journal.close()


def test_a_device_without_broker_and_enrolment_has_nothing_to_say(tmp_path: Path) -> None:
    centre_less = IdentityPart(config(tmp_path), None, None, Unfit.NOT_ENROLLED)  # type: ignore[arg-type]
    assert not centre_less.is_wanted


@pytest.mark.enable_socket
async def test_a_certificate_about_to_end_is_told_until_it_is_renewed(tmp_path: Path) -> None:
    identity = enrolled(tmp_path)
    centre = await Centre.open(tmp_path / "centre", FakeClock(identity.life.ends - timedelta(days=3)))
    part = IdentityPart(config(tmp_path), centre.faults, centre.clock, Enrolment(store_of(tmp_path), identity))
    running = asyncio.create_task(part.run())
    async with asyncio.timeout(15):
        while centre.faults.why("identity") is None:
            await asyncio.sleep(0.01)
    running.cancel()
    assert centre.faults.why("identity") == Standing.CERTIFICATE_ENDING
    await dataclasses.replace(part)._stands(Standing.GOOD)
    assert centre.faults.why("identity") is None
    assert (tmp_path / FOLDER / IDENTITY).exists()
    await centre.journal.close()
