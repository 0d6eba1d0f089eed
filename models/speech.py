"""What every recogniser does, and what it says: the one interface, two engines behind it (models/whisper.py, models/vosk_words.py).

A recogniser chooses among sentences; it never writes down what it likes. Its free hypotheses are for benchmarks and spoken codes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import numpy as np
from rapidfuzz import fuzz, process

from models.errors import ModelsError
from models.folding import folded
from models.mel import Samples

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


class Recogniser(Protocol):
    """One engine with its files loaded; not for two threads at once."""

    def recognise(self, samples: Samples, sentences: Sequence[str], always: Sequence[int] = ()) -> Heard:
        """Which of the sentences was said; 16 kHz, one channel, between -1 and 1. Those of `always` are never left out."""

    def warm(self, sentences: Sequence[str], seconds: float) -> bool:
        """Use idle time to make later answers faster; whether there is more to do."""


class Folder:
    """Sentences folded once, and the shortlist of those most like what was heard."""

    def __init__(self) -> None:
        self._sentences: Sequence[str] = ()
        self._folded: list[str] = []

    def nearest(self, hypotheses: Sequence[str], sentences: Sequence[str], at_most: int) -> list[tuple[int, float]]:
        """Index and likeness (0 to 1, the best over all hypotheses), most like first."""
        if sentences is not self._sentences:
            self._sentences, self._folded = sentences, [folded(sentence) for sentence in sentences]
        heard = sorted({text for text in map(folded, hypotheses) if text})
        if not heard or not self._folded:
            return []
        best = process.cdist(heard, self._folded, scorer=fuzz.ratio).max(axis=0)
        order = np.argsort(-best, kind="stable")[:at_most]
        return [(int(index), float(best[index]) / 100) for index in order]


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
