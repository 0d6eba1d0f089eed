"""The locker part of an agent, put together as the agent does it, with short waits: what a campaign drives and kills."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.load import load
from config.strings import load_strings
from devices.sms.channel import SmsChannel
from edge.adapters.lock_boards import LockBoards
from edge.adapters.locker_setup import cabinet_plan, lock_lines, procedures, wiring
from edge.adapters.seal import DeviceSeal, device_key
from edge.adapters.sms import ChannelPort
from edge.adapters.supervisor import Backoff, cancelled
from edge.agent import supervised
from edge.app import open_journal
from edge.domain.code_check import CodeRules
from edge.domain.door import Door
from edge.domain.locker import LockerRules
from edge.ports import Clock
from edge.services.faults import Faults
from edge.services.locker import LockerService
from edge.services.locker_parts import Furniture
from edge.services.locker_plan import LockerSettings
from edge.services.locker_post import LockerPost
from edge.services.locker_text import LockerText
from edge.services.sms_sending import PostRules
from edge.services.sms_switch import SmsSwitch
from sync.journal import Journal

DOORS = LockerRules(
    open_within_s=1.0, read_within_s=1.0, cool_down_s=0.3, late_open_s=2.0, settle_s=0.1, close_it_s=0.6, left_open_s=0.6,
    authorise_within_s=2.0,
)  # fmt: skip
CODES = CodeRules(first_wait_s=0.3, max_wait_s=0.6)
POST = PostRules(first_wait_s=0.1, most_wait_s=0.3, submit_s=5.0, poll_s=0.1)
"""Every wait is shorter than in the field and longer than what it waits for in the simulator. The drivers' own are as always."""


@dataclass(frozen=True, slots=True)
class Station:
    journal: Journal
    service: LockerService
    boards: LockBoards


@contextlib.asynccontextmanager
async def open_station(
    file: Path, channel: SmsChannel, clock: Clock, doors: LockerRules = DOORS
) -> AsyncIterator[Station]:
    """Everything running when entered, supervised as in the agent."""
    config = load(file)
    assert config.locker is not None  # noqa: S101 - a campaign's own file
    async with open_journal(config) as journal:
        faults = Faults(journal, clock)
        await faults.load()
        boards = LockBoards(lock_lines(config.locker), wiring(config.locker), config.agent.zone)
        seal = DeviceSeal(device_key(file.with_name("seal.key")))
        settings = LockerSettings(device_key(file.with_name("codes.key")), doors, CODES, tick_s=0.05, disk_retry_s=0.2)
        service = LockerService(
            cabinet_plan(config.locker), settings, ledger=journal, doors=boards, seal=seal, faults=faults, clock=clock,
            furniture=Furniture(procedures=procedures(config.locker)),
        )  # fmt: skip
        await service.load()
        switch = SmsSwitch(ChannelPort(channel))
        post = LockerPost(
            journal, switch.locker, service.codes, seal, LockerText(load_strings(), "Mau"), faults=faults, clock=clock,
            rules=POST,
        )  # fmt: skip
        service.wake_post = post.wake
        post.subscribe(service.sms_changed)
        parts = {"boards": boards.run, "locker": service.run, "sms/switch": switch.run, "sms/locker": post.run}
        running = asyncio.create_task(_run(faults, parts), name="station")
        try:
            yield Station(journal, service, boards)
        finally:
            await cancelled(running)


async def until_read(station: Station) -> None:
    """Every door is known. The caller sets the timeout, because a board may be missing."""
    cabinet = station.service.cabinet
    while not (cabinet.is_read and all(one.door is not Door.UNKNOWN for one in cabinet.compartments.values())):  # noqa: ASYNC110 - the service tells doors, not this
        await asyncio.sleep(0.005)


async def _run(faults: Faults, parts: Mapping[str, Callable[[], Awaitable[None]]]) -> None:
    async with asyncio.TaskGroup() as group:
        for name, part in parts.items():
            group.create_task(supervised(faults, name, part, Backoff(first_s=0.1, most_s=0.5)), name=name)
