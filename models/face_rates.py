"""How often strangers pass and how often a person is known again: identities in two halves, thresholds, intervals. Pure numpy.

models.evaluate_faces and tests call it.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.pipeline import FloatArray

Floats = npt.NDArray[np.float64]
EVERYBODY = "all"
_NUMBERED = re.compile(r"(.+)_\d+")
_RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class Pair:
    """Two files, whether they show one person, and the group that is reported apart."""

    a: str
    b: str
    same: bool
    group: str


@dataclass(frozen=True, slots=True)
class Comparisons:
    """Similarities of one group in one half. A face that was not found knows nobody again: -1 in `genuine`."""

    genuine: Floats
    genuine_of: npt.NDArray[np.int64]  # whose, for resampling by identity
    impostor: Floats  # sorted


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its 95 % interval."""

    value: float
    low: float
    high: float
    of: int


def identities(pairs: Iterable[Pair]) -> dict[str, str]:
    """Whom each file shows: files of a pair of one person, and files that differ in a number at the end (`Name_0002.jpg`)."""
    parent: dict[str, str] = {}

    def root(one: str) -> str:
        while parent.setdefault(one, one) != one:
            one = parent[one]
        return one

    files: set[str] = set()
    for pair in pairs:
        files |= {pair.a, pair.b}
        if pair.same:
            parent[root(pair.a)] = root(pair.b)
    for file in files:
        stem = file.rsplit("/", 1)[-1].rsplit(".", 1)[0]
        named = _NUMBERED.fullmatch(stem)
        if named:
            parent[root(file)] = root(f"name {named[1]}")
    return {file: root(file) for file in files}


def half_of(identity: str) -> int:
    """0: thresholds are chosen there; 1: they are reported there. By the name's hash, so that nobody chooses."""
    return hashlib.sha256(identity.encode()).digest()[0] & 1


def comparisons(
    pairs: Sequence[Pair], numbers: Mapping[str, FloatArray | None], who: Mapping[str, str], half: int
) -> dict[str, Comparisons]:
    """Of each group and of everybody: the listed pairs of one person, and all pairs of two persons among the group's files."""
    groups = [EVERYBODY, *sorted({pair.group for pair in pairs})]
    inside = [pair for pair in pairs if half_of(who[pair.a]) == half == half_of(who[pair.b])]
    return {
        group: _compared([pair for pair in inside if group in {EVERYBODY, pair.group}], numbers, who)
        for group in groups
    }


def threshold_at(impostor: Floats, false_match_rate: float) -> float | None:
    """The lowest threshold that lets at most this share of strangers pass; None where too few were compared to tell."""
    allowed = int(false_match_rate * len(impostor) + 1e-9)
    return float(np.nextafter(impostor[-allowed - 1], 2)) if allowed >= 1 else None


def worst_threshold(by_group: Mapping[str, Comparisons], false_match_rate: float) -> tuple[str, float] | None:
    """The group that needs the highest threshold for this rate, and that threshold."""
    found = [(threshold_at(one.impostor, false_match_rate), group) for group, one in by_group.items()]
    told = [(threshold, group) for threshold, group in found if threshold is not None]
    return (max(told)[1], max(told)[0]) if told else None


def false_match(one: Comparisons, threshold: float) -> Rate:
    """Strangers that pass, with Wilson's interval."""
    passed = int((one.impostor >= threshold).sum())
    return _wilson(passed, len(one.impostor))


def true_match(one: Comparisons, threshold: float, seed: int = 0) -> Rate:
    """Pairs of one person that pass; the interval by drawing identities anew, because a person's pairs stand or fall together."""
    passed = one.genuine >= threshold
    value = float(passed.mean()) if len(passed) else 0.0
    persons = np.unique(one.genuine_of)
    if len(persons) < 2:
        return Rate(value, 0.0, 1.0, len(passed))
    place = np.searchsorted(persons, one.genuine_of)
    hits, pairs = (np.bincount(place, weights=by, minlength=len(persons)) for by in (passed.astype(float), None))
    drawn = np.random.default_rng(seed).integers(0, len(persons), (_RESAMPLES, len(persons)))
    shares = hits[drawn].sum(1) / pairs[drawn].sum(1)
    low, high = np.percentile(shares, [2.5, 97.5])
    return Rate(value, float(low), float(high), len(passed))


def roc(one: Comparisons, points: int = 200) -> list[tuple[float, float]]:
    """False-match rates, rising, and the true-match rate at each."""
    rates = np.geomspace(max(1 / max(len(one.impostor), 1), 1e-6), 0.99, points)
    found = []
    for rate in rates:
        threshold = threshold_at(one.impostor, float(rate))
        if threshold is not None:
            found.append((float(rate), float((one.genuine >= threshold).mean())))
    return found


def _compared(pairs: Sequence[Pair], numbers: Mapping[str, FloatArray | None], who: Mapping[str, str]) -> Comparisons:
    same = [pair for pair in pairs if pair.same]
    persons = {name: place for place, name in enumerate(sorted({who[pair.a] for pair in same}))}
    genuine = np.array([_similarity(numbers[pair.a], numbers[pair.b]) for pair in same], dtype=np.float64)
    files = sorted({file for pair in pairs for file in (pair.a, pair.b) if numbers[file] is not None})
    return Comparisons(
        genuine, np.array([persons[who[pair.a]] for pair in same], dtype=np.int64), _strangers(files, numbers, who)
    )


def _strangers(files: Sequence[str], numbers: Mapping[str, FloatArray | None], who: Mapping[str, str]) -> Floats:
    if len(files) < 2:
        return np.zeros(0)
    table = np.stack([one for file in files if (one := numbers[file]) is not None])
    names = sorted({who[file] for file in files})
    place = {name: number for number, name in enumerate(names)}
    persons = np.array([place[who[file]] for file in files])
    upper = np.triu(persons[:, None] != persons[None, :], 1)
    return np.sort((table @ table.T)[upper].astype(np.float64))


def _similarity(one: FloatArray | None, other: FloatArray | None) -> float:
    return -1.0 if one is None or other is None else float(one @ other)


def _wilson(hits: int, of: int) -> Rate:
    if not of:
        return Rate(0.0, 0.0, 1.0, 0)
    z, share = 1.96, hits / of
    middle, spread = share + z * z / (2 * of), z * np.sqrt(share * (1 - share) / of + z * z / (4 * of * of))
    below = 1 + z * z / of
    return Rate(share, float(max(0.0, (middle - spread) / below)), float((middle + spread) / below), of)
