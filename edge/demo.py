"""`motcua demo`: a whole simulated centre on real models. The agent is the real one; only what is around it is simulated.

`play` runs it; `edge.demo_world` is what stands around, `edge.demo_story` who comes, `edge.demo_outcome` what happened.
"""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from config.load import load
from config.schema import Config
from edge.adapters.model_files import with_mirror
from edge.adapters.supervisor import cancelled
from edge.adapters.uplink import open_link
from edge.agent import Agent
from edge.app import open_agent, open_journal
from edge.demo_camera import CameraNews, found
from edge.demo_guide import FACE, Greetings, ask_aloud, count_lookups, enrol_visitor, play_visitor, write_camera
from edge.demo_guide import config_text as guide_config
from edge.demo_locker import LEFT, LEFT_PHONE, StoryStuck, awaited_texts, play_locker
from edge.demo_outcome import Outcome, read_outcome
from edge.demo_queue import CONFIG as QUEUE_CONFIG
from edge.demo_queue import count_tickets, play_hall
from edge.demo_story import FIRST, OPTS_OUT, PRESSES, config_text, story_seconds, write_playlists
from edge.demo_world import World, open_world
from edge.domain.level import Level
from edge.ports import CounterPhase, CounterView
from edge.queue_ports import QueueDesk
from edge.setup.toml_text import literal
from edge.web.site import DemoUser
from edge.web.users import Role, create_user, random_pin
from models import fetch
from sync.inspect import verify

log = logging.getLogger(__name__)

GRACE_S = 30.0  # beyond --seconds, for a slow machine to finish the story
DRAIN_S = 20.0
HALL_PAUSE_S = 0.7  # between two touches of an officer; the whole hall is over before the short story is
USERS = (
    ("quay-01", Role.OFFICER, ("quay-01",)),
    ("quay-02", Role.OFFICER, ("quay-02",)),
    ("lanh-dao", Role.LEADER, ()),
    ("ky-thuat", Role.TECHNICIAN, ()),
)


class DemoFailed(Exception):
    """The demo could not start; the message says what to do."""


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`seconds` None: play for ever, with pages to look at."""

    seconds: float | None = None
    headless: bool = False
    camera: str | None = None
    port: int = 8080
    data_dir: Path | None = None
    mirror: Path | None = None  # of model files


async def play(options: DemoOptions) -> Outcome:
    """Raise DemoFailed when a model file is missing or the port is taken, CameraLost when the camera asked for is not there."""
    options = replace(options, camera=None if options.camera is None else found(options.camera))
    _check_port(options.port)
    _end_on_signals()
    folder = (options.data_dir or Path(tempfile.mkdtemp(prefix="motcua-demo-"))).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    _say(f"demo files: {folder}")
    told = _say_nothing if options.headless else _say_sms
    async with open_world(folder, is_hurried=options.seconds is not None, told=told) as world:
        config, users = await _prepare(folder, options, world)
        async with open_agent(config, channel=world.channel, demo_users=users) as agent:
            greetings = Greetings(agent.web.site.desks.guide)
            camera = CameraNews(agent.counters, FIRST, _say) if options.camera is not None else None
            await _run(agent, options, world)
            greetings.close()
        await _drain(config)
        report = verify(config.agent.data_dir)
        outcome = read_outcome(config.agent.data_dir, world.city.counts().unique, is_whole=report.ok)
        data_dir = config.agent.data_dir
        counted = {
            "tickets": count_tickets(data_dir), "lookups": count_lookups(data_dir), "greeted_by_name": greetings.by_name,
        }  # fmt: skip
        return replace(outcome, later=outcome.later | counted, camera=camera.state if camera else None)


def _end_on_signals() -> None:
    """As Ctrl-C does: what stands around the agent (smsd on its pty) must not outlive the demo, nor its terminal; `nohup` stays what it is."""
    this = asyncio.current_task()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if this is not None and signal.getsignal(number) is not signal.SIG_IGN:
            asyncio.get_running_loop().add_signal_handler(number, this.cancel)


def _check_port(port: int) -> None:
    """Before anything starts: the agent itself would wait for the port for ever."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise DemoFailed(f"port {port}: {error.strerror}; choose another with --port") from error


async def _prepare(folder: Path, options: DemoOptions, world: World) -> tuple[Config, tuple[DemoUser, ...]]:
    models_dir = fetch.default_directory()
    find: Callable[[str], Path] = partial(fetch.locate, directory=models_dir, mirror=options.mirror)
    try:
        playlists = write_playlists(folder, find, is_short=options.seconds is not None)
    except fetch.ModelFileError as error:
        raise DemoFailed(str(error)) from error
    users = tuple(_user(folder / "users.toml", *user) for user in USERS)
    text = config_text(folder, playlists, models_dir, broker_port=world.broker_port, web_port=options.port)
    text += world.cabinet.config_text() + QUEUE_CONFIG
    camera = write_camera(folder, find, is_short=options.seconds is not None)
    text += guide_config(world.dossiers.url, await ask_aloud(folder, find), camera)
    if options.camera is not None:
        text = text.replace(literal(f"replay:{playlists[FIRST]}"), literal(options.camera))
    file = folder / "motcua.toml"
    file.write_text(text, encoding="utf-8")
    if camera is not None:
        await enrol_visitor(file, find(FACE))
    return with_mirror(load(file), options.mirror), users


def _user(file: Path, name: str, role: Role, counters: tuple[str, ...]) -> DemoUser:
    pin = random_pin(6)
    user = create_user(file, name, role, pin, counters)
    return DemoUser(name, pin, user.totp_secret)


async def _run(agent: Agent, options: DemoOptions, world: World) -> None:
    running = asyncio.create_task(agent.run(), name="agent")
    presses = _Presses(agent)
    try:
        async with asyncio.timeout(None if options.seconds is None else options.seconds + GRACE_S):
            await _until_ready(agent, running)
            _welcome(agent, options, world)
            await _either(running, asyncio.create_task(_stories(agent, options, world), name="stories"))
    except TimeoutError:
        log.warning("the story was not finished %.0f s after its time", GRACE_S)
    finally:
        presses.close()
        await cancelled(running)


async def _either(running: "asyncio.Task[None]", story: "asyncio.Task[None]") -> None:
    """Return when one of them has ended; what it failed with is raised, and no story goes on without its agent."""
    try:
        await asyncio.wait([running, story], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
    finally:
        await cancelled(story)


async def _until_ready(agent: Agent, running: "asyncio.Task[None]") -> None:
    """The pages answer, or the agent ended before they did."""
    ready = asyncio.create_task(agent.web.ready.wait(), name="web ready")
    await asyncio.wait([running, ready], return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()


def _welcome(agent: Agent, options: DemoOptions, world: World) -> None:
    base = f"http://127.0.0.1:{agent.web.port}"
    modem = "a modem on a pty, driven by smsd" if world.has_modem else "phones in a file (smstools is not installed)"
    _say(f"pages: {base}   SMS: {modem}")
    if not options.headless:
        _say(f"officer {base}/quay/quay-01   leader {base}/lanh-dao   tablet {base}/danh-gia/quay-01   (Ctrl-C ends)")
        _say(f"cabinet {base}/tu   its desk {base}/tu/can-bo   its technician {base}/tu/ky-thuat")
        _say("doors spring open when unlocked, and somebody pushes them closed after a few seconds")
        _say(f"guide {base}/huong-dan   numbers {base}/lay-so   board {base}/bang-so   queue {base}/quay/quay-01/so")
        _say(
            f"greeting by name {base}/khuon-mat (somebody who is enrolled comes to the guide at the start, and every five minutes)"
        )
        _say("the login page shows the demo's PINs and codes")


async def _stories(agent: Agent, options: DemoOptions, world: World) -> None:
    """Counters, cabinet and hall play beside each other. Return when the time is over; never without `--seconds`."""
    async with asyncio.TaskGroup() as stories:
        stories.create_task(_cabinet_story(agent, options, world), name="cabinet story")
        stories.create_task(_hall_story(agent, options), name="hall story")
        stories.create_task(_counter_story(agent, options), name="counter story")


async def _hall_story(agent: Agent, options: DemoOptions) -> None:
    desk, is_endless = agent.web.site.desks.queue, options.seconds is None
    if desk is not None:
        await play_hall(desk, HALL_PAUSE_S * (4 if is_endless else 1), is_endless=is_endless)
        await _visitor(agent, desk)


async def _visitor(agent: Agent, queue: QueueDesk) -> None:
    """Comes to the guide when the hall is empty again."""
    guide = agent.web.site.desks.guide
    if guide is not None:
        await play_visitor(guide, queue, HALL_PAUSE_S / 2)


async def _cabinet_story(agent: Agent, options: DemoOptions, world: World) -> None:
    """A story that gets stuck is said; the counts at the end show it, and the rest goes on."""
    if agent.locker is None:
        return
    try:
        await play_locker(agent.locker.service.desks, world.texts)
        texts = await awaited_texts(world.texts, LEFT_PHONE)  # who takes it by hand needs its code
    except (StoryStuck, TimeoutError) as error:
        log.warning("the story at the cabinet did not come to its end: %r", error)
        return
    if not options.headless:
        _say(f"a result waits in the cabinet: dossier {LEFT}, phone {LEFT_PHONE}, its SMS: {texts[-1]}")


async def _counter_story(agent: Agent, options: DemoOptions) -> None:
    """Return when the time is over and what was told by SMS has arrived; never without `--seconds`."""
    if options.seconds is None:
        await asyncio.Event().wait()
        return
    await asyncio.sleep(options.seconds)
    needed_s = story_seconds() + 2.0
    await asyncio.sleep(max(0.0, needed_s - options.seconds))
    while await _is_sms_open(agent):  # noqa: ASYNC110 - a report changes a table, and there is no event for "all of them"
        await asyncio.sleep(0.2)


async def _is_sms_open(agent: Agent) -> bool:
    alerts = await agent.alerts.recent()
    return any(status not in {"delivered", "failed"} for alert in alerts for _, status in alert.contacts)


class _Presses:
    """The citizens' fingers: rates and opts out at the visits the story names."""

    def __init__(self, agent: Agent) -> None:
        self._desk = agent.counters
        self._visits: dict[str, list[str]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.close = self._desk.subscribe(self._look)

    def _look(self, view: CounterView) -> None:
        seen = self._visits.setdefault(view.counter, [])
        if view.visit is None or view.phase is CounterPhase.OPTED_OUT:
            return
        if view.visit not in seen:
            seen.append(view.visit)
            if (view.counter, len(seen)) == OPTS_OUT:
                self._start(self._desk.opt_out(view.counter))
        level = PRESSES.get((view.counter, len(seen)))
        if level is not None and view.rating is None and _is_moved_like(view, level):
            self._start(self._desk.rate(view.counter, level))

    def _start(self, press: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(press, name="press")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_moved_like(view: CounterView, level: Level) -> bool:
    return view.level is not None and view.level.rank * level.rank > 0


async def _drain(config: Config) -> None:
    """Send what the agent recorded while it stopped, and wait for the city's receipt."""
    async with open_journal(config) as journal:
        link = open_link(config, journal)
        if link is None:
            return
        sending = asyncio.create_task(link.run(), name="drain")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                while journal.backlog:  # noqa: ASYNC110 - the watermark moves without an event of its own
                    await asyncio.sleep(0.05)
        await cancelled(sending)


def _say_sms(number: str, text: str) -> None:
    """Nobody has these phones in hand: whoever plays a citizen reads the SMS in the terminal."""
    _say(f"SMS on the simulated phone {number}: {text}")


def _say_nothing(_number: str, _text: str) -> None:
    """Without a person in front of it."""


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
