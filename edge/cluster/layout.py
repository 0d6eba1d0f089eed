"""Where a local cluster lies: directories, ports and names, all derived from a folder, a first port and a number of nodes.

Written beside the data as `cluster.json`, so that whoever comes later finds what is running.
"""

import os
import socket
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec
import platformdirs

HOST = "127.0.0.1"
FIRST_PORT = 24_100
DATABASE = "motcua"
POSTGRES = "postgres"
_STATE = "cluster.json"
_DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
_EPMD, _AMQP, _MQTT, _DIST, _POSTGRES, _MANAGEMENT, _PAGES, _ENROLMENT = (
    0,
    10,
    20,
    30,
    40,
    45,
    48,
    49,
)  # behind the first
SPAN = 50  # ports a cluster takes at most


class ClusterError(Exception):
    """The cluster cannot be started or reached; the text says what to do."""


class Missing(ClusterError):
    """A Debian package is not installed."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One cluster. `nodes` is 3 as in production, or 1 for tests that want no cluster. `is_secured`: mutual TLS, of a city of its own."""

    data: Path
    first_port: int = FIRST_PORT
    nodes: int = 3
    is_secured: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(f"r{index}" for index in range(1, self.nodes + 1))

    @property
    def epmd_port(self) -> int:
        return self.first_port + _EPMD

    @property
    def postgres_port(self) -> int:
        return self.first_port + _POSTGRES

    def amqp_port(self, name: str) -> int:
        return self.first_port + _AMQP + self._index(name)

    def mqtt_port(self, name: str) -> int:
        return self.first_port + _MQTT + self._index(name)

    def management_port(self, name: str) -> int:
        return self.first_port + _MANAGEMENT + self._index(name)

    def dist_port(self, name: str) -> int:
        return self.first_port + _DIST + self._index(name)

    @property
    def pages_port(self) -> int:
        return self.first_port + _PAGES

    @property
    def enrolment_port(self) -> int:
        return self.first_port + _ENROLMENT

    def _index(self, name: str) -> int:
        return self.names.index(name)

    @property
    def amqp_urls(self) -> tuple[str, ...]:
        """One a node; guest may only come from this machine."""
        return tuple(f"amqp://guest:guest@{HOST}:{self.amqp_port(name)}/" for name in self.names)

    @property
    def mqtt_hosts(self) -> tuple[tuple[str, int], ...]:
        return tuple((HOST, self.mqtt_port(name)) for name in self.names)

    @property
    def dsn(self) -> str:
        return f"host={HOST} port={self.postgres_port} dbname={DATABASE} user={POSTGRES}"

    @property
    def city(self) -> Path:
        """The folder of a secured cluster's city: its file, its data, its secrets."""
        return self.data / "city"

    @property
    def authority(self) -> Path:
        return self.city / "data" / "authority.crt"

    @property
    def users(self) -> Path:
        """The two users that a city is given: for the management and for its workers. As definitions of RabbitMQ."""
        return self.city / "secrets" / "users.json"

    @property
    def home(self) -> Path:
        """Holds the Erlang cookie, away from the user's own."""
        return self.data / "home"

    def save(self) -> None:
        facts: dict[str, Any] = asdict(self) | {"data": str(self.data)}
        (self.data / _STATE).write_bytes(msgspec.json.encode(facts))


def saved(data: Path) -> Layout | None:
    """The layout of what was started here; None where nothing was."""
    try:
        facts = msgspec.json.decode((data / _STATE).read_bytes())
    except FileNotFoundError:
        return None
    return Layout(data, facts["first_port"], facts["nodes"], facts.get("is_secured", False))


def deployed(*parts: str) -> Path:
    """A file of `deploy/`: the local cluster runs on the configuration that production takes."""
    return _DEPLOY.joinpath(*parts)


def default_data() -> Path:
    """Root's home is closed to the user postgres, so root's cluster lies elsewhere."""
    return Path("/var/tmp/motcua-cluster") if os.geteuid() == 0 else platformdirs.user_cache_path("motcua") / "cluster"  # noqa: S108 - fixed on purpose: `down` must find it


def default_city() -> Path:
    """Of a secured cluster."""
    return default_data().with_name(f"{default_data().name}-city")


def scratch() -> Path:
    """A fresh directory that the user postgres can enter (pytest's own are closed)."""
    folder = Path(tempfile.mkdtemp(prefix="motcua-cluster-"))
    folder.chmod(0o755)
    return folder


def free_span(first: int = 20_000, last: int = 32_700) -> int:
    """A first port behind which every port of a cluster is free, below those that the kernel gives to whoever connects."""
    for candidate in range(first + os.getpid() % 200 * SPAN, last - SPAN, SPAN):
        if all(_is_free(candidate + offset) for offset in range(SPAN)):
            return candidate
    raise ClusterError("no free ports: stop what is listening, or give --port")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
