"""Enrolling a device: key pair, signing request, certificate, broker settings. Blocking; `motcua enrol` calls it.

Killed anywhere, it can be run again with the same token for an hour: the keys it made lie in the store.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sync.city_https import ask_to_enrol, authority_of
from sync.enrol_errors import ClockOff, NoSerial
from sync.enrolment import Enrolled, EnrolRequest, Token
from sync.files import own_like
from sync.identity import FOLDER, IDENTITY, NEXT, Identity, Next, keep_identity, keep_next, read_next
from sync.keys import KEY_FILE, DeviceKey
from sync.keystore import KeyStore, StoreKind, choose_store, leave_others
from sync.tls_keys import TlsKey

MAX_SKEW = timedelta(hours=12)  # a certificate is backdated by a day
_SERIAL_FILES = (Path("/sys/firmware/devicetree/base/serial-number"), Path("/sys/class/dmi/id/product_serial"))


@dataclass(frozen=True, slots=True)
class Wish:
    """What to enrol. `name` (site.device), where it is known, makes the city refuse a token that is for another place."""

    url: str
    token: Token
    data_dir: Path
    serial: str
    name: str | None = None
    store: StoreKind = StoreKind.AUTO


def enrol(wish: Wish, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Identity:
    """Everything is on the disk when this returns. Raise EnrolError, JournalError (a key file) or OSError."""
    wish.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    told = authority_of(wish.url, wish.token)
    if abs(now() - told.now) > MAX_SKEW:
        raise ClockOff(now() - told.now)
    store = choose_store(wish.data_dir / FOLDER, wish.store)
    key = _key(store)
    request = EnrolRequest.signed(wish.token, wish.serial, key.csr(wish.name), _event_key(wish.data_dir))
    answer = ask_to_enrol(wish.url, told.authority, request)
    identity = _identity(wish, told.authority, key, answer)
    keep_identity(store, identity)
    store.remove(NEXT)
    leave_others(wish.data_dir / FOLDER, store, (IDENTITY, NEXT))
    return identity


def board_serial() -> str:
    """What the board says of itself (a Raspberry Pi's device tree, a PC's DMI). Raise NoSerial."""
    for path in _SERIAL_FILES:
        try:
            found = path.read_text(encoding="ascii").strip("\0\n ")
        except (OSError, UnicodeDecodeError):
            continue
        if found:
            return found
    raise NoSerial


def _event_key(data_dir: Path) -> DeviceKey:
    """The journal's own; made here where no agent has run yet."""
    key = DeviceKey.load_or_create(data_dir)
    own_like(data_dir / KEY_FILE, data_dir)
    return key


def _key(store: KeyStore) -> TlsKey:
    """The key of an enrolment that was cut short, or a new one; kept before the city hears of it."""
    begun = read_next(store)
    if begun is not None and begun.answer is None:
        return TlsKey.from_pem(begun.key.encode())
    key = TlsKey.generate()
    keep_next(store, Next(key=key.pem.decode()))
    return key


def _identity(wish: Wish, authority: str, key: TlsKey, answer: Enrolled) -> Identity:
    return Identity(
        city=wish.url,
        site=answer.site,
        device=answer.device,
        serial=wish.serial,
        broker_host=answer.broker_host,
        broker_port=answer.broker_port,
        city_key=answer.city_key,
        authority=authority,
        certificate=answer.certificate,
        key=key.pem.decode(),
        broker_others=answer.broker_others,
    )
