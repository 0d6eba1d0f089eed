"""Mosquitto: a literal access list and the list of revoked certificates as files, read again at SIGHUP.

Mosquitto 2.0 looks at that list when a connection begins and at no other time, so a live one is ended by taking over its
session: MQTT lets the newer connection of a client id win, and on the devices' listener the client id is the certificate's
name. The city connects with that name over a listener of its own.
"""

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from sync.broker import Broker, Version
from sync.city.broker_users import CITY, READS, WRITES, BrokerNotReached, base_of
from sync.city.registry import BrokerUser
from sync.errors import LinkError
from sync.files import write_private
from sync.mqtt import Connection, Handlers
from sync.topics import ROOT

ACCESS, REVOKED, CONFIG = "devices.acl", "revoked.pem", "motcua.conf"
_AGAIN_AFTER_S = 1.0
_READS_S = 0.3  # longer than it reads its files; a signal that comes meanwhile is forgotten (2.0.21, loop.c: the flag is cleared last)
_told_at: dict[Path, float] = {}  # when which broker was signalled last
_MODE = 0o640  # the broker reads them by its group


@dataclass(frozen=True, slots=True)
class MosquittoUsers:
    """`directory` holds the rendered files. `city`: the city's own listener, with a certificate named `city`."""

    directory: Path
    pid_file: Path
    city: Broker

    def apply(self, users: Sequence[BrokerUser], revoked_list: bytes) -> None:
        try:
            is_new = _replaced(self.directory / ACCESS, access_list(users).encode())
            is_new |= _replaced_list(self.directory / REVOKED, revoked_list)
        except OSError as error:
            raise BrokerNotReached(f"Mosquitto: {error.filename}: {error.strerror}") from error
        if is_new:
            self.reload()

    def cut(self, names: Sequence[str]) -> None:
        """Twice: a line that was accepted beside the signal finishes its handshake with the list of before."""
        for name in names:
            self._take_over(name)
        if names:
            time.sleep(_AGAIN_AFTER_S)  # nothing tells when such a line has spoken
        for name in names:
            self._take_over(name)

    def reload(self) -> None:
        """Files and certificates are read again. Raise BrokerNotReached.

        The broker's one loop looks at the signal before it reads a connection made after it: no take-over comes too early.
        """
        time.sleep(max(0.0, _told_at.get(self.pid_file, -_READS_S) + _READS_S - time.monotonic()))
        _told_at[self.pid_file] = time.monotonic()
        try:
            os.kill(int(self.pid_file.read_text(encoding="ascii")), signal.SIGHUP)
        except (FileNotFoundError, ProcessLookupError):
            return  # it is not running: it reads the files when it starts
        except (OSError, ValueError) as error:
            raise BrokerNotReached(f"Mosquitto cannot be signalled by {self.pid_file}: {error}") from error

    def _take_over(self, name: str) -> None:
        handlers = Handlers(on_puback=lambda _mid, _code: None, on_message=lambda _topic, _payload: None)
        connection = Connection(self.city, name, Version.V311, handlers)
        try:
            connection.open()
        except LinkError as error:
            raise BrokerNotReached(f"Mosquitto: {error}") from error
        finally:
            connection.close(goodbye=True)


def access_list(users: Sequence[BrokerUser]) -> str:
    """Mosquitto's acl_file: what is not named is refused. Names are letters, digits, hyphens and dots only."""
    lines = [f"user {CITY}", f"topic readwrite {ROOT}/#", "topic read $SYS/#", ""]
    for user in users:
        base = base_of(user)
        lines += [f"user {user.name}"]
        lines += [f"topic write {base}/{part}" for part in WRITES]
        lines += [f"topic read {base}/{part}" for part in READS]
        lines.append("")
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class MosquittoSettings:
    """What the configuration file needs. `server`: key and certificate in one PEM file."""

    directory: Path
    authority: Path
    server: Path
    pid_file: Path
    host: str = "0.0.0.0"  # noqa: S104 - the devices come from other machines
    port: int = 8883
    city_host: str = "127.0.0.1"
    city_port: int = 8884


def config(settings: MosquittoSettings) -> str:
    """The whole configuration file of a Mosquitto that serves one small town's devices."""
    tls = [
        f"cafile {settings.authority}",
        f"certfile {settings.server}",
        f"keyfile {settings.server}",
        f"crlfile {settings.directory / REVOKED}",
        "require_certificate true",
        "use_identity_as_username true",
        "tls_version tlsv1.2",
    ]
    lines = [
        "# written by: motcua city devices broker-files",
        f"pid_file {settings.pid_file}",
        f"acl_file {settings.directory / ACCESS}",
        "allow_anonymous false",
        "max_inflight_messages 200",
        "max_queued_messages 10000",
        "message_size_limit 1100000",
        f"listener {settings.port} {settings.host}",
        *tls,
        "use_username_as_clientid true",
        "# the city's own programs, which choose their client ids: never open this one to devices",
        f"listener {settings.city_port} {settings.city_host}",
        *tls,
    ]
    return "\n".join([*lines, ""])


def _replaced(path: Path, content: bytes) -> bool:
    """Whether the file had to be written."""
    if path.exists() and path.read_bytes() == content:
        return False
    write_private(path, content, mode=_MODE)
    return True


def _replaced_list(path: Path, content: bytes) -> bool:
    """A list is signed anew each time; it is written when it says something new or the old one has lived half its life."""
    if path.exists():
        old, new = _list(path.read_bytes()), _list(content)
        if old is not None and new is not None and _serials(old) == _serials(new) and not _is_old(old, new):
            return False
    write_private(path, content, mode=_MODE)
    return True


def _list(pem: bytes) -> x509.CertificateRevocationList | None:
    try:
        return x509.load_pem_x509_crl(pem)
    except ValueError:
        return None


def _serials(revoked: x509.CertificateRevocationList) -> set[int]:
    return {one.serial_number for one in revoked}


def _is_old(old: x509.CertificateRevocationList, new: x509.CertificateRevocationList) -> bool:
    ends, now = old.next_update_utc, new.last_update_utc
    return old.issuer != new.issuer or ends is None or now - old.last_update_utc > (ends - old.last_update_utc) / 2
