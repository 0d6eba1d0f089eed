"""Enrolment as it travels: the token, what a device asks, what the city answers, why it refuses. Contract.

The device's half is `sync.enrol`, the city's `sync.city.enrol_server`.
"""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Self

import msgspec

from sync.keys import DeviceKey, is_signed

MAX_REQUEST = 8_192  # bytes; a CSR of P-256 is about 400
RENEW_AT = 2 / 3  # of a certificate's life
_PREFIX = "mc1."
_SECRET_BYTES, _FINGERPRINT_BYTES, _CHECK_BYTES = 16, 32, 3


class Refusal(StrEnum):
    """Why the city refused. Each is a sentence under `enrol.refused` that says what to do."""

    TOKEN_UNKNOWN = "token_unknown"  # noqa: S105 - a word, no password
    TOKEN_EXPIRED = "token_expired"  # noqa: S105
    TOKEN_USED = "token_used"  # noqa: S105
    SERIAL_UNKNOWN = "serial_unknown"  # not on the list of bought boxes
    SERIAL_OTHER = "serial_other"  # the token is for another box
    SERIAL_TAKEN = "serial_taken"  # this box is enrolled under another name
    NAME_OTHER = "name_other"  # the request names another device than the token (or the certificate) is for
    CSR_UNUSABLE = "csr_unusable"  # none, not signed by its own key, or a kind of key that is not taken
    PROOF_WRONG = "proof_wrong"  # the event key did not sign this request
    KEY_TAKEN = "key_taken"  # another device signs its events with this key: a cloned card
    KEY_REUSED = "key_reused"  # a renewal wants a new TLS key
    CERTIFICATE_MISSING = "certificate_missing"
    CERTIFICATE_FOREIGN = "certificate_foreign"  # not one that the registry knows
    REVOKED = "revoked"
    UNREADABLE = "unreadable"
    TOO_LARGE = "too_large"
    TOO_MANY_TRIES = "too_many_tries"
    CITY_BUSY = "city_busy"  # the registry cannot be reached: again later, nothing was used up


class TokenMisread(ValueError):
    """The text is no token: letters are missing or wrong. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Token:
    """What a technician carries to a box: good once. It pins the city's authority, so that the first contact can be checked."""

    fingerprint: bytes
    _secret: bytes = field(repr=False)

    @classmethod
    def issue(cls, fingerprint: bytes) -> Self:
        return cls(fingerprint, secrets.token_bytes(_SECRET_BYTES))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raise TokenMisread."""
        try:
            raw = base64.urlsafe_b64decode(text.strip().removeprefix(_PREFIX))
        except ValueError as error:
            raise TokenMisread from error
        body, check = raw[:-_CHECK_BYTES], raw[-_CHECK_BYTES:]
        if len(body) != _SECRET_BYTES + _FINGERPRINT_BYTES or _check(body) != check:
            raise TokenMisread
        return cls(body[_SECRET_BYTES:], body[:_SECRET_BYTES])

    def reveal(self) -> str:
        """The text to type or to scan."""
        body = self._secret + self.fingerprint
        return _PREFIX + base64.urlsafe_b64encode(body + _check(body)).decode()

    @property
    def secret(self) -> str:
        """What is sent to the city, hex."""
        return self._secret.hex()


def token_hash(secret: str) -> str:
    """What the city keeps of a token. 128 random bits need no slow hash."""
    return hashlib.sha256(b"motcua token v1\n" + secret.encode()).hexdigest()


def user_name(site: str, device: str, generation: int) -> str:
    """The certificate's common name, and so the device's user at the broker.

    It counts enrolments: a broker that knows names only still tells a box from the one that had its place before.
    """
    return f"{site}.{device}.{generation}"


class EnrolRequest(msgspec.Struct, frozen=True, kw_only=True):
    """POST /enrol. `proof`: the event key's signature, see `proof_message`. Both keys were made on the device."""

    token: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{32}$")]
    serial: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    csr: Annotated[str, msgspec.Meta(max_length=4_096)]  # PEM; its signature proves the TLS key
    event_key: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    proof: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{128}$")]

    @classmethod
    def signed(cls, token: Token, serial: str, csr: str, key: DeviceKey) -> Self:
        proof = key.sign(proof_message(token.secret, serial, csr))
        return cls(token=token.secret, serial=serial, csr=csr, event_key=key.public, proof=proof)

    @property
    def is_proven(self) -> bool:
        return is_signed(self.event_key, proof_message(self.token, self.serial, self.csr), self.proof)

    def __repr__(self) -> str:
        return f"EnrolRequest(serial={self.serial!r})"  # the token is a secret until it is used


class RenewRequest(msgspec.Struct, frozen=True, kw_only=True):
    """POST /renew, over TLS with the present certificate."""

    csr: Annotated[str, msgspec.Meta(max_length=4_096)]


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """The city's answer to both. `city_key` (hex) signs receipts and commands."""

    site: str
    device: str
    certificate: str  # PEM
    authority: str  # PEM
    broker_host: str
    broker_port: int
    city_key: str
    broker_others: tuple[tuple[str, int], ...] = ()  # more nodes of the same cluster


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """GET /standing, over TLS with the present certificate: it is good. A revoked one is told so instead."""

    site: str
    device: str


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """Every answer that is no success."""

    refused: str  # text, so that a newer city's reason can still be read
    retry_after_s: int | None = None


class AuthorityTold(msgspec.Struct, frozen=True, kw_only=True):
    """GET /ca. Public: a device believes it only when the token's fingerprint fits. `now` shows a clock that is off."""

    authority: str
    now: datetime


def proof_message(secret: str, serial: str, csr: str) -> bytes:
    """What the event key signs: this token, this box, this TLS key."""
    csr_hash = hashlib.sha256(csr.encode()).hexdigest()
    return "\n".join(("motcua enrol v1", token_hash(secret), serial, csr_hash)).encode()


def _check(body: bytes) -> bytes:
    return hashlib.sha256(b"motcua token check\n" + body).digest()[:_CHECK_BYTES]
