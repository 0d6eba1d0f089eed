"""What stands around the agent in a demo: a broker, the city's receiver and dossiers, a modem with phones. All on this machine.

`edge.demo` opens it; the agent talks to it over the same wires as on a real site.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from devices.sms.channel import SmsChannel
from devices.sms.modem_sim import PtyModem
from devices.sms.phone_sim import PhoneSimChannel
from devices.sms.sim_network import SimNetwork
from devices.sms.smsd_channel import SmsdChannel
from devices.sms.smsd_config import FAST_TIMINGS
from devices.sms.smsd_process import SmsdMissing, SmsdProcess, find_smsd
from devices.sms.smsd_spool import SmsdSpool
from edge.adapters.city_sim import CitySim, serving
from edge.adapters.demo_broker import DemoBroker
from edge.adapters.supervisor import cancelled
from edge.demo_guide import fill_city
from sync.city.receiver import CityReceiver
from sync.mqtt import Broker, Version
from sync.reconnect import Pace

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class World:
    broker_port: int
    city: CityReceiver
    dossiers: CitySim
    channel: SmsChannel
    has_modem: bool


@contextlib.asynccontextmanager
async def open_world(folder: Path) -> AsyncIterator[World]:
    """Everything up when entered, everything gone when left."""
    async with contextlib.AsyncExitStack() as stack:
        broker = DemoBroker()
        port = await broker.start()
        stack.push_async_callback(broker.stop)
        city = CityReceiver(folder / "city", Broker("127.0.0.1", port), versions=(Version.V311,), pace=Pace(base_s=0.1))
        receiving = asyncio.create_task(city.run(), name="city")
        stack.push_async_callback(cancelled, receiving)
        dossiers = await stack.enter_async_context(serving(CitySim()))
        fill_city(dossiers, datetime.now(UTC))
        channel, has_modem = await _phones(stack, folder)
        yield World(port, city, dossiers, channel, has_modem)


async def _phones(stack: contextlib.AsyncExitStack, folder: Path) -> tuple[SmsChannel, bool]:
    """Smstools' daemon and a modem on a pty where smstools is installed; else phones in a file."""
    try:
        find_smsd()
    except SmsdMissing:
        log.warning("smstools is not installed: the demo's SMS go to simulated phones without a modem")
        return PhoneSimChannel(folder / "phones.sqlite"), False
    modem = await stack.enter_async_context(PtyModem(SimNetwork("+84900000000", seed=1), folder / "modem"))
    spool = folder / "spool"
    await stack.enter_async_context(SmsdProcess(modem.path, spool, FAST_TIMINGS))
    return SmsdChannel(SmsdSpool(spool), poll_s=0.2), True
