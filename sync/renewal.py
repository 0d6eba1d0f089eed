"""Renewing the certificate at two thirds of its life, with a new key, while the old one goes on working.

    next.json: key ──city──> next.json: key and certificate ──a connection stands──> identity.json, next.json is gone

Each arrow is one durable replacement of one file, so a crash anywhere goes on from the last one. The old certificate is
given up only after one node of the broker took the new one; while none does, the city is asked at each look where it is.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sync.broker import Broker
from sync.enrol_errors import CityNotReached, CityRefused, EnrolError
from sync.enrolment import Enrolled, Refusal
from sync.errors import BrokerLost, KeyUnusable, LinkError, VersionRefused
from sync.identity import (
    NEXT,
    Identity,
    Life,
    Next,
    keep_identity,
    keep_next,
    read_identity,
    read_next,
)
from sync.keystore import KeyStore
from sync.mqtt import Connection, Handlers, Version
from sync.tls_keys import TlsKey

FAILING_AFTER = timedelta(days=2)
ENDING_BEFORE = timedelta(days=7)
LOOK_EVERY_S = 3600.0
FIRST_LOOK_S = 30.0
_log = logging.getLogger(__name__)


class Standing(StrEnum):
    """How a device's certificate stands. All but `GOOD` are sentences under `page.fault`."""

    GOOD = "good"
    RENEWAL_FAILING = "renewal_failing"  # it was due for days
    CERTIFICATE_ENDING = "certificate_ending"
    CERTIFICATE_ENDED = "certificate_ended"  # enrol again with a fresh token
    CERTIFICATE_NOT_YET = "certificate_not_yet"  # this machine's clock is behind
    REVOKED = "device_revoked"
    UNUSABLE = "identity_unusable"  # the file is damaged, or the store does not open it


def standing(life: Life, now: datetime) -> Standing:
    """What the dates alone say."""
    if now < life.starts:
        return Standing.CERTIFICATE_NOT_YET
    if now >= life.ends:
        return Standing.CERTIFICATE_ENDED
    if now >= life.ends - ENDING_BEFORE:
        return Standing.CERTIFICATE_ENDING
    if now >= life.renew_at + FAILING_AFTER:
        return Standing.RENEWAL_FAILING
    return Standing.GOOD


def probe(identity: Identity) -> None:
    """Connect to the broker as `identity`, to the first of its nodes that lets it in, and leave. Raise LinkError."""
    failures: list[LinkError] = []
    for node in identity.broker().nodes:
        try:
            return _probe_node(identity, node)
        except LinkError as error:
            failures.append(error)
    if len(failures) == 1:
        raise failures[0]
    raise BrokerLost("; ".join(str(error) for error in failures)) from failures[-1]


def ask_the_city(identity: Identity, csr: str) -> Enrolled:
    """Raise EnrolError. The HTTP client is loaded when a renewal is due: an agent's start does not wait for it."""
    from sync.city_https import ask_to_renew  # noqa: PLC0415

    return ask_to_renew(identity, csr)


def check_with_the_city(identity: Identity) -> None:
    """Raise EnrolError: CityRefused where this device was revoked. A broker only hangs up on it."""
    from sync.city_https import ask_standing  # noqa: PLC0415

    ask_standing(identity)


@dataclass(frozen=True, slots=True)
class Renewal:
    """`run` is one supervised coroutine; `on_standing` is called on the loop after every look."""

    store: KeyStore
    clock: Callable[[], datetime]
    on_standing: Callable[[Standing], Awaitable[None]]
    ask: Callable[[Identity, str], Enrolled] = ask_the_city
    probe: Callable[[Identity], None] = probe
    check: Callable[[Identity], None] = check_with_the_city
    first_s: float = FIRST_LOOK_S
    every_s: float = LOOK_EVERY_S

    async def run(self) -> None:
        """What the dates say at once; the city is asked when the start is over."""
        glance = await asyncio.to_thread(self.glance)
        if glance is not Standing.GOOD:  # only the city can say that it is
            await self.on_standing(glance)
        await asyncio.sleep(self.first_s)
        while True:
            await self.on_standing(await asyncio.to_thread(self.look))
            await asyncio.sleep(self.every_s * random.uniform(0.5, 1.0))  # noqa: S311 - a fleet must not ask at once

    def glance(self) -> Standing:
        """Without asking anybody."""
        try:
            identity = read_identity(self.store)
        except KeyUnusable:
            return Standing.UNUSABLE
        return Standing.UNUSABLE if identity is None else standing(identity.life, self.clock())

    def look(self) -> Standing:
        """Take the next step if one is due, and say how the certificate stands. Blocking."""
        try:
            return self._look()
        except KeyUnusable as error:
            _log.warning("identity.unusable", extra={"why": str(error)})
            return Standing.UNUSABLE

    def _look(self) -> Standing:
        identity = read_identity(self.store)
        if identity is None:
            return Standing.UNUSABLE
        try:
            self._check(identity)
            identity = self.renew(identity)
        except CityRefused as error:
            _log.warning("identity.renewal_refused", extra={"why": error.why})
            if error.why == Refusal.REVOKED:
                return Standing.REVOKED
        except (EnrolError, LinkError, OSError) as error:  # asked again at the next look
            _log.warning("identity.not_renewed", extra={"why": str(error)})
        return standing(identity.life, self.clock())

    def _check(self, identity: Identity) -> None:
        """Raise CityRefused. A city that is away keeps nobody from a renewal that waits for the broker alone."""
        try:
            self.check(identity)
        except CityNotReached as error:
            _log.info("identity.not_checked", extra={"why": str(error)})

    def renew(self, identity: Identity) -> Identity:
        """The identity that counts afterwards. Raise EnrolError, LinkError, OSError or KeyUnusable; the old one counts then."""
        pending = self._pending(identity)
        if pending is None:
            return identity
        renewed = self._proven(identity, pending)
        keep_identity(self.store, renewed)
        self.store.remove(NEXT)
        _log.info("identity.renewed", extra={"until": f"{renewed.life.ends:%Y-%m-%d}"})
        return renewed

    def _proven(self, identity: Identity, pending: Next) -> Identity:
        """A kept answer may name a broker that is gone, so where it fails the city is asked again: once a look, for the same key."""
        if pending.answer is not None:
            kept = identity.renewed(pending.key, pending.answer)
            try:
                self.probe(kept)
            except (LinkError, OSError) as error:
                _log.info("identity.answer_not_proven", extra={"why": str(error)})
            else:
                return kept
        answer = self.ask(identity, _csr(pending))
        keep_next(self.store, Next(key=pending.key, answer=answer))
        renewed = identity.renewed(pending.key, answer)
        self.probe(renewed)
        return renewed

    def _pending(self, identity: Identity) -> Next | None:
        """What was begun; a new key where it is time; None where nothing is to do."""
        begun = read_next(self.store)
        if begun is not None and not self._is_stale(begun, identity):
            return begun
        if self.clock() < identity.life.renew_at:
            if begun is not None:
                self.store.remove(NEXT)
            return None
        fresh = Next(key=TlsKey.generate().pem.decode())
        keep_next(self.store, fresh)
        return fresh

    def _is_stale(self, begun: Next, identity: Identity) -> bool:
        """Done already (a crash came before it was removed), or its certificate has ended on the shelf."""
        if begun.key == identity.key:
            return True
        return begun.answer is not None and Life.of(begun.answer.certificate).ends <= self.clock()


def _csr(pending: Next) -> str:
    return TlsKey.from_pem(pending.key.encode()).csr()


def _probe_node(identity: Identity, node: Broker) -> None:
    try:
        _connect_once(identity, node, Version.V5)
    except VersionRefused:
        _connect_once(identity, node, Version.V311)


def _connect_once(identity: Identity, node: Broker, version: Version) -> None:
    handlers = Handlers(on_puback=lambda _mid, _code: None, on_message=lambda _topic, _payload: None)
    connection = Connection(node, f"{identity.site}.{identity.device}.renewal", version, handlers)
    try:
        connection.open()
    finally:
        connection.close(goodbye=True)
