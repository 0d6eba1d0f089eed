"""The section `[enrolment]` of the city's file: where devices enrol, which broker they are sent to, and how its users are kept."""

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from config.fields import Port, Section

Url = Annotated[str, Field(pattern=r"^https?://")]
Node = Annotated[str, Field(pattern=r"^[^:\s]+:[0-9]{1,5}$")]


class Mosquitto(Section):
    """One broker for a small town, on this machine. `files_dir`: its access list, revoked certificates and configuration.

    `city_*`: the listener of the city's own programs, which no device may reach.
    """

    files_dir: Path
    pid_path: Path = Path("/run/mosquitto/mosquitto.pid")
    city_host: str = "127.0.0.1"
    city_port: Port = 8884


class Rabbit(Section):
    """The management plugin: of one node, and of `others` when that is away. `ca_file` where its https is the city's own."""

    url: Url
    others: tuple[Url, ...] = ()
    user: str = Field(min_length=1)
    password_file: Path
    ca_file: Path | None = None
    vhost: str = "/"
    exchange: str = "amq.topic"


class Enrolment(Section):
    """`names`: host names and addresses by which devices reach the enrolment server; `broker_*`: where they are sent to."""

    names: Annotated[tuple[str, ...], Field(min_length=1)]
    host: str = "0.0.0.0"  # noqa: S104 - devices come from other machines
    port: Port = 8443
    broker_host: str = Field(min_length=1)
    broker_port: Port = 8883
    broker_others: tuple[Node, ...] = ()
    mosquitto: Mosquitto | None = None
    rabbitmq: Rabbit | None = None

    @model_validator(mode="after")
    def _some_broker(self) -> Self:
        if self.mosquitto is None and self.rabbitmq is None:
            msg = "give [enrolment.mosquitto] or [enrolment.rabbitmq]: somebody must let the devices in"
            raise ValueError(msg)
        return self
