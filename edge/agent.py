"""Everything one device runs, put together: its parts, each under a supervisor, and what becomes known of one that fails.

`edge.compose` makes it, `edge.app` runs it.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from config.schema import Config
from edge.adapters.locker_setup import LockerStation
from edge.adapters.supervisor import Backoff, PartState, supervise
from edge.services.alerts import AlertService
from edge.services.counter import CounterService
from edge.services.faults import Faults
from edge.web.server import WebServer
from sync.errors import JournalError
from sync.journal import Journal

if TYPE_CHECKING:
    from edge.adapters.downlink import CityLine
    from edge.adapters.vision import VisionEyes
    from edge.services.faces import FaceBook
    from sync.link import Link

log = logging.getLogger(__name__)
Part = tuple[str, Callable[[], Awaitable[None]]]
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
