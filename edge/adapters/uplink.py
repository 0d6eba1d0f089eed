"""The link to the city as the configuration wants it. For `edge.app` and the demo."""

import asyncio
import logging

from config.schema import Config, Mqtt
from edge.adapters.identity import EnrolledMqtt
from edge.services.faults import Faults
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
    """None when no broker is configured: the journal then keeps everything. `faults` hears of loss and return, once each."""
    if config.mqtt is None:
        return None
    city_key = config.mqtt.city_key if isinstance(config.mqtt, EnrolledMqtt) else None
    options = LinkOptions(city_key, versions=_VERSIONS[config.mqtt.version], tuning=Tuning(window=config.mqtt.window))
    if faults is None:
        return Link(journal, broker_of(config.mqtt), options)
    told = LinkFaults(faults)
    return Link(journal, broker_of(config.mqtt), options, told, told.receipt)


def broker_of(mqtt: Mqtt) -> Broker:
    """Where the broker is; files stay files."""
    enrolled = mqtt.broker_tls if isinstance(mqtt, EnrolledMqtt) else None
    tls = enrolled or (Tls(mqtt.ca_file, mqtt.cert_file, mqtt.key_file) if mqtt.tls else None)
    return Broker(
        host=mqtt.host,
        port=mqtt.port,
        username=mqtt.username,
        password_file=mqtt.password_file,
        tls=tls,
        keepalive_s=mqtt.keepalive_s,
        others=tuple((host, int(port)) for host, _, port in (node.partition(":") for node in mqtt.others)),
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
