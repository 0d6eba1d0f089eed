"""A citizen's code through everything: outbox, post, switch, spool, the real smsd, AT and PDU on a pty, a simulated phone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from devices.sms.modem_sim import PtyModem
from devices.sms.sim_network import SimNetwork
from devices.sms.smsd_channel import SmsdChannel
from devices.sms.smsd_config import FAST_TIMINGS
from devices.sms.smsd_process import SmsdProcess
from devices.sms.smsd_spool import SmsdSpool
from edge.adapters.sms import ChannelPort
from edge.services.sms_switch import SmsSwitch
from edge.store.outbox import Sending
from tests.edge.services.locker_town import CITIZEN, DIGITS, DOSSIER, Town

pytestmark = [pytest.mark.smsd, pytest.mark.enable_socket, pytest.mark.timeout(120)]


class Street:
    """The agent's locker post on one side, the citizen's phone on the other."""

    def __init__(self, folder: Path) -> None:
        self.spool = folder / "spool"
        self.network = SimNetwork()
        self.phone = self.network.phone(CITIZEN)
        self.modem = PtyModem(self.network, folder / "modem")
        self.smsd = SmsdProcess(self.modem.path, self.spool, FAST_TIMINGS)
        self.switch = SmsSwitch(ChannelPort(SmsdChannel(SmsdSpool(self.spool), poll_s=0.1)))


@pytest.fixture
async def street(tmp_path: Path) -> AsyncIterator[Street]:
    street = Street(tmp_path)
    async with street.modem, street.smsd:
        yield street


@pytest.fixture
async def town(tmp_path: Path, street: Street) -> AsyncIterator[Town]:
    town = await Town.open(tmp_path / "agent", street.switch.locker)
    async with town.journal:
        running = asyncio.gather(street.switch.run(), town.post.run())
        yield town
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def until(fact: Callable[[], Awaitable[bool]]) -> None:
    while not await fact():
        await asyncio.sleep(0.02)


async def test_the_code_arrives_in_one_part_and_is_left_nowhere(street: Street, town: Town) -> None:
    async def is_delivered() -> bool:
        return await town.status() is Sending.DELIVERED

    async def is_spool_clean() -> bool:
        return not [path for path in _texts(street.spool) if DIGITS.encode() in _bytes(path)]

    await town.queue()
    town.post.wake()
    await until(is_delivered)
    [text] = street.phone.texts
    assert street.phone.parts_received == 1
    assert text.startswith("UBND Phuong Thu Duc: ")
    assert DOSSIER in text
    assert DIGITS in text
    assert town.codes.told == [("stay-1", 1)]
    await until(is_spool_clean)


async def test_without_the_modem_it_is_unsent_until_the_modem_is_back(street: Street, town: Town) -> None:
    async def is_handed() -> bool:
        return bool(town.codes.told)

    async def is_delivered() -> bool:
        return await town.status() is Sending.DELIVERED

    street.modem.hang_up()
    await town.queue()
    town.post.wake()
    await until(is_handed)  # smsd's spool has it, and smsd has no modem
    assert await town.status() is Sending.QUEUED
    assert street.phone.texts == []
    street.modem.plug_in()
    await until(is_delivered)
    assert len(street.phone.texts) == 1


def _texts(spool: Path) -> list[Path]:
    return [path for path in spool.rglob("*") if path.is_file()]


def _bytes(path: Path) -> bytes:
    """A file that smsd moved meanwhile is not known to be clean: everything is looked at again."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return DIGITS.encode()
