"""Enrolment over HTTPS: POST /enrol with a token, POST /renew and GET /standing over mutual TLS, GET /ca. One supervised coroutine.

It must be reached directly: a proxy that ends TLS would hide the client's certificate.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import uvicorn
from cryptography import x509
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.h11_impl import H11Protocol

from sync.city.admission import Admission, Admitted
from sync.city.attempts import Attempts
from sync.city.authority import server_files
from sync.city.broker_users import BrokerNotReached, Brokers
from sync.city.errors import CityError, DatabaseLost
from sync.enrolment import MAX_REQUEST, AuthorityTold, Enrolled, EnrolRequest, Refusal, Refused, RenewRequest, Stands
from sync.errors import UNREADABLE

T = TypeVar("T", bound=msgspec.Struct)
Outcome = TypeVar("Outcome", Admitted, Stands)
_log = logging.getLogger(__name__)
_BODY_S = 10.0  # how long a request's body may take
_CONNECTIONS = 64  # at once; more are told to come again
_SETTLE_EVERY_S = 60.0  # what a broker missed while it was away
_GOODBYE_S = 3
_DAY_S = 24 * 3600.0
_LIFE_S = 30.0  # of a connection, whatever it does: uvicorn itself waits for ever for a first request
_PEER = "peer_certificate"
_STATUS = {
    Refusal.TOO_LARGE: 413,
    Refusal.UNREADABLE: 400,
    Refusal.CSR_UNUSABLE: 400,
    Refusal.TOO_MANY_TRIES: 429,
    Refusal.CITY_BUSY: 503,
}


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where devices find the broker. `others`: more nodes of the same cluster."""

    host: str
    port: int
    others: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """`names`: host names and addresses devices call this server by. `directory`: for its key and the authority's file."""

    directory: Path
    names: Sequence[str]
    broker: BrokerAddress
    city_key: str
    host: str = "0.0.0.0"  # noqa: S104 - the devices come from other machines
    port: int = 8443


@dataclass(slots=True)
class EnrolServer:
    """`run` until cancelled; `listening` is set while it answers, on `port`."""

    settings: ServerSettings
    admission: Admission
    brokers: Brokers
    attempts: Attempts = field(default_factory=lambda: Attempts(time.monotonic))
    listening: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    upkeep: Callable[[], object] = lambda: None  # once a day: what else has certificates that end
    _settle_now: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Raise OSError where the port is taken."""
        config = await asyncio.to_thread(self._config)
        with socket.create_server((self.settings.host, self.settings.port), reuse_port=False) as listening:
            self.port = listening.getsockname()[1]
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_brokers(), name="enrol-brokers")
                tasks.create_task(self._keep_certificate(config), name="enrol-certificate")
                server = _QuietServer(config, self.listening.set)
                await self._serve(server, listening)

    async def _serve(self, server: "_QuietServer", listening: socket.socket) -> None:
        try:
            await server.serve(sockets=[listening])
        finally:
            self.listening.clear()

    # --- what is asked ---

    async def ca(self, _request: Request) -> Response:
        told = AuthorityTold(authority=self.admission.authority.pem, now=self.admission.registry.clock())
        return _answer(told)

    async def enrol(self, request: Request) -> Response:
        address = request.client.host if request.client else ""
        wait_s = self.attempts.wait_s(address)
        if wait_s:
            return _refuse(Refusal.TOO_MANY_TRIES, wait_s)
        asked = await _read(request, EnrolRequest)
        outcome = asked if isinstance(asked, Refusal) else await self._judge(partial(self.admission.enrol, asked))
        if isinstance(outcome, Refusal) and outcome is not Refusal.CITY_BUSY:
            self.attempts.refused(address)
        return self._tell(outcome)

    async def renew(self, request: Request) -> Response:
        serial = _presented(request)
        if serial is None:
            return _refuse(Refusal.CERTIFICATE_MISSING)
        asked = await _read(request, RenewRequest)
        if isinstance(asked, Refusal):
            return _refuse(asked)
        return self._tell(await self._judge(partial(self.admission.renew, serial, asked.csr)))

    async def standing(self, request: Request) -> Response:
        serial = _presented(request)
        if serial is None:
            return _refuse(Refusal.CERTIFICATE_MISSING)
        outcome = await self._judge(partial(self.admission.standing, serial))
        return _refuse(outcome) if isinstance(outcome, Refusal) else _answer(outcome)

    async def _judge(self, judge: Callable[[], Outcome | Refusal]) -> Outcome | Refusal:
        try:
            return await asyncio.to_thread(judge)
        except DatabaseLost as error:
            _log.warning("city.enrol_postponed", extra={"why": str(error)})
            return Refusal.CITY_BUSY

    def _tell(self, outcome: Admitted | Refusal) -> Response:
        if isinstance(outcome, Refusal):
            _log.warning("city.enrol_refused", extra={"why": outcome.value})
            return _refuse(outcome)
        _log.info("city.admitted", extra={"site": outcome.site, "device": outcome.device})
        self._settle_now.set()
        told = Enrolled(
            site=outcome.site,
            device=outcome.device,
            certificate=outcome.certificate,
            authority=self.admission.authority.pem,
            broker_host=self.settings.broker.host,
            broker_port=self.settings.broker.port,
            city_key=self.settings.city_key,
            broker_others=self.settings.broker.others,
        )
        return _answer(told)

    # --- what goes on beside it ---

    async def _keep_brokers(self) -> None:
        """At the start, after each admission, and every minute for what a broker missed."""
        while True:
            self._settle_now.clear()
            try:
                await asyncio.to_thread(self.brokers.cut_lately_gone)
            except (BrokerNotReached, DatabaseLost) as error:
                _log.warning("city.brokers_not_settled", extra={"why": str(error)})
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_SETTLE_EVERY_S):  # wait_for of 3.11 forgets a cancellation beside the event
                    await self._settle_now.wait()

    async def _keep_certificate(self, config: uvicorn.Config) -> None:
        """Its own certificate is renewed in time, and new connections see the new one; so are the broker's and the city's."""
        while True:
            try:
                if await asyncio.to_thread(self._server_files) and config.ssl is not None:
                    config.ssl.load_cert_chain(self._pem)
                await asyncio.to_thread(self.upkeep)
            except (CityError, OSError) as error:  # a full disk, missing rights: there are months left
                _log.error("city.certificates_not_renewed", extra={"why": str(error)})
            await asyncio.sleep(_DAY_S)

    # --- TLS ---

    @property
    def _pem(self) -> Path:
        return self.settings.directory / "enrol-server.pem"

    def _server_files(self) -> bool:
        return server_files(self.admission.authority, self._pem, self.settings.names, _now(self))

    def _config(self) -> uvicorn.Config:
        self._server_files()
        authority = self.settings.directory / "authority.crt"
        authority.write_text(self.admission.authority.pem, encoding="ascii")
        routes = [
            Route("/ca", self.ca, methods=["GET"]),
            Route("/enrol", self.enrol, methods=["POST"]),
            Route("/renew", self.renew, methods=["POST"]),
            Route("/standing", self.standing, methods=["GET"]),
        ]
        config = uvicorn.Config(
            Starlette(routes=routes),
            http=_PeerProtocol,
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_graceful_shutdown=_GOODBYE_S,
            ssl_certfile=self._pem,
            ssl_keyfile=self._pem,
            ssl_ca_certs=str(authority),
            ssl_cert_reqs=ssl.CERT_OPTIONAL,  # /enrol and /ca are for those who have none yet
        )
        config.load()
        assert config.ssl is not None  # noqa: S101 - it was just made
        config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2
        return config


class _PeerProtocol(H11Protocol):
    """Tells the application the client's certificate (DER), which uvicorn itself does not, and bounds a connection's life."""

    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        tls = transport.get_extra_info("ssl_object")
        self.app_state = {**self.app_state, _PEER: tls.getpeercert(binary_form=True)}
        super().connection_made(transport)
        self._end = asyncio.get_running_loop().call_later(_LIFE_S, transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(exc)


class _QuietServer(uvicorn.Server):
    """Signals belong to whoever runs it; tells when it answers."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _now(server: EnrolServer) -> datetime:
    return server.admission.registry.clock()


def _presented(request: Request) -> str | None:
    """The serial (hex) of the certificate the connection stands on; TLS has seen to it that it is ours and lives."""
    peer: bytes | None = getattr(request.state, _PEER, None)
    return None if peer is None else f"{x509.load_der_x509_certificate(peer).serial_number:x}"


async def _read(request: Request, kind: type[T]) -> T | Refusal:
    """The body, if it is small, quick and of its kind."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for piece in request.stream():
                body += piece
                if len(body) > MAX_REQUEST:
                    return Refusal.TOO_LARGE
        return msgspec.json.decode(bytes(body), type=kind)
    except (*UNREADABLE, TimeoutError, ClientDisconnect):
        return Refusal.UNREADABLE


def _answer(told: msgspec.Struct, status: int = 200) -> Response:
    return Response(msgspec.json.encode(told), status, media_type="application/json")


def _refuse(why: Refusal, retry_after_s: int | None = None) -> Response:
    headers: dict[str, Any] = {} if retry_after_s is None else {"retry-after": str(retry_after_s)}
    answer = _answer(Refused(refused=why.value, retry_after_s=retry_after_s), _STATUS.get(why, 403))
    answer.headers.update(headers)
    return answer
