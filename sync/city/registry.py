"""The devices that belong: bought boxes, one-time tokens, who is enrolled, every certificate, and a row for each deed.

Admitting and renewing is `sync.city.admission`. Every change is one transaction, and changes wait for each other.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sync.chain import source_of
from sync.city.authority import MAX_NAME, now_utc
from sync.city.errors import CityError
from sync.city.terms import Device, DeviceState
from sync.city.transactions import Database, Row, Transaction
from sync.enrolment import Token, token_hash, user_name

TOKEN_LIFE = timedelta(hours=24)
LATELY = timedelta(minutes=10)
_GENERATIONS = 9_999  # a name must have room for as many
_DEVICE = "source, site, device, serial, event_key, state, registered, certificate_ends, certificate_serial, revoked, why_revoked"
_GONE = "UPDATE city_presence SET state = 'offline', since_ms = ? WHERE source = ? AND state <> 'offline'"


class Deed(StrEnum):
    """What is written down."""

    ALLOWED = "allowed"
    DISALLOWED = "disallowed"
    TOKEN_MADE = "token_made"  # noqa: S105 - a word, no password
    ENROLLED = "enrolled"
    ENROLLED_AGAIN = "enrolled_again"
    KEY_CHANGED = "key_changed"  # the event signing key is another one since
    RENEWED = "renewed"
    REVOKED = "revoked"
    REFUSED = "refused"


class NameUnfit(CityError):
    """Site or device cannot stand in a certificate's name, an access list or a topic."""


class SerialNotAllowed(CityError):
    """A token for a box that is not on the list could never be used."""


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """A device at the broker. `name` is its certificate's."""

    name: str
    site: str
    device: str


@dataclass(frozen=True, slots=True)
class AuditRow:
    at: datetime
    what: Deed
    source: str | None
    serial: str | None
    by: str
    detail: str


@dataclass(frozen=True, slots=True)
class Registry:
    """Blocking. Every call may raise DatabaseLost or DatabaseUnusable."""

    database: Database
    clock: Callable[[], datetime] = now_utc

    def allow(self, serial: str, note: str, by: str) -> bool:
        """Put a bought box on the list. Whether it is new there."""
        with self.changing() as change:
            sql = "INSERT INTO allowed_serials VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
            is_new = change.transaction.execute(sql, (serial, note, change.now_ms, by)) > 0
            if is_new:
                change.write(Deed.ALLOWED, None, serial, by, note)
            return is_new

    def disallow(self, serial: str, by: str) -> bool:
        """Take a box off the list: it can enrol no more. What is enrolled stays so. Whether it was there."""
        with self.changing() as change:
            was_there = change.transaction.execute("DELETE FROM allowed_serials WHERE serial = ?", (serial,)) > 0
            if was_there:
                change.write(Deed.DISALLOWED, None, serial, by, "")
            return was_there

    def issue_token(
        self,
        fingerprint: bytes,
        site: str,
        device: str,
        by: str,
        *,
        serial: str | None = None,
        life: timedelta = TOKEN_LIFE,
    ) -> Token:
        """A token for one place, and with `serial` for one box. Raise NameUnfit or SerialNotAllowed."""
        try:
            source = source_of(site, device)
        except ValueError as error:
            raise NameUnfit(str(error)) from error
        if len(user_name(site, device, _GENERATIONS)) > MAX_NAME:
            raise NameUnfit(f"{site}/{device}: site and device may have {MAX_NAME - 6} letters together")
        token = Token.issue(fingerprint)
        with self.changing() as change:
            if serial is not None and not change.is_allowed(serial):
                raise SerialNotAllowed(f"{serial}: not on the list; first: motcua city devices allow {serial}")
            values = (token_hash(token.secret), site, device, serial, change.now_ms, by, change.now_ms + _ms_of(life))
            change.transaction.execute("INSERT INTO enrolment_tokens VALUES (?, ?, ?, ?, ?, ?, ?, NULL, NULL)", values)
            change.write(Deed.TOKEN_MADE, source, serial, by, "")
        return token

    def revoke(self, source: str, why: str, by: str) -> tuple[str, ...] | None:
        """Revoke a device and all its certificates. Its users at the broker, to be cut; None for an unknown device.

        Revoking again changes nothing and names the same users.
        """
        with self.changing() as change:
            device = change.device(source)
            if device is None:
                return None
            if device.state is not DeviceState.REVOKED:
                sql = "UPDATE enrolled_devices SET state = ?, revoked = ?, why_revoked = ? WHERE source = ?"
                change.transaction.execute(sql, (DeviceState.REVOKED.value, change.now_ms, why, source))
                change.revoke_certificates(source)
                change.transaction.execute(_GONE, (change.now_ms, source))  # a broker that cuts it may say no last will
                change.write(Deed.REVOKED, source, device.serial, by, why)
            return change.gone_users(source)

    def device(self, source: str) -> Device | None:
        with self.database.reading() as reading:
            return _device(reading, source)

    def devices(self) -> list[Device]:
        with self.database.reading() as reading:
            rows = reading.rows(f"SELECT {_DEVICE} FROM enrolled_devices ORDER BY source")  # noqa: S608 - our own names
        return [_as_device(row) for row in rows]

    def keys(self, source: str) -> tuple[str, ...]:
        """Every key that ever signed this device's events, the present one last: old checkpoints stay verifiable."""
        with self.database.reading() as reading:
            rows = reading.rows("SELECT event_key FROM enrolled_keys WHERE source = ? ORDER BY since", (source,))
        return tuple(row[0] for row in rows)

    def users(self) -> tuple[BrokerUser, ...]:
        """Who may be at the broker."""
        sql = "SELECT site, device, generation FROM enrolled_devices WHERE state = ? ORDER BY source"
        with self.database.reading() as reading:
            rows = reading.rows(sql, (DeviceState.ACTIVE.value,))
        return tuple(BrokerUser(user_name(*row), row[0], row[1]) for row in rows)

    def lately_gone(self) -> tuple[str, ...]:
        """Users whose certificates were revoked a moment ago, to be cut once more.

        At the first time the broker may have been away, or somebody stood between the handshake and the first word.
        """
        sql = (
            "SELECT DISTINCT d.site, d.device, c.generation FROM issued_certificates c "
            "JOIN enrolled_devices d ON d.source = c.source WHERE c.revoked > ? ORDER BY 1, 2, 3"
        )
        with self.database.reading() as reading:
            rows = reading.rows(sql, (milliseconds(self.clock() - LATELY),))
        return tuple(user_name(*row) for row in rows)

    def revoked_certificates(self) -> list[tuple[str, datetime]]:
        """Serial (hex) and since when, of those that have not ended by themselves."""
        sql = "SELECT serial, revoked FROM issued_certificates WHERE revoked IS NOT NULL AND ends > ? ORDER BY revoked"
        with self.database.reading() as reading:
            rows = reading.rows(sql, (milliseconds(self.clock()),))
        return [(serial, _moment(since)) for serial, since in rows]

    def audit(self, source: str | None = None, last: int = 100) -> list[AuditRow]:
        """The newest deeds, oldest first."""
        where, values = ("WHERE source = ? ", (source,)) if source else ("", ())
        sql = f"SELECT at, what, source, serial, by_whom, detail FROM enrolment_audit {where}ORDER BY id DESC LIMIT ?"  # noqa: S608 - our own words
        with self.database.reading() as reading:
            rows = reading.rows(sql, (*values, last))
        return [AuditRow(_moment(at), Deed(what), *rest) for at, what, *rest in reversed(rows)]

    @contextmanager
    def changing(self) -> Iterator["Change"]:
        """One transaction that no other change runs beside."""
        with self.database.transaction() as transaction:
            transaction.rows("SELECT id FROM enrolment_lock FOR UPDATE")
            yield Change(transaction, self.clock())


@dataclass(frozen=True, slots=True)
class Change:
    """What `Registry.changing` gives: the transaction, its moment, and what more than one change needs."""

    transaction: Transaction
    now: datetime

    @property
    def now_ms(self) -> int:
        return milliseconds(self.now)

    def device(self, source: str) -> Device | None:
        return _device(self.transaction, source)

    def is_allowed(self, serial: str) -> bool:
        return self.transaction.row("SELECT serial FROM allowed_serials WHERE serial = ?", (serial,)) is not None

    def revoke_certificates(self, source: str) -> None:
        sql = "UPDATE issued_certificates SET revoked = ? WHERE source = ? AND revoked IS NULL"
        self.transaction.execute(sql, (self.now_ms, source))

    def gone_users(self, source: str) -> tuple[str, ...]:
        """The names in revoked certificates of this device that have not ended by themselves."""
        sql = (
            "SELECT DISTINCT d.site, d.device, c.generation FROM issued_certificates c "
            "JOIN enrolled_devices d ON d.source = c.source "
            "WHERE c.source = ? AND c.revoked IS NOT NULL AND c.ends > ? ORDER BY c.generation"
        )
        return tuple(user_name(*row) for row in self.transaction.rows(sql, (source, self.now_ms)))

    def write(self, what: Deed, source: str | None, serial: str | None, by: str, detail: str) -> None:
        """A row for people. Never a token, never a key's private half."""
        sql = "INSERT INTO enrolment_audit (at, what, source, serial, by_whom, detail) VALUES (?, ?, ?, ?, ?, ?)"
        self.transaction.execute(sql, (self.now_ms, what.value, source, serial, by, str(detail)))


def _device(transaction: Transaction, source: str) -> Device | None:
    row = transaction.row(f"SELECT {_DEVICE} FROM enrolled_devices WHERE source = ?", (source,))  # noqa: S608 - our own names
    return None if row is None else _as_device(row)


def _as_device(row: Row) -> Device:
    source, site, device, serial, key, state, registered, ends, certificate, revoked, why = row
    return Device(
        source=source,
        site=site,
        device=device,
        serial=serial,
        key=key,
        state=DeviceState(state),
        registered=_moment(registered),
        certificate_ends=_moment(ends),
        certificate_serial=certificate,
        revoked=None if revoked is None else _moment(revoked),
        why_revoked=why,
    )


def milliseconds(moment: datetime) -> int:
    """As the tables keep moments."""
    return round(moment.timestamp() * 1000)


def _ms_of(span: timedelta) -> int:
    return round(span.total_seconds() * 1000)


def _moment(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
