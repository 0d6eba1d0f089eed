"""A real RabbitMQ node of its own, with mutual TLS for MQTT and the management plugin, on free loopback ports."""

import os
import secrets
import shutil
import signal
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from edge.cluster.layout import Missing
from edge.cluster.rabbit import release, server_scripts
from sync.broker import Version
from sync.city.authority import client_files, server_files
from sync.city.rabbit_users import RabbitSettings, RabbitUsers
from tests.sync.broker_fixtures import free_port
from tests.sync.identity_fixtures import Town, wait_for_port

START_S = 120.0
PLUGINS = "[rabbitmq_management,rabbitmq_mqtt]."
_PASSWORD = secrets.token_hex(8)


class Rabbit:
    """`stop` kills the whole node."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.mqtt_port, self.management_port = free_port(), free_port()
        self._amqp, self._dist, self._epmd = free_port(), free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, town: Town) -> None:
        try:
            scripts = server_scripts()
        except Missing as missing:
            pytest.skip(str(missing))
        self._write(town)
        with (self.directory / "console.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(scripts / "rabbitmq-server")], env=self._environment(), stdout=log, stderr=log,
                cwd=self.directory, start_new_session=True,
            )  # fmt: skip
        for port in (self.mqtt_port, self.management_port):
            wait_for_port(port, START_S)
        context = ssl.create_default_context(cafile=self.directory / "authority.crt")
        with httpx.Client(auth=("boss", _PASSWORD), verify=context, trust_env=False, timeout=30) as http:
            http.get(f"{self.url}/api/overview").raise_for_status()

    def stop(self) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(30)
        subprocess.run(
            [shutil.which("epmd") or "epmd", "-port", str(self._epmd), "-kill"],
            capture_output=True,
            check=False,
            timeout=30,
        )

    @property
    def versions(self) -> tuple[Version, ...]:
        """Of MQTT, that it speaks."""
        return (Version.V311,) if release(server_scripts()) == "3" else (Version.V311, Version.V5)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.management_port}"

    @property
    def settings(self) -> RabbitSettings:
        return RabbitSettings(self.url, "boss", _PASSWORD, authority=self.directory / "authority.crt")

    @property
    def users(self) -> RabbitUsers:
        return RabbitUsers(self.settings)

    @property
    def amqp_url(self) -> str:
        """The node wants a certificate of its clients, any of the authority's, and a password."""
        pem = self.directory / "worker.pem"
        tls = f"cafile={self.directory}/authority.crt&certfile={pem}&keyfile={pem}"
        return f"amqps://boss:{_PASSWORD}@127.0.0.1:{self._amqp}/?{tls}"

    def _write(self, town: Town) -> None:
        (self.directory / "authority.crt").write_text(town.authority.pem)
        server_files(town.authority, self.directory / "server.pem", ("127.0.0.1",), town.clock())
        client_files(town.authority, self.directory / "worker.pem", "worker", town.clock())
        (self.directory / "plugins").write_text(PLUGINS)
        cookie = self.directory / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(20))
        cookie.chmod(0o400)
        shared = Path(__file__).parents[2] / "deploy/rabbitmq/tls.conf.example"
        values = {"authority": self.directory / "authority.crt", "server": self.directory / "server.pem"}
        text = shared.read_text().format(**values)
        (self.directory / "rabbitmq.conf").write_text(
            f"{text}\n"
            f"listeners.ssl.default = 127.0.0.1:{self._amqp}\n"
            f"mqtt.listeners.ssl.default = 127.0.0.1:{self.mqtt_port}\n"
            f"management.ssl.ip = 127.0.0.1\nmanagement.ssl.port = {self.management_port}\n"
            f"default_user = boss\ndefault_pass = {_PASSWORD}\ndefault_user_tags.administrator = true\n"
            "disk_free_limit.absolute = 100MB\n"
        )

    def _environment(self) -> dict[str, str]:
        here = self.directory
        return {
            "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(here), "RABBITMQ_NODENAME": "t1@localhost",
            "RABBITMQ_MNESIA_BASE": f"{here}/mnesia", "RABBITMQ_LOG_BASE": f"{here}/log",
            "RABBITMQ_CONFIG_FILE": f"{here}/rabbitmq.conf", "RABBITMQ_ENABLED_PLUGINS_FILE": f"{here}/plugins",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_DIST_PORT": str(self._dist),
            "RABBITMQ_NODE_PORT": str(self._amqp), "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(self._epmd),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RUNNING_UNDER_SYSTEMD": "true",
        }  # fmt: skip


@pytest.fixture(scope="session")
def rabbit_town() -> Iterator[tuple[Town, Rabbit]]:
    """One node for all tests, because it takes a while to start; each test has devices of its own."""
    directory = Path(tempfile.mkdtemp(prefix="motcua-rabbit-"))
    node = Rabbit(directory)
    town = Town(directory, broker_port=node.mqtt_port)
    try:
        node.start(town)
        with node.users as users:
            town.brokers = (users,)
            yield town, node
    finally:
        node.stop()
        town.registry.database.close()
        shutil.rmtree(directory, ignore_errors=True)
