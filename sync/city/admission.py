"""Who is let in: judging a request to enrol or to renew, and doing it, in one transaction. For `sync.city.enrol_server`.

A refusal is a value and leaves a row; a token is used up by success alone. Who asks again with the same token and the same
two keys within an hour (the answer was lost on the way) gets the same certificate again.
"""

from dataclasses import dataclass
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from sync.chain import source_of
from sync.city.authority import Authority, CsrUnusable, Issued, name_in, read_csr
from sync.city.registry import Change, Deed, Registry, milliseconds
from sync.city.terms import Device, DeviceState
from sync.enrolment import EnrolRequest, Refusal, Stands, token_hash, user_name

ASK_AGAIN_WITHIN = timedelta(hours=1)
_FLEET = "device"  # in the audit: the box did it itself


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a device gets."""

    site: str
    device: str
    certificate: str


@dataclass(frozen=True, slots=True)
class _Place:
    """What a token is for."""

    hash: str
    site: str
    device: str
    serial: str | None
    expires: int
    used: int | None
    used_certificate: str | None

    @property
    def source(self) -> str:
        return source_of(self.site, self.device)


class Refused(Exception):
    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Admission:
    """Blocking. May raise DatabaseLost or DatabaseUnusable; nothing was used up then."""

    registry: Registry
    authority: Authority

    def enrol(self, request: EnrolRequest) -> Admitted | Refusal:
        with self.registry.changing() as change:
            place = _place(change, request.token)
            if place is None:  # no row: whoever guesses must not fill the table
                return Refusal.TOKEN_UNKNOWN
            try:
                return self._enrol(change, place, request)
            except Refused as refused:
                change.write(Deed.REFUSED, place.source, request.serial, _FLEET, refused.why)
                return refused.why

    def renew(self, presented: str, csr_pem: str) -> Admitted | Refusal:
        """`presented` is the serial (hex) of the certificate the connection stands on."""
        with self.registry.changing() as change:
            sql = "SELECT source, generation, tls_key, revoked FROM issued_certificates WHERE serial = ?"
            row = change.transaction.row(sql, (presented,))
            if row is None:
                change.write(Deed.REFUSED, None, None, _FLEET, Refusal.CERTIFICATE_FOREIGN)
                return Refusal.CERTIFICATE_FOREIGN
            source, generation, tls_key, revoked = row
            try:
                return self._renew(change, _active(change, source, revoked), generation, tls_key, csr_pem)
            except Refused as refused:
                change.write(Deed.REFUSED, source, None, _FLEET, refused.why)
                return refused.why

    def standing(self, presented: str) -> Stands | Refusal:
        """Whether a certificate is good in the registry's eyes. Writes nothing."""
        sql = (
            "SELECT d.site, d.device, d.state, c.revoked FROM issued_certificates c "
            "JOIN enrolled_devices d ON d.source = c.source WHERE c.serial = ?"
        )
        with self.registry.database.reading() as reading:
            row = reading.row(sql, (presented,))
        if row is None:
            return Refusal.CERTIFICATE_FOREIGN
        site, device, state, revoked = row
        is_good = state == DeviceState.ACTIVE.value and revoked is None
        return Stands(site=site, device=device) if is_good else Refusal.REVOKED

    # --- enrolling ---

    def _enrol(self, change: Change, place: _Place, request: EnrolRequest) -> Admitted:
        if not request.is_proven:
            raise Refused(Refusal.PROOF_WRONG)
        csr = _read(request.csr)
        if place.used is not None:
            return _told_again(change, place, request, csr)
        _check_place(change, place, request, csr)
        _check_key(change, place.source, request.event_key)
        return self._admit(change, place, request, csr)

    def _admit(
        self, change: Change, place: _Place, request: EnrolRequest, csr: x509.CertificateSigningRequest
    ) -> Admitted:
        before = change.device(place.source)
        generation = 1 if before is None else _generation(change, place.source) + 1
        change.revoke_certificates(place.source)
        issued = self.authority.for_device(csr, user_name(place.site, place.device, generation), change.now)
        _keep_certificate(change, place.source, generation, csr, issued)
        _keep_device(change, place, request, generation, issued)
        sql = "UPDATE enrolment_tokens SET used = ?, used_certificate = ? WHERE hash = ?"
        change.transaction.execute(sql, (change.now_ms, issued.serial, place.hash))
        _write_enrolled(change, place, request, before)
        return Admitted(place.site, place.device, issued.pem)

    # --- renewing ---

    def _renew(self, change: Change, device: Device, generation: int, tls_key: str, csr_pem: str) -> Admitted:
        csr = _read(csr_pem)
        wanted, name = _key_of(csr), user_name(device.site, device.device, generation)
        if wanted == tls_key:
            raise Refused(Refusal.KEY_REUSED)
        if name_in(csr.subject) not in {None, name, f"{device.site}.{device.device}"}:
            raise Refused(Refusal.NAME_OTHER)
        again = _certificate_of(change, device.source, wanted)
        if again is not None:  # the first answer was lost on the way
            return Admitted(device.site, device.device, again)
        issued = self.authority.for_device(csr, name, change.now)
        _keep_certificate(change, device.source, generation, csr, issued)
        sql = "UPDATE enrolled_devices SET certificate_serial = ?, certificate_ends = ? WHERE source = ?"
        change.transaction.execute(sql, (issued.serial, milliseconds(issued.ends), device.source))
        change.write(Deed.RENEWED, device.source, device.serial, _FLEET, issued.serial)
        return Admitted(device.site, device.device, issued.pem)


def _place(change: Change, secret: str) -> _Place | None:
    sql = "SELECT hash, site, device, serial, expires, used, used_certificate FROM enrolment_tokens WHERE hash = ?"
    row = change.transaction.row(sql, (token_hash(secret),))
    return None if row is None else _Place(*row)


def _read(csr_pem: str) -> x509.CertificateSigningRequest:
    try:
        return read_csr(csr_pem)
    except CsrUnusable as error:
        raise Refused(Refusal.CSR_UNUSABLE) from error


def _told_again(change: Change, place: _Place, request: EnrolRequest, csr: x509.CertificateSigningRequest) -> Admitted:
    """Only to the holder of both keys that used the token; to everybody else it is used."""
    sql = "SELECT pem FROM issued_certificates WHERE serial = ? AND tls_key = ? AND revoked IS NULL"
    row = change.transaction.row(sql, (place.used_certificate, _key_of(csr)))
    device = change.device(place.source)
    is_recent = place.used is not None and change.now_ms - place.used < ASK_AGAIN_WITHIN.total_seconds() * 1000
    is_same = device is not None and (device.serial, device.key) == (request.serial, request.event_key)
    if row is None or not is_recent or not is_same:
        raise Refused(Refusal.TOKEN_USED)
    return Admitted(place.site, place.device, row[0])


def _check_place(change: Change, place: _Place, request: EnrolRequest, csr: x509.CertificateSigningRequest) -> None:
    if place.expires < change.now_ms:
        raise Refused(Refusal.TOKEN_EXPIRED)
    if place.serial not in {None, request.serial}:
        raise Refused(Refusal.SERIAL_OTHER)
    if not change.is_allowed(request.serial):
        raise Refused(Refusal.SERIAL_UNKNOWN)
    if name_in(csr.subject) not in {None, f"{place.site}.{place.device}"}:
        raise Refused(Refusal.NAME_OTHER)
    sql = "SELECT source FROM enrolled_devices WHERE serial = ? AND state = ? AND source <> ?"
    if change.transaction.row(sql, (request.serial, DeviceState.ACTIVE.value, place.source)) is not None:
        raise Refused(Refusal.SERIAL_TAKEN)


def _check_key(change: Change, source: str, event_key: str) -> None:
    """An event key belongs to one device for ever, also when that one is revoked."""
    row = change.transaction.row("SELECT source FROM enrolled_keys WHERE event_key = ?", (event_key,))
    if row is not None and row[0] != source:
        raise Refused(Refusal.KEY_TAKEN)


def _active(change: Change, source: str, revoked: int | None) -> Device:
    device = change.device(source)
    if device is None or revoked is not None or device.state is not DeviceState.ACTIVE:
        raise Refused(Refusal.REVOKED)
    return device


def _generation(change: Change, source: str) -> int:
    row = change.transaction.row("SELECT generation FROM enrolled_devices WHERE source = ?", (source,))
    return 0 if row is None else int(row[0])


def _keep_certificate(
    change: Change, source: str, generation: int, csr: x509.CertificateSigningRequest, issued: Issued
) -> None:
    values = (
        issued.serial,
        source,
        generation,
        _key_of(csr),
        issued.pem,
        milliseconds(issued.starts),
        milliseconds(issued.ends),
    )
    change.transaction.execute("INSERT INTO issued_certificates VALUES (?, ?, ?, ?, ?, ?, ?, NULL)", values)


def _keep_device(change: Change, place: _Place, request: EnrolRequest, generation: int, issued: Issued) -> None:
    sql = (
        "INSERT INTO enrolled_devices VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL) ON CONFLICT (source) DO UPDATE SET "
        "serial = excluded.serial, event_key = excluded.event_key, state = excluded.state, "
        "generation = excluded.generation, registered = excluded.registered, "
        "certificate_serial = excluded.certificate_serial, certificate_ends = excluded.certificate_ends, "
        "revoked = NULL, why_revoked = NULL"
    )
    values = (
        place.source, place.site, place.device, request.serial, request.event_key, DeviceState.ACTIVE.value, generation,
        change.now_ms, issued.serial, milliseconds(issued.ends),
    )  # fmt: skip
    change.transaction.execute(sql, values)
    sql = "INSERT INTO enrolled_keys VALUES (?, ?, ?) ON CONFLICT (event_key) DO UPDATE SET since = excluded.since"
    if (before := _last_key(change, place.source)) != request.event_key or before is None:
        change.transaction.execute(sql, (request.event_key, place.source, change.now_ms))


def _last_key(change: Change, source: str) -> str | None:
    sql = "SELECT event_key FROM enrolled_keys WHERE source = ? ORDER BY since DESC LIMIT 1"
    row = change.transaction.row(sql, (source,))
    return None if row is None else str(row[0])


def _write_enrolled(change: Change, place: _Place, request: EnrolRequest, before: Device | None) -> None:
    deed = Deed.ENROLLED if before is None else Deed.ENROLLED_AGAIN
    change.write(deed, place.source, request.serial, _FLEET, request.event_key)
    if before is not None and before.key != request.event_key:
        change.write(Deed.KEY_CHANGED, place.source, request.serial, _FLEET, f"{before.key} -> {request.event_key}")


def _certificate_of(change: Change, source: str, tls_key: str) -> str | None:
    sql = "SELECT pem FROM issued_certificates WHERE source = ? AND tls_key = ? AND revoked IS NULL"
    row = change.transaction.row(sql, (source, tls_key))
    return None if row is None else str(row[0])


def _key_of(csr: x509.CertificateSigningRequest) -> str:
    return csr.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint).hex()
