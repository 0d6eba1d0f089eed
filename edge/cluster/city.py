"""The city beside a secured cluster: its file, secrets and certificates, made by the same commands as a real city's.

Only `edge.cluster.cluster` uses it. What is there already stays, so `up` may be repeated.
"""

import secrets
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from edge.cluster.layout import HOST, ClusterError, Layout
from edge.cluster.rabbit import mqtt_version

_COMMAND_S = 120.0
_ADMIN, _WORKER = "motcua-admin", "motcua-worker"
_OURS = r"^(motcua\..*|amq\.topic)$"
SITE, DEVICE, SERIAL = "phuong-mau", "tu-01", "HOP-0001"
_DOORS = 4
_CITY = """\
# Written by scripts/cluster city: a city on this machine, with mutual TLS as in production.
[city]
name = "Thành phố Mẫu"
data_dir = "data"
database = "postgres"
dsn_file = "secrets/dsn"

[web]
port = {pages}

[enrolment]
names = ["{host}"]
host = "{host}"
port = {enrolment}
broker_host = "{host}"
broker_port = {mqtt}
broker_others = {mqtt_others}
[enrolment.rabbitmq]
url = "{management}"
others = {management_others}
user = "motcua-admin"
password_file = "secrets/admin"
ca_file = "data/authority.crt"

[engine]
urls_file = "secrets/urls"

[broker]
host = "{host}"
port = {mqtt}
others = {mqtt_others}
version = "{version}"
ca_file = "data/authority.crt"
cert_file = "data/city.pem"
key_file = "data/city.pem"

[sites.phuong-mau]
name = "Trung tâm Phục vụ hành chính công phường Mẫu"
ward = "Phường Mẫu"
lat = 10.7769
lon = 106.7009
"""
_DEVICE = """\
# Written by scripts/cluster city: a cabinet of four doors whose board is simulated.
[agent]
site = "phuong-mau"
device = "tu-01"
data_dir = "data"

[mqtt]
enrolled = true
version = "{version}"

[web]
port = 0

[locker]
name = "Tủ hồ sơ 24/7"
[locker.boards.main]
protocol = "xor8a"
port = "{port}"
address = 1
channels = {doors}
"""
_DOOR = """\
[locker.compartments.n0{number}]
board = "main"
channel = {number}
number = "0{number}"
row = 0
column = {column}
"""


@dataclass(frozen=True, slots=True)
class LocalCity:
    """`write` needs nothing, `certify` the database, `let_in` the brokers."""

    layout: Layout

    @property
    def file(self) -> Path:
        return self.layout.city / "city.toml"

    @property
    def device(self) -> Path:
        """The folder of a device that may be enrolled."""
        return self.layout.data / "device"

    @property
    def board(self) -> Path:
        """Where the device looks for its simulated board."""
        return self.device / "board"

    def write(self) -> None:
        """The city's and a device's file, and passwords by chance."""
        for folder in (self.layout.city, self.layout.users.parent, self.device):
            folder.mkdir(mode=0o700, exist_ok=True)
        _keep(self.file, self._city_file())
        _keep(self.device / "device.toml", self._device_file())
        if not self.layout.users.exists():
            self._write_secrets(secrets.token_urlsafe(18), secrets.token_urlsafe(18))

    def certify(self) -> None:
        """The authority, the city's own certificate and one for each node. Raise ClusterError."""
        self.motcua("devices", "init")
        for name in self.layout.names:
            folder = self.layout.data / name
            folder.mkdir(parents=True, exist_ok=True)
            self.motcua("devices", "certificate", HOST, "localhost", "--out", str(folder / "server.pem"))

    def let_in(self) -> None:
        """Who is enrolled may connect. Raise ClusterError."""
        self.motcua("devices", "init")

    def motcua(self, *words: str) -> str:
        """One of the city's commands, as a person would type it."""
        command = [sys.executable, "-m", "edge", "city", *words, "--config", str(self.file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_COMMAND_S, check=False)
        if done.returncode:
            raise ClusterError(f"motcua city {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout

    def _write_secrets(self, admin: str, worker: str) -> None:
        folder, names = self.layout.users.parent, self.layout.names
        data = self.layout.city / "data"
        tls = f"cafile={data}/authority.crt&certfile={data}/city.pem&keyfile={data}/city.pem"
        urls = [f"amqps://{_WORKER}:{worker}@{HOST}:{self.layout.amqp_port(name)}/?{tls}" for name in names]
        _keep(folder / "dsn", self.layout.dsn)
        _keep(folder / "admin", admin)
        _keep(folder / "urls", "\n".join(urls) + "\n")
        _keep(self.layout.users, msgspec.json.encode(_users(admin, worker)).decode())

    def _city_file(self) -> str:
        layout = self.layout
        first, *others = layout.names
        return _CITY.format(
            host=HOST,
            pages=layout.pages_port,
            enrolment=layout.enrolment_port,
            mqtt=layout.mqtt_port(first),
            mqtt_others=_list(f"{HOST}:{layout.mqtt_port(name)}" for name in others),
            version=mqtt_version(),
            management=f"https://{HOST}:{layout.management_port(first)}",
            management_others=_list(f"https://{HOST}:{layout.management_port(name)}" for name in others),
        )

    def _device_file(self) -> str:
        doors = [_DOOR.format(number=number, column=number - 1) for number in range(1, _DOORS + 1)]
        return _DEVICE.format(port=self.board, doors=_DOORS, version=mqtt_version()) + "".join(doors)


def next_steps(layout: Layout) -> str:
    """What to type now, in this order, in the checkout's folder."""
    city = LocalCity(layout)
    config, motcua = f"--config {city.file}", ".venv/bin/motcua"
    return f"""
Each of these two in a terminal of its own; the worker first, until it says city.share (and as many as you like):
  {motcua} city worker {config}
  {motcua} city serve {config}
A leader, for http://{HOST}:{layout.pages_port}
  {motcua} users add lanh-dao leader --file {layout.city}/data/users.toml
A box that was bought, and a token for its place; the second says the command for the box, which you complete:
  {motcua} city devices allow {SERIAL} {config}
  {motcua} city devices token {SITE}/{DEVICE} {config}
  {motcua} enrol --city ... --token ... --serial {SERIAL} --data {city.device}/data
Its simulated board, and the device, each in a terminal of its own:
  .venv/bin/python -m devices.lock_board.sim --link {city.board} --board 1 --channels {_DOORS}
  {motcua} run --config {city.device}/device.toml
An order and its answer; the device is revoked and cut; the proof:
  {motcua} city command send {SITE}/{DEVICE} device.identify --by ME {config}
  {motcua} city command list {config}
  {motcua} city devices revoke {SITE}/{DEVICE} --why TRYING {config}
  {motcua} city verify {config}
One node dies and comes back; everything ends:
  scripts/cluster kill r1 --data {layout.data}
  scripts/cluster up --data {layout.data}
  scripts/cluster down --data {layout.data}
"""


def _keep(path: Path, text: str) -> None:
    """Write a file that others may not read, unless it is there."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")


def _list(items: Iterable[str]) -> str:
    return msgspec.json.encode(list(items)).decode()


def _users(admin: str, worker: str) -> dict[str, object]:
    """The management's may do everything; the workers' what is theirs (`deploy/README.md`)."""
    everything, ours = (
        dict.fromkeys(("configure", "write", "read"), ".*"),
        dict.fromkeys(("configure", "write", "read"), _OURS),
    )
    return {
        "users": [
            {"name": _ADMIN, "password": admin, "tags": "administrator"},
            {"name": _WORKER, "password": worker, "tags": ""},
        ],
        "permissions": [
            {"user": _ADMIN, "vhost": "/"} | everything,
            {"user": _WORKER, "vhost": "/"} | ours,
        ],
    }
