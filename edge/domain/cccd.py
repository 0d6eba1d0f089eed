"""A citizen's identification number: masked unless `.reveal()` is called. From the card's QR nothing else is kept.

Twelve digits (Decree 137/2015, article 13; Circular 59/2021/TT-BCA): province 001-096, century and sex, year of birth, six more.
There is no check digit. The number tells sex, year of birth and province, so it is a secret like a name.
"""

import re
from dataclasses import dataclass, field
from typing import Self

_NUMBER = re.compile(r"[0-9]{12}")
_QR_FIELDS = 7  # number, old number, name, birth, sex, residence, issued: newer cards add some
_PROVINCES = range(1, 97)
_CENTURIES = "0123"  # 19xx men and women, 20xx men and women: nobody of a later century has a card


class NotACccd(ValueError):
    """Not an identification number, or not the QR of such a card; the message does not repeat it."""


@dataclass(frozen=True, slots=True)
class Cccd:
    """Equal and hashable by number. Make one with `parse` (typed) or `from_qr` (scanned)."""

    _number: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Twelve digits, spaces forgiven. Raise NotACccd."""
        number = "".join(text.split())
        if _NUMBER.fullmatch(number) is None:
            raise NotACccd("an identification number has 12 digits")
        if int(number[:3]) not in _PROVINCES or number[3] not in _CENTURIES:
            raise NotACccd("the first digits name no province, century and sex")
        return cls(number)

    @classmethod
    def from_qr(cls, text: str) -> Self:
        """The number in the QR of a card; every other field is dropped unread. Raise NotACccd."""
        fields = text.strip().split("|")
        if len(fields) < _QR_FIELDS:
            raise NotACccd(f"the QR of an identity card has {_QR_FIELDS} fields or more, this has {len(fields)}")
        return cls.parse(fields[0])

    def reveal(self) -> str:
        """The digits. Every caller of this is a place to review."""
        return self._number

    def __str__(self) -> str:
        return f"••••••••••{self._number[-2:]}"
