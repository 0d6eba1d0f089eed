"""What every recogniser does, and what it says: the one interface, two engines behind it (models/whisper.py, models/vosk_words.py).

A recogniser chooses among sentences; it never writes down what it likes. Its free hypotheses are for benchmarks and spoken codes.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from models.errors import ModelsError
from models.folding import folded, skeleton
from models.mel import Samples
from models.unheard import NO_CLUES, Clues

ACCEPT = 0.5
"""Confidence from which a sentence counts as said."""
LONGEST_S = 15.0
"""Nobody asks a machine for longer; what comes after is cut off."""


class Engine(StrEnum):
    """Which recogniser a site uses."""

    WHISPER = "whisper"
    VOSK = "vosk"


class RecogniserUnusable(ModelsError):
    """The recogniser's files are not what they should be; stop and tell a technician."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """One sentence of the set, by its place in it; from ACCEPT on it counts as said."""

    index: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Heard:
    """`ranked` best first and never longer than the shortlist; `hypotheses` best first, as the engine wrote them."""

    hypotheses: tuple[str, ...]
    ranked: tuple[Ranked, ...]
    clues: Clues = NO_CLUES

    @property
    def is_sure(self) -> bool:
        """Whether the best sentence counts as said."""
        return bool(self.ranked) and self.ranked[0].confidence >= ACCEPT


NOTHING_HEARD = Heard((), ())

IsVoid: TypeAlias = Callable[[], bool]


def never() -> bool:
    """The answer is waited for to the end."""
    return False


class Recogniser(Protocol):
    """One engine with its files loaded; not for two threads at once."""

    def recognise(
        self, samples: Samples, sentences: Sequence[str], always: Sequence[int] = (), *, is_void: IsVoid = never
    ) -> Heard:
        """Which of the sentences was said; 16 kHz, one channel, between -1 and 1. Those of `always` are never left out.

        Asked between its steps, `is_void` ends it with NOTHING_HEARD: nobody waits for the answer any more.
        """

    def warm(self, sentences: Sequence[str], seconds: float) -> bool:
        """Use idle time to make later answers faster; whether there is more to do."""


class Folder:
    """Sentences folded once, and how like each of them is to what was heard."""

    def __init__(self) -> None:
        self._sentences: Sequence[str] = ()
        self._folded: list[str] = []
        self._skeletons: list[str] = []

    def likeness(self, hypotheses: Sequence[str], sentences: Sequence[str]) -> NDArray[np.float64]:
        """0 to 1 for each sentence, by the hypothesis most like it; letters and sounds count half each."""
        if sentences is not self._sentences:
            self._sentences, self._folded = sentences, [folded(sentence) for sentence in sentences]
            self._skeletons = [skeleton(sentence) for sentence in self._folded]
        heard = sorted({text for text in map(folded, hypotheses) if text})
        if not heard or not self._folded:
            return np.zeros(len(sentences))
        letters = process.cdist(heard, self._folded, scorer=fuzz.ratio).max(axis=0)
        sounds = process.cdist([skeleton(text) for text in heard], self._skeletons, scorer=fuzz.ratio).max(axis=0)
        return np.asarray((letters + sounds) / 200, dtype=np.float64)

    def nearest(self, hypotheses: Sequence[str], sentences: Sequence[str], at_most: int) -> list[tuple[int, float]]:
        """Index and likeness, most like first; nothing when nothing was heard."""
        like = self.likeness(hypotheses, sentences)
        order = np.argsort(-like, kind="stable")[:at_most]
        return [(int(index), float(like[index])) for index in order if like[index] > 0]


def confidence_of(score: float, threshold: float, steepness: float) -> float:
    """A score on an engine's own scale as a confidence: its threshold becomes ACCEPT."""
    return 1 / (1 + math.exp(-steepness * max(-50.0, min(50.0, score - threshold))))


def open_recogniser(engine: Engine, directory: Path, *, threads: int = 2) -> Recogniser:
    """The engine with the model in `directory`; raises RecogniserUnusable."""
    if engine is Engine.VOSK:
        from models.vosk_words import VoskWords  # noqa: PLC0415 - heavy: only the engine that is used

        return VoskWords(directory)
    from models.whisper import ClosedSetWhisper  # noqa: PLC0415 - same

    return ClosedSetWhisper(directory, threads=threads)
