"""A Vietnamese mobile number that cannot leak by accident: `str()` is masked, the digits need `.reveal()`.

The alert service uses it to address an SMS and to tell whose reply came in.
"""

import re
from dataclasses import dataclass, field
from typing import Self

_SEPARATORS = re.compile(r"[\s.\-()\u00a0]")
_NATIONAL = re.compile(r"(?:\+?84|0)([35789][0-9]{8})")  # numbers are portable: nothing is inferred about the operator


class NotAMobileNumber(ValueError):
    """The text is not a Vietnamese mobile number; the message does not repeat it."""


@dataclass(frozen=True, slots=True)
class Msisdn:
    """Equal and hashable by E.164 form. Make one with `parse`."""

    _e164: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Accept `09…`, `+849…`, `849…`, with spaces, dots or hyphens. Raise NotAMobileNumber."""
        match = _NATIONAL.fullmatch(_SEPARATORS.sub("", text))
        if match is None:
            raise NotAMobileNumber("not a Vietnamese mobile number (0[35789] and 8 digits, or +84...)")
        return cls(f"+84{match[1]}")

    def reveal(self) -> str:
        """The E.164 form, as in `+84912345678`. Every caller of this is a place to review."""
        return self._e164

    def __str__(self) -> str:
        return f"+84•••••••{self._e164[-2:]}"
