"""Who may log in: the users file (TOML, 0600), PIN hashes, TOTP secrets, and how to create a user.

For `edge.web.login` and `edge.web.auth`, and for the command line that adds and removes users.
"""

import base64
import hashlib
import hmac
import io
import logging
import os
import pwd
import re
import secrets
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pyotp

from sync.files import write_private

log = logging.getLogger(__name__)

NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,31}")
COUNTER = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")  # what a configuration may call one
WARD = re.compile(r'[^\x00-\x1f\x7f"\\]{1,60}')  # a name as people write it, and as TOML keeps it between quotes
PIN = re.compile(r"\d{6,12}")
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**14, 8, 1  # 16 MB and about 50 ms a try; RFC 7914 section 2


class Role(StrEnum):
    OFFICER = "officer"
    LEADER = "leader"
    TECHNICIAN = "technician"


class UsersError(Exception):
    """The users file cannot be used as it is."""


class UsersFileExposed(UsersError):
    """Others may read the file: it holds secrets, so it must be 0600."""


class UsersFileInvalid(UsersError):
    """The file cannot be read, or is not what this module writes; the message names the place."""


class UserRefused(UsersError):
    """The user asked for cannot be created; the message says what to change."""


@dataclass(frozen=True, slots=True)
class PinHash:
    """scrypt of a PIN; written as `scrypt$n$r$p$salt$hash`, both in base64."""

    salt: bytes
    digest: bytes
    n: int
    r: int
    p: int

    @classmethod
    def of(cls, pin: str) -> "PinHash":
        salt = secrets.token_bytes(16)
        return cls(salt, _scrypt(pin, salt, SCRYPT_N, SCRYPT_R, SCRYPT_P), SCRYPT_N, SCRYPT_R, SCRYPT_P)

    @classmethod
    def parse(cls, text: str) -> "PinHash":
        """Raise ValueError for anything `str()` did not write."""
        kind, n, r, p, salt, digest = text.split("$")
        if kind != "scrypt" or not 2**10 <= int(n) <= 2**17:
            msg = "not a scrypt hash"
            raise ValueError(msg)
        return cls(base64.b64decode(salt), base64.b64decode(digest), int(n), int(r), int(p))

    def matches(self, pin: str) -> bool:
        """Slow on purpose: run it in a thread."""
        return hmac.compare_digest(self.digest, _scrypt(pin, self.salt, self.n, self.r, self.p))

    def __str__(self) -> str:
        salt, digest = (base64.b64encode(part).decode() for part in (self.salt, self.digest))
        return f"scrypt${self.n}${self.r}${self.p}${salt}${digest}"


@dataclass(frozen=True, slots=True)
class User:
    """`counters` are an officer's own, none for one who works at a cabinet only; a leader sees all of them.

    `wards`: on the city's pages, what an officer or technician may see; a leader sees all of them.
    """

    name: str
    role: Role
    pin: PinHash = field(repr=False)
    totp_secret: str = field(repr=False)  # base32
    counters: tuple[str, ...] = ()
    wards: tuple[str, ...] = ()

    @property
    def record(self) -> str:
        """SHA-256 over all of it: another PIN, role or counter is another record. The one-time secret in it keeps it from being guessed."""
        parts = (self.name, self.role, str(self.pin), self.totp_secret, *self.counters, "", *self.wards)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


class UserBook:
    """The users file, read again whenever it changed; a file that went bad keeps the last good one and is logged once."""

    def __init__(self, path: Path) -> None:
        """Raise UsersError when the file cannot be used now."""
        self._path = path
        self._users: Mapping[str, User] = {}
        self._seen = self._stamp()
        self._users = load_users(path)

    def get(self, name: str) -> User | None:
        self._reload_if_changed()
        return self._users.get(name)

    def _reload_if_changed(self) -> None:
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            self._users = load_users(self._path)
        except UsersError as error:
            log.error("users file not reloaded: %s", error)  # noqa: TRY400 - the sentence is enough

    def _stamp(self) -> tuple[int, int, int]:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return (0, 0, 0)
        return (found.st_mtime_ns, found.st_size, found.st_ino)


def load_users(path: Path) -> dict[str, User]:
    """Raise UsersFileExposed or UsersFileInvalid; a missing file is an empty book."""
    if not path.exists():
        return {}
    if path.is_dir():
        raise UsersFileInvalid(f"{path}: is a folder; name the users file")
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        msg = f"{path}: readable by others; run: chmod 600 {path}"
        raise UsersFileExposed(msg)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("users", {})
        return {name: _user(name, row) for name, row in table.items()}
    except OSError as error:
        msg = f"{path}: {error.strerror}; run: {_chown(path)}"
        raise UsersFileInvalid(msg) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, ValueError, TypeError, AttributeError) as error:
        msg = f"{path}: {error}"
        raise UsersFileInvalid(msg) from error


def _chown(path: Path) -> str:
    """Whose the folder is has to read the file; beside other secrets in a folder of root's, whoever is the agent."""
    if path.parent.stat().st_uid:
        return f"chown --reference={path.parent} {path}"
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        name = str(os.geteuid())
    return f"chown {name} {path} (if the agent runs as {name})"


def create_user(
    path: Path, name: str, role: Role, pin: str, counters: tuple[str, ...] = (), *, wards: tuple[str, ...] = ()
) -> User:
    """Add or replace a user and write the file durably with mode 0600. Raise UserRefused or a load error."""
    _check_new(name, pin, counters, wards)
    users = load_users(path)
    users[name] = User(name, role, PinHash.of(pin), pyotp.random_base32(), counters, wards)
    _write(path, users)
    return users[name]


def remove_user(path: Path, name: str) -> bool:
    """Their open pages close at the next check. False when there is no such user."""
    users = load_users(path)
    gone = users.pop(name, None)
    if gone:
        _write(path, users)
    return gone is not None


def provisioning_uri(user: User, issuer: str) -> str:
    """The otpauth:// text an authenticator app reads; it holds the secret, so it is shown once and never logged."""
    return pyotp.TOTP(user.totp_secret).provisioning_uri(name=user.name, issuer_name=issuer)


def terminal_qr(uri: str) -> str:
    """The URI as a QR of block characters for a terminal."""
    import qrcode  # noqa: PLC0415 - it loads an image library that a running agent never needs

    code = qrcode.QRCode(border=1)
    code.add_data(uri)
    out = io.StringIO()
    code.print_ascii(out=out, invert=True)
    return out.getvalue()


def svg_qr(uri: str) -> str:
    """The URI as an SVG picture."""
    import qrcode.image.svg  # noqa: PLC0415 - as above

    return str(qrcode.make(uri, image_factory=qrcode.image.svg.SvgPathImage).to_string(encoding="unicode"))


def random_pin(digits: int) -> str:
    """A PIN that `create_user` takes."""
    while _is_easy(pin := "".join(secrets.choice("0123456789") for _ in range(digits))):
        pass
    return pin


def _is_easy(pin: str) -> bool:
    return len(set(pin)) == 1 or pin in "01234567890123" or pin in "98765432109876"


def _check_new(name: str, pin: str, counters: tuple[str, ...], wards: tuple[str, ...]) -> None:
    if not NAME.fullmatch(name):
        raise UserRefused("the user name takes 2 to 32 small letters, digits and hyphens")
    if not PIN.fullmatch(pin) or _is_easy(pin):
        raise UserRefused("the PIN takes 6 to 12 digits, not all the same and not counted up or down")
    if not all(COUNTER.fullmatch(counter) for counter in counters):
        raise UserRefused("a counter's id takes small letters, digits and hyphens")
    if not all(WARD.fullmatch(ward) for ward in wards):
        raise UserRefused("a ward's name takes 1 to 60 letters, no quotation marks")


def _user(name: str, row: Mapping[str, object]) -> User:
    if not NAME.fullmatch(name):
        msg = f"users.{name}: not a user name"
        raise ValueError(msg)
    unknown = set(row) - {"role", "counters", "wards", "pin", "totp"}
    if unknown:
        msg = f"users.{name}: unknown key {min(unknown)}"
        raise ValueError(msg)
    secret = str(row["totp"])
    pyotp.TOTP(secret).byte_secret()  # ValueError here and not at somebody's login
    pin = PinHash.parse(str(row["pin"]))
    return User(name, Role(str(row["role"])), pin, secret, _names(name, row, "counters"), _names(name, row, "wards"))


def _names(name: str, row: Mapping[str, object], key: str) -> tuple[str, ...]:
    found = row.get(key, [])
    if not isinstance(found, list):
        msg = f"users.{name}.{key}: not a list"
        raise TypeError(msg)
    return tuple(map(str, found))


def _write(path: Path, users: Mapping[str, User]) -> None:
    lines = ["# Written by motcua. Secrets inside: keep it 0600."]
    for user in users.values():
        lines += [
            f"\n[users.{user.name}]",
            f'role = "{user.role}"',
            f"counters = [{_quoted(user.counters)}]",
            *([f"wards = [{_quoted(user.wards)}]"] if user.wards else []),
            f'pin = "{user.pin}"',
            f'totp = "{user.totp_secret}"',
        ]
    write_secret(path, "\n".join(lines) + "\n")


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def write_secret(path: Path, text: str) -> None:
    """Replace a file in one step, 0600 from its first byte, on the disk before this returns; of root, in the name of who reads it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_private(path, text.encode())


def _scrypt(pin: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, n=n, r=r, p=p, dklen=32, maxmem=256 * 2**20)
