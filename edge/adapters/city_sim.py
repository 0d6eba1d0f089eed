"""A simulated city system: a real HTTP server on loopback that knows some dossiers. For the demo and tests.

It can be silent, refuse, or talk nonsense, as real ones do.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from edge.adapters.city_wire import PAGE, Page, row_of
from edge.domain.dossier import BadDossierCode, BadDossierDate, DossierCode
from edge.domain.dossier_status import DossierRecord


class Trouble(StrEnum):
    NONE = "none"
    BUSY = "busy"  # 503
    NONSENSE = "nonsense"
    OTHER_DOSSIER = "other_dossier"
    SILENT = "silent"  # takes the question and never answers


@dataclass(slots=True)
class CitySim:
    """`put` says how far a dossier is; each change is given out in order, once a mark. `page` is small in tests."""

    token: str = ""
    page: int = PAGE
    trouble: Trouble = Trouble.NONE
    url: str = ""
    asked: int = 0
    _changes: list[DossierRecord] = field(default_factory=list, repr=False)

    def put(self, *records: DossierRecord) -> None:
        self._changes += records

    async def one(self, request: Request) -> Response:
        if (refused := await self._refused(request)) is not None:
            return refused
        try:
            code = DossierCode.parse(request.path_params["code"])
        except (BadDossierCode, BadDossierDate):
            return PlainTextResponse("404", status_code=404)
        wanted = [record for record in self._changes if record.code == code]
        if self.trouble is Trouble.OTHER_DOSSIER:
            wanted = [record for record in self._changes if record.code != code]
        return _json(row_of(wanted[-1])) if wanted else PlainTextResponse("404", status_code=404)

    async def changes(self, request: Request) -> Response:
        if (refused := await self._refused(request)) is not None:
            return refused
        after = request.query_params.get("after", "")
        start = int(after) if after.isdecimal() else 0
        end = start + self.page
        rows = tuple(row_of(record) for record in self._changes[start:end])
        is_last = end >= len(self._changes)
        return _json(Page(dossiers=rows, mark=str(start + len(rows)), is_last=is_last))

    async def _refused(self, request: Request) -> Response | None:
        self.asked += 1
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return PlainTextResponse("401", status_code=401)
        if self.trouble is Trouble.SILENT:
            await asyncio.Event().wait()
        if self.trouble is Trouble.BUSY:
            return PlainTextResponse("503", status_code=503)
        return Response(b'{"code": 7}', media_type="application/json") if self.trouble is Trouble.NONSENSE else None


@contextlib.asynccontextmanager
async def serving(city: CitySim) -> AsyncIterator[CitySim]:
    """`city.url` answers while inside."""
    app = Starlette(
        routes=[
            Route("/dossiers/{code:path}", city.one, methods=["GET"]),
            Route("/dossiers", city.changes, methods=["GET"]),
        ]
    )
    config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1)
    server = _Quiet(config)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        city.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        running = asyncio.create_task(server.serve(sockets=[listening]), name="city sim")
        try:
            yield city
        finally:
            server.should_exit = True
            await asyncio.wait([running], timeout=5)
            running.cancel()


class _Quiet(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the agent."""
        yield


def _json(struct: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(struct), media_type="application/json")
