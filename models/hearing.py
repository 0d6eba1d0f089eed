"""One recording through everything the guide hears with: voice activity, recogniser, intents. For the command line and benchmarks."""

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.intent import PhraseBook, Understood, code_heard
from models.mel import RATE, Samples
from models.speech import NOTHING_HEARD, Heard, Recogniser
from models.voice_activity import CHUNK, Endpointing, SpeechDetector

_RULES = Endpointing()


@dataclass(frozen=True, slots=True)
class Hearing:
    """`speech` None: nobody spoke, and nothing was recognised."""

    speech: Samples | None
    heard: Heard
    understood: Understood
    codes: tuple[str, ...]
    detect_ms: float
    decide_ms: float


class Hearer:
    """A recogniser with its detector and its phrase book."""

    def __init__(self, recogniser: Recogniser, detector: Path, book: PhraseBook) -> None:
        self.recogniser, self.book = recogniser, book
        self._detector = SpeechDetector(detector)

    def hear(self, samples: Samples, *, expects: str = "anything", codes: tuple[str, ...] = ()) -> Hearing:
        """The whole recording as one utterance, from the first speech in it to the last."""
        began_s = time.perf_counter()
        speech = self._speech(samples)
        found_s = time.perf_counter()
        if speech is None:
            return Hearing(None, NOTHING_HEARD, Understood(None, ()), (), (found_s - began_s) * 1000, 0.0)
        book = self.book.with_codes(codes) if codes else self.book
        heard = self.recogniser.recognise(speech, book.sentences, book.always(expects))
        named = code_heard(heard.hypotheses, codes) if codes else ()
        decided_s = time.perf_counter()
        return Hearing(
            speech, heard, book.understand(heard), named, (found_s - began_s) * 1000, (decided_s - found_s) * 1000
        )

    def _speech(self, samples: Samples) -> Samples | None:
        """From a little before the first speech to a little after the last, as the worker does; None where there is none."""
        self._detector.reset()
        padded = np.pad(samples, (0, -len(samples) % CHUNK))
        chunks = padded.reshape(-1, CHUNK)
        voiced = [place for place, chunk in enumerate(chunks) if self._detector.probability(chunk) >= _RULES.speech]
        if len(voiced) * CHUNK < _RULES.shortest_s * RATE:
            return None
        first = voiced[0] * CHUNK - int(_RULES.before_s * RATE)
        last = (voiced[-1] + 1) * CHUNK + int(_RULES.pause_s * RATE)
        return padded[max(0, first) : last]
