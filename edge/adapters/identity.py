"""Who this device is in the city's eyes: the identity that `motcua enrol` left, and its renewal as a part of the agent."""

import logging
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from config.schema import Config, Mqtt
from edge.ports import Clock
from edge.services.faults import Faults
from sync.errors import KeyUnusable
from sync.identity import FOLDER, Identity, StoredTls, read_identity, store_of
from sync.keystore import KeyStore, open_store
from sync.renewal import Renewal, Standing

PART = "identity"
log = logging.getLogger(__name__)


class Unfit(StrEnum):
    """Why there is no identity to go by. Sentences under `page.fault`."""

    NOT_ENROLLED = "not_enrolled"
    DIFFERS = "identity_differs"  # enrolled as another device than this configuration says
    UNUSABLE = "identity_unusable"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An identity that fits this configuration, and where it lies."""

    store: KeyStore
    identity: Identity


class EnrolledMqtt(Mqtt):
    """The broker as the enrolment says, in the place of the configuration's section. Not for configuration files."""

    city_key: str
    store_dir: Path

    @property
    def broker_tls(self) -> StoredTls:
        """With whatever certificate the store holds when a connection is made."""
        return StoredTls(store=open_store(self.store_dir))


def with_enrolment(config: Config, found: "Enrolment | Unfit") -> Config:
    """The configuration for the line to the city: the enrolment's broker where the configuration leaves it to that.

    Without one that fits there is no broker: the journal keeps everything until there is.
    """
    if not wants_identity(config):
        return config
    if isinstance(found, Unfit):
        return config.model_copy(update={"mqtt": None})
    return config.model_copy(update={"mqtt": _section(config, found.identity)})


def _section(config: Config, identity: Identity) -> EnrolledMqtt:
    given = {} if config.mqtt is None else config.mqtt.model_dump(exclude_unset=True)
    told = {
        "enrolled": False,  # said by now
        "host": identity.broker_host,
        "port": identity.broker_port,
        "others": tuple(f"{host}:{port}" for host, port in identity.broker_others),
        "city_key": identity.city_key,
        "store_dir": config.agent.data_dir / FOLDER,
    }
    return EnrolledMqtt.model_validate(given | told)


def wants_identity(config: Config) -> bool:
    """Whether the broker is the enrolment's to say, and not the configuration's."""
    return config.mqtt is None or config.mqtt.enrolled


def enrolment_of(config: Config) -> Enrolment | Unfit:
    """Read once at the start; the certificate itself is read again at every connection."""
    try:
        store = store_of(config.agent.data_dir)
        identity = read_identity(store)
    except KeyUnusable as error:
        log.error("identity: %s", error)  # noqa: TRY400 - the sentence is enough
        return Unfit.UNUSABLE
    if identity is None:
        return Unfit.NOT_ENROLLED
    if (identity.site, identity.device) != (config.agent.site, config.agent.device):
        return Unfit.DIFFERS
    return Enrolment(store, identity)


@dataclass(frozen=True, slots=True)
class IdentityPart:
    """Renews the certificate and tells when that fails; without an identity it tells that, once."""

    config: Config
    faults: Faults
    clock: Clock
    found: Enrolment | Unfit

    @property
    def is_wanted(self) -> bool:
        """A device that has its broker in the configuration, or none at all, is no concern of this part."""
        is_asked = self.config.mqtt is not None and self.config.mqtt.enrolled
        return wants_identity(self.config) and (is_asked or self.found is not Unfit.NOT_ENROLLED)

    async def run(self) -> None:
        if isinstance(self.found, Unfit):
            await self.faults.fault(PART, self.found)
            return
        await Renewal(self.found.store, self.clock.now, self._stands).run()

    async def _stands(self, standing: Standing) -> None:
        if standing is Standing.GOOD:
            await self.faults.recovered(PART)
        else:
            await self.faults.fault(PART, standing)
