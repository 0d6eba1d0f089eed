"""Names in the order of the Vietnamese alphabet, and names found without their accents; pure.

The order is that of Vietnamese dictionaries: letters first (a ă â b c d đ e ê ...), tones only between words of the same letters (không
dấu, huyền, hỏi, ngã, sắc, nặng). Numbers are counted: "Điểm 2" stands before "Điểm 10".
"""

import re
import unicodedata
from functools import lru_cache

_LETTERS = {letter: place for place, letter in enumerate("aăâbcdđeêfghijklmnoôơpqrstuưvwxyz")}
_TONES = {tone: place for place, tone in enumerate(("\u0300", "\u0309", "\u0303", "\u0301", "\u0323"), start=1)}
_PART = re.compile(r"[^\W\d_]+|\d+")
_LONGEST_NUMBER = 12  # digits; what is longer is no number that anybody counts

Order = tuple[tuple[tuple[int, ...], ...], tuple[int, ...], str]
"""What a name is compared by: its letters and numbers, then its tones, then itself."""


@lru_cache(maxsize=10_000)  # the sites and wards of a city, sorted again at every look
def in_order(name: str) -> Order:
    """The key to sort Vietnamese names by."""
    parts: list[tuple[int, ...]] = []
    tones: list[int] = []
    for part in _PART.findall(unicodedata.normalize("NFC", name).lower()):
        if part[0].isdecimal():
            parts.append((-1, int(part[-_LONGEST_NUMBER:])))  # before every letter
            continue
        letters, marks = _apart(part)
        parts.append(letters)
        tones += marks
    return tuple(parts), tuple(tones), name


def _apart(word: str) -> tuple[tuple[int, ...], list[int]]:
    """A word's letters by their place in the alphabet, and the tone of each."""
    letters, tones = [], []
    for letter in word:
        marks = unicodedata.normalize("NFD", letter)
        tone = next((mark for mark in marks if mark in _TONES), "")
        bare = unicodedata.normalize("NFC", marks.replace(tone, "")) if tone else letter
        letters.append(_LETTERS.get(bare, len(_LETTERS) + ord(bare[0])))
        tones.append(_TONES.get(tone, 0))
    return tuple(letters), tones


def unaccented(text: str) -> str:
    """Lower case without accents, `đ` as `d`: somebody who types "ben mia" looks for Bến Mía."""
    return without_marks(text.casefold())


def without_marks(text: str) -> str:
    """The bare letters, `đ` as `d`, large ones as they are."""
    apart = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
