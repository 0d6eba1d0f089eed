"""Why nothing was taken: what a recogniser notices besides the sentences, and what that says of the sound; pure.

Used by the recognisers and the voice worker. A reason chooses the words of an apology; it never accepts or refuses anything.
"""

from dataclasses import dataclass
from enum import StrEnum

NO_SPEECH = 0.75
"""The network's own word that nobody speaks; sentences of people reach .5."""
FOREIGN = 0.6
"""Likelihood of a language that the screen has. Others are not told apart: synthetic Vietnamese is taken for Thai."""
UNCLEAR = -1.15
"""Log probability a token of what was written freely: noise over it, or two people at once; of people alone it is rarely less."""


class Unheard(StrEnum):
    """What to say when nothing of ours was said."""

    NOISE = "noise"  # nobody spoke
    FOREIGN = "foreign"  # in a language that only the screen knows
    UNCLEAR = "unclear"  # too much noise over it, or several people at once
    OUT_OF_SET = "out_of_set"  # clear, and none of the sentences


@dataclass(frozen=True, slots=True)
class Clues:
    """Noticed on the way, nothing is computed for them but `foreign`, and that only when no sentence is sure."""

    no_speech: float = 0.0
    foreign: float = 0.0
    clearness: float = 0.0  # log probability a token, of the best free hypothesis


NO_CLUES = Clues()


def why_unheard(clues: Clues) -> Unheard:
    """The first reason that holds."""
    if clues.no_speech >= NO_SPEECH:
        return Unheard.NOISE
    if clues.foreign >= FOREIGN:
        return Unheard.FOREIGN
    return Unheard.UNCLEAR if clues.clearness < UNCLEAR else Unheard.OUT_OF_SET
