"""Vietnamese without its accents, for comparing what was heard with what may be said; pure.

Used by the recognisers, by intents and by spoken codes.
"""

import re
import unicodedata

_MERGED = (
    ("ngh", "n"), ("gh", "g"), ("qu", "c"), ("ph", "f"), ("th", "t"), ("tr", "c"), ("ch", "c"), ("nh", "n"), ("ng", "n"),
    ("kh", "c"), ("gi", "z"), ("d", "z"), ("r", "z"), ("x", "s"), ("k", "c"), ("q", "c"), ("y", "i"), ("uo", "u"), ("ie", "i"),
    ("ia", "i"), ("ua", "u"),
)  # fmt: skip
_NOT_SPOKEN = re.compile(r"[^\w\s]|_")


def folded(text: str) -> str:
    """Lower case, no accents, `đ` as `d`, no punctuation, single spaces."""
    return " ".join(_NOT_SPOKEN.sub(" ", _without_marks(text.lower())).split())


def skeleton(folded_text: str) -> str:
    """What is left of folded text when sounds that regions or recognisers take for each other are one: d gi r, s x, tr ch, c k q."""
    for sound, sign in _MERGED:
        folded_text = folded_text.replace(sound, sign)
    return folded_text


def words(text: str) -> str:
    """Lower case with accents (NFC), no punctuation, single spaces: what word error is counted on."""
    return " ".join(_NOT_SPOKEN.sub(" ", unicodedata.normalize("NFC", text).lower()).split())


def _without_marks(text: str) -> str:
    apart = unicodedata.normalize("NFD", text.replace("đ", "d"))
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
