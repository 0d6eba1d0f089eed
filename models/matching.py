"""From which similarity two faces count as one person's: `params/faces.toml`, measured by `motcua bench faces`. Pure.

Command-line tools, adapters and tests read it.
"""

import tomllib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from models.errors import ParametersUnusable

FILE = Path(__file__).with_name("params") / "faces.toml"


@dataclass(frozen=True, slots=True)
class MatchPoint:
    """Of two strangers' comparisons so many pass this threshold, in the group where they are most."""

    false_match_rate: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Matching:
    """`threshold`: for one comparison, at `false_match_rate`. `model`: the network that it is true of."""

    model: str
    false_match_rate: float
    threshold: float
    points: tuple[MatchPoint, ...]


def load_matching(file: Path = FILE) -> Matching:
    """Raise ParametersUnusable when the file is missing or makes no sense."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        points = tuple(MatchPoint(float(one["false_match_rate"]), float(one["threshold"])) for one in table["point"])
        rate = float(table["false_match_rate"])
        (threshold,) = (one.threshold for one in points if one.false_match_rate == rate)
        model = str(table["model"])
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ParametersUnusable(f"{file}: no table of thresholds ({error})") from error
    rising = sorted(points, key=lambda one: -one.false_match_rate)
    is_sound = len(points) > 1 and all(a.threshold < b.threshold for a, b in pairwise(rising))
    if not is_sound:
        raise ParametersUnusable(f"{file}: rarer matches need higher thresholds, and at least two of them")
    return Matching(model, rate, threshold, points)
