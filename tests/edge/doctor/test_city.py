"""The way to a real Mosquitto, step by step; an enrolled device; a running agent keeps its connection."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.schema import Config
from edge.adapters.identity import enrolment_of
from edge.doctor.broker import go, look_at_way, nodes_of
from edge.doctor.finding import State
from edge.doctor.identity import look_at_file, verdict_of_enrolment
from sync.broker import Broker, Tls
from sync.mqtt import Connection, Handlers, Version
from tests.sync.broker_fixtures import Mosquitto, free_port, make_mosquitto, mosquitto
from tests.sync.identity_fixtures import GuardedMosquitto, guarded

__all__ = ["guarded", "make_mosquitto", "mosquitto"]
pytestmark = [pytest.mark.broker, pytest.mark.enable_socket, pytest.mark.timeout(90)]
BOTH = (Version.V5, Version.V311)
NOW = datetime.now(UTC)


def connected(broker: Broker, client_id: str) -> Connection:
    made = Connection(broker, client_id, Version.V5, Handlers(lambda *_: None, lambda *_: None))
    made.open()
    return made


def test_a_broker_that_takes_us_and_the_agent_that_is_connected_already(mosquitto: Mosquitto) -> None:
    agent = connected(mosquitto.broker, "phuong-mau.quay-01")
    found = look_at_way(mosquitto.broker, "phuong-mau.quay-01.doctor", BOTH, NOW)
    assert (found.state, found.found) == (State.GOOD, f"127.0.0.1:{mosquitto.port} takes us: MQTT 5, no TLS")
    agent.publish("t", b"still here")
    while agent.unacknowledged:
        agent.turn(5.0)
    agent.close(goodbye=True)


def test_a_broker_that_refuses_us(make_mosquitto: Callable[..., Mosquitto]) -> None:
    refusing = make_mosquitto("allow_anonymous false")
    way = go(refusing.broker, "x", BOTH)
    assert way.stopped_at == "refused"
    assert look_at_way(refusing.broker, "x", BOTH, NOW).state is State.BROKEN


def test_a_broker_that_is_not_there_and_a_name_that_nobody_knows() -> None:
    here, nowhere = nodes_of(Broker("127.0.0.1", free_port(), others=(("broker.invalid", 8883),)))
    assert (go(here, "x", BOTH).stopped_at, go(nowhere, "x", BOTH).stopped_at) == ("port", "name")


def test_tls_where_the_broker_speaks_none_and_files_that_are_not_there(mosquitto: Mosquitto, tmp_path: Path) -> None:
    plain = Broker("127.0.0.1", mosquitto.port, tls=Tls())
    assert go(plain, "x", BOTH).stopped_at == "tls"
    assert go(Broker("127.0.0.1", mosquitto.port, tls=Tls(tmp_path / "ca.pem")), "x", BOTH).stopped_at == "files"


async def test_an_enrolled_device_is_taken_and_a_strangers_authority_is_not_believed(
    guarded: GuardedMosquitto, tmp_path: Path
) -> None:
    town = guarded.town
    async with town.serving():
        identity = await town.enrolled()
    node = Broker("127.0.0.1", town.broker_port, tls=identity.broker().tls, connect_timeout_s=5)
    found = await asyncio.to_thread(look_at_way, node, f"{identity.site}.{identity.device}.doctor", BOTH, NOW)
    assert found.state is State.GOOD, found
    assert "TLSv1.3, its certificate until" in found.found
    strange = Broker("127.0.0.1", town.broker_port, tls=Tls())
    assert (await asyncio.to_thread(go, strange, "x", BOTH)).stopped_at == "certificate"
    config = Config.model_validate(
        {
            "agent": {"site": identity.site, "device": identity.device, "data_dir": town.directory / "quay-01"},
            "mqtt": {"enrolled": True},
        }
    )
    enrolment = enrolment_of(config)
    assert verdict_of_enrolment(enrolment, config, NOW).state is State.GOOD
    assert verdict_of_enrolment(enrolment, config, NOW + timedelta(days=3650)).state is State.BROKEN
    other = config.model_copy(update={"agent": config.agent.model_copy(update={"device": "quay-09"})})
    assert "as another device" in verdict_of_enrolment(enrolment_of(other), other, NOW).found
    (tmp_path / "device.pem").write_text(identity.certificate)
    assert look_at_file(tmp_path / "device.pem", NOW).found.startswith("the certificate counts until")
    (tmp_path / "device.pem").write_text("no certificate")
    assert look_at_file(tmp_path / "device.pem", NOW).state is State.BROKEN
    assert look_at_file(tmp_path / "none.pem", NOW).state is State.BROKEN
