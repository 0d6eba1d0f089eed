"""One RabbitMQ node of the local cluster: its configuration, start, kill and stop. Only `edge.cluster.cluster` uses it."""

import os
import secrets
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge.cluster.layout import HOST, ClusterError, Layout, Missing, deployed
from edge.cluster.processes import Daemon, answers, wait_for

START_S = 180.0  # a node that comes back waits for its peers' tables
_STOP_S = 30.0
_OPEN = """\
listeners.tcp.1 = {host}:{amqp}
mqtt.listeners.tcp.1 = {host}:{mqtt}
management.tcp.ip = {host}
management.tcp.port = {management}
mqtt.allow_anonymous = true
"""
_ANYBODY = {  # who an anonymous device is: each release knows its own words only, and refuses the other's
    "3": "mqtt.default_user = guest\nmqtt.default_pass = guest\n",
    "4": "anonymous_login_user = guest\nanonymous_login_pass = guest\n",
}
_SECURED = """\
listeners.ssl.default = {host}:{amqp}
mqtt.listeners.ssl.default = {host}:{mqtt}
management.ssl.ip = {host}
management.ssl.port = {management}
"""
_LOCAL = """\
# Written by scripts/cluster, for this machine only.
{listeners}
disk_free_limit.absolute = 200MB
collect_statistics_interval = 2000
load_definitions = {definitions}
log.console = false
log.file.level = warning
cluster_formation.peer_discovery_backend = classic_config
{peers}
"""
_GUEST = {
    "users": [{"name": "guest", "password": "guest", "tags": "administrator"}],
    "permissions": [{"user": "guest", "vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}],
}


def server_scripts() -> Path:
    """Debian's; the wrappers in /usr/sbin change the user and read /etc."""
    found = sorted(Path("/usr/lib/rabbitmq/lib").glob("rabbitmq_server-*/sbin"))
    if not found or shutil.which("epmd") is None:
        raise Missing("RabbitMQ is not installed: sudo apt-get install -y --no-install-recommends rabbitmq-server")
    return found[-1]


def release(scripts: Path) -> str:
    """The first number of a server's version, by its folder: what `deploy/rabbitmq` has a folder of settings for."""
    number = scripts.parent.name.removeprefix("rabbitmq_server-").split(".")[0]
    if number not in _ANYBODY:
        known = " and ".join(f"{one}.x" for one in _ANYBODY)
        raise ClusterError(f"{scripts.parent} is neither of the releases that the city knows: {known}")
    return number


def mqtt_version() -> str:
    """What devices and the city's programs are told to speak: 3.10 hangs up on MQTT 5, which costs an attempt a connection."""
    return "3.1.1" if release(server_scripts()) == "3" else "auto"


def epmd(layout: Layout) -> Daemon:
    """Erlang's name service, on a port of our own."""
    return Daemon(layout.data / "epmd.pid", f"{layout.epmd_port}")


def start_epmd(layout: Layout) -> None:
    daemon = epmd(layout)
    if daemon.pid is None:
        command = [shutil.which("epmd") or "epmd", "-port", str(layout.epmd_port), "-address", HOST]
        daemon.start(command, layout.data / "epmd.log", _environment(layout))
    wait_for(lambda: answers(layout.epmd_port), 10.0, "epmd does not answer; see epmd.log")


@dataclass(frozen=True, slots=True)
class RabbitNode:
    """One node. Its folder survives kills; `down` of the whole cluster keeps it as well."""

    layout: Layout
    name: str

    @property
    def folder(self) -> Path:
        return self.layout.data / self.name

    @property
    def certificate(self) -> Path:
        """Of a secured cluster: the node's key and certificate, made by its city."""
        return self.folder / "server.pem"

    @property
    def daemon(self) -> Daemon:
        return Daemon(self.folder / "node.pid", f"{self.folder}/")

    @property
    def is_up(self) -> bool:
        return self.daemon.pid is not None and answers(self.layout.mqtt_port(self.name))

    def start(self) -> None:
        """Return at once; `until_up` waits."""
        if self.daemon.pid is not None:
            return
        _cookie(self.layout.home)
        self._configure()
        in_its_folder = [
            "/bin/sh",
            "-c",
            'cd "$0" && exec "$@"',
            str(self.folder),
        ]  # Erlang leaves its dumps where it stands
        command = [*in_its_folder, str(server_scripts() / "rabbitmq-server")]
        self.daemon.start(command, self.folder / "console.log", self._environment())

    def until_up(self, within_s: float = START_S) -> None:
        """The MQTT listener is the last that opens."""
        wait_for(lambda: self.is_up, within_s, f"{self.name} does not start; see {self.folder}/console.log")

    def kill(self) -> bool:
        """Kill with -9. False when it did not run."""
        return self.daemon.kill()

    def stop(self) -> None:
        self.daemon.stop(signal.SIGTERM, _STOP_S)

    def _configure(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        parts = self.folder / "conf.d"
        parts.mkdir(exist_ok=True)
        for settings in ("conf.d", f"conf.d-{release(server_scripts())}"):
            for part in sorted(deployed("rabbitmq", settings).glob("*.conf")):
                shutil.copy(part, parts / part.name)
        shutil.copy(deployed("rabbitmq", "enabled_plugins"), self.folder / "enabled_plugins")
        if self.layout.is_secured:
            files = {"authority": self.layout.authority, "server": self.certificate}
            (parts / "20-tls.conf").write_text(deployed("rabbitmq", "tls.conf.example").read_text().format(**files))
        definitions = msgspec.json.decode(deployed("rabbitmq", "definitions.json").read_bytes()) | self._users()
        path = self.folder / "definitions.json"
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.encode(definitions))
        (parts / "90-local.conf").write_text(self._local())

    def _users(self) -> dict[str, object]:
        """Devices' users are the city's to make."""
        return msgspec.json.decode(self.layout.users.read_bytes()) if self.layout.is_secured else dict(_GUEST)

    def _local(self) -> str:
        peers = [
            f"cluster_formation.classic_config.nodes.{index} = {name}@localhost"
            for index, name in enumerate(self.layout.names, 1)
        ]
        form = _SECURED if self.layout.is_secured else _OPEN + _ANYBODY[release(server_scripts())]
        listeners = form.format(
            host=HOST,
            amqp=self.layout.amqp_port(self.name),
            mqtt=self.layout.mqtt_port(self.name),
            management=self.layout.management_port(self.name),
        )
        return _LOCAL.format(
            listeners=listeners,
            definitions=self.folder / "definitions.json",
            peers="\n".join(peers),
        )

    def _environment(self) -> dict[str, str]:
        return _environment(self.layout) | {
            "RABBITMQ_NODENAME": f"{self.name}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_NODE_PORT": str(self.layout.amqp_port(self.name)),
            "RABBITMQ_DIST_PORT": str(self.layout.dist_port(self.name)),
            "RABBITMQ_MNESIA_BASE": f"{self.folder}/mnesia",
            "RABBITMQ_LOG_BASE": f"{self.folder}/log",
            "RABBITMQ_CONFIG_FILE": f"{self.folder}/rabbitmq.conf",
            "RABBITMQ_CONFIG_FILES": f"{self.folder}/conf.d",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{self.folder}/enabled_plugins",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-kernel inet_dist_use_interface {{127,0,0,1}} -motcua {self.folder}/",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the node, so that the pid is the node's
        }


def _environment(layout: Layout) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "HOME": str(layout.home),
        "ERL_EPMD_ADDRESS": HOST,
        "ERL_EPMD_PORT": str(layout.epmd_port),
    }


def _cookie(home: Path) -> None:
    """The nodes' shared secret, made once."""
    home.mkdir(parents=True, exist_ok=True)
    path = home / ".erlang.cookie"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(20))
        path.chmod(0o400)
