"""The city's identity rooms put together from its configuration: authority, registry, brokers, enrolment server."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from config.city import CityConfig, Engine
from config.city_enrolment import Enrolment, Mosquitto, Rabbit
from config.fields import secret
from sync.broker import Broker, Tls
from sync.city import mosquitto_users
from sync.city.admission import Admission
from sync.city.authority import Authority, client_files, now_utc, server_files
from sync.city.broker_users import CITY, Brokers, BrokerUsers
from sync.city.enrol_server import BrokerAddress, EnrolServer, ServerSettings
from sync.city.errors import CityError
from sync.city.mosquitto_users import CONFIG, MosquittoSettings, MosquittoUsers
from sync.city.rabbit_users import RabbitSettings, RabbitUsers
from sync.city.registry import Registry
from sync.city.topology import Topology
from sync.city.transactions import Database
from sync.files import private_directory, write_private
from sync.keys import DeviceKey

AUTHORITY = "authority"  # in the city's data folder
ROOT, CITY_PEM, SERVER_PEM = "authority.crt", "city.pem", "server.pem"


class NotConfigured(CityError):
    """The city's file has no `[enrolment]`."""


@dataclass(frozen=True, slots=True)
class Gate:
    """Everything that decides who belongs."""

    config: CityConfig
    section: Enrolment
    data_dir: Path
    registry: Registry
    authority: Authority
    brokers: Brokers

    def server(self) -> EnrolServer:
        """The enrolment server, not yet running."""
        section = self.section
        nodes = ((host, int(port)) for host, _, port in (node.partition(":") for node in section.broker_others))
        settings = ServerSettings(
            directory=self.data_dir,
            names=section.names,
            broker=BrokerAddress(section.broker_host, section.broker_port, tuple(nodes)),
            city_key=DeviceKey.load_or_create(self.data_dir).public,
            host=section.host,
            port=section.port,
        )
        admission = Admission(self.registry, self.authority)
        return EnrolServer(settings, admission, self.brokers, upkeep=partial(upkeep, self.config))


@contextlib.contextmanager
def opened_gate(config: CityConfig, database: Database) -> Iterator[Gate]:
    """Raise CityError where something is missing or damaged."""
    section, data_dir = section_of(config), config.city.data_dir
    registry, authority = Registry(database), Authority.load(data_dir / AUTHORITY)
    with contextlib.ExitStack() as undo:
        users: list[BrokerUsers] = []
        if section.mosquitto is not None:
            users.append(_mosquitto(section.mosquitto, data_dir))
        if section.rabbitmq is not None:
            users.append(undo.enter_context(_rabbit(section.rabbitmq, config.engine)))
        yield Gate(config, section, data_dir, registry, authority, Brokers(registry, authority, tuple(users)))


def lay_out(config: CityConfig) -> list[Path]:
    """Authority, the city's own certificate and Mosquitto's files, where they are missing or old. What was written."""
    section, folder = section_of(config), config.city.data_dir
    private_directory(folder)
    written: list[Path] = []
    if not (folder / AUTHORITY).exists():
        Authority.create(folder / AUTHORITY, f"{config.city.name} - Một Cửa", now_utc())
        written.append(folder / AUTHORITY)
    authority = Authority.load(folder / AUTHORITY)
    write_private(folder / ROOT, authority.pem.encode(), mode=0o644)
    if client_files(authority, folder / CITY_PEM, CITY, now_utc()):
        written.append(folder / CITY_PEM)
    if section.mosquitto is not None:
        written += _lay_out_mosquitto(section, section.mosquitto, authority)
    return written


def upkeep(config: CityConfig) -> None:
    """Renew what is due; Mosquitto reads its own certificate again. Raise CityError or OSError."""
    section = section_of(config)
    if lay_out(config) and section.mosquitto is not None:
        _mosquitto(section.mosquitto, config.city.data_dir).reload()


def section_of(config: CityConfig) -> Enrolment:
    """Raise NotConfigured."""
    if config.enrolment is None:
        raise NotConfigured("the city's configuration has no section [enrolment]")
    return config.enrolment


def _lay_out_mosquitto(section: Enrolment, mosquitto: Mosquitto, authority: Authority) -> list[Path]:
    folder = mosquitto.files_dir
    folder.mkdir(parents=True, exist_ok=True)
    write_private(folder / ROOT, authority.pem.encode(), mode=0o644)
    written = [folder / SERVER_PEM] if server_files(authority, folder / SERVER_PEM, _names(section), now_utc()) else []
    settings = MosquittoSettings(
        directory=folder,
        authority=folder / ROOT,
        server=folder / SERVER_PEM,
        pid_file=mosquitto.pid_path,
        port=section.broker_port,
        city_host=mosquitto.city_host,
        city_port=mosquitto.city_port,
    )
    text = mosquitto_users.config(settings).encode()
    if not (folder / CONFIG).exists() or (folder / CONFIG).read_bytes() != text:
        write_private(folder / CONFIG, text, mode=0o644)
        written.append(folder / CONFIG)
    return written


def _names(section: Enrolment) -> tuple[str, ...]:
    """What devices and the city itself call the broker by."""
    return tuple(dict.fromkeys((section.broker_host, "localhost", "127.0.0.1")))


def _mosquitto(section: Mosquitto, data_dir: Path) -> MosquittoUsers:
    tls = Tls(data_dir / ROOT, data_dir / CITY_PEM, data_dir / CITY_PEM)
    return MosquittoUsers(section.files_dir, section.pid_path, Broker(section.city_host, section.city_port, tls=tls))


def _rabbit(section: Rabbit, engine: Engine | None) -> RabbitUsers:
    settings = RabbitSettings(
        url=section.url,
        others=section.others,
        user=section.user,
        password=secret(section.password_file).strip(),
        vhost=section.vhost,
        exchange=section.exchange,
        authority=section.ca_file,
        topology=Topology(engine.shards) if engine else None,
    )
    return RabbitUsers(settings)
