"""What a device holds since it was enrolled: its place, its certificate and TLS key, where its broker is, the city's key.

One secret in the key store, replaced as a whole, so that no crash leaves a key without its certificate.
"""

import os
import ssl
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
from cryptography import x509

from sync.broker import Broker, Tls, TlsContext
from sync.enrolment import RENEW_AT, Enrolled
from sync.errors import UNREADABLE, KeyUnusable
from sync.keystore import KeyStore, open_store

T = TypeVar("T", bound=msgspec.Struct)
FOLDER = "identity"  # in the data folder
IDENTITY, NEXT = "identity.json", "next.json"
_PUBLIC = msgspec.Meta(max_length=16_384)


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """`key` is the TLS key's PEM: it goes into a TLS context and nowhere else."""

    city: str  # where to renew, https://...
    site: str
    device: str
    serial: str
    broker_host: str
    broker_port: int
    city_key: str
    authority: Annotated[str, _PUBLIC]
    certificate: Annotated[str, _PUBLIC]
    key: str
    broker_others: tuple[tuple[str, int], ...] = ()

    def __repr__(self) -> str:
        return f"Identity(site={self.site!r}, device={self.device!r})"

    @property
    def life(self) -> "Life":
        return Life.of(self.certificate)

    def context(self) -> TlsContext:
        """Mutual TLS as this device, trusting the city's authority alone."""
        context = TlsContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_verify_locations(cadata=self.authority)
        _load(context, (self.key + self.certificate).encode())
        return context

    def renewed(self, key: str, answer: Enrolled) -> "Identity":
        """The same device with a new key, and with where the city is to be found from now on."""
        return msgspec.structs.replace(
            self,
            key=key,
            certificate=answer.certificate,
            broker_host=answer.broker_host,
            broker_port=answer.broker_port,
            city_key=answer.city_key,
            broker_others=answer.broker_others,
        )

    def broker(self, **options: Any) -> Broker:
        """The broker as this identity alone sees it, all its nodes (`options` of Broker)."""
        tls = FixedTls(identity=self)
        return Broker(self.broker_host, self.broker_port, tls=tls, others=self.broker_others, **options)


class Next(msgspec.Struct, frozen=True, kw_only=True):
    """An enrolment or renewal under way: the new key, and the city's answer once it came."""

    key: str
    answer: Enrolled | None = None

    def __repr__(self) -> str:
        return f"Next(is_answered={self.answer is not None})"


@dataclass(frozen=True, slots=True)
class Life:
    """From when to when a certificate counts."""

    starts: datetime
    ends: datetime

    @classmethod
    def of(cls, pem: str) -> "Life":
        made = x509.load_pem_x509_certificate(pem.encode())
        return cls(made.not_valid_before_utc, made.not_valid_after_utc)

    @property
    def renew_at(self) -> datetime:
        return self.starts + (self.ends - self.starts) * RENEW_AT


@dataclass(frozen=True, slots=True)
class FixedTls(Tls):
    """The TLS of one identity."""

    identity: Identity | None = None

    def context(self) -> TlsContext:
        assert self.identity is not None  # noqa: S101 - the base class has defaults, so this field needs one
        return self.identity.context()


@dataclass(frozen=True, slots=True)
class StoredTls(Tls):
    """The TLS of whatever identity the store holds when the connection is made: a renewed one counts from the next on."""

    store: KeyStore | None = None

    def context(self) -> TlsContext:
        assert self.store is not None  # noqa: S101 - as above
        identity = read_identity(self.store)
        if identity is None:
            raise FileNotFoundError("this device's identity is gone: enrol it again")
        return identity.context()


def store_of(data_dir: Path) -> KeyStore:
    return open_store(data_dir / FOLDER)


def read_identity(store: KeyStore) -> Identity | None:
    """None for a device that was never enrolled. Raise KeyUnusable."""
    return _read(store, IDENTITY, Identity)


def keep_identity(store: KeyStore, identity: Identity) -> None:
    store.write(IDENTITY, msgspec.json.encode(identity))


def read_next(store: KeyStore) -> Next | None:
    """Raise KeyUnusable."""
    return _read(store, NEXT, Next)


def keep_next(store: KeyStore, pending: Next) -> None:
    store.write(NEXT, msgspec.json.encode(pending))


def _read(store: KeyStore, name: str, kind: type[T]) -> T | None:
    content = store.read(name)
    if content is None:
        return None
    try:
        return msgspec.json.decode(content, type=kind)
    except UNREADABLE as error:
        raise KeyUnusable(f"{name} is damaged: enrol this device again") from error


def _load(context: ssl.SSLContext, pem: bytes) -> None:
    """Python's ssl takes keys from files only: this one lies in memory and has no name."""
    descriptor = os.memfd_create("tls", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, pem)
        context.load_cert_chain(f"/proc/self/fd/{descriptor}")
    finally:
        os.close(descriptor)
