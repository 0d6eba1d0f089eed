"""A dossier's code as the one-stop system gives it (Circular 01/2018/TT-VPCP, article 19), kept as issued and comparable.

`000.00.00.H29-261124-0012`: unit code, date of receipt, order within the day. Systems also show short units (`H29.19-...`) and
five-digit orders. The ward is never derived from it: units were merged and the codes stayed.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Self

_DASHES = re.compile(r"[\u2010-\u2015\u2212_/]")
_SPACES = re.compile(r"\s+")
_LONG = re.compile(r"(\d{3})\.?(\d{2})\.?(\d{2})\.?([A-Z]\d{2})-?(\d{6})-?(\d{4,5})")
_SHORT = re.compile(r"([A-Z]\d{2}(?:\.\d{1,3}){0,3})-(\d{6})-(\d{4,5})")


class BadDossierCode(ValueError):
    """Not the form of a dossier code; the message does not repeat it."""


class BadDossierDate(ValueError):
    """The form is right and the day does not exist: most likely mistyped."""


@dataclass(frozen=True, slots=True)
class DossierCode:
    """Equal and hashable by `canonical`: upper case, no spaces, all separators. `issued` is the text as it came."""

    canonical: str
    received: date = field(compare=False)
    issued: str = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Lower case, spaces, other dashes and (in the long form) missing separators are forgiven.

        Raise BadDossierCode or BadDossierDate.
        """
        unit, day, order = _parts(_DASHES.sub("-", _SPACES.sub("", text)).upper())
        return cls(f"{unit}-{day}-{order}", _date(day), text.strip())

    def __str__(self) -> str:
        return self.canonical


def _parts(text: str) -> tuple[str, str, str]:
    if not text.isascii():
        raise BadDossierCode("a dossier code has Latin letters, digits, dots and hyphens")
    if long := _LONG.fullmatch(text):
        return ".".join(long.groups()[:4]), long[5], long[6]
    if short := _SHORT.fullmatch(text):
        return short[1], short[2], short[3]
    raise BadDossierCode("a dossier code reads unit-yymmdd-order, the order in 4 or 5 digits")


def _date(yymmdd: str) -> date:
    try:
        return date(2000 + int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:]))
    except ValueError:
        raise BadDossierDate("the date in the dossier code is no day of the calendar") from None
