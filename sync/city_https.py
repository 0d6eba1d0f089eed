"""The device's side of the city's enrolment server: four requests, and what may come back. For `sync.enrol` and `sync.renewal`."""

import ssl
from dataclasses import dataclass
from typing import TypeVar

import httpx
import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from sync.enrol_errors import CityNotReached, CityRefused, NotTheCity
from sync.enrolment import AuthorityTold, Enrolled, EnrolRequest, Refused, RenewRequest, Stands, Token
from sync.errors import UNREADABLE
from sync.identity import Identity

T = TypeVar("T", bound=msgspec.Struct)
_TIMEOUT_S = 15.0
_MAX_ANSWER = 65_536


def authority_of(url: str, token: Token) -> AuthorityTold:
    """Ask who the city is, over a line nobody vouches for, and believe it by the token's fingerprint. Raise EnrolError."""
    blind = ssl.create_default_context()
    blind.check_hostname = False
    blind.verify_mode = ssl.CERT_NONE  # nothing secret goes over it, and the answer is checked
    told = _ask(url, blind, _Question("GET", "/ca"), AuthorityTold)
    try:
        found = x509.load_pem_x509_certificate(told.authority.encode()).fingerprint(hashes.SHA256())
    except ValueError as error:
        raise NotTheCity from error
    if found != token.fingerprint:
        raise NotTheCity
    return told


def ask_to_enrol(url: str, authority: str, request: EnrolRequest) -> Enrolled:
    """Raise EnrolError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=authority)
    return _ask(url, context, _Question("POST", "/enrol", msgspec.json.encode(request)), Enrolled)


def ask_to_renew(identity: Identity, csr: str) -> Enrolled:
    """Over mutual TLS as `identity`. Raise EnrolError."""
    question = _Question("POST", "/renew", msgspec.json.encode(RenewRequest(csr=csr)))
    return _ask(identity.city, identity.context(), question, Enrolled)


def ask_standing(identity: Identity) -> Stands:
    """Whether the city still knows this device. Raise EnrolError."""
    return _ask(identity.city, identity.context(), _Question("GET", "/standing"), Stands)


@dataclass(frozen=True, slots=True)
class _Question:
    method: str
    path: str
    body: bytes | None = None


def _ask(url: str, context: ssl.SSLContext, question: _Question, kind: type[T]) -> T:
    try:
        with httpx.Client(verify=context, timeout=_TIMEOUT_S, trust_env=False) as client:
            status, content = _exchange(client, url.rstrip("/") + question.path, question)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CityNotReached(f"{url}: {error}") from error
    try:
        if status == httpx.codes.OK:
            return msgspec.json.decode(content, type=kind)
        refused = msgspec.json.decode(content, type=Refused)
    except UNREADABLE as error:
        raise CityNotReached(f"{url} answers, but not as the city does ({status})") from error
    raise CityRefused(refused.refused, refused.retry_after_s)


def _exchange(client: httpx.Client, url: str, question: _Question) -> tuple[int, bytes]:
    """Status and body, of which no more is taken than a good answer has."""
    content = bytearray()
    with client.stream(question.method, url, content=question.body) as answer:
        for piece in answer.iter_bytes():
            content += piece
            if len(content) > _MAX_ANSWER:
                break
    return answer.status_code, bytes(content)
