"""The short id on a depositor's receipt: can be read out, typed and scanned; a wrong letter is noticed.

Seven letters of an alphabet without look-alikes and a check letter. The weighted sum is taken modulo 31, the size of the
alphabet and a prime, so each single mistake and each swap of two neighbours is noticed.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from edge.domain.chain import ID_ALPHABET

_LENGTH = 7
_PREFIX = "BN"  # biên nhận
_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2015]")
_TEXT = re.compile(rf"(?:{_PREFIX})?([{ID_ALPHABET}]{{{_LENGTH + 1}}})")


class BadReceipt(ValueError):
    """Not a receipt's id, or one that was mistyped."""


@dataclass(frozen=True, slots=True)
class ReceiptId:
    """`str()` is what stands on the receipt and in its QR: `BN-7K3P-M2QX`."""

    letters: str

    @classmethod
    def new(cls, choose: Callable[[str], str]) -> Self:
        """`choose` picks one letter (as `secrets.choice`)."""
        drawn = "".join(choose(ID_ALPHABET) for _ in range(_LENGTH))
        return cls(drawn + _check(drawn))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Case, spaces and hyphens do not matter, the prefix may be missing; 0 and O can only mean Q. Raise BadReceipt."""
        plain = _SEPARATORS.sub("", text).upper().replace("0", "Q").replace("O", "Q")
        match = _TEXT.fullmatch(plain)
        if match is None:
            raise BadReceipt(f"a receipt's id is {_PREFIX} and {_LENGTH + 1} letters")
        if _check(match[1][:_LENGTH]) != match[1][_LENGTH]:
            raise BadReceipt("the last letter of the receipt's id does not fit the others")
        return cls(match[1])

    def __str__(self) -> str:
        return f"{_PREFIX}-{self.letters[:4]}-{self.letters[4:]}"


def _check(letters: str) -> str:
    weighted = sum(weight * ID_ALPHABET.index(letter) for weight, letter in enumerate(letters, start=2))
    return ID_ALPHABET[weighted % len(ID_ALPHABET)]
