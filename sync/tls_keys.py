"""TLS keys and signing requests, on the device and for the city's own servers. P-256; the private half leaves as PEM only."""

from dataclasses import dataclass
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from sync.errors import KeyUnusable


@dataclass(frozen=True, slots=True)
class TlsKey:
    """A private key."""

    _private: ec.EllipticCurvePrivateKey

    @classmethod
    def generate(cls) -> Self:
        return cls(ec.generate_private_key(ec.SECP256R1()))

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Raise KeyUnusable."""
        try:
            private = load_pem_private_key(pem, None)
        except (ValueError, TypeError) as error:
            raise KeyUnusable("the TLS key is damaged: enrol this device again") from error
        if not isinstance(private, ec.EllipticCurvePrivateKey):
            raise KeyUnusable("the TLS key is of a foreign kind: enrol this device again")
        return cls(private)

    @property
    def pem(self) -> bytes:
        """The secret itself; it goes into a key store and nowhere else."""
        return self._private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def public(self) -> ec.EllipticCurvePublicKey:
        return self._private.public_key()

    def csr(self, name: str | None = None) -> str:
        """A signing request (PEM). `name` is what the device believes to be called; the city sets the name itself."""
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else []
        builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(attributes))
        return builder.sign(self._private, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
