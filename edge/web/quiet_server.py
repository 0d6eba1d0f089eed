"""uvicorn inside the agent's own loop. Loaded with the pages, late, by `edge.web.server`."""

import contextlib
import socket
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI


class QuietServer(uvicorn.Server):
    """Signals belong to the agent, not to its web server; tells when it answers."""

    def __init__(self, app: FastAPI, goodbye_s: int, on_started: Callable[[], None]) -> None:
        """`goodbye_s`: how long open connections get when it stops."""
        super().__init__(
            uvicorn.Config(
                app,
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                ws="websockets-sansio",
                timeout_graceful_shutdown=goodbye_s,
            )
        )
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
