"""The five levels of satisfaction, in the words citizens know (DESIGN 3). Everybody in `edge` may import it."""

from enum import StrEnum


class Level(StrEnum):
    """From best to worst; `rank` 2 is very satisfied, -2 is angry."""

    VERY_SATISFIED = "very_satisfied"
    SATISFIED = "satisfied"
    NEUTRAL = "neutral"
    DISSATISFIED = "dissatisfied"
    ANGRY = "angry"

    @property
    def rank(self) -> int:
        return _RANK[self]

    @property
    def side(self) -> int:
        """1 pleased, 0 neutral, -1 displeased."""
        return (self.rank > 0) - (self.rank < 0)

    @property
    def is_negative(self) -> bool:
        return self.rank < 0

    @property
    def is_positive(self) -> bool:
        return self.rank > 0


_RANK = {level: 2 - place for place, level in enumerate(Level)}
