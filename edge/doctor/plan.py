"""From a configuration to the checks this device needs, and no others. For `edge.cli_doctor`."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from config.schema import Config
from edge.adapters.identity import Enrolment, Unfit, enrolment_of, wants_identity, with_enrolment
from edge.adapters.uplink import VERSIONS, broker_of
from edge.doctor import (
    boards,
    broker,
    camera,
    clock,
    identity,
    ledger,
    machine,
    model_files,
    pages,
    rights,
    sms,
    sound,
    storage,
)
from edge.doctor.agent_now import AgentNow, agent_now, judged_by, said_of, told, unmatched, verdict_of_agent
from edge.doctor.desk import look_at_printer, look_at_scanner
from edge.doctor.finding import Finding, Line, State, good, not_tested
from edge.doctor.holders import Person
from edge.doctor.rounds import Check, aside, check, look
from edge.doctor.web_answer import ask_head
from edge.web.users import Role

SIGHT = ("ai_edge_litert", "cv2", "numpy", "onnxruntime")
HEARING = ("hassil", "numpy", "onnxruntime")
OF_ENGINE = {"whisper": ("ctranslate2", "tokenizers"), "vosk": ("vosk",)}
STORE_S = 35.0  # longer than systemd-creds may take


@dataclass(frozen=True, slots=True)
class Case:
    """A device, and what was to be known before anything is looked at."""

    config: Config
    file: Path
    now: AgentNow
    who: Person
    enrolment: Enrolment | Unfit

    @property
    def data_dir(self) -> Path:
        return self.config.agent.data_dir

    @property
    def is_running(self) -> bool:
        return self.now.holder is not None

    @property
    def has_city(self) -> bool:
        return self.config.mqtt is not None or isinstance(self.enrolment, Enrolment)


@dataclass(frozen=True, slots=True)
class Plan:
    """`first` would disturb each other's measurements; `then` mostly waits."""

    first: tuple[Check, ...]
    then: tuple[Check, ...]


async def case_of(config: Config, file: Path) -> Case:
    data_dir = config.agent.data_dir
    now, who = await aside(partial(agent_now, data_dir)), Person.of_agent(data_dir)
    now = await aside(partial(judged_by, now, config, file))
    return Case(model_files.as_seen_by(who, config), file, now, who, await _enrolment(config))


def plan_of(case: Case) -> Plan:
    """Where the agent runs, what it says of a part outranks that the part looks well from outside."""
    first, then = tuple(_itself(case)), (*_around(case), *_devices(case))
    keys = {key for one in (*first, *then) for key in one.keys}
    zone = case.config.agent.zone
    rest = [look("agent", part, partial(told, *fault, zone)) for part, fault in unmatched(case.now, keys).items()]
    return Plan(first, (*(_outranked(one, case) for one in then), *rest))


async def _enrolment(config: Config) -> Enrolment | Unfit:
    try:
        async with asyncio.timeout(STORE_S):
            return await aside(partial(enrolment_of, config))
    except (TimeoutError, OSError):
        return Unfit.UNUSABLE


def _itself(case: Case) -> Iterator[Check]:
    """The box, one thing after the other."""
    config, data_dir, now_s = case.config, case.data_dir, datetime.now(UTC).timestamp()
    yield look("configuration", None, lambda: good(f"{case.file} ({stations_of(config)})"))
    yield look("agent", None, lambda: verdict_of_agent(case.now, data_dir, _owner(data_dir)))
    if case.who.is_another:  # root looks in the agent's place
        yield look("rights", None, partial(rights.look_at_rights, case.file, data_dir, case.who))
    yield look("packages", None, partial(machine.look_at_packages, packages_of(config)))
    yield look("memory", None, machine.look_at_memory)
    yield look("temperature", None, machine.look_at_heat)
    yield look("disk", None, partial(storage.look_at_disk, data_dir))
    yield look("journal", None, partial(ledger.look_at_journal, data_dir, now_s, is_running=case.is_running, has_city=case.has_city), 30)  # fmt: skip
    yield look("retention", None, partial(ledger.look_at_retention, data_dir, now_s, is_running=case.is_running), 30)
    for station, names in model_files.stations(config).items():
        yield look("models", station, partial(model_files.look_at_files, config, names), model_files.LIMIT_S)
    users = config.web.users_file or data_dir / "users.toml"
    yield look("users", None, partial(pages.look_at_users, users, roles_of(config), tuple(config.counters)))


def _around(case: Case) -> Iterator[Check]:
    """What is reached over the network or the system."""
    config, now = case.config, datetime.now(UTC)
    yield look("web", None, partial(pages.look_at_port, config.web.host, config.web.port, case.now))
    yield look("clock", None, partial(_clock, case), 20)
    yield from _city(case, now)
    yield look("sms", None, partial(sms.look_at_sms, config.sms, case.who), 15)
    if config.guide and (directory := config.guide.directory):
        yield look("directory", None, partial(_directory, directory.url, directory.token_file), 15)


def _city(case: Case, now: datetime) -> Iterator[Check]:
    config = case.config
    if wants_identity(config):
        yield look("identity", None, partial(identity.verdict_of_enrolment, case.enrolment, config, now))
    elif config.mqtt and config.mqtt.cert_file:
        yield look("identity", None, partial(identity.look_at_file, config.mqtt.cert_file, now))
    mqtt = with_enrolment(config, case.enrolment).mqtt
    if mqtt is None:
        return
    nodes, client_id = list(broker.nodes_of(broker_of(mqtt))), f"{config.agent.site}.{config.agent.device}.doctor"
    for node in nodes:
        name = f"{node.host}:{node.port}" if len(nodes) > 1 else None
        yield look(
            "broker", name, partial(broker.look_at_way, node, client_id, VERSIONS[mqtt.version], now), broker.LIMIT_S
        )


def _devices(case: Case) -> Iterator[Check]:
    if case.now.has_devices:
        yield from _told_devices(case)
        return
    config, who = case.config, case.who
    if config.locker:
        for port in sorted({one.port for one in config.locker.boards.values()}):
            keys = tuple(("board", key) for key, one in sorted(config.locker.boards.items()) if one.port == port)
            yield Check(keys, partial(boards.look_at_line, config.locker, port, who), boards.LIMIT_S)
    for place, scanner in config.scanner.items():
        yield check("scanner", place, partial(look_at_scanner, scanner, who))
    if config.printer:
        yield check("printer", None, partial(look_at_printer, config.printer, who), 15)
    for key, counter in config.counters.items():
        yield _camera(key, counter.camera.source, counter.camera.fps, counter.camera.credentials_file, who)
    yield from _senses(case)


def _senses(case: Case) -> Iterator[Check]:
    guide = case.config.guide
    if guide is None:
        return
    if guide.camera:
        yield _camera(guide.name, guide.camera.source, guide.camera.fps, guide.camera.credentials_file, case.who)
    voice = guide.voice
    if voice.microphone:
        yield _lacking("numpy", "microphone", guide.name) or check("microphone", guide.name, partial(sound.listen, voice.microphone), sound.LIMIT_S)  # fmt: skip
    if voice.loudspeaker:
        speak = partial(sound.speak, voice.loudspeaker, has_recordings=voice.recordings_dir is not None)
        yield _lacking("numpy", "loudspeaker", guide.name) or check("loudspeaker", guide.name, speak, sound.LIMIT_S)


def _told_devices(case: Case) -> Iterator[Check]:
    """The agent has them open."""
    zone, locker = case.config.agent.zone, case.config.locker
    for part, name in device_keys(case.config):
        if part == "board" and locker is not None and case.is_running:
            yield check(part, name, partial(_board_of_agent, case, str(name)))
        else:
            yield look(part, name, partial(said_of, case.now, part, name, zone))


async def _board_of_agent(case: Case, name: str) -> Finding:
    said = said_of(case.now, "board", name, case.config.agent.zone)
    assert case.config.locker is not None  # noqa: S101 - there is a board
    if said.state is not State.GOOD:
        return said
    return await boards.doors_of_agent(case.config.locker, name, case.data_dir) or said


def _outranked(one: Check, case: Case) -> Check:
    async def lines() -> AsyncIterator[Line]:
        async for line in one.probe():
            said = said_of(case.now, line.part, line.id, case.config.agent.zone)
            is_worse = case.is_running and line.finding.state is State.GOOD and said.state is State.BROKEN
            yield Line(line.part, line.id, said) if is_worse else line

    return Check(one.keys, lines, one.limit_s)


def device_keys(config: Config) -> Iterator[tuple[str, str | None]]:
    """What an agent has open of this configuration: part and id."""
    yield from (("board", key) for key in sorted(config.locker.boards if config.locker else ()))
    yield from (("scanner", place) for place in config.scanner)
    yield from [("printer", None)] if config.printer else []
    yield from (("camera", key) for key in config.counters)
    guide = config.guide
    if guide is not None:
        has = {"camera": guide.camera, "microphone": guide.voice.microphone, "loudspeaker": guide.voice.loudspeaker}
        yield from ((part, guide.name) for part, one in has.items() if one)


def stations_of(config: Config) -> str:
    """Which stations this device has, in a few words."""
    doors = len(config.locker.compartments) if config.locker else 0
    words = [
        f"counters: {', '.join(config.counters)}" if config.counters else "",
        f"locker: {doors} compartments" if doors else "",
        "queue" if config.queue else "",
        "guide" if config.guide else "",
    ]
    return "; ".join(filter(None, words)) or "no station"


def packages_of(config: Config) -> tuple[str, ...]:
    guide = config.guide
    sees = bool(config.counters) or bool(guide and guide.camera)
    hearing = (*HEARING, *OF_ENGINE[guide.voice.engine]) if guide and guide.voice.microphone else ()
    return tuple(sorted({*(SIGHT if sees else ()), *hearing}))


def roles_of(config: Config) -> tuple[Role, ...]:
    """Without whom a station cannot be worked."""
    wanted = {
        Role.OFFICER: config.counters or config.locker or config.queue,
        Role.LEADER: config.counters,
        Role.TECHNICIAN: config.locker,
    }
    return tuple(role for role, needed in wanted.items() if needed)


def _camera(key: str, source: str, fps: float, credentials: Path | None, who: Person) -> Check:
    probe = partial(camera.look_through, source, fps, credentials, who)
    return _lacking("cv2", "camera", key) or check("camera", key, probe, camera.LIMIT_S)


def _lacking(package: str, part: str, name: str) -> Check | None:
    """Said once, at the packages, that it is broken."""
    if find_spec(package) is not None:
        return None
    return look(part, name, lambda: not_tested(f"{package} is not installed", "see the line `packages`"))


def _clock(case: Case) -> Finding:
    now = datetime.now(case.config.agent.zone)
    last = ledger.last_event(case.data_dir, case.config.agent.zone, is_running=case.is_running)
    return clock.look_at_clock(now, last, partial(_other_clock, case))


def _other_clock(case: Case) -> "clock.Other | None":
    """The first of those that the configuration names anyway and that answers."""
    found, guide, http = case.enrolment, case.config.guide, case.config.sms.http
    if isinstance(found, Enrolment):
        return clock.skew_of(ask_head(found.identity.city, found.identity.context()), "the city")
    for url, whose in ((guide and guide.directory and guide.directory.url, "the city's dossier system"), (http and http.url, "the SMS gateway")):  # fmt: skip
        if url and (other := clock.skew_of(ask_head(url), whose)) is not None:
            return other
    return None


def _directory(url: str, token_file: Path | None) -> Finding:
    trouble = sms.token_trouble(token_file) if token_file else None
    return trouble or sms.verdict_of_answer(ask_head(url))


def _owner(data_dir: Path) -> str | None:
    try:
        return data_dir.owner()
    except (OSError, KeyError):
        return None
