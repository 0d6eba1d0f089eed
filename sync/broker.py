"""Where a broker is and how to speak with it: address, credentials, TLS, protocol version. Values only."""

import ssl
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from typing import Any

from paho.mqtt.enums import MQTTProtocolVersion


class Version(Enum):
    V5 = MQTTProtocolVersion.MQTTv5
    V311 = MQTTProtocolVersion.MQTTv311


@dataclass(frozen=True, slots=True)
class Tls:
    """Files in PEM. Without `ca_file` the system's authorities count; a client certificate needs both of its files."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    def context(self) -> "TlsContext":
        """Raise OSError for files that cannot be read or are no PEM."""
        context = TlsContext(ssl.PROTOCOL_TLS_CLIENT)
        if self.ca_file:
            context.load_verify_locations(self.ca_file)
        else:
            context.load_default_certs()
        if self.cert_file:
            context.load_cert_chain(self.cert_file, self.key_file)
        return context


class TlsContext(ssl.SSLContext):
    """Remembers the socket it wrapped, because paho leaves it open when the handshake fails."""

    wrapped: ssl.SSLSocket | None = None

    def wrap_socket(self, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        self.wrapped = super().wrap_socket(*args, **kwargs)
        return self.wrapped

    def close(self) -> None:
        if self.wrapped:
            self.wrapped.close()


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and who we are there. The password stands in a file. `others`: more nodes of the same cluster."""

    host: str
    port: int
    username: str | None = None
    password_file: Path | None = None
    tls: Tls | None = None
    keepalive_s: int = 30
    connect_timeout_s: float = 10.0
    others: tuple[tuple[str, int], ...] = ()

    @property
    def nodes(self) -> tuple["Broker", ...]:
        """Each node of the cluster alone, the first one first."""
        addresses = ((self.host, self.port), *self.others)
        return tuple(replace(self, host=host, port=port, others=()) for host, port in addresses)


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says, retained, when this connection ends without a goodbye."""

    topic: str
    payload: bytes
