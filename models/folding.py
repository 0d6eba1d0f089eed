"""Vietnamese without its accents, for comparing what was heard with what may be said; pure.

Used by the recognisers, by intents and by spoken codes.
"""

import re
import unicodedata

_NOT_SPOKEN = re.compile(r"[^\w\s]|_")


def folded(text: str) -> str:
    """Lower case, no accents, `đ` as `d`, no punctuation, single spaces."""
    return " ".join(_NOT_SPOKEN.sub(" ", _without_marks(text.lower())).split())


def words(text: str) -> str:
    """Lower case with accents (NFC), no punctuation, single spaces: what word error is counted on."""
    return " ".join(_NOT_SPOKEN.sub(" ", unicodedata.normalize("NFC", text).lower()).split())


def _without_marks(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.replace("đ", "d"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
