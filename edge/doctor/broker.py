"""The way to the city's broker, step by step: its name, its port, TLS and its certificate, MQTT with this device's own identity.

It connects under a client id of its own, says nothing, and leaves: a running agent keeps its connection.
"""

import contextlib
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from edge.doctor.finding import Finding, broken, good, weak
from sync.broker import Broker, TlsContext
from sync.errors import BrokerLost, BrokerRefused, KeyUnusable, VersionRefused
from sync.mqtt import Connection, Handlers, Version

STEP_S = 5.0
LIMIT_S = 30.0
ENDING_DAYS = 14
SAID = {Version.V5: "5", Version.V311: "3.1.1"}


@dataclass(frozen=True, slots=True)
class Way:
    """How far one node was reached. `stopped_at`: name, port, files, certificate, tls, refused or mqtt; `why` in the system's words."""

    host: str
    port: int
    tls: str | None = None
    ends: datetime | None = None  # the broker's certificate
    version: str | None = None
    stopped_at: str | None = None
    why: str = ""


def verdict_of_way(way: Way, now: datetime) -> Finding:
    where = f"{way.host}:{way.port}"
    if way.stopped_at is not None:
        found, do = _STOPPED[way.stopped_at]
        said = {"host": way.host, "port": way.port, "where": where, "why": way.why}
        return broken(found.format(**said), do.format(**said))
    found = f"{where} takes us: MQTT {way.version}, {way.tls or 'no TLS'}"
    if way.ends is None:
        return good(found)
    days = (way.ends - now).days
    if days < ENDING_DAYS:
        return weak(f"{found}; its certificate ends in {days} days", "tell the city's technician")
    return good(f"{found}, its certificate until {way.ends:%d/%m/%Y}")


_STOPPED = {
    "name": ("{host}: the name is not known ({why})", "see the network and the name: getent hosts {host}"),
    "port": ("{where}: {why}", "see network and firewall: nc -vz {host} {port}; then host and port in [mqtt]"),
    "files": ("own certificate or key: {why}", "put the files right that [mqtt] names, or enrol again: motcua enrol"),
    "certificate": (
        "{where}: its certificate is not trusted: {why}",
        "see this machine's clock, then `ca_file` and `host` in [mqtt]",
    ),
    "tls": ("{where}: no TLS: {why}", "see `tls` and `port` in [mqtt]: 8883 speaks TLS, 1883 does not"),
    "refused": (
        "{where}: {why}",
        "ask the city whether this device may connect; then user and password, or enrol again: motcua enrol",
    ),
    "mqtt": ("{where}: {why}", "see that a broker listens there, and `tls` in [mqtt]; ask the city whether it is well"),
}


def nodes_of(broker: Broker) -> Iterator[Broker]:
    """Each node of the cluster by itself."""
    for host, port in ((broker.host, broker.port), *broker.others):
        yield replace(broker, host=host, port=port, others=(), connect_timeout_s=STEP_S)


def look_at_way(node: Broker, client_id: str, versions: tuple[Version, ...], now: datetime) -> Finding:
    """Blocking."""
    return verdict_of_way(go(node, client_id, versions), now)


def go(node: Broker, client_id: str, versions: tuple[Version, ...]) -> Way:
    """As far as it goes. Blocking."""
    way = Way(node.host, node.port)
    try:
        addresses = socket.getaddrinfo(node.host, node.port, type=socket.SOCK_STREAM)
    except OSError as error:
        return replace(way, stopped_at="name", why=error.strerror or str(error))
    try:
        line = _dialled(addresses)
    except OSError as error:
        return replace(way, stopped_at="port", why=_said(error))
    with line:
        if node.tls is not None:
            way = _secured(way, node, line)
    return way if way.stopped_at else _connected(way, node, client_id, versions)


def _dialled(addresses: Sequence[tuple[Any, ...]]) -> socket.socket:
    """The first of them that answers. Raise the last one's OSError."""
    failure: OSError = OSError("it has no address")
    for family, kind, protocol, _, address in addresses:
        line = socket.socket(family, kind, protocol)
        line.settimeout(STEP_S)
        try:
            line.connect(address)
        except OSError as error:
            line.close()
            failure = error
        else:
            return line
    raise failure


def _secured(way: Way, node: Broker, line: socket.socket) -> Way:
    """What the handshake says. A broker that wants a certificate of ours and gets none says so only afterwards."""
    assert node.tls is not None  # noqa: S101 - the caller looked
    try:
        context = node.tls.context()
    except (OSError, KeyUnusable) as error:
        return replace(way, stopped_at="files", why=_said(error))
    try:
        with _closing(context), context.wrap_socket(line, server_hostname=node.host) as secure:
            ends = (secure.getpeercert() or {}).get("notAfter")
            at = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(ends)), UTC) if ends else None
            return replace(way, tls=secure.version(), ends=at)
    except ssl.SSLCertVerificationError as error:
        return replace(way, stopped_at="certificate", why=error.verify_message)
    except OSError as error:
        return replace(way, stopped_at="tls", why=_said(error))


def _connected(way: Way, node: Broker, client_id: str, versions: tuple[Version, ...]) -> Way:
    why = ""
    for version in versions:
        connection = Connection(
            node, client_id, version, Handlers(lambda _mid, _code: None, lambda _topic, _payload: None)
        )
        try:
            connection.open()
        except VersionRefused as error:
            why = f"does not speak MQTT {SAID[version]}: {error}"
        except BrokerRefused as error:
            return replace(way, stopped_at="refused", why=str(error))
        except (BrokerLost, OSError) as error:
            return replace(way, stopped_at="mqtt", why=_said(error))
        else:
            return replace(way, version=SAID[version])
        finally:
            connection.close(goodbye=True)
    return replace(way, stopped_at="mqtt", why=why)


@contextlib.contextmanager
def _closing(context: TlsContext) -> Iterator[None]:
    try:
        yield
    finally:
        context.close()


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer in {STEP_S:.0f} s"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return str(reason).partition("\n")[0]
