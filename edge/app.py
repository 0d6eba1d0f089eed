"""The composition root: from a configuration to a running agent. Only the command line, the demo and tests call it.

`async with open_agent(config) as agent: await agent.run()`; `run_agent` adds the signals of a service.
"""

import asyncio
import contextlib
import hashlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from config.schema import Config
from config.strings import load_strings
from edge.adapters.clock import SystemClock
from edge.adapters.lock_boards import LockBoards
from edge.adapters.locker_commands import LockerCommands
from edge.adapters.locker_setup import LockerStation, locker_screen, open_locker, open_post
from edge.adapters.locker_socket import LockerSocket
from edge.adapters.machine import Machine
from edge.adapters.rules import (
    contact_numbers,
    counter_plans,
    counter_rules,
    has_part,
    journal_retention,
    retention_rules,
    vision_spec,
)
from edge.adapters.seal import FACE_KEY
from edge.adapters.service_manager import Fact, ServiceManager
from edge.adapters.supervisor import Backoff, PartState, supervise
from edge.adapters.vision_spec import LANDMARKER
from edge.ports import Clock
from edge.services.alerts import AlertService
from edge.services.counter import CounterService
from edge.services.faults import Faults
from edge.services.health import HealthService
from edge.services.retention import RetentionService
from edge.services.statistics import StatisticsService
from edge.store import migrations
from edge.web.server import WebServer
from edge.web.site import DemoUser, Desks, LockerScreen, WebSettings
from edge.web.users import UserBook, write_secret
from sync.errors import JournalError
from sync.events import ConfigChanged, DeviceStarted
from sync.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from devices.sms.channel import SmsChannel
    from edge.adapters.desk_socket import DeskSocket
    from edge.adapters.downlink import CityLine
    from edge.adapters.guide_setup import GuideStation
    from edge.adapters.queue_setup import QueueStation
    from edge.adapters.vision import VisionEyes
    from edge.services.enrolment import EnrolmentDesk
    from edge.services.faces import FaceBook
    from sync.link import Link

log = logging.getLogger(__name__)
Part = tuple[str, Callable[[], Awaitable[None]]]
STAMP = "config.sha256"  # in the data folder: the configuration of the last start
DOORS_FIRST_S = 1.0
FAILED = "failed"  # a sentence under `page.fault`


@dataclass(frozen=True, slots=True)
class Agent:
    """Everything one device runs, put together and not yet running."""

    config: Config
    journal: Journal
    faults: Faults
    counters: CounterService
    alerts: AlertService
    eyes: "dict[str, VisionEyes]"
    web: WebServer
    link: "Link | None"
    parts: tuple[Part, ...]
    locker: LockerStation | None = None
    faces: "FaceBook | None" = None
    city: "CityLine | None" = None
    begin_anew: asyncio.Event = field(default_factory=asyncio.Event)  # with another configuration

    async def run(self) -> None:
        """Run every part under its supervisor until cancelled; a part that fails takes no other with it."""
        async with asyncio.TaskGroup() as group:
            for name, part in self.parts:
                group.create_task(supervised(self.faults, name, part), name=name)


async def supervised(
    faults: Faults, part: str, run: Callable[[], Awaitable[None]], backoff: Backoff | None = None
) -> None:
    """Run a part for ever; what it was down for when the agent last stopped is over once it runs again."""
    await supervise(part, run, partial(report_part, faults), backoff, was_down=faults.why(part) == FAILED)


async def report_part(faults: Faults, part: str, state: PartState) -> None:
    """Record a part's loss or return; a journal that cannot take it now has said so already.

    What else is wrong with a part that runs again stays its own to tell.
    """
    try:
        if state is PartState.DOWN:
            await faults.fault(part, FAILED)
        elif faults.why(part) in {None, FAILED}:
            await faults.recovered(part)
    except JournalError as error:
        log.error("%s: %s", part, error)  # noqa: TRY400 - the sentence is enough


async def run_agent(config: Config, file: "Path | None" = None, manager: ServiceManager | None = None) -> bool:
    """Run until SIGTERM or SIGINT; everything accepted is on the disk when this returns.

    `file`: the configuration, which the city may then change; True when it did, and the agent is to begin anew with it.
    `manager`: who is told that the agent is ready, alive, going.
    """
    manager = manager or ServiceManager()
    async with manager.watched(), open_agent(config, file=file) as agent:
        running = asyncio.create_task(agent.run(), name="agent")
        anew = asyncio.create_task(agent.begin_anew.wait(), name="begin anew")
        ready = asyncio.create_task(manager.ready(agent.web.ready.wait), name="ready")
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, running.cancel)
        await asyncio.wait({running, anew}, return_when=asyncio.FIRST_COMPLETED)
        manager.tell(Fact.ANEW if agent.begin_anew.is_set() else Fact.STOPPING)
        for task in (running, anew, ready):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        is_anew = agent.begin_anew.is_set()
    log.info("agent stopped")
    return is_anew


class FirstWords:
    """What a start writes, each step once. A disk that is full already must not keep the screens and the doors away."""

    def __init__(self, *steps: Callable[[], Awaitable[None]]) -> None:
        self._steps = list(steps)

    async def say(self) -> None:
        """Go on where a refusal stopped it. Raise what the journal raised."""
        while self._steps:
            await self._steps[0]()
            del self._steps[0]


@contextlib.asynccontextmanager
async def open_agent(
    config: Config,
    *,
    channel: "SmsChannel | None" = None,
    demo_users: tuple[DemoUser, ...] = (),
    file: "Path | None" = None,
) -> AsyncIterator[Agent]:
    """Raise before anything started when a model file, the journal or the users file cannot be used."""
    eyes = _eyes(config)
    async with open_journal(config) as journal, _transport(config, channel) as opened:
        agent = await _compose(config, journal, eyes, opened, demo_users, file=file)
        first = FirstWords(
            agent.counters.close_unfinished,
            partial(_announce, config, journal),
            partial(_stamp, config),
            partial(agent.faults.close_absent, partial(has_part, config, dict(agent.parts))),
        )
        try:
            await first.say()
        except (JournalError, OSError) as error:  # the part goes on trying
            log.error("start: %s", error)  # noqa: TRY400 - the sentence is enough
        yield replace(agent, parts=(*agent.parts, ("start", first.say)))


@contextlib.asynccontextmanager
async def open_journal(config: Config) -> AsyncIterator[Journal]:
    """The device's journal with the agent's own tables in it."""
    clock = SystemClock(config.agent.zone)
    journal = await Journal.open(
        config.agent.data_dir,
        site=config.agent.site,
        device=config.agent.device,
        migrations=migrations.scripts(),
        clock=clock.now,
        retention=journal_retention(config),
    )
    async with journal:
        yield journal


@contextlib.asynccontextmanager
async def _transport(config: Config, channel: "SmsChannel | None") -> "AsyncIterator[SmsChannel | None]":
    """The configured way to phones, closed at the end; one that was brought along stays its owner's."""
    opened = None if channel else _opened_channel(config)
    try:
        yield channel or opened
    finally:
        if opened is not None:
            await opened.close()


def _opened_channel(config: Config) -> "SmsChannel | None":
    if config.sms.channel == "none":
        return None
    from edge.adapters.sms import open_channel

    return open_channel(config.sms, config.agent.data_dir)


async def _compose(
    config: Config,
    journal: Journal,
    eyes: "dict[str, VisionEyes]",
    channel: "SmsChannel | None",
    demo_users: tuple[DemoUser, ...],
    *,
    file: "Path | None",
) -> Agent:
    clock, strings, rules = SystemClock(config.agent.zone), load_strings(), counter_rules(config)
    plans = counter_plans(config, contact_numbers(config))
    faults = Faults(journal, clock)
    await faults.load()
    alerts = AlertService(journal, plans, clock, rules.escalation)
    counters = CounterService(
        plans, eyes, ledger=journal, alerts=alerts, faults=faults, clock=clock, rules=rules,
        supervise=partial(supervised, faults),
    )  # fmt: skip
    await counters.recover()
    book = await _book(config, journal)
    retention = RetentionService(
        journal, faults, clock, retention_rules(config), also={"faces": book.purge_unused} if book else None
    )  # fmt: skip
    machine = Machine(config.agent.data_dir, journal, counters)
    checks = [retention.check, *([_line_check(channel, faults)] if channel else [])]
    health = HealthService(journal, faults, machine, clock, checks=checks)
    queue = await _queue(config, journal, faults)
    guide = await _guide(config, journal, faults, queue)
    faces = _face_desk(book, guide) if book else None
    station = await open_locker(config, config.locker, journal, faults) if config.locker else None
    begin_anew = asyncio.Event()
    city, line = _city(config, journal, faults, station=station, guide=guide, file=file, begin_anew=begin_anew.set)
    desks = Desks(
        counters, alerts, StatisticsService(journal), health, clock, queue=queue.desk if queue else None,
        locker=station.service.desks if station else None, guide=guide.desk if guide else None,
        hearing=guide.hearing if guide else None, faces=faces,
        city=city, identify=city.identify if city else None,
    )  # fmt: skip
    web = WebServer(
        desks, _users(config), strings, _web_settings(config, demo_users),
        turn=partial(_doors_first, station.boards) if station else None,
    )  # fmt: skip
    parts: list[Part] = [("web", web.run), ("alerts", alerts.run), ("counters", counters.run), ("health", health.run)]
    parts += [("retention", retention.run), ("journal/pruning", partial(_prune_daily, journal))]
    parts += [(f"eyes/{key}", one.run) for key, one in eyes.items()]
    parts += line
    parts += queue.parts if queue else ()
    parts += guide.parts if guide else ()
    parts += _face_parts(guide, book, faces, clock, faults) if guide and book and faces else ()
    if queue or book:
        parts.append(("desk/socket", _desk_socket(config, queue, book).run))
    if station is not None:
        socket = LockerSocket(
            config.agent.data_dir, LockerCommands(station.service.staff, station.boards, web.site.login)
        )
        parts += [*station.parts, ("locker/socket", socket.run)]
    if channel is not None:
        parts += _sms_parts(config, channel, journal, alerts, faults=faults, station=station)
    link = city.link_up if city else None
    return Agent(
        config, journal, faults, counters, alerts, eyes, web, link, tuple(parts), station, book, city, begin_anew
    )  # fmt: skip


def _line_check(channel: "SmsChannel", faults: Faults) -> Callable[[], Awaitable[None]]:
    from edge.adapters.sms import LineCheck

    return LineCheck(channel, faults).check


def _sms_parts(
    config: Config, channel: "SmsChannel", journal: Journal, alerts: AlertService, *, faults: Faults,
    station: LockerStation | None,
) -> list[Part]:  # fmt: skip
    from edge.adapters.sms import ChannelPort
    from edge.services.alert_text import AlertText
    from edge.services.sms_post import SmsPost
    from edge.services.sms_switch import SmsSwitch

    switch, numbers = SmsSwitch(ChannelPort(channel)), contact_numbers(config)
    post = SmsPost(
        journal, switch.alerts, alerts, AlertText(load_strings(), config.agent.language),
        plans=counter_plans(config, numbers), contacts=numbers, faults=faults, clock=SystemClock(config.agent.zone),
    )  # fmt: skip
    parts: list[Part] = [("sms", post.run), ("sms/switch", switch.run)]
    if station is not None:
        parts.append(("sms/locker", open_post(config, station, journal, switch.locker, faults).run))
    return parts


async def _book(config: Config, journal: Journal) -> "FaceBook | None":
    """Where a guide wants it, or somebody was enrolled while there was one: unused templates still have to go."""
    if config.guide is None and not (config.agent.data_dir / FACE_KEY).exists():
        return None
    from edge.adapters.faces_setup import device_book

    return await device_book(config, journal, is_wanted=config.guide is not None)


def _desk_socket(config: Config, queue: "QueueStation | None", book: "FaceBook | None") -> "DeskSocket":
    from edge.adapters.desk_socket import DeskCommands, DeskSocket

    return DeskSocket(config.agent.data_dir, DeskCommands(queue.desk if queue else None, book))


def _face_desk(book: "FaceBook", guide: "GuideStation | None") -> "EnrolmentDesk":
    from edge.services.enrolment import EnrolmentDesk

    return EnrolmentDesk(book, guide.eyes if guide else None)


def _face_parts(
    guide: "GuideStation", book: "FaceBook", desk: "EnrolmentDesk", clock: Clock, faults: Faults
) -> tuple[Part, ...]:
    """Nothing without a camera."""
    from edge.adapters.guide_setup import reception_parts

    return (*reception_parts(guide, book, clock, faults), ("enrolment", desk.run)) if guide.eyes else ()


async def _queue(config: Config, journal: Journal, faults: Faults) -> "QueueStation | None":
    if config.queue is None:
        return None
    from edge.adapters.queue_setup import open_station

    return await open_station(config, journal, SystemClock(config.agent.zone), load_strings(), faults)


def _city(
    config: Config, journal: Journal, faults: Faults, *, station: LockerStation | None, guide: "GuideStation | None",
    file: "Path | None", begin_anew: Callable[[], None],
) -> "tuple[CityLine | None, list[Part]]":  # fmt: skip
    """The line to the city by configuration or enrolment, and the identity it stands on. Loaded where there is one only."""
    if config.mqtt is None and not (config.agent.data_dir / "identity").exists():
        return None, []
    from edge.adapters.downlink import Stations, open_city
    from edge.adapters.identity import IdentityPart, enrolment_of, with_enrolment

    found = enrolment_of(config)
    stations = Stations(station.service.city if station else None, guide.directory if guide else None)
    city = open_city(with_enrolment(config, found), journal, faults, stations, file=file, restart=begin_anew)
    identity = IdentityPart(config, faults, SystemClock(config.agent.zone), found)
    parts: list[Part] = [*city.parts] if city else []
    parts += [("identity", identity.run)] if identity.is_wanted else []
    return city, parts


async def _guide(
    config: Config, journal: Journal, faults: Faults, queue: "QueueStation | None"
) -> "GuideStation | None":
    """Loaded where it is configured only: its HTTP client and voice cost a cabinet a quarter of a second at the start."""
    if config.guide is None or queue is None:
        return None
    from edge.adapters.guide_setup import open_guide

    clock = SystemClock(config.agent.zone)
    return await open_guide(
        config, config.guide, journal, clock, strings=load_strings(), faults=faults, queue=queue.desk
    )


async def _doors_first(boards: LockBoards) -> None:
    """Loading the pages takes the processor for a second; a cabinet knows its doors before. A silent board waits for nobody's page."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(DOORS_FIRST_S):
            await boards.all_heard()


def _eyes(config: Config) -> "dict[str, VisionEyes]":
    """Raise when the model file is not there."""
    if not config.counters:
        return {}
    from edge.adapters import model_files
    from edge.adapters.vision import VisionEyes
    from models.second_files import second_files

    landmarker = model_files.locate(config, LANDMARKER)
    second = second_files(partial(model_files.locate, config))
    params = config.models.expression_params
    return {key: VisionEyes(vision_spec(key, one, landmarker, params, second)) for key, one in config.counters.items()}


def _users(config: Config) -> UserBook:
    path = config.web.users_file or config.agent.data_dir / "users.toml"
    if not path.exists():
        write_secret(path, "# made by: motcua users add\n")
    return UserBook(path)


def _web_settings(config: Config, demo_users: tuple[DemoUser, ...]) -> WebSettings:
    return WebSettings(
        state_dir=config.agent.data_dir,
        host=config.web.host,
        port=config.web.port,
        tablet_clients=config.web.tablet_clients,
        hosts=config.web.hosts,
        is_https=config.web.https,
        language=config.agent.language,
        centre=config.centre.name if config.centre else "",
        demo_users=demo_users,
        locker=locker_screen(config.locker) if config.locker else LockerScreen(),
    )


async def _announce(config: Config, journal: Journal) -> None:
    """`device.started`, and `device.config_changed` when it is not the configuration of the last start."""
    sections = (
        ("counter", config.counters),
        ("locker", config.locker),
        ("board", config.queue),
        ("guide", config.guide),
    )
    stations = tuple(name for name, is_here in sections if is_here)
    started = DeviceStarted(boot=journal.identity.boot, version=version("motcua-edge"), stations=stations)
    now = _sha256(config)
    await journal.record(started, *([] if _is_stamped(config, now) else [ConfigChanged(sha256=now)]))


async def _stamp(config: Config) -> None:
    """Remember the configuration for the next start."""
    now = _sha256(config)
    if not _is_stamped(config, now):
        write_secret(config.agent.data_dir / STAMP, now)  # no secret, but whole or not at all


def _is_stamped(config: Config, sha256: str) -> bool:
    stamp = config.agent.data_dir / STAMP
    return stamp.exists() and stamp.read_bytes() == sha256.encode()


def _sha256(config: Config) -> str:
    return hashlib.sha256(config.model_dump_json().encode()).hexdigest()


async def _prune_daily(journal: Journal) -> None:
    while True:
        await journal.prune()
        await asyncio.sleep(24 * 3600)
