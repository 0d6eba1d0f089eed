"""The locker part of an agent, put together as the agent does it, with short waits: what a campaign drives and kills."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from config.load import load
from config.schema import Config
from config.strings import load_strings
from devices.lock_board.board import BoardPlan, Feedback
from devices.lock_board.driver import LinePlan, LockLine
from devices.lock_board.timing import LinkTiming, PollTiming, PulsePace
from devices.sms.channel import SmsChannel
from edge.adapters.lock_boards import LockBoards
from edge.adapters.seal import DeviceSeal, device_key
from edge.adapters.sms import ChannelPort
from edge.adapters.supervisor import cancelled
from edge.app import open_journal
from edge.domain.code_check import CodeRules
from edge.domain.door import Door
from edge.domain.door_map import Place
from edge.domain.locker import LockerRules
from edge.locker_ports import Procedure
from edge.ports import Clock
from edge.services.faults import Faults
from edge.services.locker import LockerService
from edge.services.locker_parts import Furniture
from edge.services.locker_plan import CabinetPlan, LockerSettings
from edge.services.locker_post import LockerPost
from edge.services.locker_text import LockerText
from edge.services.sms_sending import PostRules
from edge.services.sms_switch import SmsSwitch
from edge.soak.orders import KEYPAD, PROCEDURE
from sync.journal import Journal

OTHER_KEYPAD = "kiosk-2"
DOORS = LockerRules(
    open_within_s=0.6, read_within_s=1.0, cool_down_s=0.25, late_open_s=2.0, settle_s=0.1, close_it_s=0.6, left_open_s=0.6,
    authorise_within_s=2.0,
)  # fmt: skip
CODES = CodeRules(first_wait_s=0.3, max_wait_s=0.6)
POLLING = PollTiming(normal_s=0.1, fast_s=0.05, settled_s=0.06, absent_s=0.2)
TIMING = LinkTiming(reply_s=0.12, unlock_reply_s=0.25, late_s=1.0, suspect_s=0.3, backoff_s=0.05, longest_backoff_s=0.2)
POST = PostRules(first_wait_s=0.1, most_wait_s=0.3, submit_s=5.0, poll_s=0.1)
"""Every wait is shorter than in the field and longer than what it waits for in the simulator."""


@dataclass(frozen=True, slots=True)
class Station:
    journal: Journal
    service: LockerService
    boards: LockBoards
    lines: tuple[LockLine, ...]


@contextlib.asynccontextmanager
async def open_station(file: Path, channel: SmsChannel, clock: Clock) -> AsyncIterator[Station]:
    """Everything running when entered; what fails in it is raised at the end."""
    config = load(file)
    async with open_journal(config) as journal:
        faults = Faults(journal, clock)
        await faults.load()
        lines = lock_lines(config)
        boards = LockBoards(lines, wiring(config), config.agent.zone)
        seal = DeviceSeal(device_key(file.with_name("device.key")))
        service = LockerService(
            plan(config), LockerSettings(b"the secret of a simulated cabinet", DOORS, CODES, tick_s=0.05, disk_retry_s=0.2),
            ledger=journal, doors=boards, seal=seal, faults=faults, clock=clock, furniture=Furniture(procedures=procedures),
        )  # fmt: skip
        await service.load()
        switch = SmsSwitch(ChannelPort(channel))
        post = LockerPost(
            journal, switch.locker, service.codes, seal, LockerText(load_strings(), "Mau"), faults=faults, clock=clock,
            rules=POST,
        )  # fmt: skip
        service.wake_post = post.wake
        post.subscribe(service.sms_changed)
        running = asyncio.create_task(_run(boards, service, switch, post), name="station")
        try:
            yield Station(journal, service, boards, lines)
        finally:
            await cancelled(running)


async def until_read(station: Station) -> None:
    """Every door is known. The caller sets the timeout, because a board may be missing."""
    cabinet = station.service.cabinet
    while not (cabinet.is_read and all(one.door is not Door.UNKNOWN for one in cabinet.compartments.values())):  # noqa: ASYNC110 - the service tells doors, not this
        await asyncio.sleep(0.005)


async def _run(boards: LockBoards, service: LockerService, switch: SmsSwitch, post: LockerPost) -> None:
    async with asyncio.TaskGroup() as group:
        for part in (boards.run, service.run, switch.run, post.run):
            group.create_task(part(), name=part.__qualname__)


def procedures(_lang: str) -> tuple[Procedure, ...]:
    return (Procedure(PROCEDURE, "Chứng thực bản sao", ("Bản chính",)),)


def plan(config: Config) -> CabinetPlan:
    assert config.locker is not None  # noqa: S101 - a campaign's own file
    places = {
        key: Place(
            key, one.number, one.size, one.low, one.row, one.column, one.board, one.channel, one.rows, one.columns
        )
        for key, one in config.locker.compartments.items()
    }
    return CabinetPlan(config.locker.name, places, tuple(config.locker.boards), (KEYPAD, OTHER_KEYPAD))


def wiring(config: Config) -> dict[str, tuple[str, int]]:
    assert config.locker is not None  # noqa: S101 - same
    return {key: (one.board, one.channel) for key, one in config.locker.compartments.items()}


def lock_lines(config: Config) -> tuple[LockLine, ...]:
    """One line for each port."""
    assert config.locker is not None  # noqa: S101 - same
    pace, by_port = PulsePace(), {}
    feedback: dict[str, dict[int, Feedback]] = {key: {} for key in config.locker.boards}
    for one in config.locker.compartments.values():
        feedback[one.board][one.channel] = Feedback(one.feedback)
    for key, board in config.locker.boards.items():
        planned = BoardPlan(key, board.address, board.channels, feedback[key], board.pulse_ms)
        by_port.setdefault((board.port, board.protocol), []).append(planned)
    return tuple(
        LockLine(LinePlan(port, family, boards), pace=pace, timing=TIMING, polling=POLLING)
        for (port, family), boards in by_port.items()
    )
