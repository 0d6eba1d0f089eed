"""Codes and numbers the way they are said in Vietnam, both ways; pure.

`hát mười chín chấm hai chín` is H19.29; Northern, Central and Southern words for a digit or a letter mean the same.
Letters and digits by ear are often wrong: what comes out is compared with codes that exist, and read back.
"""

import re
from collections.abc import Iterable, Sequence

from rapidfuzz.distance import Levenshtein

from models.folding import folded, words

DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
NAMES = {
    "A": "a", "B": "bê", "C": "xê", "D": "dê", "Đ": "đê", "E": "e", "F": "ép", "G": "giê", "H": "hát", "I": "i", "J": "gi",
    "K": "ca", "L": "lờ", "M": "mờ", "N": "nờ", "O": "o", "P": "pê", "Q": "quy", "R": "rờ", "S": "ét", "T": "tê", "U": "u",
    "V": "vê", "W": "vê kép", "X": "ích", "Y": "i dài", "Z": "dét", ".": "chấm", "-": "gạch", "/": "xuyệt",
}  # fmt: skip

_DIGIT_WORDS = {
    "khong": "0", "linh": "0", "le": "0", "zero": "0", "mot": "1", "hai": "2", "ba": "3", "bon": "4", "tu": "4", "nam": "5",
    "lam": "5", "nham": "5", "sau": "6", "bay": "7", "bai": "7", "tam": "8", "chin": "9",
}  # fmt: skip
_LETTER_WORDS = {
    "a": "A", "be": "B", "bo": "B", "xe": "C", "co": "C", "xi": "C", "de": "D", "do": "D", "e": "E", "ep": "F", "pho": "F",
    "ghe": "G", "gie": "G", "go": "G", "hat": "H", "ho": "H", "hac": "H", "i": "I", "gi": "J", "ca": "K", "ka": "K", "lo": "L",
    "elo": "L", "eo": "L", "mo": "M", "em": "M", "no": "N", "en": "N", "o": "O", "pe": "P", "po": "P", "quy": "Q", "cu": "Q",
    "ro": "R", "ero": "R", "et": "S", "so": "S", "te": "T", "to": "T", "u": "U", "ve": "V", "vo": "V", "ich": "X", "y": "Y",
    "det": "Z", "zet": "Z", "cham": ".", "phay": ".", "gach": "-", "ngang": "-", "tru": "-", "xuyet": "-",
}  # fmt: skip
_TENS, _HUNDRED, _TWENTY = frozenset({"muoi", "chuc"}), "tram", "ham"
_TEN, _TEN_TOKEN = re.compile(r"\bmười\b"), "tenword"  # after a digit `mười` begins a number, `mươi` goes on with one
_SILENT = frozenset({"ma", "so", "ho", "la", "cua", "toi", "em", "da", "a", "thua", "u"})


def code_said(text: str) -> str:
    """The letters, digits, dots and hyphens in what was said; words that mean none are passed over."""
    tokens = _without_opening(folded(_TEN.sub(_TEN_TOKEN, words(text))).split())
    said, at = [], 0
    while at < len(tokens):
        piece, taken = _number(tokens, at) or _sign(tokens, at)
        said.append(piece)
        at += taken
    return "".join(said).replace("--", "-").strip("-.")


def choose(said: str, known: Iterable[str], *, at_most: int = 3) -> tuple[str, ...]:
    """Codes that exist and end as was said, most like first; one wrong sign is forgiven, fewer than three signs mean nothing."""
    wanted = _bare(said)
    if len(wanted) < _TELLING:
        return ()
    ranked = sorted((_distance(wanted, _bare(code)), code) for code in known)
    near = [(distance, code) for distance, code in ranked if distance <= (1 if len(wanted) > _TELLING else 0)]
    best = near[0][0] if near else 0
    return tuple(code for distance, code in near if distance == best)[:at_most]


def ways_to_say(signs: str) -> tuple[str, ...]:
    """A code or its end as sentences: sign by sign, and its digits in pairs as in `mười chín`."""
    one_by_one = " ".join(_name(sign) for sign in signs.upper())
    in_pairs = " ".join(_pairs(signs.upper()))
    regional = one_by_one.replace("bốn", "tư")
    return tuple(dict.fromkeys((one_by_one, in_pairs, regional)))


def number_words(number: int) -> str:
    """A whole number below a million in words: 21 hai mươi mốt, 105 một trăm linh năm, 2015 hai nghìn không trăm mười lăm."""
    if not 0 <= number < 1_000_000:
        raise ValueError("numbers from 0 to 999,999 are said")
    thousands, rest = divmod(number, 1000)
    if not thousands:
        return _below_thousand(rest)
    head = f"{_below_thousand(thousands)} nghìn"
    return head if not rest else f"{head} {_below_thousand(rest, is_full=True)}"


def _below_thousand(number: int, *, is_full: bool = False) -> str:
    hundreds, rest = divmod(number, 100)
    if not hundreds and not is_full:
        return _below_hundred(rest)
    head = f"{DIGITS[hundreds]} trăm"
    if not rest:
        return head
    return f"{head} linh {DIGITS[rest]}" if rest < 10 else f"{head} {_below_hundred(rest)}"


def _below_hundred(number: int) -> str:
    tens, units = divmod(number, 10)
    if not tens:
        return DIGITS[units]
    head = "mười" if tens == 1 else f"{DIGITS[tens]} mươi"
    if not units:
        return head
    special = {1: "một" if tens == 1 else "mốt", 5: "lăm"}
    return f"{head} {special.get(units, DIGITS[units])}"


def _number(tokens: Sequence[str], at: int) -> tuple[str, int] | None:
    """A number with tens or hundreds from here on: its digits and how many words it took."""
    digit = _DIGIT_WORDS.get(tokens[at])
    after = tokens[at + 1] if at + 1 < len(tokens) else ""
    if digit and after == _HUNDRED:
        return _hundreds(tokens, at, digit)
    if tokens[at] in {*_TENS, _TWENTY, _TEN_TOKEN}:
        return _with_units(tokens, at, "2" if tokens[at] == _TWENTY else "1", taken=1)
    if digit and digit not in "01" and after in _TENS:
        return _with_units(tokens, at, digit, taken=2)
    return None


def _hundreds(tokens: Sequence[str], at: int, hundreds: str) -> tuple[str, int]:
    rest = tokens[at + 2 :]
    if len(rest) > 1 and rest[0] in {"linh", "le"} and rest[1] in _DIGIT_WORDS:
        return f"{hundreds}0{_DIGIT_WORDS[rest[1]]}", 4
    if rest and (tens := _number(rest, 0)) and len(tens[0]) == 2:
        return hundreds + tens[0], 2 + tens[1]
    return f"{hundreds}00", 2


def _with_units(tokens: Sequence[str], at: int, tens: str, *, taken: int) -> tuple[str, int]:
    units = _DIGIT_WORDS.get(tokens[at + taken]) if at + taken < len(tokens) else None
    starts_new = at + taken + 1 < len(tokens) and (
        tokens[at + taken + 1] in _TENS or tokens[at + taken + 1] == _HUNDRED
    )
    if units is None or units == "0" or (starts_new and units not in "01"):
        return f"{tens}0", taken
    return tens + units, taken + 1


def _sign(tokens: Sequence[str], at: int) -> tuple[str, int]:
    token, after = tokens[at], tokens[at + 1] if at + 1 < len(tokens) else ""
    for pair, sign in _PAIRS.items():
        if (token, after) == pair:
            return sign, 2
    return _DIGIT_WORDS.get(token) or _LETTER_WORDS.get(token) or (token.upper() if _is_plain(token) else ""), 1


def _without_opening(tokens: list[str]) -> list[str]:
    """`mã hồ sơ của tôi là` is no part of the code."""
    for end in range(len(tokens) - 1, 0, -1):
        if tokens[end - 1] in {"la", "so", "ma"} and set(tokens[: end - 1]) <= _SILENT | {"ma", "so"}:
            return tokens[end:]
    return tokens


def _is_plain(token: str) -> bool:
    """A letter by itself, digits, or a letter with digits, written by a recogniser that writes them: h, 29, h29."""
    has_digits = any(sign.isdecimal() for sign in token)
    return token.isascii() and len(token) <= 8 and (has_digits or len(token) == 1)


def _pairs(signs: str) -> Iterable[str]:
    at = 0
    while at < len(signs):
        pair = signs[at : at + 2]
        if len(pair) == 2 and pair.isdecimal() and "0" not in pair:  # `hai mươi ba` is 23, never 20 and 3
            yield number_words(int(pair))
            at += 2
        else:
            yield _name(signs[at])
            at += 1


def _name(sign: str) -> str:
    return DIGITS[int(sign)] if sign.isdecimal() else NAMES.get(sign, "")


def _bare(code: str) -> str:
    return "".join(sign for sign in code.upper() if sign.isalnum())


def _distance(wanted: str, code: str) -> int:
    return min(Levenshtein.distance(wanted, code[-len(wanted) :]), Levenshtein.distance(wanted, code))


_TELLING = 3
_PAIRS = {
    ("i", "dai"): "Y", ("y", "dai"): "Y", ("i", "ngan"): "I", ("ve", "kep"): "W", ("et", "si"): "S", ("ich", "xi"): "X",
    ("en", "no"): "N", ("em", "mo"): "M", ("eo", "lo"): "L", ("e", "ro"): "R", ("ep", "pho"): "F", ("gach", "ngang"): "-",
    ("gach", "noi"): "-", ("dau", "cham"): ".", ("dau", "gach"): "-", ("vach", "ngang"): "-",
}  # fmt: skip
