"""From the `[locker]` section to a running cabinet: lines, doors, seal, rules, desks, post. For `edge.compose` and `motcua locker`."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from config.locker import Board, Compartment, Locker
from config.peripherals import DESK
from config.procedures import in_language, load_procedures
from config.schema import Config
from config.strings import load_strings
from devices.lock_board.board import BoardPlan, Feedback
from devices.lock_board.driver import LinePlan, LockLine
from devices.lock_board.link import Opener
from devices.lock_board.timing import PollTiming, PulsePace
from devices.serial_port import open_port
from edge.adapters.clock import SystemClock
from edge.adapters.lock_boards import LockBoards
from edge.adapters.locker_commands import LockerCommands, Terminal
from edge.adapters.rules import journal_retention
from edge.adapters.scanner import ScannerFeed
from edge.adapters.seal import DeviceSeal, device_key
from edge.adapters.site_printer import site_printer
from edge.domain.code_check import CodeRules
from edge.domain.door_map import Place
from edge.domain.locker import LockerRules
from edge.domain.overdue import OverdueRules
from edge.locker_ports import Procedure, ReceiptPrinter
from edge.ports import SmsPort
from edge.services.faults import Faults
from edge.services.locker import LockerService
from edge.services.locker_parts import Furniture
from edge.services.locker_plan import CabinetPlan, LockerSettings
from edge.services.locker_post import LockerPost
from edge.services.locker_text import LockerText
from edge.store import migrations
from edge.web.login import LoginDesk, StepMemory
from edge.web.site import LockerScreen
from edge.web.users import UserBook
from sync.journal import Journal

Part = tuple[str, Callable[[], Awaitable[None]]]
SEAL_KEY, CODE_SECRET = "locker-seal.key", "locker-codes.key"  # in the data folder, made at the first start
READY_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class LockerStation:
    """One cabinet, loaded and not yet running. `parts` run under the supervisor."""

    service: LockerService
    boards: LockBoards
    seal: DeviceSeal
    parts: tuple[Part, ...]


async def open_locker(
    config: Config, locker: Locker, journal: Journal, faults: Faults, printer: ReceiptPrinter | None
) -> LockerStation:
    """Raise KeyFileUnusable, ConfigError of the procedures' file. Nothing is opened yet."""
    clock, data_dir = SystemClock(config.agent.zone), config.agent.data_dir
    boards = LockBoards(lock_lines(locker), wiring(locker), config.agent.zone)
    seal = DeviceSeal(device_key(data_dir / SEAL_KEY))
    elsewhere = config.guide.name if config.guide else None  # that scanner is the guide's
    scanners = {place: ScannerFeed(place, one, faults) for place, one in config.scanner.items() if place != elsewhere}
    furniture = Furniture(printer, procedures(locker), {**scanners}, scanners.get(DESK))
    service = LockerService(
        cabinet_plan(locker), locker_settings(locker, data_dir), ledger=journal, doors=boards, seal=seal, faults=faults,
        clock=clock, furniture=furniture,
    )  # fmt: skip
    await service.load()
    parts: list[Part] = [("boards", boards.run), ("locker", service.run)]
    parts += [(f"scanner/{place}", one.run) for place, one in scanners.items()]
    return LockerStation(service, boards, seal, tuple(parts))


def open_post(config: Config, station: LockerStation, journal: Journal, port: SmsPort, faults: Faults) -> LockerPost:
    """The SMS to citizens, joined to the desk that shows what became of them."""
    place = config.centre.name if config.centre else config.locker.name if config.locker else ""
    text = LockerText(load_strings(), place)
    clock = SystemClock(config.agent.zone)
    post = LockerPost(journal, port, station.service.codes, station.seal, text, faults=faults, clock=clock)
    station.service.wake_post = post.wake
    post.subscribe(station.service.sms_changed)
    return post


@contextlib.asynccontextmanager
async def open_terminal(config: Config) -> AsyncIterator[Terminal]:
    """The locker put together for one command, where no agent runs. Raise JournalBusy when one does."""
    assert config.locker is not None  # noqa: S101 - the command line looked
    clock, data_dir = SystemClock(config.agent.zone), config.agent.data_dir
    journal = await Journal.open(
        data_dir, site=config.agent.site, device=config.agent.device, migrations=migrations.scripts(), clock=clock.now,
        retention=journal_retention(config),
    )  # fmt: skip
    async with journal:
        faults = Faults(journal, clock)
        await faults.load()
        printer = site_printer(config, load_strings(), faults)
        station = await open_locker(config, config.locker, journal, faults, printer)
        users = UserBook(config.web.users_file or data_dir / "users.toml")
        login = LoginDesk(
            users, StepMemory(data_dir / "totp-steps.json", time.time), wall=time.time, monotonic=clock.monotonic
        )
        async with _running(station):
            yield Terminal(LockerCommands(station.service.desks.staff, station.boards, login))


@contextlib.asynccontextmanager
async def _running(station: LockerStation) -> AsyncIterator[None]:
    running = [asyncio.ensure_future(run()) for name, run in station.parts if name in {"boards", "locker"}]
    try:
        with contextlib.suppress(TimeoutError):  # a port that is not there: the doors say so
            async with asyncio.timeout(READY_WITHIN_S):
                await station.boards.all_heard()
        await station.service.cabinet.read_doors()
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def lock_lines(locker: Locker, opener: Opener = open_port) -> list[LockLine]:
    """One for each port; all pulses of a cabinet keep their distance, because they share a power supply."""
    pace = PulsePace()
    by_port = sorted(locker.boards.items(), key=lambda item: item[1].port)
    return [
        _line(port, dict(group), locker, pace, opener)
        for port, group in groupby(by_port, key=lambda item: item[1].port)
    ]


def wiring(locker: Locker) -> dict[str, tuple[str, int]]:
    return {key: (one.board, one.channel) for key, one in locker.compartments.items()}


def cabinet_plan(locker: Locker) -> CabinetPlan:
    places = {key: _place(key, one) for key, one in locker.compartments.items()}
    return CabinetPlan(locker.name, places, tuple(locker.boards), locker.keypads)


def locker_settings(locker: Locker, data_dir: Path) -> LockerSettings:
    return LockerSettings(
        device_key(data_dir / CODE_SECRET),
        LockerRules(open_within_s=locker.opening_s, close_it_s=locker.close_it_s, left_open_s=locker.left_open_s),
        CodeRules(digits=locker.codes.digits),
        OverdueRules(locker.remind_days, locker.overdue_days),
        is_derived=locker.codes.kind == "hotp",
    )


def locker_screen(locker: Locker) -> LockerScreen:
    """What the citizen's page says of this cabinet; its keypad is the first one."""
    return LockerScreen(
        keypad=locker.keypads[0], name=locker.name, code_digits=locker.codes.digits, help_phone=locker.help_phone
    )


def procedures(locker: Locker) -> Callable[[str], tuple[Procedure, ...]]:
    """Raise ConfigError for a file that is not right."""
    known = load_procedures(locker.procedures_file)
    return lambda lang: tuple(Procedure(*row) for row in in_language(known, lang))


def _line(port: str, boards: Mapping[str, Board], locker: Locker, pace: PulsePace, opener: Opener) -> LockLine:
    """What boards on one port cannot differ in was checked when the configuration was loaded."""
    first = next(iter(boards.values()))
    plans = [_board(key, one, locker.compartments.values()) for key, one in boards.items()]
    plan = LinePlan(port, first.protocol, plans, first.baud, first.echo)
    return LockLine(plan, pace=pace, polling=PollTiming(normal_s=first.poll_ms / 1000), opener=opener)


def _board(key: str, board: Board, compartments: Iterable[Compartment]) -> BoardPlan:
    feedback = {one.channel: Feedback(one.feedback) for one in compartments if one.board == key}
    return BoardPlan(key, board.address, board.channels, feedback, board.pulse_ms)


def _place(key: str, one: Compartment) -> Place:
    return Place(key, one.number, one.size, one.low, one.row, one.column, one.board, one.channel, one.rows, one.columns)
