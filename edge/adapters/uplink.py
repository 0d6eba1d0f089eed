"""The link to the city as the configuration wants it. For `edge.compose` and the demo."""

import asyncio
import logging
from datetime import datetime

from config.schema import Config, Mqtt
from edge.adapters.clock import SystemClock
from edge.adapters.identity import EnrolledMqtt
from edge.domain.clock_skew import ClockSkew
from edge.domain.metered import is_within
from edge.ports import Clock
from edge.services.faults import Faults
from sync.journal import Journal
from sync.link import Downward, Link, LinkOptions, LinkState, LinkStatus, OnCommand
from sync.manners import Manners
from sync.marks import ReceiptOutcome
from sync.mqtt import Broker, Tls, Version
from sync.uplink import Tuning

PART = "mqtt"
CLOCK = "clock"  # against the city's
HISTORY = "link"  # what the city says it holds; red also where the broker is well
_WHY = {LinkState.LOST: "broker_lost", LinkState.REFUSED: "refused"}  # sentences under `page.fault`
VERSIONS = {"auto": (Version.V5, Version.V311), "5": (Version.V5,), "3.1.1": (Version.V311,)}
log = logging.getLogger(__name__)


def open_link(
    config: Config, journal: Journal, told: "LinkFaults | None" = None, on_command: OnCommand | None = None
) -> Link | None:
    """None when no broker is configured: the journal then keeps everything. `told` hears of loss and return, once each."""
    if config.mqtt is None:
        return None
    options = LinkOptions(
        city_key=city_key_of(config),
        versions=VERSIONS[config.mqtt.version],
        tuning=Tuning(window=config.mqtt.window, manners=manners_of(config.mqtt, SystemClock(config.agent.zone))),
    )
    if told is None:
        return Link(journal, broker_of(config.mqtt), options)
    downward = Downward(on_command, told.time)
    return Link(journal, broker_of(config.mqtt), options, told, told.receipt, downward=downward)


def city_key_of(config: Config) -> str | None:
    """What the city signs receipts and commands with; None: no command is taken."""
    return config.mqtt.city_key if config.mqtt else None


def manners_of(mqtt: Mqtt, clock: Clock) -> Manners:
    """`max_kbit_s` in bytes; a metered line, always or by the clock on the wall."""
    rate = None if mqtt.max_kbit_s is None else mqtt.max_kbit_s * 1000 / 8

    def is_metered() -> bool:
        return mqtt.metered if mqtt.metered_hours is None else is_within(mqtt.metered_hours, clock.now())

    return Manners(rate, is_metered, mqtt.metered_batch_minutes * 60)


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
    """Turns link states, receipts and the city's clock into one fault and one recovery each, in the order they came."""

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self.last_receipt: datetime | None = None
        self.skew = ClockSkew()
        self.since: datetime | None = None
        self._clock = clock
        self._faults = faults
        self._tasks: set[asyncio.Task[None]] = set()

    def __call__(self, status: LinkStatus) -> None:
        self.since = self._clock.now()
        is_up = status.state is LinkState.CONNECTED
        told = self._faults.recovered(PART) if is_up else self._faults.fault(PART, _WHY[status.state])
        task = asyncio.create_task(told, name=f"{PART} {status.state.value}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def receipt(self, outcome: ReceiptOutcome) -> None:
        """A receipt that contradicts the journal is a fault until one comes that agrees; one that tells neither changes nothing."""
        if outcome in {ReceiptOutcome.TAKEN, ReceiptOutcome.STALE}:
            self.last_receipt = self._clock.now()
        if outcome.is_contradiction:
            await self._faults.fault(HISTORY, f"receipt_{outcome}")
        elif outcome is not ReceiptOutcome.GONE:
            await self._faults.recovered(HISTORY)

    async def time(self, citys: datetime) -> None:
        """What the city's clock said just now. One that goes with ours ends the fault, two in a row that do not begin it."""
        self.skew = self.skew.seen(self._clock.now(), citys)
        if self.skew.is_wrong:
            await self._faults.fault(CLOCK, "clock_wrong")
        elif self.skew.is_right:
            await self._faults.recovered(CLOCK)

    def is_clock_wrong(self) -> bool:
        """As long as the fault stands, over restarts too."""
        return self._faults.why(CLOCK) is not None

    async def settled(self) -> None:
        """Return when everything told so far is recorded, or could not be."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("the link's state could not be recorded", exc_info=task.exception())
