"""The city's own certificate authority: one root, certificates for devices and servers, the list of what was revoked.

The root's key lies in a 0600 file. P-256, because every TLS stack in the house takes it (Erlang's and old OpenSSLs no Ed25519).
"""

import ipaddress
import os
import secrets
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sync.city.errors import CityError
from sync.enrolment import RENEW_AT
from sync.files import write_private
from sync.keys import sync_directory
from sync.tls_keys import TlsKey

DEVICE_LIFE = timedelta(days=90)
SERVER_LIFE = timedelta(days=397)
ROOT_LIFE = timedelta(days=365 * 20)
LIST_LIFE = timedelta(
    days=365
)  # a broker refuses everybody once its list has ended; every change and every start renews it
BACKDATED = timedelta(days=1)  # devices without a clock of their own are a little behind after a power cut
MAX_NAME = 64  # X.520, ub-common-name
ROOT_KEY, ROOT = "root.key", "root.crt"


class AuthorityUnusable(CityError):
    """The authority's files are missing, damaged or readable by others: tell a person."""


class CsrUnusable(ValueError):
    """No CSR, not signed by its own key, or a kind of key that is not taken."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate as the registry keeps it. `serial` is hex."""

    pem: str
    serial: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class Authority:
    """Signs for the city. Made once by `create`; `load` afterwards."""

    root: x509.Certificate
    _key: ec.EllipticCurvePrivateKey

    @classmethod
    def create(cls, directory: Path, name: str, now: datetime) -> Self:
        """Make key and root in a new folder. Raise FileExistsError where there is one: a second root would orphan the fleet."""
        key = ec.generate_private_key(ec.SECP256R1())
        root = _root(name, key, now)
        fresh = directory.with_name(f".{directory.name}.{secrets.token_hex(4)}")
        directory.parent.mkdir(parents=True, exist_ok=True)
        fresh.mkdir(mode=0o700)
        try:
            write_private(fresh / ROOT_KEY, TlsKey(key).pem)
            write_private(fresh / ROOT, root.public_bytes(Encoding.PEM))
            _move(fresh, directory)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return cls(root, key)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Raise AuthorityUnusable."""
        path = directory / ROOT_KEY
        try:
            if path.stat().st_mode & 0o077:
                raise AuthorityUnusable(f"{path} can be read by others: chmod 600 {path}")
            key = load_pem_private_key(path.read_bytes(), None)
            root = x509.load_pem_x509_certificate((directory / ROOT).read_bytes())
        except OSError as error:
            raise AuthorityUnusable(f"{path} cannot be read: {error.strerror}") from error
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise AuthorityUnusable(f"{directory}: the authority is damaged: restore it from its backup") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != root.public_key():
            raise AuthorityUnusable(f"{directory}: key and certificate do not belong together")
        return cls(root, key)

    @property
    def pem(self) -> str:
        return self.root.public_bytes(Encoding.PEM).decode()

    @property
    def fingerprint(self) -> bytes:
        """What tokens pin."""
        return self.root.fingerprint(hashes.SHA256())

    def for_device(self, csr: x509.CertificateSigningRequest, name: str, now: datetime) -> Issued:
        """Of the CSR only its key is taken: name, life and uses are set here. It may be a client and nothing else."""
        builder = self._leaf(csr.public_key(), name, now, DEVICE_LIFE)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return self._issue(builder.add_extension(usage, critical=False))

    def for_server(self, public_key: ec.EllipticCurvePublicKey, names: Sequence[str], now: datetime) -> Issued:
        """For one of the city's own servers, known by host names and addresses; the first is its common name."""
        builder = self._leaf(public_key, names[0][:MAX_NAME], now, SERVER_LIFE)
        known_as = x509.SubjectAlternativeName([_host(name) for name in names])
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        return self._issue(builder.add_extension(known_as, critical=False).add_extension(usage, critical=False))

    def for_client(self, public_key: ec.EllipticCurvePublicKey, name: str, now: datetime) -> Issued:
        """For one of the city's own programs at the broker. Its name has no dot, so it can never be a device's."""
        if "." in name:
            msg = "a name with a dot would be a device's"
            raise ValueError(msg)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return self._issue(self._leaf(public_key, name, now, SERVER_LIFE).add_extension(usage, critical=False))

    def revoked_list(self, revoked: Iterable[tuple[str, datetime]], now: datetime) -> bytes:
        """The list (PEM) for brokers: serials (hex) and since when."""
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.root.subject)
        builder = builder.last_update(now - BACKDATED).next_update(now + LIST_LIFE)
        number = x509.CRLNumber(int(now.timestamp() * 1000))
        builder = builder.add_extension(number, critical=False)
        for serial, since in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(int(serial, 16)).revocation_date(since)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    # --- private ---

    def _leaf(self, public_key: object, name: str, now: datetime, life: timedelta) -> x509.CertificateBuilder:
        if not isinstance(public_key, ec.EllipticCurvePublicKey):
            raise CsrUnusable
        builder = x509.CertificateBuilder().subject_name(_common_name(name)).issuer_name(self.root.subject)
        builder = builder.public_key(public_key).serial_number(x509.random_serial_number())
        builder = builder.not_valid_before(now - BACKDATED).not_valid_after(now + life)
        by = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(digital_signature=True), critical=True)
            .add_extension(by, critical=False)
        )

    def _issue(self, builder: x509.CertificateBuilder) -> Issued:
        made = builder.sign(self._key, hashes.SHA256())
        pem = made.public_bytes(Encoding.PEM).decode()
        return Issued(pem, f"{made.serial_number:x}", made.not_valid_before_utc, made.not_valid_after_utc)


def read_csr(pem: str) -> x509.CertificateSigningRequest:
    """Raise CsrUnusable. P-256 only, and signed by the key it carries: that proves that the sender has the key."""
    try:
        csr = x509.load_pem_x509_csr(pem.encode())
        key = csr.public_key()
        is_good = (
            csr.is_signature_valid and isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"
        )
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CsrUnusable from error
    if not is_good:
        raise CsrUnusable
    return csr


def name_in(subject: x509.Name) -> str | None:
    """The common name, None where there is none."""
    found = subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else None


def server_files(authority: Authority, path: Path, names: Sequence[str], now: datetime) -> bool:
    """Key and certificate of a server in one PEM file, made or renewed where it is time. Whether it was."""
    if _serves(path, names, now):
        return False
    key = TlsKey.generate()
    issued = authority.for_server(key.public, names, now)
    write_private(path, key.pem + issued.pem.encode())
    return True


def client_files(authority: Authority, path: Path, name: str, now: datetime) -> bool:
    """The same for one of the city's own programs at the broker."""
    if _lives(_certificate_in(path), now):
        return False
    key = TlsKey.generate()
    issued = authority.for_client(key.public, name, now)
    write_private(path, key.pem + issued.pem.encode())
    return True


def _certificate_in(path: Path) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError):
        return None


def _lives(made: x509.Certificate | None, now: datetime) -> bool:
    """Whether it is there and not yet due."""
    if made is None:
        return False
    return now < made.not_valid_before_utc + (made.not_valid_after_utc - made.not_valid_before_utc) * RENEW_AT


def _serves(path: Path, names: Sequence[str], now: datetime) -> bool:
    made = _certificate_in(path)
    if made is None or not _lives(made, now):
        return False
    try:
        known_as = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return False
    return list(known_as) == [_host(name) for name in names]


def _root(name: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.Certificate:
    subject = _common_name(name)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - BACKDATED).not_valid_after(now + ROOT_LIFE)
    known = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(known, critical=False)
        .sign(key, hashes.SHA256())
    )


def _usage(*, digital_signature: bool = False, key_cert_sign: bool = False, crl_sign: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=key_cert_sign,
        crl_sign=crl_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _move(fresh: Path, directory: Path) -> None:
    """`rename` replaces an empty folder and no other, so two that create at once cannot both win."""
    try:
        os.rename(fresh, directory)  # noqa: PTH104 - Path.rename is the same; this says that no file is meant
    except OSError as error:
        raise FileExistsError(f"{directory} holds an authority already") from error
    sync_directory(directory.parent)


def now_utc() -> datetime:
    """The wall clock; certificates speak UTC."""
    return datetime.now(UTC)
