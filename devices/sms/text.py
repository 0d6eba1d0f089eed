"""The text of an SMS as the network counts it: normal form, alphabet, parts. Pure; anybody may call it."""

import unicodedata
from collections.abc import Iterator
from enum import Enum
from itertools import accumulate

# 3GPP TS 23.038, 6.2.1: the default alphabet in the order of its codes; 0x1B is the escape to the extension table.
GSM_BASIC = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_ESCAPE = 0x1B
# 3GPP TS 23.038, 6.2.1.1: characters that cost the escape and one more septet.
GSM_EXTENSION = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_GSM_CODES = {char: code for code, char in enumerate(GSM_BASIC) if code != GSM_ESCAPE}


class Alphabet(Enum):
    """The two alphabets we send; the values are the units that fit a single SMS and one part of several."""

    GSM7 = (160, 153)
    UCS2 = (70, 67)

    @property
    def single(self) -> int:
        return self.value[0]

    @property
    def part(self) -> int:
        return self.value[1]


def normalise(text: str) -> str:
    """NFC: Vietnamese typed as letter plus mark would cost up to twice the units and show badly on old phones."""
    return unicodedata.normalize("NFC", text)


def alphabet_of(text: str) -> Alphabet:
    """GSM-7 when every character is in it, else UCS2. 127 of the 134 accented Vietnamese letters are not."""
    return Alphabet.GSM7 if all(c in _GSM_CODES or c in GSM_EXTENSION for c in text) else Alphabet.UCS2


def part_count(text: str) -> int:
    """How many SMS this text costs, after normalising."""
    return len(split(text))


def split(text: str) -> tuple[str, ...]:
    """The parts in order, each within its alphabet's room; no character (surrogate pair, escape pair) is cut.

    Joined they are the normalised text. An empty text is one empty part.
    """
    normal = normalise(text)
    alphabet = alphabet_of(normal)
    costs = [cost(char, alphabet) for char in normal]
    if sum(costs) <= alphabet.single:
        return (normal,)
    return tuple(_cut(normal, costs, alphabet.part))


def cost(char: str, alphabet: Alphabet) -> int:
    """Septets (GSM-7) or 16-bit units (UCS2) of one character."""
    if alphabet is Alphabet.GSM7:
        return 2 if char in GSM_EXTENSION else 1
    return 2 if ord(char) > 0xFFFF else 1


def gsm_septets(text: str) -> Iterator[int]:
    """The codes of a GSM-7 text. Raises ValueError at the first character outside the alphabet."""
    for char in text:
        if char in GSM_EXTENSION:
            yield from (GSM_ESCAPE, GSM_EXTENSION[char])
        elif char in _GSM_CODES:
            yield _GSM_CODES[char]
        else:
            raise ValueError("a character outside GSM 03.38")


def _cut(text: str, costs: list[int], room: int) -> Iterator[str]:
    start = 0
    while start < len(text):
        running = accumulate(costs[start:])
        fitting = sum(1 for used in running if used <= room)
        yield text[start : start + fitting]
        start += fitting
