"""The one-time code that opens a citizen's compartment: masked unless `.reveal()` is called.

Made from the device's secret, the stay and the number of the code (HOTP, RFC 4226: no clock needed), or from a CSPRNG.
At rest there is only its HMAC; `code_check.judge` compares in constant time and counts wrong attempts.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self

LENGTHS = (6, 8)  # digits
_SEPARATORS = str.maketrans("", "", " -.\u00a0")


class NotAPickupCode(ValueError):
    """Not 6 or 8 digits; the message does not repeat it."""


@dataclass(frozen=True, slots=True)
class PickupCode:
    """Digits only. Shown to the citizen once, by SMS or read out; never logged, stored or put in an event."""

    _digits: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Six or eight digits, as typed in groups or not. Raise NotAPickupCode."""
        digits = text.translate(_SEPARATORS)
        if not (digits.isascii() and digits.isdigit() and len(digits) in LENGTHS):
            raise NotAPickupCode("a pickup code has 6 or 8 digits")
        return cls(digits)

    def reveal(self) -> str:
        """The digits. Every caller of this is a place to review."""
        return self._digits

    def __str__(self) -> str:
        return "•" * len(self._digits)


def derived(secret: bytes, stay: str, number: int, digits: int = 6) -> PickupCode:
    """Code `number` of a stay, the same whenever it is asked for; a reissue counts `number` up, so it is another one."""
    key = hmac.digest(secret, b"pickup\x00" + stay.encode(), "sha256")
    return PickupCode(hotp(key, number, digits))


def drawn(below: Callable[[int], int], digits: int = 6) -> PickupCode:
    """A random code; `below` is a CSPRNG as `secrets.randbelow`."""
    return PickupCode(f"{below(10**digits):0{digits}d}")


def hotp(key: bytes, counter: int, digits: int) -> str:
    """RFC 4226, section 5.3."""
    mac = hmac.digest(key, counter.to_bytes(8, "big"), hashlib.sha1)
    offset = mac[-1] & 0x0F
    binary = int.from_bytes(mac[offset : offset + 4], "big") & 0x7FFF_FFFF
    return f"{binary % 10**digits:0{digits}d}"


def digest(key: bytes, stay: str, code: PickupCode) -> bytes:
    """What rests on the disk: bound to the stay, so a code of one compartment is nothing at another."""
    return hmac.digest(key, stay.encode() + b"\x00" + code.reveal().encode(), "sha256")
