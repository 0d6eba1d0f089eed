"""What stands around the agent in a demo: a broker, the city's receiver and dossiers, a modem with phones, a cabinet.

`edge.demo` opens it; the agent talks to it over the same wires as on a real site.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from devices.sms.channel import SmsChannel
from devices.sms.modem_sim import PtyModem
from devices.sms.phone_sim import PhoneSimChannel, SimulatedPhones
from devices.sms.sim_network import SimNetwork
from devices.sms.smsd_channel import SmsdChannel
from devices.sms.smsd_config import FAST_TIMINGS
from devices.sms.smsd_process import SmsdMissing, SmsdProcess, find_smsd
from devices.sms.smsd_spool import SmsdSpool
from edge.adapters.city_sim import CitySim, serving
from edge.adapters.demo_broker import DemoBroker
from edge.adapters.supervisor import cancelled
from edge.demo_cabinet import DemoCabinet, open_cabinet
from edge.demo_guide import fill_city
from edge.domain.msisdn import Msisdn
from sync.city.receiver import CityReceiver
from sync.mqtt import Broker, Version
from sync.reconnect import Pace

log = logging.getLogger(__name__)
Told = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class World:
    broker_port: int
    city: CityReceiver
    dossiers: CitySim
    channel: SmsChannel
    texts: Callable[[str], list[str]]  # what stands on the phone with this number
    has_modem: bool
    cabinet: DemoCabinet


@contextlib.asynccontextmanager
async def open_world(folder: Path, *, is_hurried: bool, told: Told) -> AsyncIterator[World]:
    """Everything up when entered, everything gone when left.

    `is_hurried`: people do not stand about. `told` hears of each SMS on a simulated phone: number and text.
    """
    async with contextlib.AsyncExitStack() as stack:
        broker = DemoBroker()
        port = await broker.start()
        stack.push_async_callback(broker.stop)
        city = CityReceiver(folder / "city", Broker("127.0.0.1", port), versions=(Version.V311,), pace=Pace(base_s=0.1))
        receiving = asyncio.create_task(city.run(), name="city")
        stack.push_async_callback(cancelled, receiving)
        dossiers = await stack.enter_async_context(serving(CitySim()))
        fill_city(dossiers, datetime.now(UTC))
        channel, texts, has_modem = await _phones(stack, folder, told)
        cabinet = await stack.enter_async_context(open_cabinet(folder, is_hurried=is_hurried))
        yield World(port, city, dossiers, channel, texts, has_modem, cabinet)


async def _phones(
    stack: contextlib.AsyncExitStack, folder: Path, told: Told
) -> tuple[SmsChannel, Callable[[str], list[str]], bool]:
    """Smstools' daemon and a modem on a pty where smstools is installed; else phones in a file."""
    try:
        find_smsd()
    except SmsdMissing:
        log.warning("smstools is not installed: the demo's SMS go to simulated phones without a modem")
        phones = SimulatedPhones(folder / "phones.sqlite")
        return PhoneSimChannel(folder / "phones.sqlite"), lambda number: phones.texts(_e164(number)), False
    network = SimNetwork("+84900000000", seed=1)
    network.on_received = lambda phone, text: told(phone.number, text)
    modem = await stack.enter_async_context(PtyModem(network, folder / "modem"))
    spool = folder / "spool"
    await stack.enter_async_context(SmsdProcess(modem.path, spool, FAST_TIMINGS))
    return SmsdChannel(SmsdSpool(spool), poll_s=0.2), lambda number: network.phone(_e164(number)).texts, True


def _e164(number: str) -> str:
    return Msisdn.parse(number).reveal()
