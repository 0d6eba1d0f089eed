"""The composition root: which service gets which adapter, by the configuration's sections. Only `edge.app` calls it.

What only some stations need is imported where it is built: a cabinet loads neither a guide's voice nor a camera's networks.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from config.schema import Config
from config.strings import load_strings
from edge.adapters.clock import SystemClock
from edge.adapters.lock_boards import LockBoards
from edge.adapters.locker_commands import LockerCommands
from edge.adapters.locker_setup import LockerStation, locker_screen, open_locker, open_post
from edge.adapters.locker_socket import LockerSocket
from edge.adapters.machine import Machine
from edge.adapters.rules import contact_numbers, counter_plans, counter_rules, retention_rules, vision_spec
from edge.adapters.seal import FACE_KEY
from edge.adapters.site_printer import site_printer
from edge.adapters.vision_spec import LANDMARKER
from edge.agent import Agent, Part, supervised
from edge.ports import Clock
from edge.services.alerts import AlertService
from edge.services.counter import CounterService
from edge.services.faults import Faults
from edge.services.health import HealthService
from edge.services.retention import RetentionService
from edge.services.statistics import StatisticsService
from edge.web.server import WebServer
from edge.web.site import DemoUser, Desks, LockerScreen, WebSettings
from edge.web.users import UserBook, write_secret
from sync.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from devices.sms.channel import SmsChannel
    from edge.adapters.desk_socket import DeskSocket
    from edge.adapters.downlink import CityLine
    from edge.adapters.guide_setup import GuideStation
    from edge.adapters.queue_setup import QueueStation
    from edge.adapters.receipt_printer import SlipPrinter
    from edge.adapters.vision import VisionEyes
    from edge.services.enrolment import EnrolmentDesk
    from edge.services.faces import FaceBook

DOORS_FIRST_S = 1.0


async def compose(
    config: Config,
    journal: Journal,
    eyes: "dict[str, VisionEyes]",
    channel: "SmsChannel | None",
    demo_users: tuple[DemoUser, ...],
    *,
    file: "Path | None",
) -> Agent:
    """Everything the configuration asks for, none of it running; what was down when the agent last stopped is known already.

    `file`: the configuration, which the city may then change. Raise when the users file cannot be used.
    """
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
    printer = site_printer(config, strings, faults)
    queue = await _queue(config, journal, printer)
    guide = await _guide(config, journal, faults, queue)
    faces = _face_desk(book, guide) if book else None
    station = await open_locker(config, config.locker, journal, faults, printer) if config.locker else None
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
    parts += [("printer", printer.watch)] if printer else []
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


@contextlib.asynccontextmanager
async def transport(config: Config, channel: "SmsChannel | None") -> "AsyncIterator[SmsChannel | None]":
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


async def _queue(config: Config, journal: Journal, printer: "SlipPrinter | None") -> "QueueStation | None":
    if config.queue is None:
        return None
    from edge.adapters.queue_setup import open_station

    return await open_station(config, journal, SystemClock(config.agent.zone), load_strings(), printer)


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


def open_eyes(config: Config) -> "dict[str, VisionEyes]":
    """Raise when the model file is not there."""
    if not config.counters:
        return {}
    from edge.adapters import model_files
    from edge.adapters.vision import VisionEyes

    landmarker = model_files.locate(config, LANDMARKER)
    params = config.models.expression_params
    return {key: VisionEyes(vision_spec(key, one, landmarker, params)) for key, one in config.counters.items()}


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


async def _prune_daily(journal: Journal) -> None:
    while True:
        await journal.prune()
        await asyncio.sleep(24 * 3600)
