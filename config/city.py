"""The city's configuration file: its database, its broker, whom it takes events from, and its sites on the map.

For the command line and what runs behind `motcua city`. A site's key is the `site` in its devices' own files.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from config.city_enrolment import Enrolment
from config.fields import Key, Port, Section, secret
from config.load import ConfigError, anchored, explain, parse, unreadable
from config.schema import Mqtt

_MADE_BY_INIT = {"broker.ca_file", "broker.cert_file", "broker.key_file", "enrolment.rabbitmq.ca_file"}


class City(Section):
    """`admits`: only enrolled devices, or anybody (a demo: the first key a device shows is trusted).

    `dsn_file` holds PostgreSQL's connection string, password and all, and may be read by its owner only.
    """

    name: str = Field(min_length=1, max_length=60)
    data_dir: Path = Path("/var/lib/motcua-city")
    database: Literal["sqlite", "postgres"] = "sqlite"
    dsn_file: Path | None = None
    admits: Literal["registered", "anybody"] = "registered"

    @model_validator(mode="after")
    def _dsn(self) -> Self:
        if (self.database == "postgres") != (self.dsn_file is not None):
            msg = "database = 'postgres' and dsn_file come together"
            raise ValueError(msg)
        return self

    def where(self) -> Path | str:
        """What `sync.city.database.open_database` takes. Raise OSError, also for a password that others may read."""
        if self.dsn_file is None:
            return self.data_dir / "city.sqlite"
        return secret(self.dsn_file).strip()

    @property
    def roots_dir(self) -> Path:
        return self.data_dir / "roots"


class Site(Section):
    """A one-stop centre. `lat` and `lon` place it on the map; without them it is in the list only."""

    name: str = Field(min_length=1, max_length=60)
    ward: str = Field(min_length=1, max_length=60)
    lat: Annotated[float, Field(ge=-90, le=90)] | None = None
    lon: Annotated[float, Field(ge=-180, le=180)] | None = None

    @model_validator(mode="after")
    def _pair(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            msg = "lat and lon come together"
            raise ValueError(msg)
        return self


class Engine(Section):
    """RabbitMQ, for `motcua city worker`. `urls_file`: one `amqps://user:password@host:5671/` a line, one a node; its owner's only.

    Every worker and the enrolment server are given the same `shards`. `lease_s`: a worker that is silent for so long has died.
    """

    urls_file: Path
    shards: Annotated[int, Field(ge=1, le=128)] = 8
    prefetch: Annotated[int, Field(ge=1, le=20_000)] = 1_000
    batch: Annotated[int, Field(ge=1, le=20_000)] = 1_000
    lease_s: Annotated[float, Field(ge=4, le=300)] = 8.0

    def urls(self) -> tuple[str, ...]:
        """Raise OSError, also for passwords that others may read."""
        lines = (line.strip() for line in secret(self.urls_file).splitlines())
        return tuple(line for line in lines if line and not line.startswith("#"))


class CityWeb(Section):
    """The city's pages (`motcua city serve`). `hosts`: names browsers call them by; `https`: a TLS proxy stands in front.

    Without `users_file` it is `users.toml` in the city's folder (`motcua users add --ward`).
    """

    host: str = "127.0.0.1"
    port: Port = 8090
    users_file: Path | None = None
    hosts: tuple[str, ...] = ()
    https: bool = False
    language: Literal["vi", "en"] = "vi"
    refresh_s: Annotated[float, Field(ge=0.2, le=60)] = (
        1.0  # between two looks into the database while somebody watches
    )


class CityConfig(Section):
    city: City
    web: CityWeb = Field(default_factory=CityWeb)
    broker: Mqtt | None = None
    enrolment: Enrolment | None = None
    engine: Engine | None = None
    sites: dict[Key, Site] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _workers(self) -> Self:
        """RabbitMQ hands `visit.started` on as `visit/started`; only its own protocol tells the two apart."""
        if self.engine is None and self.enrolment is not None and self.enrolment.rabbitmq is not None:
            msg = "[enrolment.rabbitmq] needs [engine]: at RabbitMQ workers take the events (motcua city worker)"
            raise ValueError(msg)
        return self

    @property
    def wards(self) -> tuple[str, ...]:
        return tuple(sorted({site.ward for site in self.sites.values()}))

    def ward_of(self, site: str) -> str | None:
        """None for a site that sends events and is not in the file."""
        found = self.sites.get(site)
        return found.ward if found else None


def load_city(file: Path, *, before_init: bool = False) -> CityConfig:
    """Raise ConfigError with every mistake; relative paths in the file count from the file's own folder.

    `before_init`: the certificates that `motcua city devices init` makes may be missing.
    """
    table: dict[str, Any] = anchored(parse(file), file.parent)
    mistakes = [one for one in unreadable(table) if not (before_init and one.path in _MADE_BY_INIT)]
    try:
        config = CityConfig.model_validate(table)
    except ValidationError as error:
        found = [explain(problem, CityConfig) for problem in error.errors(include_url=False)]
        raise ConfigError(file, found + mistakes) from error
    if mistakes:
        raise ConfigError(file, mistakes)
    return config
