"""Enrolment as people do it: the city's commands, the device's command, a real Mosquitto on the rendered files."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.errors import LinkError
from sync.identity import Identity, read_identity, store_of
from sync.topics import Topics
from tests.edge.command_line import motcua
from tests.sync.broker_fixtures import Mosquitto, free_port
from tests.sync.identity_fixtures import wait_for_port
from tests.sync.visitor import CUT_WITHIN_S, Visitor, visiting

pytestmark = [pytest.mark.broker, pytest.mark.enable_socket, pytest.mark.timeout(180)]
SITE = "phuong-thu-duc"


class Town:
    """A city's folder, its configuration file and its broker."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.enrol_port, self.broker_port, self.city_port = free_port(), free_port(), free_port()
        self.config = folder / "city.toml"
        self.config.write_text(
            f'[city]\nname = "Thành phố thử"\ndata_dir = "{folder}/city"\n'
            f'[enrolment]\nnames = ["127.0.0.1"]\nhost = "127.0.0.1"\nport = {self.enrol_port}\n'
            f'broker_host = "127.0.0.1"\nbroker_port = {self.broker_port}\n'
            f'[enrolment.mosquitto]\nfiles_dir = "{folder}/mosquitto"\npid_path = "{folder}/mosquitto.pid"\n'
            f"city_port = {self.city_port}\n"
        )

    def devices(self, *words: str, expected: int = 0) -> list[dict[str, Any]]:
        return order("city", "devices", *words, "--config", str(self.config), expected=expected)

    def enrol(self, token: str, device: str = "quay-01", expected: int = 0) -> list[dict[str, Any]]:
        return order(
            "enrol", "--city", f"https://127.0.0.1:{self.enrol_port}", "--token", token, "--data",
            str(self.folder / device), "--serial", f"box-{device}", "--keys", "file", expected=expected,
        )  # fmt: skip

    def identity(self, device: str = "quay-01") -> Identity:
        found = read_identity(store_of(self.folder / device))
        assert found is not None
        return found


class RenderedMosquitto(Mosquitto):
    """On the file that `motcua city devices init` wrote."""

    def __init__(self, town: Town) -> None:
        directory = town.folder / "broker"
        directory.mkdir()
        super().__init__(directory)
        self.port = town.broker_port
        user = "user root\n" if os.geteuid() == 0 else ""
        self._conf.write_text(user + (town.folder / "mosquitto" / "motcua.conf").read_text())


def order(*words: str, expected: int) -> list[dict[str, Any]]:
    done = motcua(*words)
    assert done.code == expected, done.out + done.err
    return done.lines


@pytest.fixture
def town(tmp_path: Path) -> Iterator[Town]:
    made = Town(tmp_path)
    made.devices("init")
    broker = RenderedMosquitto(made).start()
    command = [sys.executable, "-m", "edge", "city", "devices", "serve", "--config", str(made.config)]
    with subprocess.Popen(command) as server:
        try:
            wait_for_port(made.enrol_port)
            wait_for_port(made.city_port)
            yield made
        finally:
            server.terminate()
            broker.kill()
        assert server.wait(20) == 0


def connected_within(identity: Identity, within_s: float) -> None:
    """The broker hears of a new device a moment after the device does."""
    deadline = time.monotonic() + within_s
    while True:
        with contextlib.suppress(LinkError), visiting(identity.broker()) as visitor:
            assert visitor.publish(Topics(SITE, identity.device).status) < 0x80
            return
        assert time.monotonic() < deadline


def test_from_the_delivery_to_the_revocation(town: Town) -> None:
    town.devices("allow", "box-quay-01", "--note", "delivery 7")
    (given,) = town.devices("token", f"{SITE}/quay-01")
    (told,) = town.enrol(given["token"])
    assert (told["site"], told["device"]) == (SITE, "quay-01")
    connected_within(town.identity(), 20)
    (row,) = town.devices("list")
    assert (row["serial"], row["state"]) == ("box-quay-01", "active")
    with visiting(town.identity().broker()) as visitor:
        town.devices("revoke", f"{SITE}/quay-01", "--why", "stolen")
        assert visitor.wait_until_cut(CUT_WITHIN_S)
    with pytest.raises(LinkError):
        Visitor(town.identity().broker(), "x")
    assert [row["what"] for row in town.devices("log")] == ["allowed", "token_made", "enrolled", "revoked"]


def test_a_refusal_is_a_key_and_a_sentence(town: Town) -> None:
    (given,) = town.devices("token", f"{SITE}/quay-02")
    (refused,) = town.enrol(given["token"], "quay-02", expected=1)
    assert refused["refused"] == "serial_unknown"
    assert "motcua city devices allow" in refused["why"]
    (misread,) = town.enrol(given["token"][:-3], "quay-02", expected=1)
    assert misread["refused"] == "token_misread"
    town.devices("revoke", f"{SITE}/quay-99", "--why", "x", expected=1)
    town.devices("token", f"{SITE}/quay-02", "--serial", "nobody", expected=1)


def test_init_and_certificate_may_be_repeated(town: Town) -> None:
    before = (town.folder / "city" / "authority" / "root.crt").read_bytes()
    town.devices("init")
    assert (town.folder / "city" / "authority" / "root.crt").read_bytes() == before
    node = str(town.folder / "node.pem")
    (first,) = town.devices("certificate", "rabbit-1.example", "--out", node)
    (again,) = town.devices("certificate", "rabbit-1.example", "--out", node)
    assert (first["said"], again["said"]) == (f"{node}: written", f"{node}: still good")
