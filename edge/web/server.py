"""Serves the pages inside the agent's own loop. `edge.compose` builds one `WebServer` and runs it in its TaskGroup.

`HouseServer` is what the city's pages are served by as well (`edge.web.fleet_server`).

Light to import: NiceGUI and uvicorn, a second and a half of processor time, are loaded by `run`, in a thread, while doors are read.
"""

import asyncio
import logging
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from edge.web.auth import FormSeal, Sessions
from edge.web.login import LoginDesk, StepMemory
from edge.web.session_file import SessionFile
from edge.web.site import Desks, Site, WebSettings
from edge.web.users import UserBook
from edge.web.words import Strings

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

    from edge.web.house_pages import HousePages
    from edge.web.quiet_server import QuietServer

log = logging.getLogger(__name__)

GOODBYE_S = 2  # how long open connections get when the agent stops


class PortTaken(Exception):
    """The address cannot be bound: another program has it, or it is not this machine's."""


class WebServerEnded(Exception):
    """It stopped without being asked to; start it again."""


class HouseServer(ABC):
    """All pages of one house. One a process: NiceGUI keeps its state in module globals."""

    def __init__(self, settings: WebSettings, turn: Callable[[], Awaitable[None]] | None = None) -> None:
        """Raise ValueError for a tablet client that is no address. Nothing is bound yet, no page loaded.

        `turn` returns when the pages may take the processor; it is waited for once a run.
        """
        self._settings = settings
        self._turn = turn
        self.port = settings.port  # the real one once `ready` is set, when 0 was asked for
        self.ready = asyncio.Event()
        settings.tablet_networks()

    @abstractmethod
    def _pages(self) -> "HousePages":
        """Load them: slow, in a thread."""

    async def run(self) -> None:
        """Serve until cancelled. Raise PortTaken when the address is not free, WebServerEnded when it stops by itself."""
        listening = self._bind()
        try:
            if self._turn is not None:
                await self._turn()
            pages, new_server = await asyncio.to_thread(self._load)
            server = new_server(pages.app(), GOODBYE_S, lambda: self._announce(listening))
            await self._serve(server, pages, listening)
        finally:
            listening.close()
        raise WebServerEnded

    async def _serve(self, server: "QuietServer", pages: "HousePages", listening: socket.socket) -> None:
        serving = asyncio.create_task(server.serve(sockets=[listening]), name="web")
        forgetting = asyncio.create_task(pages.forget_unclaimed(), name="web forget pages")
        keeping = asyncio.create_task(pages.keep_closed_sessions(), name="web keep closed sessions")
        try:
            await asyncio.shield(serving)
        finally:
            forgetting.cancel()
            keeping.cancel()
            server.should_exit = True
            await asyncio.wait([serving], timeout=GOODBYE_S + 3)
            serving.cancel()

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._settings.host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((self._settings.host, self._settings.port))
        except OSError as error:
            listening.close()
            msg = f"{self._settings.host}:{self._settings.port}: {error.strerror}"
            raise PortTaken(msg) from error
        return listening

    def _announce(self, listening: socket.socket) -> None:
        self.port = listening.getsockname()[1]
        self.ready.set()
        log.info("web listening host=%s port=%d", self._settings.host, self.port)

    def _load(self) -> "tuple[HousePages, type[QuietServer]]":
        from edge.web.quiet_server import QuietServer  # noqa: PLC0415 - see above

        return self._pages(), QuietServer


class WebServer(HouseServer):
    """All pages of one device."""

    def __init__(
        self,
        desks: Desks,
        users: UserBook,
        strings: Strings,
        settings: WebSettings,
        registry: "CollectorRegistry | None" = None,
        *,
        turn: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(settings, turn)
        self._registry = registry
        sessions, login, seal = logins(users, settings, desks.clock.monotonic)
        self.site = Site(
            desks=desks, strings=strings, settings=settings, sessions=sessions, login=login, seal=seal
        )  # fmt: skip

    def _pages(self) -> "HousePages":
        from edge.web.pages import Pages  # noqa: PLC0415 - see above

        return Pages(self.site, self._registry)


def logins(
    users: UserBook, settings: WebSettings, monotonic: Callable[[], float]
) -> tuple[Sessions, LoginDesk, FormSeal]:
    """Who is logged in, who may log in, and what seals their forms."""
    steps = StepMemory(settings.state_dir / "totp-steps.json", time.time)
    return (
        Sessions(
            users,
            settings.session_hours * 3600,
            monotonic,
            SessionFile(settings.state_dir / "sessions.json", time.time),
        ),
        LoginDesk(users, steps, wall=time.time, monotonic=monotonic),
        FormSeal(settings.state_dir / "form-secret"),
    )
