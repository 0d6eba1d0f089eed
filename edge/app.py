"""From a configuration to a running agent. Only the command line, the demo and tests call it.

`async with open_agent(config) as agent: await agent.run()`; `run_agent` adds the signals of a service.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING

from config.schema import Config
from edge.adapters.clock import SystemClock
from edge.adapters.config_stamp import is_stamped, sha256_of, stamp
from edge.adapters.rules import has_part, journal_retention
from edge.adapters.service_manager import Fact, ServiceManager
from edge.agent import Agent
from edge.compose import compose, open_eyes, transport
from edge.store import migrations
from edge.web.site import DemoUser
from sync.errors import JournalError
from sync.events import ConfigChanged, DeviceStarted
from sync.journal import Journal

if TYPE_CHECKING:
    from pathlib import Path

    from devices.sms.channel import SmsChannel

log = logging.getLogger(__name__)


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
    eyes = open_eyes(config)
    async with open_journal(config) as journal, transport(config, channel) as opened:
        agent = await compose(config, journal, eyes, opened, demo_users, file=file)
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
    more = [] if is_stamped(config) else [ConfigChanged(sha256=sha256_of(config))]
    await journal.record(started, *more)


async def _stamp(config: Config) -> None:
    """Remember the configuration for the next start."""
    stamp(config)
