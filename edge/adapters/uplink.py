"""The link to the city as the configuration wants it. For `edge.app` and the demo."""

import asyncio
import logging

from config.schema import Config, Mqtt
from edge.adapters.identity import Enrolment, Unfit, enrolment_of
from edge.services.faults import Faults
from sync.identity import StoredTls
from sync.journal import Journal
from sync.link import Link, LinkOptions, LinkState, LinkStatus
from sync.marks import ReceiptOutcome
from sync.mqtt import Broker, Tls, Version
from sync.uplink import Tuning

PART = "mqtt"
HISTORY = "link"  # what the city says it holds; red also where the broker is well
_WHY = {LinkState.LOST: "broker_lost", LinkState.REFUSED: "refused"}  # sentences under `page.fault`
_VERSIONS = {"auto": (Version.V5, Version.V311), "5": (Version.V5,), "3.1.1": (Version.V311,)}
log = logging.getLogger(__name__)


def open_link(config: Config, journal: Journal, faults: Faults | None) -> Link | None:
    """None when there is no broker, by configuration or enrolment: the journal then keeps everything.

    `faults` hears of loss and return, once each.
    """
    way = _way(config)
    if way is None:
        return None
    broker, options = way
    if faults is None:
        return Link(journal, broker, options)
    told = LinkFaults(faults)
    return Link(journal, broker, options, told, told.receipt)


def _way(config: Config) -> tuple[Broker, LinkOptions] | None:
    mqtt = config.mqtt
    if mqtt is not None and not mqtt.enrolled:
        return broker_of(mqtt), _options(mqtt, None)
    found = enrolment_of(config)
    if isinstance(found, Unfit):
        return None
    tuned = mqtt or Mqtt(enrolled=True)
    return enrolled_broker(found, tuned), _options(tuned, found.identity.city_key)


def _options(mqtt: Mqtt, city_key: str | None) -> LinkOptions:
    return LinkOptions(city_key=city_key, versions=_VERSIONS[mqtt.version], tuning=Tuning(window=mqtt.window))


def enrolled_broker(found: Enrolment, mqtt: Mqtt) -> Broker:
    """The enrolment's broker, with whatever certificate the store holds when a connection is made."""
    identity = found.identity
    return Broker(
        host=identity.broker_host,
        port=identity.broker_port,
        tls=StoredTls(store=found.store),
        keepalive_s=mqtt.keepalive_s,
        others=identity.broker_others,
    )


def broker_of(mqtt: Mqtt) -> Broker:
    """Where the broker is by configuration; files stay files."""
    tls = Tls(mqtt.ca_file, mqtt.cert_file, mqtt.key_file) if mqtt.tls else None
    return Broker(
        host=mqtt.host,
        port=mqtt.port,
        username=mqtt.username,
        password_file=mqtt.password_file,
        tls=tls,
        keepalive_s=mqtt.keepalive_s,
    )


class LinkFaults:
    """Turns link states and receipts into one fault and one recovery each, in the order they came."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, status: LinkStatus) -> None:
        is_up = status.state is LinkState.CONNECTED
        told = self._faults.recovered(PART) if is_up else self._faults.fault(PART, _WHY[status.state])
        task = asyncio.create_task(told, name=f"{PART} {status.state.value}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def receipt(self, outcome: ReceiptOutcome) -> None:
        """A receipt that contradicts the journal is a fault until one comes that agrees; one that tells neither changes nothing."""
        if outcome.is_contradiction:
            await self._faults.fault(HISTORY, f"receipt_{outcome}")
        elif outcome is not ReceiptOutcome.GONE:
            await self._faults.recovered(HISTORY)

    async def settled(self) -> None:
        """Return when everything told so far is recorded, or could not be."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("the link's state could not be recorded", exc_info=task.exception())
